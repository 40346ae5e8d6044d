import type { PlanFeature } from '@carmic/contract';
import { describe, expect, test } from 'vitest';
import { addSeconds } from '../core/clock.ts';
import { graceSeconds, nextGrace, resolveInForce } from './inForce.ts';

const now = new Date('2026-03-01T12:00:00Z');
const none = { from: null, until: null, days: null };
const until = addSeconds(now, graceSeconds);

describe('grace after a change of rule', () => {
  test('a stricter rule starts one of 14 days that remembers the rule before', () => {
    expect(nextGrace(none, 29, 3, now)).toEqual({ from: now, until, days: 29 });
    expect(nextGrace(none, null, 3, now)).toEqual({ from: now, until, days: null });
  });

  test('a longer rule, the same rule and no expiry start none', () => {
    expect(nextGrace(none, 3, 29, now)).toEqual(none);
    expect(nextGrace(none, 3, 3, now)).toEqual(none);
    expect(nextGrace(none, 3, null, now)).toEqual(none);
    expect(nextGrace(none, null, null, now)).toEqual(none);
  });

  test('one that is running is prolonged, and the longer of the rules before counts', () => {
    const running = { from: addSeconds(now, -86_400), until: addSeconds(now, graceSeconds - 86_400), days: 29 };
    expect(nextGrace(running, 10, 3, now)).toEqual({ from: now, until, days: 29 });
    expect(nextGrace({ ...running, days: null }, 10, 3, now)).toEqual({ from: now, until, days: null });
    const over = { ...running, until: addSeconds(now, -1) };
    expect(nextGrace(over, 10, 3, now)).toEqual({ from: now, until, days: 10 });
  });
});

test('an override that is there wins over the plan, field by field', () => {
  const plan = {
    retention: { kind: 'expires', days: 3 } as const,
    limits: { uploadBytes: 5, durationSeconds: 60, framePixels: null, processingMinutes: 90, parallelTasks: null, members: null },
    features: ['webhooks', 'apiKeys'] as PlanFeature[],
  };
  expect(resolveInForce(plan, null)).toEqual(plan);
  expect(resolveInForce(plan, { limits: { uploadBytes: null } })).toEqual({ ...plan, limits: { ...plan.limits, uploadBytes: null } });
  expect(resolveInForce(plan, { features: [] }).features).toEqual([]);
  expect(resolveInForce(plan, { retention: { kind: 'fixed', storageBytes: 9 } }).retention).toEqual({ kind: 'fixed', storageBytes: 9 });
});
