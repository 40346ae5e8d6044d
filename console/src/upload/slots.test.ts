import { describe, expect, it } from 'vitest';
import { Slots } from './slots.ts';

const never = new AbortController().signal;

describe('slots', () => {
  it('lets so many in and serves the others in order', async () => {
    const slots = new Slots(1);
    const order: string[] = [];
    const first = await slots.take(never);
    const second = slots.take(never).then((release) => (order.push('second'), release));
    const third = slots.take(never).then((release) => (order.push('third'), release));
    await Promise.resolve();
    expect(order).toEqual([]);
    first();
    (await second)();
    (await third)();
    expect(order).toEqual(['second', 'third']);
  });

  it('gives the place of one that gave up to the next', async () => {
    const slots = new Slots(1);
    const first = await slots.take(never);
    const impatient = new AbortController();
    const second = slots.take(impatient.signal);
    const third = slots.take(never);
    impatient.abort(new Error('gave up'));
    await expect(second).rejects.toThrow('gave up');
    first();
    (await third)();
    (await slots.take(never))();
  });

  it('counts a slot given back twice once', async () => {
    const slots = new Slots(1);
    const release = await slots.take(never);
    release();
    release();
    await slots.take(never);
    let isIn = false;
    void slots.take(never).then(() => (isIn = true));
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(isIn).toBe(false);
  });
});
