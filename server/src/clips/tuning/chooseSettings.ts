/**
 * From figures to settings: the smallest files that hold the target, and one step beyond on trial.
 *
 * A setting holds where nine clips of ten are expected above the target (mean minus 1.28 deviations of a normal distribution); each clip that falls
 * below is encoded again by the agent, so that this is about work, not about quality. A step is tried only where the slope seen so far leaves it
 * room: first coarser rates, then slower presets where they are allowed.
 */
import type { EncodingLadder, EncodingSettings } from '@carmic/contract';

/** What is known of one setting in one band. */
export interface KnownSettings extends EncodingSettings {
  preset: string;
  contributors: number;
  score: number;
  deviation: number;
  bitsPerPixel: number;
}

export interface Learned {
  chosen: EncodingSettings & { preset: string };
  trial: (EncodingSettings & { preset: string }) | null;
  reason: 'unknown' | 'held' | 'finer';
  savedShare: number | null;
}

/** Quantile of the normal distribution below which one of ten falls. */
const spread = 1.28;
/** Similarity that one step of the rate costs, where nothing better is known, and the least that is believed. */
const usualSlope = 0.0015;
const leastSlope = 0.0005;
const longestStep = 3;
const finerStep = 2;

/** Whether nine clips of ten are expected to reach the target. */
export function isHeld({ score, deviation }: Pick<KnownSettings, 'score' | 'deviation'>, target: number): boolean {
  return score - spread * deviation >= target;
}

/** Chooses for one band. */
export function chooseSettings(ladder: EncodingLadder, known: readonly KnownSettings[], options: { target: number; allowsSlowerPresets: boolean }): Learned {
  const { target, allowsSlowerPresets } = options;
  const usable = known.filter(({ preset }) => preset === ladder.base.preset || allowsSlowerPresets);
  const find = (wanted: EncodingSettings) => usable.find(({ preset, rate }) => preset === wanted.preset && rate === wanted.rate);
  const base = find(ladder.base);
  if (base === undefined) {
    return { chosen: { ...ladder.base }, trial: null, reason: 'unknown', savedShare: null };
  }
  const held = usable.filter((each) => isHeld(each, target));
  const best = held.reduce<KnownSettings | null>((least, each) => (least === null || each.bitsPerPixel < least.bitsPerPixel ? each : least), null);
  if (best === null) {
    const finest = usable.reduce((least, each) => (each.rate < least.rate ? each : least), base);
    const rate = Math.max(ladder.finest, finest.rate - finerStep);
    const finer = { preset: ladder.base.preset, rate };
    return { chosen: { preset: finest.preset, rate: finest.rate }, trial: rate < finest.rate ? finer : null, reason: 'finer', savedShare: null };
  }
  const savedShare = Number((1 - best.bitsPerPixel / base.bitsPerPixel).toFixed(3));
  const chosen = { preset: best.preset, rate: best.rate };
  return { chosen, trial: nextTrial(ladder, usable, best, options), reason: 'held', savedShare };
}

function nextTrial(
  ladder: EncodingLadder,
  known: readonly KnownSettings[],
  best: KnownSettings,
  { target, allowsSlowerPresets }: { target: number; allowsSlowerPresets: boolean },
): Learned['trial'] {
  const isNew = ({ preset, rate }: { preset: string; rate: number }) => !known.some((each) => each.preset === preset && each.rate === rate);
  const samePreset = known.filter(({ preset }) => preset === best.preset);
  const failed = samePreset.filter((each) => each.rate > best.rate && !isHeld(each, target)).map(({ rate }) => rate);
  const bound = Math.min(ladder.coarsest, ...failed.map((rate) => rate - 1));
  const room = best.score - spread * best.deviation - target;
  const steps = Math.min(longestStep, Math.floor(room / slopeOf(samePreset)), bound - best.rate);
  const coarser = { preset: best.preset, rate: best.rate + steps };
  if (steps >= 1 && isNew(coarser)) {
    return coarser;
  }
  const slower = ladder.presets[ladder.presets.indexOf(best.preset) + 1];
  if (slower === undefined || !allowsSlowerPresets) {
    return null;
  }
  const other = { preset: slower, rate: best.rate };
  return isNew(other) ? other : null;
}

/** The steepest loss for one step of the rate that was seen. */
function slopeOf(known: readonly KnownSettings[]): number {
  const slopes = known.flatMap((a) => known.filter((b) => b.rate > a.rate).map((b) => (a.score - b.score) / (b.rate - a.rate)));
  return slopes.length === 0 ? usualSlope : Math.max(leastSlope, ...slopes);
}
