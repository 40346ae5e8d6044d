import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { errorReplySchema } from '@carmic/contract';
import { type DiskHarness, startDiskHarness } from './storeHarness.ts';
import { keys } from '../../server/src/storage/keys.ts';

const mebibyte = 1024 * 1024;
const newSource = () => keys.source(randomUUID(), randomUUID());
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

let harness: DiskHarness;
let body: Buffer;
let key: string;
let url: string;

beforeAll(async () => {
  harness = await startDiskHarness({ pace: { idleTimeoutMs: 400, graceMs: 600, minimumBytesPerSecond: 1000 } });
  body = randomBytes(2 * mebibyte + 333);
  key = newSource();
  await harness.store.put(key, body, { contentType: 'video/mp4', maxBytes: body.length });
  url = await harness.store.presignGet(key, { expiresInSeconds: 3600, contentType: 'video/mp4' });
});
afterAll(() => harness.close());

const putUrl = async (name: string, maxBytes = 10 * mebibyte, objectId: string = randomUUID()) =>
  (await harness.store.presignPut(name, { expiresInSeconds: 3600, contentType: 'video/mp4', maxBytes, objectId })).url;

async function expectError(reply: Response, status: number, code: string): Promise<void> {
  expect(reply.status).toBe(status);
  expect(errorReplySchema.parse(await reply.json()).error.code).toBe(code);
}

/** How many unfinished files there are. */
async function scratchCount(): Promise<number> {
  const entries = await readdir(join(harness.dataDir, 'objects', 'scratch'), { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).length;
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 100 && !(await condition()); tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  expect(await condition()).toBe(true);
}

/** A GET without the courtesies of fetch, which normalises paths and adds headers of its own. */
function exchange(target: string, headers: Record<string, string>, path?: string): Promise<{ status: number; length: number }> {
  return new Promise((resolve, reject) => {
    const call = httpRequest(target, { headers, ...(path === undefined ? {} : { path }) }, (reply) => {
      let length = 0;
      reply.on('data', (piece: Buffer) => {
        length += piece.length;
      });
      reply.on('end', () => resolve({ status: reply.statusCode ?? 0, length }));
    });
    call.on('error', reject);
    call.end();
  });
}

/** Speaks HTTP by hand, for senders that misbehave. */
function dial(): Promise<Socket> {
  const { port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), '127.0.0.1', () => resolve(socket));
    socket.on('error', reject);
  });
}

function head(target: string, lines: string[]): string {
  const { pathname, search, host } = new URL(target);
  return [`PUT ${pathname}${search} HTTP/1.1`, `host: ${host}`, ...lines, '', ''].join('\r\n');
}

const ended = (socket: Socket) =>
  new Promise<string>((resolve) => {
    let text = '';
    socket.removeAllListeners('error');
    socket.on('error', () => undefined);
    socket.on('data', (piece) => {
      text += piece.toString('latin1');
    });
    socket.on('close', () => resolve(text));
  });

