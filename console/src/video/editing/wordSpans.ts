/** Words and the spans of the source that stand for them. */
import { type Span, type Word, wordMargins } from '@carmic/contract';
import { wordAt } from '../paragraphs.ts';
import { toMilliseconds } from './segments.ts';

/** Words `from` up to, not including, `to`. */
export interface WordRange {
  from: number;
  to: number;
}

/** Where two people speak at once, the word that ends last is not always the one before. */
const neighbours = 40;
/** What goes with words that are taken out, of the silence on each side: a longer one may be music or laughter. */
const longestPauseSeconds = 1;

/** The span that words stand for, widened by a little of the silence around them as where clips are suggested. */
export function spanOfWords(words: readonly Word[], { from, to }: WordRange, durationSeconds: number): Span {
  const own = words.slice(from, to);
  const start = words[from]?.startSeconds ?? 0;
  const end = own.reduce((latest, word) => Math.max(latest, word.endSeconds), start);
  const before = words.slice(Math.max(0, from - neighbours), from);
  const after = words.slice(to, to + neighbours);
  const roomBefore = Math.max(0, start - before.reduce((latest, word) => Math.max(latest, word.endSeconds), 0));
  const roomAfter = Math.max(0, after.reduce((first, word) => Math.min(first, word.startSeconds), durationSeconds) - end);
  const lead = Math.min(wordMargins.leadSeconds, from === 0 ? roomBefore : roomBefore / 2);
  const tail = Math.min(wordMargins.tailSeconds, to >= words.length ? roomAfter : roomAfter / 2);
  return {
    startSeconds: toMilliseconds(Math.max(0, start - lead)),
    endSeconds: Math.min(durationSeconds, toMilliseconds(end + tail)),
  };
}

/** The span to take out so that words are not heard: their neighbours keep the margins of an edge, and the pauses between go with them. */
export function cutOfWords(words: readonly Word[], range: WordRange, durationSeconds: number): Span {
  const own = spanOfWords(words, range, durationSeconds);
  const { from, to } = range;
  const left = from === 0 ? own.startSeconds : spanOfWords(words, { from: from - 1, to: from }, durationSeconds).endSeconds;
  const right = to >= words.length ? own.endSeconds : spanOfWords(words, { from: to, to: to + 1 }, durationSeconds).startSeconds;
  return {
    startSeconds: toMilliseconds(Math.min(own.startSeconds, Math.max(left, own.startSeconds - longestPauseSeconds))),
    endSeconds: toMilliseconds(Math.max(own.endSeconds, Math.min(right, own.endSeconds + longestPauseSeconds))),
  };
}

/** The span to add so that words are heard: a short pause between them and what the clip has already is kept with them. */
export function additionOfWords(words: readonly Word[], range: WordRange, segments: readonly Span[], durationSeconds: number): Span {
  const own = spanOfWords(words, range, durationSeconds);
  const [previous, next] = [words[range.from - 1], words[range.to]];
  const before = previous && segments.find((span) => isWordIn(previous, [span]))?.endSeconds;
  const behind = next && segments.find((span) => isWordIn(next, [span]))?.startSeconds;
  const isNear = (gapSeconds: number) => gapSeconds > 0 && gapSeconds <= longestPauseSeconds;
  return {
    startSeconds: before !== undefined && isNear(own.startSeconds - before) ? before : own.startSeconds,
    endSeconds: behind !== undefined && isNear(behind - own.endSeconds) ? behind : own.endSeconds,
  };
}

/** Whether a word is in a clip: by its middle, as captions decide it. */
export function isWordIn(word: Word, segments: readonly Span[]): boolean {
  const middle = (word.startSeconds + word.endSeconds) / 2;
  return segments.some(({ startSeconds, endSeconds }) => middle >= startSeconds && middle < endSeconds);
}

/** Moves a time to where a clip would begin, or end, with a word, when one is within reach; else leaves it. */
export function snapToWord(
  words: readonly Word[],
  edge: 'start' | 'end',
  seconds: number,
  reachSeconds: number,
  durationSeconds: number,
): number {
  const near = wordAt(words, seconds);
  let [best, distance] = [seconds, reachSeconds];
  for (let index = Math.max(0, near - 2); index <= Math.min(words.length - 1, near + 2); index += 1) {
    const span = spanOfWords(words, { from: index, to: index + 1 }, durationSeconds);
    const candidate = edge === 'start' ? span.startSeconds : span.endSeconds;
    if (Math.abs(candidate - seconds) <= distance) {
      [best, distance] = [candidate, Math.abs(candidate - seconds)];
    }
  }
  return best;
}
