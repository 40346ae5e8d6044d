import { expect, test } from 'vitest';
import { untilLoaded } from './untilLoaded.ts';

test('a part that fails to load for a moment is loaded all the same, and one that fails on tells why', async () => {
  const failing = (times: number) => () =>
    times-- > 0 ? Promise.reject(new TypeError(`Failed, ${times} left`)) : Promise.resolve('a page');
  expect(await untilLoaded(failing(2), [1, 1])).toBe('a page');
  await expect(untilLoaded(failing(4), [1, 1])).rejects.toThrow('Failed, 1 left');
});
