import { sampleRate } from './pcm.ts';

/** A stretch of samples in seconds from the start of the buffer. */
export interface Region {
  startSeconds: number;
  endSeconds: number;
}

const frameSeconds = 0.02;
const frameSamples = sampleRate * frameSeconds;
const quietestDb = -55;
const leadSeconds = 0.25;
const tailSeconds = 0.35;
/** Range between the 10th and 90th percentile of levels: noise and hum stay under 3 dB, speech is above 15 dB. */
const steadyDb = 5;
const shortestSeconds = 0.12;
const joinSeconds = 0.5;
/** Whisper hears 30 s at a time; a little room is left for its own padding. */
export const longestChunkSeconds = 28;
const longestInnerSilenceSeconds = 2;

/**
 * Level of each 20 ms frame in dBFS. `isBright` measures the difference of neighbouring samples instead: low rumble, whose level wanders,
 * counts for little in it.
 */
export function frameLevels(samples: Int16Array, isBright = false): Float32Array {
  const count = Math.floor(samples.length / frameSamples);
  const levels = new Float32Array(count);
  for (let frame = 0; frame < count; frame += 1) {
    let sum = 0;
    for (let i = frame * frameSamples; i < (frame + 1) * frameSamples; i += 1) {
      const value = ((samples[i] ?? 0) - (isBright ? (samples[i - 1] ?? 0) : 0)) / 32768;
      sum += value * value;
    }
    levels[frame] = sum === 0 ? -100 : 10 * Math.log10(sum / frameSamples);
  }
  return levels;
}

function quantile(values: Float32Array, share: number): number {
  const sorted = Float32Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? -100;
}

/** Level above which a frame may be speech: over the noise floor, within 25 dB of the loudest, never below -55 dBFS. */
export function speechThreshold(levels: Float32Array): number {
  const floor = quantile(levels, 0.1);
  const peak = quantile(levels, 0.98);
  return Math.max(quietestDb, Math.min(floor + 6, peak - 20));
}

/** Whether the level of a stretch hardly moves: hum, noise and test tones do not, speech falls and rises several times a second. */
function isSteady(levels: Float32Array, from: number, to: number): boolean {
  const part = levels.subarray(from, to);
  if (part.length < 10) {
    return false;
  }
  const middle = part.subarray(Math.min(5, part.length >> 2), part.length - Math.min(5, part.length >> 2));
  return quantile(middle, 0.9) - quantile(middle, 0.1) < steadyDb;
}

/** Finds the stretches that may hold speech: loud enough and moving in level, with a little room around each. */
export function findSpeech(samples: Int16Array): Region[] {
  const levels = frameLevels(samples);
  const bright = frameLevels(samples, true);
  const threshold = speechThreshold(levels);
  const regions: { from: number; to: number }[] = [];
  for (let frame = 0; frame < levels.length; frame += 1) {
    if ((levels[frame] ?? -100) <= threshold) {
      continue;
    }
    const last = regions.at(-1);
    if (last !== undefined && (frame - last.to) * frameSeconds <= joinSeconds) {
      last.to = frame + 1;
    } else {
      regions.push({ from: frame, to: frame + 1 });
    }
  }
  const end = samples.length / sampleRate;
  return regions
    .filter(({ from, to }) => (to - from) * frameSeconds >= shortestSeconds && !isSteady(bright, from, to))
    .map(({ from, to }) => ({
      startSeconds: Math.max(0, from * frameSeconds - leadSeconds),
      endSeconds: Math.min(end, to * frameSeconds + tailSeconds),
    }));
}

/** Cuts a region longer than a chunk at its quietest moment near the limit. */
function cutLong(region: Region, levels: Float32Array): Region[] {
  const pieces: Region[] = [];
  let { startSeconds } = region;
  while (region.endSeconds - startSeconds > longestChunkSeconds) {
    const from = Math.floor((startSeconds + longestChunkSeconds * 0.6) / frameSeconds);
    const to = Math.floor((startSeconds + longestChunkSeconds) / frameSeconds);
    let quietest = to;
    let lowest = Number.POSITIVE_INFINITY;
    for (let frame = from + 2; frame < to - 2; frame += 1) {
      let level = 0;
      for (let near = frame - 2; near <= frame + 2; near += 1) {
        level += levels[near] ?? 0;
      }
      if (level < lowest) {
        lowest = level;
        quietest = frame;
      }
    }
    pieces.push({ startSeconds, endSeconds: quietest * frameSeconds });
    startSeconds = quietest * frameSeconds;
  }
  pieces.push({ startSeconds, endSeconds: region.endSeconds });
  return pieces;
}

/** Packs regions into chunks of at most 28 s; silence of more than 2 s is never inside a chunk. */
export function packChunks(samples: Int16Array, regions: readonly Region[]): Region[] {
  const levels = frameLevels(samples);
  const chunks: Region[] = [];
  for (const region of regions.flatMap((long) => cutLong(long, levels))) {
    const last = chunks.at(-1);
    const fits =
      last !== undefined &&
      region.startSeconds - last.endSeconds <= longestInnerSilenceSeconds &&
      region.endSeconds - last.startSeconds <= longestChunkSeconds;
    if (fits) {
      last.endSeconds = Math.max(last.endSeconds, region.endSeconds);
    } else {
      chunks.push({ startSeconds: Math.max(region.startSeconds, last?.endSeconds ?? 0), endSeconds: region.endSeconds });
    }
  }
  return chunks;
}
