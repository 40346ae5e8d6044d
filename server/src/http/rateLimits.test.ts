import { expect, test } from 'vitest';
import { createThrottle } from './rateLimits.ts';

test('of calls over a limit the first in its time is told, and not each, for all calls together and for one route (ASVS 16.3.3)', async () => {
  const told: string[] = [];
  const throttle = createThrottle(8, (route) => told.push(route));
  const outcomes = async (route: 'getMe' | 'createPasswordReset', callers: readonly string[], count: number) => {
    const codes: string[] = [];
    for (let index = 0; index < count; index++) {
      codes.push(
        await throttle.consume(route, callers).then(
          () => 'ok',
          (error: unknown) => (error as { code: string }).code,
        ),
      );
    }
    return codes;
  };
  expect(await outcomes('getMe', ['address:1'], 8)).not.toContain('rate_limited');
  expect(told).toEqual([]);
  expect(await outcomes('getMe', ['address:1'], 4)).toEqual(Array.from({ length: 4 }, () => 'rate_limited'));
  expect(told).toEqual(['getMe']);
  // Five wishes for a password of one account at one address; the sixth and the seventh are over it.
  expect((await outcomes('createPasswordReset', ['address:2', 'pair:2'], 7)).slice(5)).toEqual(['rate_limited', 'rate_limited']);
  expect(told).toEqual(['getMe', 'createPasswordReset']);
});