describe('reading a signed URL', () => {
  it('can only ever show or save a file, never run it', async () => {
    const reply = await fetch(url);
    await reply.arrayBuffer();
    expect(Object.fromEntries(reply.headers)).toMatchObject({
      'content-type': 'video/mp4',
      'content-disposition': 'inline',
      'cache-control': 'private, no-cache',
      'x-content-type-options': 'nosniff',
      'cross-origin-resource-policy': 'same-origin',
      'content-security-policy': expect.stringMatching(/^default-src 'none';.*; sandbox$/) as unknown,
      etag: `"${sha256(body)}"`,
    });
    expect(reply.headers.get('last-modified')).not.toBeNull();
  });

  it('answers HEAD like GET without the bytes', async () => {
    const reply = await fetch(url, { method: 'HEAD' });
    expect(reply.status).toBe(200);
    expect(reply.headers.get('content-length')).toBe(String(body.length));
    expect(reply.headers.get('accept-ranges')).toBe('bytes');
    expect((await reply.arrayBuffer()).byteLength).toBe(0);
  });

  it('answers any single range with exactly its bytes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: body.length - 1 }), fc.nat({ max: body.length + 5 }), async (start, length) => {
        const end = start + length;
        const reply = await fetch(url, { headers: { range: `bytes=${start}-${end}` } });
        const wanted = body.subarray(start, end + 1);
        expect(reply.status).toBe(206);
        expect(reply.headers.get('content-range')).toBe(`bytes ${start}-${start + wanted.length - 1}/${body.length}`);
        expect(reply.headers.get('content-length')).toBe(String(wanted.length));
        expect(Buffer.from(await reply.arrayBuffer()).equals(wanted)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it('says how large the file is when the range is outside', async () => {
    const reply = await fetch(url, { headers: { range: `bytes=${body.length}-` } });
    expect(reply.headers.get('content-range')).toBe(`bytes */${body.length}`);
    await expectError(reply, 416, 'invalid_input');
  });

  it('sends the whole file when the copy to be continued is another', async () => {
    const range = 'bytes=5-9';
    const etag = `"${sha256(body)}"`;
    const status = async (condition: string) => {
      const reply = await fetch(url, { headers: { range, 'if-range': condition } });
      await reply.arrayBuffer();
      return reply.status;
    };
    const modified = (await fetch(url, { method: 'HEAD' })).headers.get('last-modified') ?? '';
    expect(await status(etag)).toBe(206);
    expect(await status(modified)).toBe(206);
    expect(await status('"another"')).toBe(200);
    expect(await status(`W/${etag}`)).toBe(200);
    expect(await status(new Date(0).toUTCString())).toBe(200);
  });

  it('answers 304 to who has the file already', async () => {
    expect(await exchange(url, { 'if-none-match': `"${sha256(body)}"` })).toEqual({ status: 304, length: 0 });
    expect(await exchange(url, { 'if-none-match': '"another"' })).toEqual({ status: 200, length: body.length });
  });

  it('stops at once for every URL when the file may no longer be read', async () => {
    harness.unreadable.add(key);
    await expectError(await fetch(url), 404, 'not_found');
    await expectError(await fetch(url, { headers: { range: 'bytes=0-1' } }), 404, 'not_found');
    expect((await fetch(url, { method: 'HEAD' })).status).toBe(404);
    expect((await exchange(url, { 'if-none-match': `"${sha256(body)}"` })).status).toBe(404);
    harness.unreadable.delete(key);
    expect((await fetch(url, { method: 'HEAD' })).status).toBe(200);
  });

  it('serves an empty file', async () => {
    const name = newSource();
    await harness.store.put(name, Buffer.alloc(0), { contentType: 'text/vtt', maxBytes: 0 });
    const reply = await fetch(await harness.store.presignGet(name, { expiresInSeconds: 60, contentType: 'text/vtt' }));
    expect(reply.status).toBe(200);
    expect((await reply.arrayBuffer()).byteLength).toBe(0);
  });

  it('keeps a hostile download name inside one header', async () => {
    const downloadName = 'a"\r\nset-cookie: x=1\r\n\r\n<script>.mp4';
    const reply = await fetch(await harness.store.presignGet(key, { expiresInSeconds: 60, contentType: 'video/mp4', downloadName }));
    await reply.arrayBuffer();
    expect(reply.headers.get('set-cookie')).toBeNull();
    expect(reply.headers.get('content-disposition')).toMatch(/^attachment; /);
  });

  it('leaves no open file when readers hang up', async () => {
    const openFiles = async () => (await readdir('/proc/self/fd')).length;
    const before = await openFiles();
    const forgotten: Error[] = [];
    const notice = (warning: Error) => forgotten.push(warning);
    process.on('warning', notice);
    for (let round = 0; round < 30; round += 1) {
      const stop = new AbortController();
      const reply = await fetch(url, { signal: stop.signal });
      const reader = reply.body?.getReader();
      await reader?.read();
      stop.abort();
    }
    await until(async () => (await openFiles()) <= before + 5);
    process.off('warning', notice);
    // Node closes what was forgotten when it happens upon it, and says so.
    expect(forgotten).toEqual([]);
  });
});

describe('a storage address', () => {
  it('answers other methods with 405 and no signature with 403', async () => {
    for (const method of ['POST', 'DELETE', 'PATCH', 'OPTIONS']) {
      const reply = await fetch(url, { method });
      expect(reply.headers.get('allow')).toBe('GET, HEAD, PUT');
      await expectError(reply, 405, 'method_not_allowed');
    }
    const { origin } = new URL(url);
    for (const path of ['/storage/v1/', '/storage/v1/x', `/storage/v1/${key}`, `/storage/v1/${key}?op=get`]) {
      await expectError(await fetch(origin + path), 403, 'forbidden');
    }
    for (const path of [
      '/storage/v1/../../etc/passwd',
      '/storage/v1/%2e%2e/%2e%2e/etc/passwd',
      `/storage/v1//${key}${new URL(url).search}`,
    ]) {
      expect((await exchange(url, {}, path)).status).toBe(403);
    }
  });

  it('leaves everything else to others', async () => {
    expect((await fetch(`${new URL(url).origin}/storage/v2/x`)).status).toBe(404);
  });
});

describe('writing to a signed URL', () => {
  it('answers size and hash of what it stored', async () => {
    const name = newSource();
    const reply = await fetch(await putUrl(name), { method: 'PUT', body: new Uint8Array(body) });
    expect(await reply.json()).toEqual({ sizeBytes: body.length, sha256: sha256(body) });
    expect((await harness.store.head(name))?.sha256).toBe(sha256(body));
  });

  it('refuses a body that is larger than allowed, announced or not', async () => {
    const name = newSource();
    await expectError(await fetch(await putUrl(name, 1000), { method: 'PUT', body: new Uint8Array(1001) }), 413, 'payload_too_large');
    const chunked = new ReadableStream({
      pull(controller) {
        controller.enqueue(new Uint8Array(700));
      },
    });
    const streaming = fetch(await putUrl(name, 1000), { method: 'PUT', body: chunked, duplex: 'half' } as RequestInit);
    await streaming.then(
      (reply) => expect(reply.status).toBe(413),
      () => undefined,
    );
    expect(await harness.store.head(name)).toBeNull();
    await until(async () => (await scratchCount()) === 0);
  });

  it('refuses before and after the body when the file is no longer wanted', async () => {
    const objectId = randomUUID();
    const name = newSource();
    const target = await putUrl(name, 1000, objectId);
    harness.unwritable.add(objectId);
    await expectError(await fetch(target, { method: 'PUT', body: 'x' }), 409, 'conflict');
    harness.unwritable.delete(objectId);
    const socket = await dial();
    const done = ended(socket);
    socket.write(head(target, ['content-length: 10', 'connection: close']));
    socket.write('01234');
    await until(async () => (await scratchCount()) === 1);
    harness.unwritable.add(objectId);
    socket.write('56789');
    expect(await done).toMatch(/^HTTP\/1\.1 409 /);
    expect(await harness.store.head(name)).toBeNull();
    expect(await scratchCount()).toBe(0);
  });

  it.each([
    ['with a length', ['content-length: 5000000'], 'x'.repeat(100_000)],
    ['in chunks', ['transfer-encoding: chunked'], `5\r\nhello\r\n`],
  ])('keeps nothing when the connection breaks inside a body %s', async (_, lines, sent) => {
    const name = newSource();
    const socket = await dial();
    socket.write(head(await putUrl(name), lines));
    socket.write(sent);
    await until(async () => (await scratchCount()) === 1);
    socket.destroy();
    await until(async () => (await scratchCount()) === 0);
    expect(await harness.store.head(name)).toBeNull();
  });

  it('cuts off a sender that falls silent', async () => {
    const name = newSource();
    const socket = await dial();
    const started = Date.now();
    socket.write(head(await putUrl(name), ['content-length: 5000000']));
    socket.write('x'.repeat(1000));
    await ended(socket);
    expect(Date.now() - started).toBeLessThan(3000);
    await until(async () => (await scratchCount()) === 0);
    expect(await harness.store.head(name)).toBeNull();
  });

  it('cuts off a sender that trickles', async () => {
    const socket = await dial();
    socket.write(head(await putUrl(newSource()), ['content-length: 5000000']));
    const drip = setInterval(() => socket.write('x'), 50);
    const started = Date.now();
    await ended(socket);
    clearInterval(drip);
    expect(Date.now() - started).toBeLessThan(4000);
    await until(async () => (await scratchCount()) === 0);
  });

  it('asks for the body only when it wants it', async () => {
    const ask = async (target: string, length: number) =>
      new Promise<{ continued: boolean; status: number }>((resolve, reject) => {
        let continued = false;
        const call = httpRequest(target, { method: 'PUT', headers: { expect: '100-continue', 'content-length': length } });
        call.on('continue', () => {
          continued = true;
          call.end(Buffer.alloc(length));
        });
        call.on('response', (reply) => {
          reply.resume();
          resolve({ continued, status: reply.statusCode ?? 0 });
          call.destroy();
        });
        call.on('error', reject);
        call.flushHeaders();
      });
    expect(await ask(await putUrl(newSource(), 1000), 1000)).toEqual({ continued: true, status: 200 });
    expect(await ask(await putUrl(newSource(), 1000), 1001)).toEqual({ continued: false, status: 413 });
    expect(await ask(url, 10)).toEqual({ continued: false, status: 403 });
  });

  it('lets a new sender of a part take the place of one that hangs, whose bytes never reach the object', async () => {
    const name = newSource();
    const content = randomBytes(2 * mebibyte);
    const { uploadId } = await harness.store.createMultipart(name, {
      sizeBytes: content.length,
      partSizeBytes: content.length,
      contentType: 'video/mp4',
    });
    const part = { partNumber: 1, sha256: sha256(content) };
    const target = await harness.store.presignPart(name, uploadId, { ...part, expiresInSeconds: 60 });
    const zombie = await dial();
    const zombieEnd = ended(zombie);
    zombie.write(head(target.url, [`content-length: ${content.length}`]));
    zombie.write(randomBytes(mebibyte + 300_000));
    await new Promise((resolve) => setTimeout(resolve, 100));
    const reply = await fetch(target.url, { method: 'PUT', body: new Uint8Array(content) });
    expect(reply.status).toBe(200);
    await harness.store.completeMultipart(name, uploadId, [part]);
    zombie.write(randomBytes(content.length - mebibyte - 300_000));
    await zombieEnd;
    expect(Buffer.concat(await (await harness.store.get(name)).stream.toArray()).equals(content)).toBe(true);
  });

  it('never lets a late part change a finished object', async () => {
    const name = newSource();
    const content = randomBytes(mebibyte);
    const { uploadId } = await harness.store.createMultipart(name, {
      sizeBytes: mebibyte,
      partSizeBytes: mebibyte,
      contentType: 'video/mp4',
    });
    const part = { partNumber: 1, sha256: sha256(content) };
    const other = randomBytes(mebibyte);
    const right = await harness.store.presignPart(name, uploadId, { ...part, expiresInSeconds: 60 });
    const late = await harness.store.presignPart(name, uploadId, { partNumber: 1, sha256: sha256(other), expiresInSeconds: 60 });
    expect((await fetch(right.url, { method: 'PUT', body: new Uint8Array(content) })).status).toBe(200);
    const socket = await dial();
    const socketEnd = ended(socket);
    socket.write(head(late.url, [`content-length: ${mebibyte}`]));
    socket.write(other.subarray(0, 900_000));
    await new Promise((resolve) => setTimeout(resolve, 100));
    await harness.store.completeMultipart(name, uploadId, [part]);
    socket.write(other.subarray(900_000));
    await socketEnd;
    expect((await fetch(late.url, { method: 'PUT', body: new Uint8Array(other) })).status).toBe(404);
    expect(Buffer.concat(await (await harness.store.get(name)).stream.toArray()).equals(content)).toBe(true);
  });

  it('refuses parts of the wrong size or number', async () => {
    const name = newSource();
    const { uploadId } = await harness.store.createMultipart(name, {
      sizeBytes: mebibyte + 10,
      partSizeBytes: mebibyte,
      contentType: 'video/mp4',
    });
    const send = async (partNumber: number, content: Buffer) => {
      const target = await harness.store.presignPart(name, uploadId, { partNumber, sha256: sha256(content), expiresInSeconds: 60 });
      return fetch(target.url, { method: 'PUT', body: new Uint8Array(content) });
    };
    await expectError(await send(1, randomBytes(mebibyte - 1)), 400, 'invalid_input');
    await expectError(await send(1, randomBytes(mebibyte + 1)), 413, 'payload_too_large');
    await expectError(await send(2, randomBytes(11)), 413, 'payload_too_large');
    await expectError(await send(3, randomBytes(10)), 400, 'invalid_input');
    await expectError(await send(0, randomBytes(10)), 400, 'invalid_input');
    expect(await harness.store.listParts(name, uploadId)).toEqual([]);
  });

  it('says that the storage is full before it reads the body', async () => {
    const full = await startDiskHarness({ minimumFreeBytes: 1e15 });
    try {
      const name = newSource();
      const target = await full.store.presignPut(name, {
        expiresInSeconds: 60,
        contentType: 'video/mp4',
        maxBytes: 10,
        objectId: randomUUID(),
      });
      await expectError(await fetch(target.url, { method: 'PUT', body: 'x' }), 507, 'storage_full');
      await expect(full.store.createMultipart(name, { sizeBytes: 5, partSizeBytes: mebibyte, contentType: 'video/mp4' })).rejects.toEqual(
        expect.objectContaining({ code: 'no_space' }),
      );
      expect((await full.store.check()).filter((check) => !check.passed).map((check) => check.name)).toContain('free_space');
    } finally {
      await full.close();
    }
  });
});
