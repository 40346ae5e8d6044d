/** Groups words into captions of at most two short lines, broken where the sense allows it. */
import { breakCost, isSentenceEnd } from './lineBreaks.ts';
import type { ClipWord } from './mapWords.ts';
import { easySpeed, readingLimit } from './readingSpeed.ts';

export interface Caption {
  startSeconds: number;
  endSeconds: number;
  lines: readonly (readonly ClipWord[])[];
  /** Smaller than 1 where a single word is wider than a line. */
  scale: number;
}

export interface CaptionRules {
  /** Width of a line of words, as drawn. */
  lineWidth: (text: string) => number;
  maxLineWidth: number;
  maxWords: number;
  maxLines: 1 | 2;
  maxSeconds: number;
}

/** A pause this long ends a caption. */
const pauseSeconds = 0.7;
/** A caption stays this long after its last word, when nothing follows. */
const holdSeconds = 0.35;
/** A caption that is easy to read by then stays no longer than this behind its last word. */
const longestHoldSeconds = 1.2;
/** How much worse a caption is for every character a second over the limit. */
const speedCost = 0.5;
/** How much worse it is to part two words that a person joined: only what does not fit otherwise is. */
const partedCost = 100;
/** How much worse it is to end a caption where a person wants a line to end, if both lines have room in one caption. */
const splitCost = 4;
/** A shorter gap to the next caption would flicker. */
const bridgeSeconds = 0.5;

/** Lays words out. Captions never overlap in time, and their words keep their order. */
export function layCaptions(words: readonly ClipWord[], durationSeconds: number, rules: CaptionRules, language = 'und'): Caption[] {
  const groups = phrases(words).flatMap((phrase) => groupPhrase(phrase, rules, language));
  return groups.map((group, index) => {
    const first = group[0]?.startSeconds ?? 0;
    const next = groups[index + 1]?.[0]?.startSeconds ?? durationSeconds;
    const spokenEnd = group.at(-1)?.endSeconds ?? 0;
    const lines = breakLines(group, rules, language);
    const widest = Math.max(...lines.map((line) => rules.lineWidth(joinWords(line))));
    const characters = [...joinWords(group)].length;
    const held = Math.max(
      spokenEnd + holdSeconds,
      Math.min(first + characters / easySpeed(language), spokenEnd + longestHoldSeconds),
      first + characters / readingLimit(language),
    );
    const endSeconds = next - spokenEnd <= bridgeSeconds ? next : Math.min(next, held);
    return { startSeconds: first, endSeconds, lines, scale: widest > 0 ? Math.min(1, rules.maxLineWidth / widest) : 1 };
  });
}

/** The words of a line as they are written; scripts without spaces stay without. */
export function joinWords(words: readonly { text: string }[]): string {
  return words.reduce((text, word) => text + separator(text, word.text) + word.text, '');
}

/** What stands between two neighbouring words. */
export function separator(before: string, after: string): string {
  return before === '' || (spaceless.test(before.slice(-1)) && spaceless.test(after.slice(0, 1))) ? '' : ' ';
}

const spaceless =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\u3000-\u303f\uff00-\uff65]/u;

/** Stretches that no caption reaches across: a sentence, or what stands between pauses or speakers. */
function phrases(words: readonly ClipWord[]): ClipWord[][] {
  const found: ClipWord[][] = [];
  for (const word of words) {
    const last = found.at(-1)?.at(-1);
    const isJoined = word.before === 'join' && word.speaker === last?.speaker;
    const isNew =
      !last ||
      word.speaker !== last.speaker ||
      (!isJoined && (isSentenceEnd(last.text) || word.startSeconds - last.endSeconds > pauseSeconds));
    if (isNew) {
      found.push([word]);
    } else {
      found.at(-1)?.push(word);
    }
  }
  return found;
}

/** Cuts a phrase into captions so that the sum of bad breaks and of very uneven captions is smallest. */
function groupPhrase(words: readonly ClipWord[], rules: CaptionRules, language: string): ClipWord[][] {
  const best: { cost: number; from: number }[] = [{ cost: 0, from: 0 }];
  for (let end = 1; end <= words.length; end++) {
    let choice = { cost: Number.POSITIVE_INFINITY, from: end - 1 };
    for (let from = end - 1; from >= 0; from--) {
      const group = words.slice(from, end);
      if (group.length > 1 && (countUnits(group) > rules.maxWords || !fits(group, rules, language))) {
        break;
      }
      const cost = (best[from]?.cost ?? 0) + groupCost(words, from, end, rules, language);
      if (cost < choice.cost) {
        choice = { cost, from };
      }
    }
    best[end] = choice;
  }
  const groups: ClipWord[][] = [];
  for (let end = words.length; end > 0; end = best[end]?.from ?? 0) {
    groups.unshift(words.slice(best[end]?.from ?? 0, end));
  }
  return groups;
}

