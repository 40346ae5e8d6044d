import type { CaptionBreak, Word } from '@carmic/contract';
import type { MarkedWord } from './mapWords.ts';

/** A word begins this near to a break that is meant for it: another engine hears words a little earlier or later. */
const nearSeconds = 0.25;

/** Words with the breaks that a person wants before them, found by their time. Of two for one word the later in the list holds. */
export function markBreaks(words: readonly Word[], breaks: readonly CaptionBreak[]): MarkedWord[] {
  const kinds = new Map<number, CaptionBreak['kind']>();
  for (const { atSeconds, kind } of breaks) {
    const index = nearestWord(words, atSeconds);
    if (index !== -1) {
      kinds.set(index, kind);
    }
  }
  return words.map((word, index) => {
    const before = kinds.get(index);
    return { ...word, sourceSeconds: word.startSeconds, ...(before && { before }) };
  });
}

function nearestWord(words: readonly Word[], atSeconds: number): number {
  let best = -1;
  let bestDistance = nearSeconds;
  for (const [index, { startSeconds }] of words.entries()) {
    const distance = Math.abs(startSeconds - atSeconds);
    if (distance <= bestDistance) {
      best = index;
      bestDistance = distance;
    }
  }
  return best;
}
