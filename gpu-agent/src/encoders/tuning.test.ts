import { encodingLadders } from '@carmic/contract';
import { describe, expect, test } from 'vitest';
import { encoderKinds, kindNamed, x264 } from './profiles.ts';
import { isReached, planTries, readScore, settingsOf, withScore, withSettings } from './tuning.ts';

const x265 = kindNamed('libx265')?.profile(0, 0);

describe('settings of an encoder', () => {
  test('are read from its options and written into them, for every encoder', () => {
    for (const kind of encoderKinds) {
      const profile = kind.profile(0, 0);
      const own = settingsOf(profile);
      const changed = withSettings(profile, { preset: own.preset, rate: own.rate + 2 });
      expect(settingsOf(changed), kind.name).toEqual({ ...own, rate: own.rate + 2 });
      expect(changed.encodeArgs).toHaveLength(profile.encodeArgs.length);
    }
    expect(settingsOf(x264)).toEqual(encodingLadders.libx264.base);
    expect(x265 && settingsOf(x265)).toEqual(encodingLadders.libx265.base);
  });

  test('are asked for a score where the encoder can tell', () => {
    expect(withScore(x264).encodeArgs.slice(-2)).toEqual(['-ssim', '1']);
    expect(x265 && withScore(x265).encodeArgs.join(' ')).toContain('log-level=info:ssim=1');
    const card = kindNamed('h264_nvenc')?.profile(0, 0);
    expect(card && withScore(card)).toBe(card);
    expect(readScore('[libx264 @ 0x1] [info] SSIM Mean Y:0.9959028 (23.875db)')).toBe(0.9959);
    expect(readScore('encoded 60 frames in 5s (1 fps), 2 kb/s, Avg QP:30.32, SSIM Mean Y: 0.9929997 (21.549 dB)')).toBe(0.993);
    expect(readScore('nothing')).toBeNull();
  });

  test('end at a finer try where the chosen ones fall below the target', () => {
    const own = { preset: 'veryfast', rate: 21 };
    expect(planTries(x264, [], null)).toEqual([own]);
    expect(planTries(x264, [{ encoder: 'libx264', preset: 'faster', rate: 25 }], 0.95)).toEqual([
      { preset: 'faster', rate: 25 },
      own,
      { preset: 'veryfast', rate: 17 },
    ]);
    expect(planTries(x264, [{ encoder: 'libx264', preset: null, rate: 18 }], 0.95).map(({ rate }) => rate)).toEqual([18, 14]);
    expect(planTries(x264, [{ encoder: 'libx265', preset: 'fast', rate: 30 }], 0.95)).toEqual([own, { preset: 'veryfast', rate: 17 }]);
    expect([isReached({ score: 0.94 }, 0.95), isReached({ score: 0.95 }, 0.95), isReached({ score: null }, 0.95)]).toEqual([
      false,
      true,
      true,
    ]);
  });
});
