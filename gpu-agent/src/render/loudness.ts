import type { AudioGain } from './filterGraph.ts';

/** Loudness of a programme by EBU R 128; null where there is nothing to hear. */
export interface Loudness {
  integratedLufs: number | null;
  truePeakDbtp: number | null;
}

export interface LoudnessTarget {
  integratedLufs: number;
  truePeakDbtp: number;
}

/** What the meter calls silence; quieter passages are gated away (EBU R 128, absolute gate). */
const gateLufs = -70;
/** More gain than this only raises the noise of a recording without speech. */
const largestGainDb = 24;
/** Peaks this far over the limit stand between samples, where the plain limiter does not see them. */
const farOverDb = 0.6;
/** How much an AAC encoder may raise a peak. */
const codecHeadroomDb = 1;

/** Reads the summary that ebur128 writes when it ends. */
export function readLoudness(stderr: string): Loudness {
  const summary = stderr.slice(stderr.lastIndexOf('Summary:'));
  const integrated = Number(/\bI:\s+(-?[\d.]+) LUFS/.exec(summary)?.[1] ?? Number.NaN);
  const peak = Number(/\bPeak:\s+(-?[\d.]+) dBFS/.exec(summary)?.[1] ?? Number.NaN);
  return {
    integratedLufs: Number.isFinite(integrated) && integrated > gateLufs ? integrated : null,
    truePeakDbtp: Number.isFinite(peak) ? peak : null,
  };
}

/** The gain that brings a measured programme to the target, with a limiter only where its peaks would go over. */
export function planGain(measured: Loudness, target: LoudnessTarget): AudioGain | null {
  if (measured.integratedLufs === null) {
    return null;
  }
  const gainDb = Math.min(largestGainDb, target.integratedLufs - measured.integratedLufs);
  const ceiling = target.truePeakDbtp - codecHeadroomDb;
  const isOver = (measured.truePeakDbtp ?? 0) + gainDb > ceiling;
  return { gainDb, limitDb: isOver ? ceiling : null };
}

/** A better gain after hearing what the last one made; null when it is good enough. */
export function correctGain(gain: AudioGain, heard: Loudness, target: LoudnessTarget): AudioGain | null {
  if (heard.integratedLufs === null) {
    return null;
  }
  const missing = target.integratedLufs - heard.integratedLufs;
  const over = (heard.truePeakDbtp ?? -99) - target.truePeakDbtp;
  const canAmplify = gain.gainDb < largestGainDb || missing < 0;
  const isWrong = (Math.abs(missing) > toleranceLu && canAmplify) || over > 0;
  if (!isWrong) {
    return null;
  }
  const ceiling = target.truePeakDbtp - codecHeadroomDb;
  const gainDb = Math.min(largestGainDb, gain.gainDb + missing);
  if (over > farOverDb && !gain.isOversampled) {
    return { gainDb, limitDb: gain.limitDb ?? ceiling, isOversampled: true };
  }
  const limitDb = over > 0 ? (gain.limitDb ?? ceiling) - over - 0.2 : gain.limitDb;
  return { ...gain, gainDb, limitDb };
}

/** How far from the target a clip may be before its sound is made again. */
export const toleranceLu = 0.5;
