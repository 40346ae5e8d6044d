import type { Word } from '@carmic/contract';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyCorrections, type Correction, mergeReplacements, ReplacementError } from './corrections.ts';
import { nameVoices, namesFor } from './speakers.ts';
import { termsOfCorrection } from './termsOfCorrection.ts';

const heard = (text: string, shift = 0): Word[] =>
  text.split(' ').map((word, i) => ({ text: word, startSeconds: i * 0.5 + shift, endSeconds: i * 0.5 + 0.4 + shift, confidence: 0.6 }));
const textOf = (words: readonly Word[], corrections: readonly Correction[]) =>
  applyCorrections(words, corrections)
    .map(({ word }) => word.text)
    .join(' ');

describe('corrections', () => {
  const words = heard('we met carl mick in rotor dam last year');

  it('replace one word by one on its own times, and several by others inside theirs', () => {
    const { corrections } = mergeReplacements(
      words,
      [],
      [
        { from: 2, to: 4, text: 'Carmic' },
        { from: 5, to: 7, text: 'Rotterdam' },
        { from: 0, to: 1, text: 'We' },
      ],
    );
    const result = applyCorrections(words, corrections).map(({ word }) => word);
    expect(result.map((word) => word.text).join(' ')).toBe('We met Carmic in Rotterdam last year');
    expect(result[2]).toMatchObject({ startSeconds: 1, endSeconds: 1.9, confidence: 1 });
    expect(result[3]).toEqual(words[4]);
  });

  it('of corrected words take the earlier ones over, and putting back what was heard leaves none', () => {
    const first = mergeReplacements(words, [], [{ from: 2, to: 4, text: 'Carl M. Mick' }]);
    const second = mergeReplacements(words, first.corrections, [{ from: 3, to: 4, text: 'N.' }]);
    expect(second.corrections).toHaveLength(1);
    expect(textOf(words, second.corrections)).toBe('we met Carl N. Mick in rotor dam last year');
    const back = mergeReplacements(words, second.corrections, [{ from: 2, to: 5, text: 'carl mick' }]);
    expect(back.corrections).toEqual([]);
  });

  it('can leave words out, and add some', () => {
    const out = mergeReplacements(words, [], [{ from: 7, to: 9, text: '' }]);
    expect(textOf(words, out.corrections)).toBe('we met carl mick in rotor dam');
    const more = mergeReplacements(words, [], [{ from: 1, to: 2, text: 'met with' }]);
    expect(textOf(words, more.corrections)).toBe('we met with carl mick in rotor dam last year');
  });

  it('hold on words that another engine heard, a little earlier or later and cut otherwise', () => {
    const { corrections } = mergeReplacements(words, [], [{ from: 2, to: 4, text: 'Carmic' }]);
    const again = heard('we met calmic calmic in rotor dam last year', 0.04);
    expect(textOf(again, corrections)).toBe('we met Carmic in rotor dam last year');
  });

  it('that overlap or lie outside are refused', () => {
    const ask =
      (...replacements: Parameters<typeof mergeReplacements>[2]) =>
      () =>
        mergeReplacements(words, [], replacements);
    expect(ask({ from: 1, to: 3, text: 'x' }, { from: 2, to: 4, text: 'y' })).toThrow(ReplacementError);
    expect(ask({ from: 8, to: 10, text: 'x' })).toThrow(ReplacementError);
    expect(ask({ from: 3, to: 3, text: 'x' })).toThrow(ReplacementError);
  });

  it('whatever is replaced in whatever order: times stay in order, untouched words stay as they are', () => {
    const step = fc.record({
      at: fc.nat(20),
      length: fc.integer({ min: 1, max: 3 }),
      text: fc.constantFrom('', 'one', 'one two', 'a b c d'),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        let corrections: Correction[] = [];
        for (const { at, length, text } of steps) {
          const count = applyCorrections(words, corrections).length;
          if (count > 0) {
            const from = Math.min(at, count - 1);
            corrections = mergeReplacements(words, corrections, [{ from, to: Math.min(count, from + length), text }]).corrections;
          }
        }
        const result = applyCorrections(words, corrections);
        for (const [i, { word, correction }] of result.entries()) {
          const before = result[i - 1]?.word;
          return (
            word.endSeconds > word.startSeconds &&
            word.startSeconds >= (before?.startSeconds ?? 0) &&
            (correction !== null || words.includes(word))
          );
        }
        return true;
      }),
      { numRuns: 300 },
    );
  });
});

describe('termsOfCorrection', () => {
  const terms = (before: string, after: string, startsSentence = false) =>
    termsOfCorrection({ startSeconds: 0, endSeconds: 1, before, after }, 'en', startsSentence);

  it('learns names and terms with what they were heard as', () => {
    expect(terms('with car mick today', 'with Carmic today')).toEqual([{ term: 'Carmic', soundsLike: 'car mick' }]);
    expect(terms('ask ada love lace', 'ask Ada Lovelace,')).toEqual([{ term: 'Ada Lovelace', soundsLike: 'ada love lace' }]);
    expect(terms('h264', 'H.264 or AV1')).toContainEqual({ term: 'AV1', soundsLike: 'h264' });
  });

  it('learns nothing from grammar, capitals or the first word of a sentence', () => {
    expect(terms('there house', 'their house')).toEqual([]);
    expect(terms('carmic', 'Carmic')).toEqual([]);
    expect(terms('rivets rose', 'Rivers rose', true)).toEqual([]);
  });
});

describe('voices', () => {
  it('find their names again by when they spoke', () => {
    const speak = (labels: string[], shift = 0) =>
      labels.map((speaker, i) => ({ text: 'x', startSeconds: i + shift, endSeconds: i + 0.9 + shift, speaker }));
    const words = speak(['A', 'A', 'B', 'B', 'A']);
    const voices = nameVoices(
      words,
      [],
      [
        { label: 'A', name: 'Ada' },
        { label: 'B', name: 'Bob' },
      ],
    );
    const anew = speak(['2', '2', '1', '1', '2'], 0.1);
    expect(Object.fromEntries(namesFor(anew, voices, false))).toEqual({ 2: 'Ada', 1: 'Bob' });
    expect(namesFor(speak(['9'], 400), voices, false).size).toBe(0);
    expect(nameVoices(words, voices, [{ label: 'A', name: 'A' }]).map((voice) => voice.name)).toEqual(['Bob']);
  });
});
