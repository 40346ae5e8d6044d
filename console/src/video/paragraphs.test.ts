import type { Word } from '@carmic/contract';
import { describe, expect, it } from 'vitest';
import { paragraphOf, toParagraphs, wordAt } from './paragraphs.ts';

function buildWords(count: number, change: (index: number) => Partial<Word> = () => ({})): Word[] {
  return Array.from({ length: count }, (_, index) => ({
    text: `w${index}`,
    startSeconds: index * 0.5,
    endSeconds: index * 0.5 + 0.4,
    ...change(index),
  }));
}

describe('the transcript as it is read', () => {
  it('keeps every word once and in order', () => {
    const words = buildWords(1000, (index) => (index % 17 === 0 ? { text: 'end.' } : {}));
    const paragraphs = toParagraphs(words);
    expect(paragraphs.map((item) => item.text).join(' ')).toBe(words.map((word) => word.text).join(' '));
    expect(Math.max(...paragraphs.map((item) => item.to - item.from))).toBeLessThanOrEqual(90);
  });

  it('breaks at the end of a sentence, at a long pause and at another speaker', () => {
    const sentence = toParagraphs(buildWords(40, (index) => (index === 34 ? { text: 'done.' } : {})));
    expect(sentence.map((item) => item.to)).toEqual([35, 40]);
    const pause = toParagraphs([...buildWords(3), { text: 'later', startSeconds: 9, endSeconds: 9.4 }]);
    expect(pause).toHaveLength(2);
    const speakers = toParagraphs(buildWords(4, (index) => ({ speaker: index < 2 ? 'Ada' : 'Ben' })));
    expect(speakers.map((item) => item.speaker)).toEqual(['Ada', 'Ben']);
  });

  it('names a speaker where another spoke before, and not again with each paragraph', () => {
    const name = (index: number) => (index < 3 ? 'Ada' : index < 6 ? 'Ben' : undefined);
    const words = buildWords(8, (index) => ({ speaker: name(index), startSeconds: index * 5, endSeconds: index * 5 + 1 }));
    const named = toParagraphs(words).map(({ isSpeakerNew }) => isSpeakerNew);
    expect(named).toEqual([true, false, false, true, false, false, true, false]);
    expect(toParagraphs(buildWords(1)).map(({ isSpeakerNew }) => isSpeakerNew)).toEqual([false]);
  });

  it('finds the word and the paragraph at any time', () => {
    const words = buildWords(200);
    const paragraphs = toParagraphs(words);
    expect(wordAt(words, -1)).toBe(-1);
    expect(wordAt(words, 0)).toBe(0);
    expect(wordAt(words, 10.45)).toBe(20);
    expect(wordAt(words, 1e6)).toBe(199);
    expect(paragraphOf(paragraphs, -1)).toBe(-1);
    for (const word of [0, 89, 90, 199]) {
      const found = paragraphs[paragraphOf(paragraphs, word)];
      expect(found && found.from <= word && word < found.to).toBe(true);
    }
  });

  it('does without words', () => {
    expect(toParagraphs([])).toEqual([]);
    expect(wordAt([], 3)).toBe(-1);
  });
});
