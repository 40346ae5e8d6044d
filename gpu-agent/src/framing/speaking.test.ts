import { describe, expect, it } from 'vitest';
import { findSpeakers } from './speaking.ts';

const framesPerSecond = 25;
const shot = (seconds: number) => ({ firstFrame: 0, endFrame: seconds * framesPerSecond });

/** Repeatable noise between 0 and 1. */
function noise(seed: number): (index: number) => number {
  return (index) => {
    const value = Math.sin(index * 127.1 + seed * 311.7) * 43_758.5453;
    return value - Math.floor(value);
  };
}

/** Syllables with pauses: loud or not, by frame. */
const syllable = (frame: number) => noise(1)(Math.floor(frame / 7)) > 0.35 && frame % 7 < 5;
const levels = (seconds: number) => Array.from({ length: seconds * framesPerSecond }, (_, frame) => (syllable(frame) ? -20 : -50));
const series = (seconds: number, change: (frame: number) => number) => ({
  mouth: Array.from({ length: seconds * framesPerSecond }, (_, frame) => ({ frame, mouth: change(frame), rest: 0.2 })),
});
const speaking = (frame: number) => (syllable(frame) ? 3 + 3 * noise(2)(frame) : 0.3);
const chewing = (frame: number) => (noise(3)(Math.floor(frame / 9)) > 0.4 ? 3 + 3 * noise(4)(frame) : 0.3);
const still = (frame: number) => 0.3 * noise(5)(frame);

/** Share of frames in which the right one is shown, when two take turns. */
function rightShare(listener: (frame: number) => number): number {
  const isFirst = (frame: number) => Math.floor(frame / (6 * framesPerSecond)) % 2 === 0;
  const seconds = 36;
  const tracks = [
    series(seconds, (frame) => (isFirst(frame) ? speaking(frame) : listener(frame))),
    series(seconds, (frame) => (isFirst(frame) ? listener(frame) : speaking(frame))),
  ];
  const { stretches } = findSpeakers(tracks, shot(seconds), levels(seconds), framesPerSecond);
  let right = 0;
  for (const { firstFrame, endFrame, track } of stretches) {
    for (let frame = firstFrame; frame < endFrame; frame++) {
      right += (track === 0) === isFirst(frame) ? 1 : 0;
    }
  }
  return right / (seconds * framesPerSecond);
}

describe('findSpeakers', () => {
  it('shows the right one nearly all the time when the other keeps still', () => {
    expect(rightShare(still)).toBeGreaterThanOrEqual(0.93);
  });

  it('shows the right one most of the time when both mouths move, by the sound', () => {
    expect(rightShare(chewing)).toBeGreaterThanOrEqual(0.8);
  });

  it('leaves nobody sooner than after a second and a half', () => {
    const hasty = (frame: number) => (Math.floor(frame / 18) % 2 === 0 ? 5 : 0);
    const tracks = [series(20, hasty), series(20, (frame) => 5 - hasty(frame))];
    const { stretches } = findSpeakers(tracks, shot(20), levels(20), framesPerSecond);
    expect(stretches.every(({ firstFrame, endFrame }) => endFrame - firstFrame >= 1.5 * framesPerSecond)).toBe(true);
  });

  it('stays with one when nobody is heard', () => {
    const tracks = [series(10, chewing), series(10, still)];
    const quiet = Array.from({ length: 250 }, () => -90);
    expect(findSpeakers(tracks, shot(10), quiet, framesPerSecond).stretches).toHaveLength(1);
  });

  it('works in a shot too short for any change', () => {
    const tracks = [series(1, still), series(1, speaking)];
    expect(findSpeakers(tracks, shot(1), levels(1), framesPerSecond).stretches).toEqual([{ firstFrame: 0, endFrame: 25, track: 1 }]);
  });

  it('says that it cannot tell two mouths apart that move alike', () => {
    const tracks = [series(10, still), series(10, still)];
    expect(Math.abs(findSpeakers(tracks, shot(10), levels(10), framesPerSecond).margin)).toBeLessThan(0.2);
  });
});
