import { describe, expect, it } from 'vitest';
import type { TranscriptChange } from '@carmic/contract';
import { diffWords } from './diffWords.ts';

type Words = TranscriptChange['changes'][number]['words'];

const wordsOf = (text: string, speaker?: string): Words =>
  text.split(' ').map((word, i) => ({ text: word, startSeconds: i, endSeconds: i + 0.5, ...(speaker === undefined ? {} : { speaker }) }));

/** What a client makes of it. */
function apply(before: Words, changes: TranscriptChange['changes']): Words {
  const words = [...before];
  for (const { from, to, words: fresh } of changes.toReversed()) {
    words.splice(from, to - from, ...fresh);
  }
  return words;
}

describe('what changed in a list of words', () => {
  it('is nothing where nothing did', () => {
    expect(diffWords(wordsOf('one two three'), wordsOf('one two three'))).toEqual([]);
    expect(diffWords([], [])).toEqual([]);
  });

  it('is the one word that reads otherwise, however long the rest is', () => {
    const before = wordsOf(Array.from({ length: 30_000 }, (_, i) => `word${i}`).join(' '));
    const after = before.map((word, i) => (i === 12_345 ? { ...word, text: 'corrected', isCorrected: true as const } : word));
    expect(diffWords(before, after)).toEqual([{ from: 12_345, to: 12_346, words: [after[12_345]] }]);
  });

  it('is a longer or shorter run where words were split, joined, added or removed', () => {
    const before = wordsOf('a b c d e');
    const [a, b, c, d, e] = before;
    if (!a || !b || !c || !d || !e) {
      throw new Error('Five words.');
    }
    const split = [a, { ...b, text: 'b1', endSeconds: 1.2 }, { ...b, text: 'b2', startSeconds: 1.2 }, c, d, e];
    expect(diffWords(before, split)).toEqual([{ from: 1, to: 2, words: split.slice(1, 3) }]);
    expect(diffWords(before, [a, d, e])).toEqual([{ from: 1, to: 3, words: [] }]);
    expect(diffWords([a, d, e], before)).toEqual([{ from: 1, to: 1, words: [b, c] }]);
    expect(diffWords(before, [])).toEqual([{ from: 0, to: 5, words: [] }]);
    expect(diffWords([], before)).toEqual([{ from: 0, to: 0, words: before }]);
  });

  it('makes the one list of the other, whatever was changed', () => {
    // A generator of its own, so that a failure comes again.
    let seed = 7;
    const random = (below: number) => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      return seed % below;
    };
    for (let turn = 0; turn < 300; turn++) {
      const before = wordsOf(Array.from({ length: random(12) + 1 }, (_, i) => `w${i}`).join(' '), 'ADA');
      const after = before.flatMap((word): Words => {
        switch (random(7)) {
          case 0:
            return [];
          case 1:
            return [{ ...word, text: 'x', isCorrected: true }];
          case 2:
            return [word, { ...word, text: 'more' }];
          case 3:
            return [{ ...word, speaker: 'BOB' }];
          default:
            return [word];
        }
      });
      expect(apply(before, diffWords(before, after))).toEqual(after);
    }
  });
});
