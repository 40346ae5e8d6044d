import type { ScorePart } from '@carmic/contract';
import { explain } from './explain.ts';
import type { FeatureName, Features } from './features.ts';
import type { Talk } from './talk.ts';
import { weights } from './weights.ts';

const scored = Object.keys(weights) as (keyof typeof weights)[];
const round = (value: number) => Math.round(value * 10) / 10;

/** Points one feature adds to a window's score. */
export function pointsOf(name: keyof typeof weights, features: Features): number {
  const { mean, scale, weight } = weights[name];
  return weight * Math.max(-2.5, Math.min(2.5, (features[name] - mean) / scale));
}

/** Points of all features together, before they are placed on the scale of 0 to 100. */
export function sumPoints(features: Features): number {
  let sum = 0;
  for (const name of scored) {
    sum += pointsOf(name, features);
  }
  return sum;
}

/** The middle of the scale: a window with nothing special. */
const base = 50;

/** The score of 0 to 100 with its parts, largest first. The parts add up to the score. */
export function explainScore(talk: Talk, first: number, last: number, features: Features): { score: number; parts: ScorePart[] } {
  const parts: ScorePart[] = [];
  for (const name of scored) {
    const points = round(pointsOf(name, features));
    if (Math.abs(points) >= 0.5) {
      parts.push({ name, points, ...explain(name as FeatureName, points, talk, first, last, features) });
    }
  }
  parts.sort((a, b) => Math.abs(b.points) - Math.abs(a.points) || (a.name < b.name ? -1 : 1));
  const sum = parts.reduce((total, part) => total + part.points, 0);
  const score = round(Math.max(1, Math.min(99, base + sum)));
  const seconds = Math.round(features.length);
  parts.unshift({
    name: 'whole_sentences',
    label: 'Whole sentences',
    points: round(score - sum),
    reason: `It is ${seconds} s long and begins and ends with a sentence: the ground every clip starts from.`,
  });
  return { score, parts };
}
