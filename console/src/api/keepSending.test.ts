import { ApiError } from '@carmic/contract';
import { describe, expect, test } from 'vitest';
import { keepSending } from './keepSending.ts';

/** Sends what fails with each of these, and then is answered. */
async function send(failures: unknown[]) {
  const unsent = {
    ...{ onTheirWay: 0, waiting: 0 },
    began: () => void (unsent.onTheirWay += 1),
    waits: () => void (unsent.waiting += 1),
    ended(hasWaited: boolean) {
      unsent.onTheirWay -= 1;
      unsent.waiting -= hasWaited ? 1 : 0;
    },
  };
  const seen: string[] = [];
  const pauses: number[] = [];
  const left = [...failures];
  const answer = await keepSending(
    async () => {
      seen.push(`${unsent.onTheirWay} ${unsent.waiting}`);
      if (left.length > 0) {
        throw left.shift();
      }
      return 'done';
    },
    unsent,
    async (ms) => void pauses.push(ms),
  ).catch((error: unknown) => error);
  return { answer, seen, pauses, after: `${unsent.onTheirWay} ${unsent.waiting}` };
}

const cut = new TypeError('Failed to fetch');
const refused = (status: number, code: ApiError['code'] = 'unavailable', retryAfter?: number) =>
  new ApiError(status, code, 'No.', undefined, retryAfter);

describe('a change that is kept', () => {
  test('is sent until it is answered, and counted as waiting from the first cut on', async () => {
    const { answer, seen, after } = await send([cut, refused(0), refused(503), refused(409, 'conflict', 2)]);
    expect(answer).toBe('done');
    expect(seen).toEqual(['1 0', '1 1', '1 1', '1 1', '1 1']);
    expect(after).toBe('0 0');
  });

  test('is given up at once when the server refuses it, and counted no more', async () => {
    for (const error of [refused(409, 'conflict'), refused(412, 'precondition_failed'), refused(500, 'internal'), new Error('ours')]) {
      expect(await send([cut, error])).toMatchObject({ answer: error, seen: ['1 0', '1 1'], after: '0 0' });
    }
  });

  test('waits for a line without end, each time a little longer, and for a server that is not itself for a while only', async () => {
    const { answer, pauses } = await send(Array.from({ length: 200 }, () => cut));
    expect(answer).toBe('done');
    expect(pauses[0]).toBe(1000);
    expect(Math.max(...pauses)).toBe(10_000);
    const error = refused(502);
    expect((await send(Array.from({ length: 200 }, () => error))).answer).toBe(error);
  });
});
