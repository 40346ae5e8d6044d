import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { wordsFromCues } from './wordsFromCues.ts';

describe('wordsFromCues', () => {
  it('shares the time of a cue among its words by length', () => {
    const words = wordsFromCues([{ startSeconds: 1, endSeconds: 2, text: 'a considerable thing', speaker: 'Ada' }]);
    expect(words.map((word) => word.text)).toEqual(['a', 'considerable', 'thing']);
    expect(words[0]?.startSeconds).toBe(1);
    expect(words[2]?.endSeconds).toBe(2);
    const length = (i: number) => (words[i]?.endSeconds ?? 0) - (words[i]?.startSeconds ?? 0);
    expect(length(1)).toBeGreaterThan(length(2));
    expect(length(2)).toBeGreaterThan(length(0));
    expect(words.every((word) => word.speaker === 'Ada')).toBe(true);
  });

  it('does not stretch a short text over a caption that stays on screen', () => {
    const words = wordsFromCues([{ startSeconds: 0, endSeconds: 10, text: 'Oh no.' }]);
    expect(words.at(-1)?.endSeconds).toBeLessThan(3);
  });

  it('makes no words of sound effects and keeps spoken parentheses and lyrics', () => {
    const text = (value: string) =>
      wordsFromCues([{ startSeconds: 0, endSeconds: 5, text: value }])
        .map((word) => word.text)
        .join(' ');
    expect(text('[Music]')).toBe('');
    expect(text('(applause)')).toBe('');
    expect(text('Thanks. (audience laughs) [MUSIC PLAYING] Really.')).toBe('Thanks. Really.');
    expect(text('We (the team) won in C# – twice')).toBe('We (the team) won in C# twice');
    expect(text('♪ La la la ♪')).toBe('La la la');
  });

  it('splits scripts without spaces into words', () => {
    const words = wordsFromCues([{ startSeconds: 0, endSeconds: 4, text: '我们今天去学校。' }]);
    expect(words.length).toBeGreaterThan(2);
    expect(words.map((word) => word.text).join('')).toBe('我们今天去学校。');
  });

  it('drops what lies past the end of the video', () => {
    const words = wordsFromCues([{ startSeconds: 0, endSeconds: 4, text: 'one two three four' }], 2);
    expect(words.length).toBeGreaterThan(0);
    expect(words.every((word) => word.endSeconds <= 2.05)).toBe(true);
  });

  it('never overlaps and never runs backwards', () => {
    const cue = fc.record({
      startSeconds: fc.double({ min: 0, max: 100, noNaN: true }),
      length: fc.double({ min: 0.001, max: 10, noNaN: true }),
      text: fc
        .array(fc.constantFrom('a', 'word', 'considerably.', '[Music]', '日本語です'), { maxLength: 12 })
        .map((list) => list.join(' ')),
    });
    fc.assert(
      fc.property(fc.array(cue, { maxLength: 10 }), (cues) => {
        const sorted = cues.map((c) => ({ ...c, endSeconds: c.startSeconds + c.length })).sort((a, b) => a.startSeconds - b.startSeconds);
        let free = 0;
        for (const word of wordsFromCues(sorted)) {
          expect(word.startSeconds).toBeGreaterThanOrEqual(free);
          expect(word.endSeconds).toBeGreaterThan(word.startSeconds);
          free = word.endSeconds;
        }
      }),
    );
  });
});
