import { type EncodingLadder, encodingLadders } from '@carmic/contract';
import { describe, expect, test } from 'vitest';
import { chooseSettings, type KnownSettings } from './chooseSettings.ts';

const ladder: EncodingLadder = encodingLadders.libx264;
const options = { target: 0.95, allowsSlowerPresets: false };
const known = (rate: number, score: number, changes: Partial<KnownSettings> = {}): KnownSettings => ({
  preset: 'veryfast',
  rate,
  contributors: 20,
  score,
  deviation: 0.005,
  bitsPerPixel: 0.2 * 0.88 ** (rate - 21),
  ...changes,
});

describe('the tuner', () => {
  test('keeps the settings of the product while nothing is known of them', () => {
    const base = { preset: 'veryfast', rate: 21 };
    expect(chooseSettings(ladder, [], options)).toEqual({ chosen: base, trial: null, reason: 'unknown', savedShare: null });
    expect(chooseSettings(ladder, [known(25, 0.99)], options)).toMatchObject({ chosen: base, trial: null });
  });

  test('tries coarser rates while there is room, and stops where the next would fall below the target', () => {
    expect(chooseSettings(ladder, [known(21, 0.98)], options)).toMatchObject({ chosen: { rate: 21 }, trial: { rate: 24 }, savedShare: 0 });
    const afterwards = chooseSettings(ladder, [known(21, 0.98), known(24, 0.971)], options);
    expect(afterwards).toMatchObject({ chosen: { rate: 24 }, trial: { preset: 'veryfast', rate: 27 }, reason: 'held' });
    expect(afterwards.savedShare).toBeCloseTo(1 - 0.88 ** 3, 3);
    expect(chooseSettings(ladder, [known(21, 0.98), known(24, 0.971), known(27, 0.957)], options)).toMatchObject({
      chosen: { rate: 27 },
      trial: null,
    });
  });

  test('goes back from what does not hold, and does not try it again', () => {
    const { chosen, trial } = chooseSettings(ladder, [known(21, 0.98), known(24, 0.971), known(27, 0.95)], options);
    expect(chosen.rate).toBe(24);
    expect(trial?.rate ?? 26).toBeLessThan(27);
  });

  test('goes finer where not even the settings of the product hold', () => {
    expect(chooseSettings(ladder, [known(21, 0.94)], options)).toMatchObject({ chosen: { rate: 21 }, trial: { rate: 19 }, reason: 'finer' });
    expect(chooseSettings(ladder, [known(21, 0.94), known(19, 0.962)], options)).toMatchObject({ chosen: { rate: 19 }, reason: 'held' });
  });

  test('tries slower presets only where they are allowed', () => {
    const none = [known(21, 0.957)];
    expect(chooseSettings(ladder, none, options).trial).toBeNull();
    expect(chooseSettings(ladder, none, { ...options, allowsSlowerPresets: true }).trial).toEqual({ preset: 'faster', rate: 21 });
    const slow = [...none, known(21, 0.96, { preset: 'faster', bitsPerPixel: 0.15 })];
    expect(chooseSettings(ladder, slow, { ...options, allowsSlowerPresets: true }).chosen.preset).toBe('faster');
    expect(chooseSettings(ladder, slow, options).chosen.preset).toBe('veryfast');
  });
});
