import { expect, test } from 'vitest';
import { createTokenBucket } from './tokenBucket.ts';

function simulate(size: number, perSecond: number) {
  let time = 0;
  const bucket = createTokenBucket({
    size,
    perSecond,
    now: () => time,
    sleep: (ms) => {
      time += ms;
      return Promise.resolve();
    },
  });
  return { bucket, time: () => time };
}

test('a full bucket goes at once, what is above waits for the refill', async () => {
  const { bucket, time } = simulate(100, 50);
  await bucket(100);
  expect(time()).toBe(0);
  await bucket(25);
  expect(time()).toBe(500);
});

test('calls at the same time keep to the rate together', async () => {
  const { bucket, time } = simulate(10, 5);
  await Promise.all(Array.from({ length: 40 }, () => bucket(1)));
  expect(time()).toBeGreaterThanOrEqual(6000);
  expect(time()).toBeLessThan(6300);
});

test('an amount above the bucket passes and is paid back before the next', async () => {
  const { bucket, time } = simulate(10, 10);
  await bucket(30);
  expect(time()).toBe(0);
  await bucket(10);
  expect(time()).toBe(3000);
});
