import { describe, expect, it } from 'vitest';
import { sampleRate } from './pcm.ts';
import { findSpeech, longestChunkSeconds, packChunks } from './speechRegions.ts';

/** A sound whose level rises and falls four times a second, as syllables do, where `isOn` says so; faint noise elsewhere. */
function sound(seconds: number, isOn: (at: number) => boolean): Int16Array {
  let seed = 1;
  return Int16Array.from({ length: seconds * sampleRate }, (_, i) => {
    const at = i / sampleRate;
    seed = (seed * 1103515245 + 12345) % 2147483648;
    const noise = (seed / 2147483648 - 0.5) * 20;
    const syllable = 0.1 + 0.9 * Math.abs(Math.sin(2 * Math.PI * 2 * at));
    return Math.round(noise + (isOn(at) ? 8000 * syllable * Math.sin(2 * Math.PI * 180 * at) : 0));
  });
}

describe('findSpeech', () => {
  it('finds the stretches with speech and nothing in silence', () => {
    const regions = findSpeech(sound(12, (at) => (at > 2 && at < 5) || (at > 8 && at < 9)));
    expect(regions).toHaveLength(2);
    expect(Math.abs((regions[0]?.startSeconds ?? 0) - 1.75)).toBeLessThan(0.2);
    expect(Math.abs((regions[1]?.endSeconds ?? 0) - 9.35)).toBeLessThan(0.2);
    expect(findSpeech(new Int16Array(sampleRate * 5))).toEqual([]);
    expect(findSpeech(sound(5, () => false))).toEqual([]);
  });

  it('takes a steady tone for no speech', () => {
    const tone = Int16Array.from({ length: 10 * sampleRate }, (_, i) => Math.round(9000 * Math.sin((2 * Math.PI * 440 * i) / sampleRate)));
    expect(findSpeech(tone)).toEqual([]);
  });
});

describe('packChunks', () => {
  it('cuts long speech at quiet moments and keeps long silences out', () => {
    const samples = sound(100, (at) => at < 70 || at > 80);
    const regions = findSpeech(samples);
    const chunks = packChunks(samples, regions);
    for (const [i, chunk] of chunks.entries()) {
      expect(chunk.endSeconds - chunk.startSeconds).toBeLessThanOrEqual(longestChunkSeconds + 0.01);
      expect(chunk.startSeconds).toBeGreaterThanOrEqual(chunks[i - 1]?.endSeconds ?? 0);
    }
    expect(chunks.some((chunk) => chunk.startSeconds < 75 && chunk.endSeconds > 75)).toBe(false);
    expect(chunks.length).toBeGreaterThanOrEqual(4);
  });
});
