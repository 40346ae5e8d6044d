/** Captions of a whole video from its words: at most two lines of 42 characters and seven seconds, broken where people breathe. */
import type { Word } from '@carmic/contract';
import type { Sentence } from '../highlights/sentences.ts';

export interface Cue {
  startSeconds: number;
  endSeconds: number;
  /** The sentence it belongs to. */
  sentence: number;
  text: string;
}

const mostCharacters = 84;
const mostSeconds = 6;
const leastSeconds = 0.9;
const pauseSeconds = 0.8;
/** A caption may stay this long after its last word, when nothing follows. */
const holdSeconds = 1.2;
const gapSeconds = 0.08;
/** Reading speed above which captions are too fast, in characters a second. */
export const fastestRate = 21;
/** What a good break costs in characters, against one anywhere. */
const clauseBonus = 18;

const spaceless = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}]/u;
const joined = (texts: readonly string[]) =>
  texts.reduce(
    (text, next) => text + (text === '' || (spaceless.test(text.slice(-1)) && spaceless.test(next.slice(0, 1))) ? '' : ' ') + next,
    '',
  );

/** Where to cut a sentence that is too long for one caption: balanced, at commas and pauses, none too short to read. */
function cutsOf(words: readonly Word[]): number[] {
  const text = joined(words.map((word) => word.text));
  const seconds = (words.at(-1)?.endSeconds ?? 0) - (words[0]?.startSeconds ?? 0);
  const parts = Math.max(Math.ceil(text.length / mostCharacters), Math.ceil(seconds / mostSeconds));
  const cuts: number[] = [];
  let from = 0;
  for (let part = 1; part < parts; part += 1) {
    const share = part / parts;
    let best = from + 1;
    let bestCost = Number.POSITIVE_INFINITY;
    let length = 0;
    for (let i = 0; i < words.length - 1; i += 1) {
      length += (words[i]?.text.length ?? 0) + 1;
      const piece = joined(words.slice(from, i + 1).map((word) => word.text));
      if (i < from || (piece.length > mostCharacters && i > from)) {
        continue;
      }
      const isClause = /[,;:–—]$/.test(words[i]?.text ?? '');
      const pause = Math.min(1, (words[i + 1]?.startSeconds ?? 0) - (words[i]?.endSeconds ?? 0));
      const short = (words[i]?.endSeconds ?? 0) - (words[from]?.startSeconds ?? 0) < leastSeconds ? 60 : 0;
      const cost = Math.abs(length - text.length * share) - (isClause ? clauseBonus : 0) - pause * clauseBonus + short;
      if (cost < bestCost) {
        bestCost = cost;
        best = i + 1;
      }
    }
    cuts.push(best);
    from = best;
  }
  return [...new Set(cuts)];
}

/** Cuts a run of words at long pauses, so that no caption stands over silence. */
function runsOf(words: readonly Word[]): Word[][] {
  const runs: Word[][] = [];
  for (const word of words) {
    const last = runs.at(-1);
    const before = last?.at(-1);
    if (last === undefined || before === undefined || word.startSeconds - before.endSeconds > pauseSeconds) {
      runs.push([word]);
    } else {
      last.push(word);
    }
  }
  return runs;
}

const shortSeconds = 1.2;
const joinSeconds = 0.5;

/** Joins a short sentence with its neighbour of the same speaker where both fit one caption: a caption of half a second cannot be read. */
export function joinShort(sentences: readonly Sentence[]): Sentence[] {
  const joinedOnes: Sentence[] = [];
  const lengthOf = (sentence: Sentence) => sentence.endSeconds - sentence.startSeconds;
  for (const sentence of sentences) {
    const before = joinedOnes.at(-1);
    const fits =
      before !== undefined &&
      before.speaker === sentence.speaker &&
      Math.min(lengthOf(before), lengthOf(sentence)) < shortSeconds &&
      sentence.startSeconds - before.endSeconds < joinSeconds &&
      sentence.endSeconds - before.startSeconds <= mostSeconds &&
      before.text.length + sentence.text.length < mostCharacters;
    if (fits) {
      const { last, endSeconds, isTurnEnd, isBroken, isQuestion } = sentence;
      joinedOnes[joinedOnes.length - 1] = {
        ...before,
        last,
        endSeconds,
        isTurnEnd,
        isBroken,
        isQuestion,
        text: `${before.text} ${sentence.text}`,
      };
    } else {
      joinedOnes.push(sentence);
    }
  }
  return joinedOnes;
}

/** Lays the captions of a video. They never overlap; the end of each reaches into the pause behind it. */
export function layCues(words: readonly Word[], sentences: readonly Sentence[]): Cue[] {
  const cues: Cue[] = [];
  for (const [sentence, { first, last }] of sentences.entries()) {
    for (const run of runsOf(words.slice(first, last + 1))) {
      const cuts = [0, ...cutsOf(run), run.length];
      for (let i = 1; i < cuts.length; i += 1) {
        const part = run.slice(cuts[i - 1], cuts[i]);
        const start = part[0];
        const end = part.at(-1);
        if (start !== undefined && end !== undefined) {
          cues.push({
            startSeconds: start.startSeconds,
            endSeconds: end.endSeconds,
            sentence,
            text: joined(part.map((word) => word.text)),
          });
        }
      }
    }
  }
  for (const [i, cue] of cues.entries()) {
    // Words that share one time stamp still follow each other.
    cue.startSeconds = Math.max(cue.startSeconds, (cues[i - 1]?.startSeconds ?? -1) + 0.1);
    const after = cues[i + 1];
    if (after !== undefined) {
      after.startSeconds = Math.max(after.startSeconds, cue.startSeconds + 0.1);
    }
    // Where two people speak at once, what was said below another's caption may be over before its own begins.
    cue.endSeconds = Math.max(cue.endSeconds, cue.startSeconds);
    const next = cues[i + 1]?.startSeconds ?? Number.POSITIVE_INFINITY;
    const room = next - cue.endSeconds <= pauseSeconds ? next - gapSeconds : Math.min(next - gapSeconds, cue.endSeconds + holdSeconds);
    cue.endSeconds = Math.min(
      next,
      Math.max(cue.endSeconds, Math.min(room, Math.max(cue.startSeconds + leastSeconds, cue.endSeconds + holdSeconds))),
    );
  }
  return cues;
}

/** Breaks a caption's text into at most two lines that are much alike. */
export function breakLines(text: string, most = 42): string {
  if (text.length <= most) {
    return text;
  }
  const spaces = [...text.matchAll(/ /g)].map((match) => match.index);
  const middle = spaces.sort((a, b) => Math.abs(a - text.length / 2) - Math.abs(b - text.length / 2))[0];
  return middle === undefined ? text : `${text.slice(0, middle)}\n${text.slice(middle + 1)}`;
}
