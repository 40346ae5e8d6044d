/** What the S3 client does when the server is busy, slow, or breaks off: on a server that answers as a test says, by the protocol's own words. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createS3Client, type S3Client } from '../../server/src/storage/s3/s3Client.ts';
import { deleteNames } from '../../server/src/storage/s3/s3Delete.ts';
import { refined } from '../../server/src/storage/s3/s3Failure.ts';

type Answer = (response: ServerResponse, body: string) => void;

const answers: Answer[] = [];
const received: { method: string; atMs: number; body: string; authorization: string }[] = [];
const fine: Answer = (response) => {
  response.setHeader('content-type', 'application/xml');
  response.end('<?xml version="1.0"?><DeleteResult></DeleteResult>');
};
const refuse =
  (status: number, code: string, headers: Record<string, string> = {}): Answer =>
  (response) => {
    response.writeHead(status, { 'content-type': 'application/xml', ...headers });
    response.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>${code}</Message></Error>`);
  };
/** Promises more than it sends, and closes. */
const breakOff: Answer = (response) => {
  response.writeHead(200, { 'content-type': 'application/xml', 'content-length': '1000' });
  response.write('<?xml version="1.0"?><Dele');
  setTimeout(() => response.destroy(), 20);
};
const silence: Answer = () => undefined;
const hangUp: Answer = (response) => response.destroy();

async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = Buffer.concat((await request.toArray()) as Buffer[]).toString('utf8');
  received.push({ method: request.method ?? '', atMs: performance.now(), body, authorization: request.headers.authorization ?? '' });
  (answers.shift() ?? fine)(response, body);
}

const server = createServer((request, response) => {
  handle(request, response).catch(() => response.destroy());
});
let client: S3Client;

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  client = createS3Client({
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    region: 'us-east-1',
    bucket: 'bucket',
    accessKeyId: 'key',
    secretAccessKey: 'secret',
    isPathStyle: true,
    idleTimeoutMs: 300,
  });
});
beforeEach(() => {
  answers.length = 0;
  received.length = 0;
});
afterAll(async () => {
  client.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const remove = (count: number) =>
  deleteNames(
    client,
    Array.from({ length: count }, (_, index) => `name-${index}`),
  );

describe('an S3 server that', () => {
  test.each<[string, Answer]>([
    ['is busy (503)', refuse(503, 'SlowDown')],
    ['asks for fewer requests (429)', refuse(429, 'TooManyRequests')],
    ['fails inside (500)', refuse(500, 'InternalError')],
    ['breaks off in the middle of an answer', breakOff],
    ['hangs up', hangUp],
    ['says nothing', silence],
  ])('%s is asked again, with a signature of its own, and what was asked for is done once more and no less', async (_, fault) => {
    answers.push(fault, fault);
    await remove(3);
    expect(received).toHaveLength(3);
    expect(new Set(received.map(({ body }) => body)).size).toBe(1);
    expect(received.every(({ authorization }) => authorization.startsWith('AWS4-HMAC-SHA256 '))).toBe(true);
  });

  test('names a time is not asked before it', async () => {
    answers.push(refuse(429, 'TooManyRequests', { 'retry-after': '1' }));
    await remove(1);
    const [first, second] = received;
    expect((second?.atMs ?? 0) - (first?.atMs ?? 0)).toBeGreaterThanOrEqual(990);
  });

  test('asks for minutes is left alone, and whoever called learns that it may pass', async () => {
    answers.push(refuse(503, 'SlowDown', { 'retry-after': '120' }));
    await expect(remove(1)).rejects.toMatchObject({ code: 'unavailable' });
    expect(received).toHaveLength(1);
  });

  test('stays away is given up after five tries', async () => {
    answers.push(...Array.from({ length: 6 }, () => hangUp));
    await expect(refined(() => client.sendForText({ method: 'GET', object: 'x' }))).rejects.toMatchObject({ code: 'unavailable' });
    expect(received).toHaveLength(5);
  });

  test('refuses for good is not asked again', async () => {
    answers.push(refuse(403, 'AccessDenied'));
    await expect(remove(1)).rejects.toMatchObject({ code: 'unavailable' });
    expect(received).toHaveLength(1);
  });

  test('gets 2,500 names to remove in three calls, and what it kept is not called removed', async () => {
    await remove(2500);
    expect(received.map(({ body }) => body.split('<Key>').length - 1)).toEqual([1000, 1000, 500]);
    answers.push(fine, (response) => {
      response.end('<DeleteResult><Error><Key>name-1400</Key><Code>InternalError</Code></Error></DeleteResult>');
    });
    await expect(remove(1500)).rejects.toMatchObject({ code: 'unavailable', message: expect.stringContaining('1 of 500') as unknown });
  });
});
