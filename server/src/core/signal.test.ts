import { expect, test } from 'vitest';
import { createSignal } from './signal.ts';

test('a waiter is woken by notify, long before its time is over', async () => {
  const signal = createSignal();
  const startedAt = performance.now();
  const woken = signal.wait(5000);
  signal.notify();
  await woken;
  expect(performance.now() - startedAt).toBeLessThan(1000);
});

test('a waiter ends by itself after its time, and at once when aborted', async () => {
  const signal = createSignal();
  await signal.wait(5);
  const abort = new AbortController();
  const waiting = signal.wait(5000, abort.signal);
  abort.abort();
  await waiting;
  await signal.wait(5000, abort.signal);
});
