import type { Word } from '@carmic/contract';
import { tokenOf } from './tokens.ts';

/** A run of words that reads as one sentence; `first` and `last` are indices into the words, both inside. */
export interface Sentence {
  first: number;
  last: number;
  startSeconds: number;
  endSeconds: number;
  text: string;
  speaker: string | null;
  /** Somebody else spoke before. */
  isTurnStart: boolean;
  /** Somebody else speaks next. */
  isTurnEnd: boolean;
  isQuestion: boolean;
  /** Broken off, by an interruption or because it was too long: what follows goes on in the middle of something. */
  isBroken: boolean;
}

const finalMark = /[.?!…。？！]["')\]”’»]*$/u;
/** “And someone asked him once …”: what comes next is the point. */
const trailsOff = /(\.\.|…)["')\]”’»]*$/u;
const abbreviation = /^(mr|mrs|ms|dr|prof|st|vs|etc|e\.g|i\.e|u\.s|u\.k|no|inc|ltd|jr|sr|[a-z])\.$/i;
const longestSeconds = 30;
const longestWords = 100;

const openers = new Set(
  "so and but because well yeah now i we you he she they it that this there what when why how if then okay right or the in my i'm it's that's we're you're they're there's i've let's also look see yes no oh again actually".split(
    ' ',
  ),
);
const hangers = new Set(
  'the a an of to in on at for with from by as is are was were be been my your his her its our their and or but if because that which who very really more most not no i we you he she they than into about can could would should will'.split(
    ' ',
  ),
);
const questionStarts =
  /^(so |and |but |well |okay |now |yeah )*(what|why|how|when|where|who|which|do you|does|did you|is there|is it|are you|are there|can you|could you|would you|have you|should)\b/i;

function gapAfter(words: readonly Word[], i: number): number {
  const word = words[i];
  const next = words[i + 1];
  return word === undefined || next === undefined ? Number.POSITIVE_INFINITY : next.startSeconds - word.endSeconds;
}

function endsWithMark(words: readonly Word[], i: number): boolean {
  const text = words[i]?.text ?? '';
  if (!finalMark.test(text) || (abbreviation.test(text) && text.toLowerCase() !== 'no.' && text.toLowerCase() !== 'i.')) {
    return false;
  }
  // "3.5" split in two or "node. js": a mark before a small letter without a pause ends nothing.
  const next = words[i + 1]?.text ?? '';
  return !(/^\p{Ll}/u.test(next) && /\.$/.test(text) && gapAfter(words, i) < 0.05);
}

/** Whether a transcript is punctuated at all: at least one final mark in 60 words. */
export function isPunctuated(words: readonly Word[]): boolean {
  const marks = words.reduce((sum, word) => sum + (finalMark.test(word.text) ? 1 : 0), 0);
  return marks * 60 >= words.length;
}

/**
 * Restores sentence ends in a transcript without punctuation. Each place between two words gets a strength from its pause and from the
 * words around it (nothing ends on "the", much begins with "so"); the strongest places win until sentences average 14 words.
 */
function restoredEnds(words: readonly Word[], isTurnEnd: (i: number) => boolean): Set<number> {
  const ends = new Set<number>();
  const strengths: { i: number; strength: number }[] = [];
  for (let i = 0; i < words.length; i += 1) {
    if (isTurnEnd(i)) {
      ends.add(i);
      continue;
    }
    const pause = Math.min(gapAfter(words, i), 1.5);
    const before = tokenOf(words[i]?.text ?? '');
    const after = tokenOf(words[i + 1]?.text ?? '');
    const hint = (hangers.has(before) ? -0.35 : 0) + (openers.has(after) ? 0.03 : 0);
    if (pause >= 0.09) {
      strengths.push({ i, strength: pause + hint });
    }
  }
  strengths.sort((a, b) => b.strength - a.strength || a.i - b.i);
  const wanted = Math.max(0, Math.round(words.length / 14) - ends.size);
  for (const { i, strength } of strengths.slice(0, wanted)) {
    if (strength > 0.05) {
      ends.add(i);
    }
  }
  return ends;
}

/** Cuts a stretch that is too long at its longest pause, or before a conjunction, away from its edges. */
function splitLong(words: readonly Word[], first: number, last: number): [number, number][] {
  const startSeconds = words[first]?.startSeconds ?? 0;
  const length = (words[last]?.endSeconds ?? 0) - startSeconds;
  if ((length <= longestSeconds && last - first < longestWords) || last - first < 8) {
    return [[first, last]];
  }
  let best = -1;
  let bestValue = Number.NEGATIVE_INFINITY;
  for (let i = first + 3; i < last - 3; i += 1) {
    const position = (i - first) / (last - first);
    const value =
      gapAfter(words, i) * 2 +
      (/[,;:—–-]$/.test(words[i]?.text ?? '') ? 0.5 : 0) +
      (openers.has(tokenOf(words[i + 1]?.text ?? '')) ? 0.3 : 0) -
      (hangers.has(tokenOf(words[i]?.text ?? '')) ? 1 : 0) -
      Math.abs(position - 0.5);
    if (value > bestValue) {
      bestValue = value;
      best = i;
    }
  }
  return best < 0 ? [[first, last]] : [...splitLong(words, first, best), ...splitLong(words, best + 1, last)];
}

/**
 * Splits words into sentences: by final punctuation, speaker changes and pauses over 1.2 s; without punctuation by restored ends.
 * `speakers[i]` is the key of who says word i.
 */
export function splitSentences(words: readonly Word[], speakers: readonly (string | null)[]): Sentence[] {
  const changesAfter = (i: number) => i + 1 >= words.length || speakers[i] !== speakers[i + 1];
  const punctuated = isPunctuated(words);
  const restored = punctuated ? null : restoredEnds(words, changesAfter);
  const sentences: Sentence[] = [];
  let first = 0;
  for (let i = 0; i < words.length; i += 1) {
    const isEnd = restored === null ? endsWithMark(words, i) : restored.has(i);
    if (!isEnd && !changesAfter(i) && gapAfter(words, i) <= 1.2) {
      continue;
    }
    for (const [from, to] of splitLong(words, first, i)) {
      sentences.push(buildSentence(words, speakers, from, to, punctuated));
    }
    first = i + 1;
  }
  return sentences;
}

function buildSentence(
  words: readonly Word[],
  speakers: readonly (string | null)[],
  first: number,
  last: number,
  punctuated: boolean,
): Sentence {
  const text = words
    .slice(first, last + 1)
    .map((word) => word.text)
    .join(' ');
  return {
    first,
    last,
    startSeconds: words[first]?.startSeconds ?? 0,
    endSeconds: words[last]?.endSeconds ?? 0,
    text,
    speaker: speakers[first] ?? null,
    isTurnStart: first === 0 || speakers[first - 1] !== speakers[first],
    isTurnEnd: last + 1 >= words.length || speakers[last + 1] !== speakers[last],
    isBroken: punctuated && last + 1 < words.length && (!finalMark.test(words[last]?.text ?? '') || trailsOff.test(text)),
    isQuestion: punctuated ? /[?？]["')\]”’]*$/u.test(text) : questionStarts.test(text),
  };
}
