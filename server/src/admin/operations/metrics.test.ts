import { afterEach, expect, test, vi } from 'vitest';
import type { Deps } from '../../deps.ts';
import { createMetrics } from './metrics.ts';

afterEach(() => {
  vi.useRealTimers();
});

test('somebody who asked is there for some seconds more', () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  const metrics = createMetrics({} as Deps);
  expect(metrics.hasCallers()).toBe(false);
  metrics.observe('listVideos', 'GET', 200, 0.01);
  expect(metrics.hasCallers()).toBe(true);
  vi.advanceTimersByTime(4000);
  expect(metrics.hasCallers()).toBe(true);
  vi.advanceTimersByTime(2000);
  expect(metrics.hasCallers()).toBe(false);
});
