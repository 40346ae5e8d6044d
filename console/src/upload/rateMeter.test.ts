import { describe, expect, it } from 'vitest';
import { RateMeter } from './rateMeter.ts';

describe('the speed of an upload', () => {
  it('is unknown until a second has been measured', () => {
    const meter = new RateMeter();
    meter.add(0, 0);
    meter.add(500, 900);
    expect(meter.bytesPerSecond()).toBeNull();
    expect(meter.secondsLeft(1000)).toBeNull();
  });

  it('tells speed and time left at a steady rate', () => {
    const meter = new RateMeter();
    for (let second = 0; second <= 5; second += 1) {
      meter.add(second * 2000, second * 1000);
    }
    expect(meter.bytesPerSecond()).toBeCloseTo(2000);
    expect(meter.secondsLeft(10_000)).toBeCloseTo(5);
  });

  it('follows a change of the line within its window', () => {
    const meter = new RateMeter(10_000);
    let total = 0;
    for (let second = 0; second <= 60; second += 1) {
      total += second < 30 ? 10_000 : 1000;
      meter.add(total, second * 1000);
    }
    expect(meter.bytesPerSecond()).toBeCloseTo(1000);
  });

  it('measures anew when bytes have to be sent again', () => {
    const meter = new RateMeter();
    meter.add(0, 0);
    meter.add(90_000, 3000);
    meter.add(10_000, 4000);
    expect(meter.bytesPerSecond()).toBeNull();
    meter.add(12_000, 6000);
    expect(meter.bytesPerSecond()).toBeCloseTo(1000);
  });

  it('does not promise an end to a line that stands still', () => {
    const meter = new RateMeter();
    meter.add(5000, 0);
    meter.add(5000, 8000);
    expect(meter.secondsLeft(1)).toBeNull();
  });
});
