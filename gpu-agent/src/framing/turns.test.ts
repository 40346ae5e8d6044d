import { describe, expect, it } from 'vitest';
import { findSpeakers } from './speaking.ts';
import { listTurns } from './turns.ts';

const timeline = {
  rate: { numerator: 25, denominator: 1 },
  segments: [
    { sourceSeconds: 10, frames: 50, outSeconds: 0, outFrame: 0 },
    { sourceSeconds: 20, frames: 50, outSeconds: 2, outFrame: 50 },
  ],
  frameCount: 100,
  durationSeconds: 4,
};

describe('listTurns', () => {
  it('follows the edit list, bridges short pauses, and says nothing of a single speaker', () => {
    const word = (startSeconds: number, speaker: string) => ({ text: 'so', startSeconds, endSeconds: startSeconds + 0.4, speaker });
    const turns = listTurns([word(10, 'A'), word(11, 'A'), word(15, 'C'), word(20.4, 'B')], timeline);
    expect(turns).toHaveLength(100);
    expect([0, 20, 34, 36, 58, 61, 69, 71].map((frame) => turns[frame])).toEqual(['A', 'A', 'A', null, null, 'B', 'B', null]);
    expect(listTurns([word(10, 'A'), word(11, 'A')], timeline)).toEqual([]);
  });
});

describe('findSpeakers with turns', () => {
  /** Two people take turns of four seconds; the listener moves as much as the speaker in some moments. */
  const seconds = 40;
  const isFirst = (frame: number) => Math.floor(frame / 100) % 2 === 0;
  const jitter = (seed: number, frame: number) => Math.abs(Math.sin(Math.floor(frame / 40) * 127.1 + seed * 311.7));
  const series = (mine: boolean, seed: number) => ({
    mouth: Array.from({ length: seconds * 25 }, (_, frame) => {
      const speaks = isFirst(frame) === mine;
      return { frame, mouth: speaks ? (jitter(seed, frame) > 0.4 ? 2 : 0.6) : jitter(seed + 9, frame) > 0.9 ? 3 : 0.6, rest: 0.2 };
    }),
  });
  const tracks = [series(true, 1), series(false, 2)];
  const rightShare = (turns: (string | null)[]) => {
    const { stretches } = findSpeakers(tracks, { firstFrame: 0, endFrame: seconds * 25 }, [], 25, turns);
    let right = 0;
    for (const { firstFrame, endFrame, track } of stretches) {
      for (let frame = firstFrame; frame < endFrame; frame++) {
        right += (track === 0) === isFirst(frame) ? 1 : 0;
      }
    }
    return right / (seconds * 25);
  };

  it('are right where mouths alone mislead', () => {
    const turns = Array.from({ length: seconds * 25 }, (_, frame) => (isFirst(frame) ? 'A' : 'B'));
    const alone = rightShare([]);
    expect(alone).toBeLessThan(0.9);
    expect(rightShare(turns)).toBeGreaterThanOrEqual(0.97);
  });

  it('change nothing where the names say nothing of the mouths', () => {
    const turns = Array.from({ length: seconds * 25 }, () => 'A');
    expect(rightShare(turns)).toBe(rightShare([]));
  });
});
