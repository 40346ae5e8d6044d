import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isFiller, tighten } from './tighten.ts';

const options = { silences: true, fillers: true, longestPauseSeconds: 0.6, language: 'en' };
const word = (text: string, startSeconds: number, endSeconds: number) => ({ text, startSeconds, endSeconds });
const whole = [{ startSeconds: 0, endSeconds: 10 }];

describe('tighten', () => {
  it('shortens pauses and leaves room to breathe', () => {
    const { segments, removed } = tighten(whole, [word('one', 0.2, 0.6), word('two', 3, 3.4), word('three', 3.6, 9.8)], null, options);
    expect(segments).toEqual([
      { startSeconds: 0, endSeconds: expect.closeTo(0.76) },
      { startSeconds: expect.closeTo(2.9), endSeconds: 10 },
    ]);
    expect(removed).toEqual({ silences: 1, fillers: 0, seconds: 2.14 });
  });

  it('takes out filler words with the pause around them, and nothing that means something', () => {
    const words = [word('So', 0, 0.4), word('um,', 0.9, 1.3), word('like', 1.35, 1.7), word('this.', 1.7, 9.9)];
    const { segments, removed } = tighten(whole, words, null, options);
    expect(segments).toEqual([
      { startSeconds: 0, endSeconds: expect.closeTo(0.88) },
      { startSeconds: expect.closeTo(1.32), endSeconds: 10 },
    ]);
    expect(removed.fillers).toBe(1);
    expect([isFiller('Ähm', 'de'), isFiller('er', 'de'), isFiller('Well,', 'en')]).toEqual([true, false, false]);
  });

  it('keeps a pause in which people laugh', () => {
    const words = [word('one', 0, 1), word('two', 4, 9.9)];
    const loud = Array.from({ length: 100 }, () => -20);
    const quiet = loud.map((level, index) => (index >= 10 && index < 40 ? -50 : level));
    expect(tighten(whole, words, { hopSeconds: 0.1, loudnessDb: loud }, options).segments).toEqual(whole);
    expect(tighten(whole, words, { hopSeconds: 0.1, loudnessDb: quiet }, options).segments).toHaveLength(2);
  });

  it('never cuts into a word that stays, never reorders, never adds', () => {
    const sound = fc.record({
      text: fc.constantFrom('um', 'word', 'uh,', 'other'),
      gap: fc.double({ min: 0, max: 3, noNaN: true }),
      length: fc.double({ min: 0.05, max: 0.8, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(sound, { minLength: 1, maxLength: 40 }), (sounds) => {
        let at = 0;
        const words = sounds.map(({ text, gap, length }) => {
          at += gap + length;
          return word(text, at - length, at);
        });
        const { segments, removed } = tighten([{ startSeconds: 0, endSeconds: at + 0.5 }], words, null, options);
        for (const [index, span] of segments.entries()) {
          expect(span.endSeconds).toBeGreaterThan(span.startSeconds);
          expect(span.startSeconds).toBeGreaterThanOrEqual(segments[index - 1]?.endSeconds ?? 0);
        }
        const played = segments.reduce((sum, span) => sum + span.endSeconds - span.startSeconds, 0);
        expect(Math.abs(played + removed.seconds - at - 0.5)).toBeLessThan(0.03 * sounds.length + 0.01);
        const kept = words.filter((entry) => !isFiller(entry.text, 'en'));
        for (const entry of kept) {
          expect(segments.some((span) => span.startSeconds <= entry.startSeconds + 1e-6 && span.endSeconds >= entry.endSeconds - 1e-6)).toBe(true);
        }
      }),
    );
  });
});
