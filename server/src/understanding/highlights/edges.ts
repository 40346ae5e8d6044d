import { type Word, wordMargins } from '@carmic/contract';
import { firstAtOrAfter } from './sound.ts';

const { leadSeconds, tailSeconds } = wordMargins;
/** Where two people speak at once, the word that ends last is not always the one before. */
const neighbours = 40;

/** Words that only tie a sentence to the one before: a clip does better without them. */
export const ties: ReadonlySet<string> = new Set('and so but or well yeah okay ok um uh'.split(' '));
/** What is cut off an opening is at most this long: the sentence still begins where it begins. */
const longestTieSeconds = 0.35;

/** The first word of a clip worth hearing: behind an opening “And”, “So” or “But”, where enough of the sentence is left and the cut is clean. */
export function withoutTie(words: readonly Word[], tokens: readonly string[], first: number, lastOfSentence: number): number {
  const start = words[first]?.startSeconds ?? 0;
  let at = first;
  while (ties.has(tokens[at] ?? '') && lastOfSentence - at >= 4) {
    const word = words[at];
    const next = words[at + 1];
    if (
      word === undefined ||
      next === undefined ||
      next.startSeconds < word.endSeconds - 0.02 ||
      next.startSeconds - start > longestTieSeconds
    ) {
      break;
    }
    at += 1;
  }
  return at;
}

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
