/** Sums up sound and picture of a source per hop of time. */
import type { Analysis } from '@carmic/contract';

/** Length of one hop: fine for what is short, and never a huge document. */
export function hopFor(durationSeconds: number): number {
  return durationSeconds <= 3600 ? 0.1 : durationSeconds <= 3 * 3600 ? 0.25 : 0.5;
}

export interface LevelMeter {
  /** Takes signed 16-bit little-endian mono samples as they come, in chunks of any length. */
  push(chunk: Buffer): void;
  finish(): { loudnessDb: number[]; peaks: number[]; seconds: number };
}

/** What silence is written as; a 16-bit sample cannot be quieter. */
const floorDb = -96;

/** Makes a meter of RMS level and peak per hop. */
export function createLevelMeter(sampleRate: number, hopSeconds: number): LevelMeter {
  const hopSamples = Math.round(sampleRate * hopSeconds);
  const loudnessDb: number[] = [];
  const peaks: number[] = [];
  let half: number | null = null;
  let total = 0;
  let count = 0;
  let squares = 0;
  let peak = 0;
  const close = () => {
    const rms = Math.sqrt(squares / count) / 32_768;
    loudnessDb.push(round(rms > 0 ? Math.max(floorDb, 20 * Math.log10(rms)) : floorDb, 1));
    peaks.push(round(Math.min(1, peak / 32_768), 3));
    count = 0;
    squares = 0;
    peak = 0;
  };
  const take = (sample: number) => {
    squares += sample * sample;
    peak = Math.max(peak, Math.abs(sample));
    count += 1;
    total += 1;
    if (count === hopSamples) {
      close();
    }
  };
  return {
    push(chunk) {
      let at = 0;
      if (half !== null && chunk.length > 0) {
        take(Buffer.from([half, chunk[0] ?? 0]).readInt16LE(0));
        half = null;
        at = 1;
      }
      for (; at + 1 < chunk.length; at += 2) {
        take(chunk.readInt16LE(at));
      }
      if (at < chunk.length) {
        half = chunk[at] ?? 0;
      }
    },
    finish() {
      if (count > 0) {
        close();
      }
      return { loudnessDb, peaks, seconds: total / sampleRate };
    },
  };
}

/** What follows a cut more closely is the same cut seen twice. */
const shortestShotSeconds = 0.25;

export interface SceneFacts {
  motion: number[];
  cutsSeconds: number[];
  /** Time of the last frame that could be decoded; null when there was none. */
  lastFrameSeconds: number | null;
  /** How many frames were looked at. */
  frames: number;
}

/** Reads what scdet and metadata=print wrote: a line per frame, then its keys. */
export function readScenes(text: string, hopSeconds: number): SceneFacts {
  const motion: number[] = [];
  const cutsSeconds: number[] = [];
  let time = 0;
  let previous = 0;
  let last: number | null = null;
  let frames = 0;
  for (const line of text.split('\n')) {
    const frame = /pts_time:(-?[\d.]+)/.exec(line);
    if (frame) {
      previous = last ?? 0;
      time = Math.max(0, Number(frame[1]));
      last = time;
      frames += 1;
      continue;
    }
    const [key, value] = line.split('=', 2);
    if (key === 'lavfi.scd.mafd') {
      // scdet tells percent of full scale; the change since the frame before belongs to all the time between.
      spread(motion, previous, time, Number(value) * 2.55, hopSeconds);
    } else if (key === 'lavfi.scd.time') {
      const cut = round(Math.max(0, Number(value)), 3);
      if (cut - (cutsSeconds.at(-1) ?? -1) >= shortestShotSeconds) {
        cutsSeconds.push(cut);
      }
    }
  }
  return { motion: motion.map((value) => round(value, 2)), cutsSeconds, lastFrameSeconds: last, frames };
}

function spread(motion: number[], from: number, to: number, change: number, hopSeconds: number): void {
  const lastHop = Math.floor(to / hopSeconds);
  while (motion.length <= lastHop) {
    motion.push(0);
  }
  if (to <= from) {
    return;
  }
  for (let hop = Math.floor(from / hopSeconds); hop <= lastHop; hop++) {
    const overlap = Math.min(to, (hop + 1) * hopSeconds) - Math.max(from, hop * hopSeconds);
    motion[hop] = (motion[hop] ?? 0) + (change * Math.max(0, overlap)) / (to - from);
  }
}

/** Puts the parts into the document that travels to the server. */
export function buildAnalysis(hopSeconds: number, levels: { loudnessDb: number[]; peaks: number[] }, scenes: SceneFacts): Analysis {
  return {
    hopSeconds,
    loudnessDb: levels.loudnessDb,
    peaks: levels.peaks,
    motion: scenes.motion,
    cutsSeconds: scenes.cutsSeconds,
  };
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
