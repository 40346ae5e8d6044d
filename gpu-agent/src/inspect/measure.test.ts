import { describe, expect, it } from 'vitest';
import { createLevelMeter, hopFor, readScenes } from './measure.ts';

function samples(values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 2);
  values.forEach((value, index) => bytes.writeInt16LE(value, index * 2));
  return bytes;
}

describe('createLevelMeter', () => {
  it('tells level and peak per hop, and silence as its floor', () => {
    const meter = createLevelMeter(10, 0.4);
    meter.push(samples([16384, -16384, 16384, -16384, 0, 0, 0, 0, 32767, 0]));
    expect(meter.finish()).toEqual({ loudnessDb: [-6, -96, -3], peaks: [0.5, 0, 1], seconds: 1 });
  });

  it('does not care where chunks are cut, not even inside a sample', () => {
    const bytes = samples([100, -200, 300, -400, 500, -600, 700, -800]);
    const whole = createLevelMeter(4, 1);
    whole.push(bytes);
    const pieces = createLevelMeter(4, 1);
    for (const [from, to] of [
      [0, 1],
      [1, 4],
      [4, 4],
      [4, 9],
      [9, 16],
    ]) {
      pieces.push(bytes.subarray(from, to));
    }
    expect(pieces.finish()).toEqual(whole.finish());
  });
});

describe('readScenes', () => {
  const frame = (time: number, change: number, cut?: number) =>
    [`frame:0    pts:0       pts_time:${time}`, `lavfi.scd.mafd=${change}`, ...(cut === undefined ? [] : [`lavfi.scd.time=${cut}`])].join(
      '\n',
    );

  it('spreads a change over the time since the frame before', () => {
    const { motion } = readScenes([frame(0, 0), frame(0.4, 4)].join('\n'), 0.1);
    expect(motion).toEqual([2.55, 2.55, 2.55, 2.55, 0]);
  });

  it('lists cuts once, and the last frame that was decoded', () => {
    const text = [frame(0, 0), frame(1.5, 20, 1.5), frame(1.6, 9, 1.6), frame(3, 20, 3)].join('\n');
    expect(readScenes(text, 0.1)).toMatchObject({ cutsSeconds: [1.5, 3], lastFrameSeconds: 3 });
  });

  it('tells when not one frame was decoded', () => {
    expect(readScenes('', 0.1).lastFrameSeconds).toBeNull();
  });
});

describe('hopFor', () => {
  it('is fine for what is short and coarse for what is long', () => {
    expect([600, 7200, 40_000].map(hopFor)).toEqual([0.1, 0.25, 0.5]);
  });
});
