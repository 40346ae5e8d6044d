import { type FeatureName, featureNames } from './features.ts';
import type { Talk } from './talk.ts';
import { norms, type Profile, weights } from './weights.ts';
import type { Window } from './windows.ts';

/** Points of one unit of weight times one standard deviation. */
const pointsPerUnit = 8;
/** Windows of a video count against the norms of the development sets as this many windows. */
const normWindows = 40;
const mostSpread = 2.5;

/** Which set of weights fits: conversations have turns of at least two people. */
export function profileOf(talk: Talk): Profile {
  const turns = talk.sentences.reduce((sum, sentence) => sum + (sentence.isTurnStart ? 1 : 0), 0);
  return talk.speakerCount >= 2 && turns >= 4 ? 'conversation' : 'talk';
}

/** Weights windows of one video: features are compared with the other windows of the same video, and with the norms when they are few. */
export interface Scale {
  profile: Profile;
  pointsOf(name: FeatureName, values: Float64Array): number;
  sumPoints(values: Float64Array): number;
}

export function buildScale(windows: readonly Window[], profile: Profile): Scale {
  const count = windows.length;
  const used = featureNames.flatMap((name, at) => {
    const weight = weights[profile][name] ?? 0;
    if (weight === 0) {
      return [];
    }
    const mean = windows.reduce((sum, window) => sum + (window.values[at] ?? 0), 0) / Math.max(1, count);
    const variance = windows.reduce((sum, window) => sum + ((window.values[at] ?? 0) - mean) ** 2, 0) / Math.max(1, count);
    const [normMean, normSpread] = norms[name] ?? [mean, Math.sqrt(variance)];
    const share = name === 'length' || name === 'early' ? 1 : count / (count + normWindows);
    const spread = Math.sqrt(share * variance + (1 - share) * normSpread ** 2);
    return [{ name, at, weight, mean: share * mean + (1 - share) * normMean, spread }];
  });
  const points = new Map(
    used.map(({ name, at, weight, mean, spread }) => [
      name,
      (values: Float64Array) =>
        spread < 1e-9 ? 0 : pointsPerUnit * weight * Math.max(-mostSpread, Math.min(mostSpread, ((values[at] ?? 0) - mean) / spread)),
    ]),
  );
  return {
    profile,
    pointsOf: (name, values) => points.get(name)?.(values) ?? 0,
    sumPoints(values) {
      let sum = 0;
      for (const of of points.values()) {
        sum += of(values);
      }
      return sum;
    },
  };
}
