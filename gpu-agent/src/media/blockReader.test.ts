import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { blockBytes, createBlockReader } from './blockReader.ts';
import { parseRange } from './sourceServer.ts';
import { type TaskFailure } from './taskFailure.ts';

const file = Buffer.alloc(blockBytes * 2 + 100, 0).map((_, index) => index % 251);

type Answer = (response: ServerResponse, span: { start: number; end: number }) => void;

/** Answers with the file's bytes, as storage does. */
const answer: Answer = (response, { start, end }) => response.writeHead(206).end(file.subarray(start, end));
const refuse =
  (status: number): Answer =>
  (response) =>
    response.writeHead(status).end('no');

describe('createBlockReader', () => {
  const signal = new AbortController().signal;
  const paths: string[] = [];
  let answers: Answer[] = [];
  // The last answer is given to all that come after it.
  const server = createServer((request, response) => {
    paths.push(request.url ?? '');
    const range = parseRange(request.headers.range, file.length);
    const next = answers.length > 1 ? answers.shift() : answers[0];
    next?.(response, range === null || range === 'unsatisfiable' ? { start: 0, end: 0 } : range);
  });
  let origin = '';

  beforeAll(async () => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    origin = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  });
  beforeEach(() => {
    paths.length = 0;
  });
  afterAll(() => {
    server.close();
    server.closeAllConnections();
  });

  it('reads spans across blocks, and each block once', async () => {
    answers = [answer];
    const reader = createBlockReader({ sizeBytes: file.length, url: () => `${origin}/a`, signal });
    expect((await reader.readSpan(blockBytes - 10, blockBytes + 10)).equals(file.subarray(blockBytes - 10, blockBytes + 10))).toBe(true);
    expect((await reader.readSpan(0, file.length + 999)).equals(file)).toBe(true);
    expect(paths).toHaveLength(3);
  });

  it('asks again after a broken connection, a refusal and a short answer, with the newest URL', async () => {
    let url = `${origin}/stale`;
    answers = [
      (response) => response.destroy(),
      (response, span) => {
        url = `${origin}/fresh`;
        refuse(403)(response, span);
      },
      (response, { start, end }) => answer(response, { start, end: end - 5 }),
      answer,
    ];
    const reader = createBlockReader({ sizeBytes: 100, url: () => url, signal });
    expect((await reader.readSpan(0, 100)).equals(file.subarray(0, 100))).toBe(true);
    expect(paths).toEqual(['/stale', '/stale', '/fresh', '/fresh']);
  });

  it('follows a redirection, and takes its block from a server that knows no ranges', async () => {
    answers = [(response) => response.writeHead(307, { location: '/moved' }).end(), (response) => response.writeHead(200).end(file)];
    const reader = createBlockReader({ sizeBytes: file.length, url: () => `${origin}/a`, signal });
    expect((await reader.readSpan(0, blockBytes)).equals(file.subarray(0, blockBytes))).toBe(true);
    expect(paths).toEqual(['/a', '/moved']);
  });

  it('gives up when the file is gone, and when the task is over', async () => {
    answers = [refuse(404)];
    const gone = createBlockReader({ sizeBytes: 100, url: () => `${origin}/a`, signal });
    await expect(gone.readSpan(0, 10)).rejects.toMatchObject({
      name: 'TaskFailure',
      code: 'storage_failed',
    } satisfies Partial<TaskFailure>);
    answers = [refuse(503)];
    const over = new AbortController();
    const waiting = createBlockReader({ sizeBytes: 100, url: () => `${origin}/a`, signal: over.signal });
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
