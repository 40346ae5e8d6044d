import type { Analysis } from '@carmic/contract';

/** Sound and picture by time, in units that compare across videos. */
export interface Sound {
  /** Mean level over a span above the video's median speech level, in dB; 0 without sound. */
  liftDb(startSeconds: number, endSeconds: number): number;
  /** Mean picture motion over a span relative to the video's mean; 1 without picture data. */
  motion(startSeconds: number, endSeconds: number): number;
  /** Hard cuts in a span. */
  cuts(startSeconds: number, endSeconds: number): number;
  hasSound: boolean;
}

function prefixSums(values: readonly number[]): Float64Array {
  const sums = new Float64Array(values.length + 1);
  for (const [i, value] of values.entries()) {
    sums[i + 1] = (sums[i] ?? 0) + value;
  }
  return sums;
}

function meanOver(sums: Float64Array, hopSeconds: number, startSeconds: number, endSeconds: number): number {
  const last = sums.length - 1;
  const from = Math.min(last, Math.max(0, Math.floor(startSeconds / hopSeconds)));
  const to = Math.min(last, Math.max(from + 1, Math.ceil(endSeconds / hopSeconds)));
  return to <= from ? 0 : ((sums[to] ?? 0) - (sums[from] ?? 0)) / (to - from);
}

/** Quantile of a list, 0 for an empty one. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}

/** Index of the first of sorted `times` at or after `seconds`. */
export function firstAtOrAfter(times: readonly number[], seconds: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] ?? 0) < seconds) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

/** Prepares an analysis for questions about spans, each answered in constant time. */
export function buildSound(analysis: Analysis | null): Sound {
  const hop = analysis?.hopSeconds ?? 1;
  const levels = (analysis?.loudnessDb ?? []).map((level) => Math.max(-60, Number.isFinite(level) ? level : -60));
  const motions = (analysis?.motion ?? []).map((value) => (Number.isFinite(value) ? value : 0));
  const cutTimes = [...(analysis?.cutsSeconds ?? [])].sort((a, b) => a - b);
  const speech = levels.filter((level) => level > -45);
  const median = quantile(speech.length > 0 ? speech : levels, 0.5);
  const levelSums = prefixSums(levels);
  const motionSums = prefixSums(motions);
  const meanMotion = motions.length === 0 ? 0 : (motionSums[motions.length] ?? 0) / motions.length;
  return {
    hasSound: speech.length > 0,
    liftDb: (start, end) => (levels.length === 0 ? 0 : meanOver(levelSums, hop, start, end) - median),
    motion: (start, end) => (meanMotion <= 0 ? 1 : meanOver(motionSums, hop, start, end) / meanMotion),
    cuts: (start, end) => firstAtOrAfter(cutTimes, end) - firstAtOrAfter(cutTimes, start),
  };
}