/** Words that a person joined count as one. */
const countUnits = (words: readonly ClipWord[]): number => words.filter(({ before }, index) => index === 0 || before !== 'join').length;

/** One caption more costs a little, so that captions are as long as they may; one word alone costs more. */
function groupCost(words: readonly ClipWord[], from: number, end: number, rules: CaptionRules, language: string): number {
  const [before, after] = [words[end - 1]?.text ?? '', words[end]?.text];
  const atEnd = after === undefined || rules.maxWords === 1 ? 0 : breakCost(before, after, language, end === 1);
  const wanted = words[end]?.before;
  const parted = wanted === 'join' ? partedCost : wanted === 'break' && rules.maxLines > 1 ? splitCost : 0;
  const alone = end - from === 1 && words.length > 1 && rules.maxWords > 1 ? 4 : 0;
  const missing = rules.maxWords - countUnits(words.slice(from, end));
  return 2 + atEnd + parted + alone + 0.15 * missing * missing + speedCost * tooFast(words, from, end, language);
}

/** By how many characters a second a caption would be over the limit, when it stays until the next begins. */
function tooFast(words: readonly ClipWord[], from: number, end: number, language: string): number {
  const start = words[from]?.startSeconds ?? 0;
  const until = words[end]?.startSeconds ?? (words[end - 1]?.endSeconds ?? start) + holdSeconds;
  const speed = [...joinWords(words.slice(from, end))].length / Math.max(0.1, until - start);
  return Math.max(0, speed - readingLimit(language));
}

function fits(words: readonly ClipWord[], rules: CaptionRules, language: string): boolean {
  const seconds = (words.at(-1)?.endSeconds ?? 0) - (words[0]?.startSeconds ?? 0);
  const lines = breakLines(words, rules, language);
  return (
    seconds <= rules.maxSeconds &&
    lines.length <= rules.maxLines &&
    lines.every((line, index) => index === 0 || line[0]?.before !== 'join') &&
    lines.every((line) => rules.lineWidth(joinWords(line)) <= rules.maxLineWidth)
  );
}

/** Lines as a person wants them; one line when it fits, otherwise the break that keeps the sense and makes the two lines alike. */
export function breakLines(words: readonly ClipWord[], rules: CaptionRules, language: string): ClipWord[][] {
  const width = (part: readonly ClipWord[]) => rules.lineWidth(joinWords(part));
  const all = width(words);
  const wanted = linesAsWanted(words);
  if (wanted.length > 1) {
    return wanted;
  }
  if (words.length < 2 || rules.maxLines === 1 || all <= rules.maxLineWidth) {
    return [[...words]];
  }
  let best: ClipWord[][] = [[...words]];
  let bestCost = Number.POSITIVE_INFINITY;
  for (let at = 1; at < words.length; at++) {
    const lines = [words.slice(0, at), words.slice(at)];
    const widths = lines.map(width);
    const tooWide = Math.max(0, ...widths.map((value) => value - rules.maxLineWidth)) / rules.maxLineWidth;
    const uneven = Math.abs((widths[0] ?? 0) - (widths[1] ?? 0)) / all;
    const parted = words[at]?.before === 'join' ? partedCost : 0;
    const cost = tooWide * 1000 + uneven * 12 + parted + breakCost(words[at - 1]?.text ?? '', words[at]?.text ?? '', language, at === 1);
    if (cost < bestCost) {
      best = lines;
      bestCost = cost;
    }
  }
  return best;
}

/** The words cut where a person wants a line to begin. */
function linesAsWanted(words: readonly ClipWord[]): ClipWord[][] {
  const lines: ClipWord[][] = [];
  for (const word of words) {
    const line = lines.at(-1);
    if (line === undefined || word.before === 'break') {
      lines.push([word]);
    } else {
      line.push(word);
    }
  }
  return lines;
}
