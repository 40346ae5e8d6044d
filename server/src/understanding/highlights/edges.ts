import type { Word } from '@carmic/contract';
import { firstAtOrAfter } from './sound.ts';

const leadSeconds = 0.15;
const tailSeconds = 0.3;
/** Where two people speak at once, the word that ends last is not always the one before. */
const neighbours = 40;

const round = (seconds: number) => Math.round(seconds * 1000) / 1000;

/**
 * Widens a span of whole words by a little of the silence around it, at most half of it, so that no neighbouring word is heard and none
 * of its own is clipped.
 */
export function padEdges(
  words: readonly Word[],
  firstWord: number,
  lastWord: number,
  durationSeconds: number,
): { startSeconds: number; endSeconds: number } {
  const start = words[firstWord]?.startSeconds ?? 0;
  const end = words[lastWord]?.endSeconds ?? durationSeconds;
  const before = words.slice(Math.max(0, firstWord - neighbours), firstWord);
  const after = words.slice(lastWord + 1, lastWord + 1 + neighbours);
  const roomBefore = Math.max(0, start - before.reduce((latest, word) => Math.max(latest, word.endSeconds), 0));
  const roomAfter = Math.max(0, after.reduce((first, word) => Math.min(first, word.startSeconds), durationSeconds) - end);
  const isFirst = firstWord === 0;
  const isLast = lastWord + 1 >= words.length;
  return {
    startSeconds: round(Math.max(0, start - Math.min(leadSeconds, isFirst ? roomBefore : roomBefore / 2))),
    endSeconds: Math.min(durationSeconds, round(end + Math.min(tailSeconds, isLast ? roomAfter : roomAfter / 2))),
  };
}

/** Moves a time out of a word that it would cut: to the word's start or end, whichever is nearer. */
export function outOfWords(words: readonly Word[], starts: readonly number[], seconds: number): number {
  const word = words[firstAtOrAfter(starts, seconds + 1e-6) - 1];
  if (word === undefined || seconds <= word.startSeconds || seconds >= word.endSeconds) {
    return seconds;
  }
  return seconds - word.startSeconds < word.endSeconds - seconds ? word.startSeconds : word.endSeconds;
}
