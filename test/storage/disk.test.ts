import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { access, mkdir, readdir, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeObjectLifecycle } from './lifecycleSuite.ts';
import { describeObjectStore } from './objectStoreSuite.ts';
import { type DiskHarness, startDiskHarness } from './storeHarness.ts';
import { createFixedKeys } from '../../server/src/keyring/fileKeys.ts';
import { openDiskStore } from '../../server/src/storage/disk/diskStore.ts';
import { keys } from '../../server/src/storage/keys.ts';
import { chunkBytes, fileSize } from '../../server/src/storage/disk/format.ts';

describeObjectStore('disk', () => startDiskHarness());
describeObjectLifecycle('disk', () => startDiskHarness());

const newSource = () => keys.source(randomUUID(), randomUUID());
const video = { contentType: 'video/mp4' };
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

describe('the disk store', () => {
  let harness: DiskHarness;
  beforeAll(async () => {
    harness = await startDiskHarness();
  });
  afterAll(() => harness.close());
  const objects = (...path: string[]) => join(harness.dataDir, 'objects', ...path);
  const read = async (key: string, range?: { start: number; end?: number }) =>
    Buffer.concat(await (await harness.store.get(key, range)).stream.toArray());

  it('reads any range of any object as the same slice of a plain buffer', async () => {
    const size = fc.oneof(
      fc.nat({ max: 3 * chunkBytes }),
      fc.tuple(fc.nat({ max: 3 }), fc.integer({ min: -1, max: 1 })).map(([count, off]) => Math.max(0, count * chunkBytes + off)),
    );
    const noise = randomBytes(3 * chunkBytes + 1);
    await fc.assert(
      fc.asyncProperty(size, fc.array(fc.tuple(fc.nat(), fc.nat()), { minLength: 5, maxLength: 5 }), async (length, spans) => {
        const key = newSource();
        const body = noise.subarray(noise.length - length);
        await harness.store.put(key, Readable.from([body.subarray(0, length / 3), body.subarray(length / 3)]), {
          ...video,
          maxBytes: length,
        });
        for (const [from, to] of length === 0 ? [] : spans) {
          const start = from % length;
          const end = start + 1 + (to % (length - start));
          expect((await read(key, { start, end })).equals(body.subarray(start, end))).toBe(true);
        }
        expect((await read(key)).equals(body)).toBe(true);
        await harness.store.delete([key]);
      }),
      { numRuns: 25 },
    );
  });

  it('writes 20 different parts at once to their place', async () => {
    const key = newSource();
    const body = randomBytes(20 * chunkBytes - 7);
    const { uploadId } = await harness.store.createMultipart(key, { sizeBytes: body.length, partSizeBytes: chunkBytes, ...video });
    const named = await Promise.all(
      Array.from({ length: 20 }, async (_, index) => {
        const part = body.subarray(index * chunkBytes, (index + 1) * chunkBytes);
        const target = { partNumber: index + 1, sha256: sha256(part) };
        const { url } = await harness.store.presignPart(key, uploadId, { ...target, expiresInSeconds: 60 });
        expect((await fetch(url, { method: 'PUT', body: new Uint8Array(part) })).status).toBe(200);
        return target;
      }),
    );
    const data = objects('uploads', uploadId, 'data');
    const { ino } = await stat(data);
    await harness.store.completeMultipart(key, uploadId, named);
    expect((await read(key)).equals(body)).toBe(true);
    // Moved, not copied.
    expect((await stat(objects('blobs', key))).ino).toBe(ino);
    expect((await stat(objects('blobs', key))).size).toBe(fileSize(body.length));
    await expect(access(objects('uploads', uploadId))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('leaves no directory behind when its last object is removed', async () => {
    const workspaceId = randomUUID();
    const key = keys.output(workspaceId, randomUUID(), randomUUID(), 1, 'cover');
    await harness.store.put(key, Buffer.from('x'), { ...video, maxBytes: 1 });
    await harness.store.delete([key]);
    await expect(access(objects('blobs', 'w', workspaceId))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('puts and removes side by side without losing a directory in between', async () => {
    const [workspaceId, videoId, taskId] = [randomUUID(), randomUUID(), randomUUID()];
    await Promise.all(
      Array.from({ length: 8 }, async (_, attempt) => {
        const key = keys.output(workspaceId, videoId, taskId, attempt + 1, 'cover');
        for (let round = 0; round < 15; round += 1) {
          await harness.store.put(key, Buffer.from(String(round)), { ...video, maxBytes: 2 });
          expect((await read(key)).toString()).toBe(String(round));
          await harness.store.delete([key]);
        }
      }),
    );
  });

  it('removes at start what dead processes left, and leaves alone what living ones write', async () => {
    const dead = objects('scratch', `${(await readdir(objects('scratch')))[0]?.split('.')[0] ?? ''}.999999999.1`);
    await mkdir(dead);
    await writeFile(join(dead, 'half'), 'half');
    const living = harness.store.put(
      newSource(),
      Readable.from(
        (async function* () {
          yield randomBytes(2 * chunkBytes);
          await harness.restart();
          yield randomBytes(5);
        })(),
      ),
      { ...video, maxBytes: 3 * chunkBytes },
    );
    expect((await living).sizeBytes).toBe(2 * chunkBytes + 5);
    await expect(access(dead)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('forgets at start an upload whose data has become an object already', async () => {
    const key = newSource();
    const { uploadId } = await harness.store.createMultipart(key, { sizeBytes: 1, partSizeBytes: chunkBytes, ...video });
    await rm(objects('uploads', uploadId, 'data'));
    await harness.restart();
    await expect(access(objects('uploads', uploadId))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('ends an unfinished part when its upload is aborted, and brings nothing back', async () => {
    const key = newSource();
    const { uploadId } = await harness.store.createMultipart(key, { sizeBytes: 2 * chunkBytes, partSizeBytes: 2 * chunkBytes, ...video });
    const body = new PassThrough();
    const part = { partNumber: 1, sha256: '0'.repeat(64), body: { bytes: body, cancel: (reason: Error) => body.destroy(reason) } };
    const receiving = expect(harness.store.writer.receivePart(key, uploadId, part)).rejects.toEqual(
      expect.objectContaining({ code: 'conflict' }),
    );
    body.write(randomBytes(chunkBytes + 1));
    await new Promise((resolve) => setTimeout(resolve, 50));
    await harness.store.abortMultipart(key, uploadId);
    await receiving;
    await expect(access(objects('uploads', uploadId))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('does not promise the same free space to two uploads', async () => {
    const { bavail, bsize } = await statfs(harness.dataDir);
    const half = Math.floor((bavail * bsize * 0.6) / chunkBytes) * chunkBytes;
    const create = () =>
      harness.store.createMultipart(newSource(), {
        sizeBytes: half,
        partSizeBytes: Math.ceil(half / chunkBytes / 1000) * chunkBytes,
        ...video,
      });
    const outcomes = await Promise.allSettled([create(), create(), create()]);
    expect(outcomes.map((outcome) => outcome.status).sort()).toEqual(['fulfilled', 'rejected', 'rejected']);
    expect(outcomes[1]).toMatchObject({ reason: { code: 'no_space' } });
    for await (const { key, uploadId } of harness.store.listMultipart('')) {
      await harness.store.abortMultipart(key, uploadId);
    }
    await create();
  });

  it('says which directory it cannot use', async () => {
    const file = join(harness.dataDir, 'a-file');
    await writeFile(file, '');
    const opening = openDiskStore({
      dataDir: file,
      secret: randomBytes(32),
      rootKeys: createFixedKeys(() => [randomBytes(32)]),
      baseUrl: () => '',
      clock: { now: () => new Date() },
      minimumFreeBytes: 0,
    });
    await expect(opening).rejects.toMatchObject({ code: 'unavailable', message: expect.stringContaining(file) as unknown });
  });

  it('streams a gigabyte in and out with flat memory', async () => {
    const key = newSource();
    const piece = Buffer.alloc(256 * 1024);
    const pieces = 1024 * 4;
    let peak = 0;
    const watch = () => {
      peak = Math.max(peak, process.memoryUsage.rss());
    };
    const source = (function* () {
      for (let index = 0; index < pieces; index += 1) {
        if (index % 64 === 0) {
          watch();
        }
        yield piece;
      }
    })();
    const before = process.memoryUsage.rss();
    await harness.store.put(key, Readable.from(source), { ...video, maxBytes: pieces * piece.length });
    let received = 0;
    const { stream } = await harness.store.get(key);
    for await (const chunk of stream) {
      received += (chunk as Buffer).length;
      watch();
    }
    await harness.store.delete([key]);
    expect(received).toBe(pieces * piece.length);
    expect((peak - before) / 1e6).toBeLessThan(150);
  });
});
