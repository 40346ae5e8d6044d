import { describe, expect, it } from 'vitest';
import { correctGain, planGain, readLoudness } from './loudness.ts';

const target = { integratedLufs: -14, truePeakDbtp: -1 };
const summary = (integrated: string, peak: string) =>
  `noise I: -3.0 LUFS\n[Parsed_ebur128_0 @ 0x1] Summary:\n\n  Integrated loudness:\n    I:         ${integrated} LUFS\n    Threshold: -32.9 LUFS\n\n  True peak:\n    Peak:       ${peak} dBFS\n`;

describe('readLoudness', () => {
  it('reads the last summary', () => {
    expect(readLoudness(summary('-22.4', '-6.4'))).toEqual({ integratedLufs: -22.4, truePeakDbtp: -6.4 });
  });

  it('tells silence as null', () => {
    expect(readLoudness(summary('-70.0', '-inf'))).toEqual({ integratedLufs: null, truePeakDbtp: null });
  });
});

describe('planGain', () => {
  it('only turns up what stays under the peak', () => {
    expect(planGain({ integratedLufs: -20, truePeakDbtp: -12 }, target)).toEqual({ gainDb: 6, limitDb: null });
  });

  it('limits what would go over, with room for the encoder', () => {
    expect(planGain({ integratedLufs: -24, truePeakDbtp: -6 }, target)).toEqual({ gainDb: 10, limitDb: -2 });
  });

  it('leaves silence alone and does not amplify noise without end', () => {
    expect(planGain({ integratedLufs: null, truePeakDbtp: null }, target)).toBeNull();
    expect(planGain({ integratedLufs: -65, truePeakDbtp: -50 }, target)?.gainDb).toBe(24);
  });
});

describe('correctGain', () => {
  it('is content within half a unit', () => {
    expect(correctGain({ gainDb: 6, limitDb: null }, { integratedLufs: -14.3, truePeakDbtp: -3 }, target)).toBeNull();
  });

  it('turns up what came out too quiet, and limits deeper what came out over the peak', () => {
    expect(correctGain({ gainDb: 6, limitDb: -2 }, { integratedLufs: -15, truePeakDbtp: -0.5 }, target)).toEqual({
      gainDb: 7,
      limitDb: expect.closeTo(-2.7),
    });
  });

  it('looks between the samples where peaks are far over, and only then limits deeper', () => {
    const heard = { integratedLufs: -14, truePeakDbtp: 1.5 };
    const once = correctGain({ gainDb: 6, limitDb: -2 }, heard, target);
    expect(once).toEqual({ gainDb: 6, limitDb: -2, isOversampled: true });
    expect(correctGain(once ?? { gainDb: 0, limitDb: null }, heard, target)).toEqual({
      gainDb: 6,
      limitDb: expect.closeTo(-4.7),
      isOversampled: true,
    });
  });
});
