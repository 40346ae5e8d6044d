import { describe, expect, it } from 'vitest';
import { blockBytes, createBlockReader } from './blockReader.ts';
import { parseRange } from './sourceServer.ts';
import { type TaskFailure } from './taskFailure.ts';

const file = Buffer.alloc(blockBytes * 2 + 100, 0).map((_, index) => index % 251);

function rangeOf(init: RequestInit | undefined): { start: number; end: number } {
  const range = parseRange(new Headers(init?.headers).get('range') ?? undefined, file.length);
  return range === null || range === 'unsatisfiable' ? { start: 0, end: 0 } : range;
}
const answer = ({ start, end }: { start: number; end: number }) => new Response(new Uint8Array(file.subarray(start, end)), { status: 206 });

describe('createBlockReader', () => {
  const signal = new AbortController().signal;

  it('reads spans across blocks, and each block once', async () => {
    let requests = 0;
    const fetch: typeof globalThis.fetch = async (_url, init) => {
      requests += 1;
      return answer(rangeOf(init));
    };
    const reader = createBlockReader({ sizeBytes: file.length, url: () => 'http://storage/a', signal, fetch });
    expect((await reader.readSpan(blockBytes - 10, blockBytes + 10)).equals(file.subarray(blockBytes - 10, blockBytes + 10))).toBe(true);
    expect((await reader.readSpan(0, file.length + 999)).equals(file)).toBe(true);
    expect(requests).toBe(3);
  });

  it('asks again after a broken connection, a refusal and a short answer, with the newest URL', async () => {
    const urls: string[] = [];
    let url = 'http://storage/stale';
    const fetch: typeof globalThis.fetch = async (used, init) => {
      urls.push(String(used));
      if (urls.length === 1) {
        throw new TypeError('fetch failed');
      }
      if (urls.length === 2) {
        url = 'http://storage/fresh';
        return new Response('expired', { status: 403 });
      }
      const { start, end } = rangeOf(init);
      return answer(urls.length === 3 ? { start, end: end - 5 } : { start, end });
    };
    const reader = createBlockReader({ sizeBytes: 100, url: () => url, signal, fetch });
    expect((await reader.readSpan(0, 100)).equals(file.subarray(0, 100))).toBe(true);
    expect(urls).toEqual(['http://storage/stale', 'http://storage/stale', 'http://storage/fresh', 'http://storage/fresh']);
  });

  it('gives up when the file is gone, and when the task is over', async () => {
    const gone = createBlockReader({
      sizeBytes: 100,
      url: () => 'http://storage/a',
      signal,
      fetch: async () => new Response('', { status: 404 }),
    });
    await expect(gone.readSpan(0, 10)).rejects.toMatchObject({
      name: 'TaskFailure',
      code: 'storage_failed',
    } satisfies Partial<TaskFailure>);
    const over = new AbortController();
    const waiting = createBlockReader({
      sizeBytes: 100,
      url: () => 'http://storage/a',
      signal: over.signal,
      fetch: async () => new Response('', { status: 503 }),
    });
    const reading = waiting.readSpan(0, 10);
    over.abort(new Error('over'));
    await expect(reading).rejects.toThrow();
  });
});

describe('parseRange', () => {
  it('reads what ffmpeg sends, and refuses what lies behind the end', () => {
    expect(parseRange('bytes=5-', 10)).toEqual({ start: 5, end: 10 });
    expect(parseRange('bytes=0-3', 10)).toEqual({ start: 0, end: 4 });
    expect(parseRange('bytes=-4', 10)).toEqual({ start: 6, end: 10 });
    expect(parseRange('bytes=10-', 10)).toBe('unsatisfiable');
    expect(parseRange('bytes=0-1,3-4', 10)).toBeNull();
  });
});
