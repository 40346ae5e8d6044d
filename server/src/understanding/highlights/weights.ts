import type { FeatureName } from './features.ts';

/** How a feature enters the score: centred on `mean`, divided by `scale`, cut at +-2.5, times `weight` points. */
export interface Weight {
  mean: number;
  scale: number;
  weight: number;
}

export const weights: Record<Exclude<FeatureName, 'length'>, Weight> = {
  question_answer: { mean: 0.3, scale: 0.4, weight: 1.5 },
  contrast: { mean: 1.2, scale: 1.1, weight: 1.5 },
  surprise: { mean: 0.4, scale: 0.7, weight: 2 },
  emotion: { mean: 0.6, scale: 0.9, weight: 3 },
  claims: { mean: 2.2, scale: 1.5, weight: 3 },
  story: { mean: 1.6, scale: 1.5, weight: 1 },
  first_person: { mean: 6, scale: 4, weight: 1 },
  address: { mean: 4, scale: 3.5, weight: 1.5 },
  numbers: { mean: 1, scale: 1.4, weight: 1 },
  humour: { mean: 0.2, scale: 0.5, weight: 1.5 },
  set_up: { mean: 1, scale: 0.9, weight: 1.5 },
  rarity: { mean: 0.65, scale: 0.08, weight: 0.5 },
  density: { mean: 0.3, scale: 0.06, weight: 0.5 },
  fillers: { mean: 3, scale: 2.5, weight: -2 },
  pace: { mean: 1, scale: 0.15, weight: 0.5 },
  loudness: { mean: 0, scale: 2.5, weight: 2 },
  one_voice: { mean: 0.85, scale: 0.17, weight: 1.5 },
  main_speaker: { mean: 0.75, scale: 0.3, weight: 2 },
  turn_changes: { mean: 2, scale: 3, weight: -0.5 },
  best_sentence: { mean: 0.9, scale: 0.4, weight: 2 },
  clean_start: { mean: 0.7, scale: 0.25, weight: 3 },
  clean_end: { mean: 0.7, scale: 0.2, weight: 3 },
  housekeeping: { mean: 0.1, scale: 0.4, weight: -4 },
  pauses: { mean: 0.1, scale: 0.1, weight: -1 },
};
