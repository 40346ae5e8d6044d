import { describe, expect, it } from 'vitest';
import { takenShare } from './calibration.ts';

describe('takenShare', () => {
  it('tells the shares that docs/highlights.md lists, and holds them from the first score of a step', () => {
    expect([40, 69.9, 70, 74.9, 75, 99].map(takenShare)).toEqual([0.08, 0.08, 0.12, 0.12, 0.18, 0.18]);
  });

  it('never falls as the score rises', () => {
    const shares = Array.from({ length: 99 }, (_, i) => takenShare(i + 1));
    expect(shares).toEqual([...shares].sort((a, b) => a - b));
  });
});
