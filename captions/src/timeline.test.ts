import type { Probe } from '@carmic/contract';
import { describe, expect, it } from 'vitest';
import { chooseFrameRate, planTimeline, rateValue } from './timeline.ts';

const probe: Probe = {
  container: 'mov',
  durationSeconds: 60,
  width: 1920,
  height: 1080,
  frameRate: 25,
  rotationDegrees: 0,
  videoCodec: 'h264',
  isHdr: false,
  audioCodec: 'aac',
  audioChannels: 2,
};

describe('chooseFrameRate', () => {
  it('keeps usual rates, also the fractional ones', () => {
    expect(chooseFrameRate(29.97, 30)).toEqual({ numerator: 30_000, denominator: 1001 });
    expect(chooseFrameRate(23.976, 30)).toEqual({ numerator: 24_000, denominator: 1001 });
    expect(rateValue(chooseFrameRate(25, 30))).toBe(25);
  });

  it('halves what is above the limit', () => {
    expect(rateValue(chooseFrameRate(50, 30))).toBe(25);
    expect(rateValue(chooseFrameRate(60, 30))).toBe(30);
    expect(rateValue(chooseFrameRate(59.94, 30))).toBeCloseTo(29.97, 2);
    expect(rateValue(chooseFrameRate(240, 60))).toBe(60);
  });

  it('takes the next usual rate for odd ones, and for rates too low to move smoothly', () => {
    expect(rateValue(chooseFrameRate(27.3, 30))).toBeCloseTo(29.97, 2);
    expect(rateValue(chooseFrameRate(1, 30))).toBeCloseTo(23.976, 2);
  });
});

describe('planTimeline', () => {
  it('counts frames so that segments follow each other without a gap', () => {
    const timeline = planTimeline(
      [
        { startSeconds: 1.013, endSeconds: 3.021 },
        { startSeconds: 10, endSeconds: 11 },
      ],
      probe,
      30,
    );
    expect(timeline.segments).toEqual([
      { sourceSeconds: 1, frames: 51, outSeconds: 0, outFrame: 0 },
      { sourceSeconds: 10, frames: 25, outSeconds: 51 / 25, outFrame: 51 },
    ]);
    expect(timeline.frameCount).toBe(76);
    expect(timeline.durationSeconds).toBeCloseTo(76 / 25, 9);
  });

  it('cuts spans to the source and drops what lies behind it', () => {
    const timeline = planTimeline(
      [
        { startSeconds: 58, endSeconds: 70 },
        { startSeconds: 61, endSeconds: 70 },
      ],
      probe,
      30,
    );
    expect(timeline.segments.map((segment) => segment.frames)).toEqual([50]);
  });
});
