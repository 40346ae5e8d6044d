import type { ScorePart } from '@carmic/contract';
import { takenShare } from './calibration.ts';
import { explain, isTheme } from './explain.ts';
import { type FeatureName, featureNames } from './features.ts';
import { subjectReason } from './subject.ts';
import type { Talk } from './talk.ts';
import { themeNames } from './themes.ts';
import { norms, type Profile, weights } from './weights.ts';
import type { Window } from './windows.ts';

/** Points of one unit of weight times one standard deviation. */
const pointsPerUnit = 8;
/** The middle of the scale: a window with nothing special. */
const base = 50;
/** Windows of a video count against the norms of the development sets as this many windows. */
const normWindows = 40;
const mostSpread = 2.5;

const round = (value: number) => Math.round(value * 10) / 10;

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

/** Only editors of interviews have been asked, so to speak. */
const shareText = (profile: Profile, score: number) =>
  profile === 'conversation'
    ? ` Of interview clips with such a score, editors took about ${Math.round(takenShare(score) * 100)} in 100.`
    : '';

/** The score of 0 to 100 with its parts, largest first. The parts add up to the score. */
export function explainScore(
  talk: Talk,
  window: Window,
  scale: Scale,
  more: readonly ScorePart[] = [],
): { score: number; parts: ScorePart[] } {
  const parts: ScorePart[] = [...more];
  for (const name of featureNames) {
    if (isTheme(name)) {
      continue;
    }
    const points = round(scale.pointsOf(name, window.values));
    if (Math.abs(points) >= 0.5) {
      parts.push({ name, points, ...explain(name, points > 0, talk, window) });
    }
  }
  const subject = round(themeNames.reduce((total, name) => total + scale.pointsOf(name, window.values), 0));
  if (Math.abs(subject) >= 0.5) {
    parts.push({ name: 'subject', label: 'Subject', points: subject, reason: subjectReason(talk, window, scale, subject > 0) });
  }
  parts.sort((a, b) => Math.abs(b.points) - Math.abs(a.points) || (a.name < b.name ? -1 : 1));
  const sum = parts.reduce((total, part) => total + part.points, 0);
  const score = round(Math.max(1, Math.min(99, base + sum)));
  parts.unshift({
    name: 'whole_sentences',
    label: 'Whole sentences',
    points: round(score - sum),
    reason: `It is ${Math.round(window.endSeconds - window.startSeconds)} s long and begins and ends with a sentence: the ground every clip starts from.${shareText(scale.profile, score)}`,
  });
  return { score, parts };
}
