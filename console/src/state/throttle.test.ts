import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Throttle } from './throttle.ts';

describe('a throttle', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  it('acts at once, then at most once per interval, and after the last nudge', () => {
    const acts: string[] = [];
    const throttle = new Throttle(1000, (key) => acts.push(key));
    throttle.nudge('a');
    throttle.nudge('a');
    throttle.nudge('a');
    throttle.nudge('b');
    expect(acts).toEqual(['a', 'b']);
    vi.advanceTimersByTime(1000);
    expect(acts).toEqual(['a', 'b', 'a']);
    vi.advanceTimersByTime(5000);
    expect(acts).toEqual(['a', 'b', 'a']);
    throttle.nudge('a');
    expect(acts).toHaveLength(4);
  });

  it('is silent after it was stopped', () => {
    const acts: string[] = [];
    const throttle = new Throttle(1000, (key) => acts.push(key));
    throttle.nudge('a');
    throttle.nudge('a');
    throttle.stop();
    vi.advanceTimersByTime(5000);
    expect(acts).toEqual(['a']);
  });
});
