import { describe, expect, it } from 'vitest';
import type { Timeline } from './timeline.ts';
import { mapWords } from './mapWords.ts';

const timeline: Timeline = {
  rate: { numerator: 25, denominator: 1 },
  segments: [
    { sourceSeconds: 10, frames: 50, outSeconds: 0, outFrame: 0 },
    { sourceSeconds: 20, frames: 25, outSeconds: 2, outFrame: 50 },
  ],
  frameCount: 75,
  durationSeconds: 3,
};
const word = (text: string, startSeconds: number, endSeconds: number) => ({ text, startSeconds, endSeconds });

describe('mapWords', () => {
  it('carries words through the edit list and drops what was cut out', () => {
    expect(mapWords([word('one', 10.2, 10.5), word('gone', 15, 15.4), word('two', 20.5, 20.9)], timeline)).toEqual([
      { text: 'one', startSeconds: expect.closeTo(0.2), endSeconds: expect.closeTo(0.5) },
      { text: 'two', startSeconds: expect.closeTo(2.5), endSeconds: expect.closeTo(2.9) },
    ]);
  });

  it('keeps a word whose middle is inside and cuts its times to the segment', () => {
    expect(mapWords([word('early', 9.9, 10.5), word('late', 11.8, 12.1), word('out', 11.99, 12.4)], timeline)).toEqual([
      { text: 'early', startSeconds: 0, endSeconds: expect.closeTo(0.5) },
      { text: 'late', startSeconds: expect.closeTo(1.8), endSeconds: 2 },
    ]);
  });

  it('lets no two words overlap', () => {
    const mapped = mapWords([word('a', 10, 10.8), word('b', 10.5, 10.9), word('c', 10.5, 10.5)], timeline);
    for (const [index, current] of mapped.entries()) {
      expect(current.endSeconds).toBeGreaterThan(current.startSeconds);
      expect(mapped[index + 1]?.startSeconds ?? 99).toBeGreaterThanOrEqual(current.endSeconds - 1e-9);
    }
    expect(mapped.map((entry) => entry.text)).toEqual(['a', 'b', 'c']);
  });

  it('turns newlines inside a word into spaces', () => {
    expect(mapWords([word('two\nlines', 10, 11)], timeline)[0]?.text).toBe('two lines');
  });
});
