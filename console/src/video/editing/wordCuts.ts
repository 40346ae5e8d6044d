import type { Span, Word } from '@carmic/contract';
import { addSpan, reachTo, removeSpan } from './segments.ts';
import { additionOfWords, cutOfWords, spanOfWords, type WordRange } from './wordSpans.ts';

/** What can be done to a clip with words that are selected. */
export const wordCuts = ['startHere', 'endHere', 'remove', 'add'] as const;
export type WordCut = (typeof wordCuts)[number];

/** The keys that do it, as `KeyboardEvent.key`, and as they are told to assistive technology. */
export const wordCutKeys: Record<WordCut, { keys: readonly string[]; names: string }> = {
  startHere: { keys: ['i', 'I'], names: 'I' },
  endHere: { keys: ['o', 'O'], names: 'O' },
  remove: { keys: ['Delete', 'Backspace'], names: 'Delete' },
  add: { keys: ['Insert', '+'], names: 'Insert' },
};

/** The edit list after that; null where nothing would change, or no clip would be left. */
export function cutOf(
  cut: WordCut,
  segments: readonly Span[],
  words: readonly Word[],
  range: WordRange,
  durationSeconds: number,
): Span[] | null {
  const own = () => spanOfWords(words, range, durationSeconds);
  const does: Record<WordCut, () => Span[] | null> = {
    startHere: () => reachTo(segments, 'start', own()),
    endHere: () => reachTo(segments, 'end', own()),
    remove: () => removeSpan(segments, cutOfWords(words, range, durationSeconds)),
    add: () => addSpan(segments, additionOfWords(words, range, segments, durationSeconds)),
  };
  const changed = does[cut]();
  return changed === null || isSame(changed, segments) ? null : changed;
}

function isSame(a: readonly Span[], b: readonly Span[]): boolean {
  return (
    a.length === b.length &&
    a.every(({ startSeconds, endSeconds }, index) => startSeconds === b[index]?.startSeconds && endSeconds === b[index].endSeconds)
  );
}
