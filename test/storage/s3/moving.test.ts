import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { awaitMinio } from '../../../scripts/fetchMinio.mjs';
import { keys } from '../../../server/src/storage/keys.ts';
import { moveObjects } from '../../../server/src/storage/moveObjects.ts';
import { openMovingStore } from '../../../server/src/storage/movingStore.ts';
import type { ObjectStore } from '../../../server/src/storage/objectStore.ts';
import { planParts } from '../../../server/src/storage/planParts.ts';
import { type MinioServer, startMinio } from '../../support/minio.ts';
import { requireOrSkip } from '../../support/requirements.ts';
import { type DiskHarness, startDiskHarness } from '../storeHarness.ts';
import { type S3Harness, startS3Harness } from './s3Harness.ts';

const path = await awaitMinio();
const video = { contentType: 'video/mp4' };
const newSource = () => keys.source(randomUUID(), randomUUID());
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const { partSizeBytes } = planParts(0);

async function read(store: ObjectStore, key: string): Promise<Buffer> {
  return Buffer.concat(await (await store.get(key)).stream.toArray());
}

async function keysIn(store: ObjectStore): Promise<string[]> {
  const found: string[] = [];
  for await (const { key } of store.list('')) {
    found.push(key);
  }
  return found.sort();
}

async function upload(store: ObjectStore, key: string, body: Buffer): Promise<void> {
  const { partCount } = planParts(body.length);
  const { uploadId } = await store.createMultipart(key, { sizeBytes: body.length, partSizeBytes, ...video });
  const named = Array.from({ length: partCount }, (_, index) => {
    const part = body.subarray(index * partSizeBytes, (index + 1) * partSizeBytes);
    return { partNumber: index + 1, sizeBytes: part.length, sha256: sha256(part), body: part };
  });
  for (const part of named) {
    await store.putPart(key, uploadId, part);
  }
  await store.completeMultipart(key, uploadId, named);
}

if (path === null) {
  it('needs a MinIO server', (context) => requireOrSkip(context, 'minio'));
} else {
  describe('moving from disk to a bucket and back', () => {
    let server: MinioServer;
    let disk: DiskHarness;
    let bucket: S3Harness;
    beforeAll(async () => {
      server = await startMinio(path);
      disk = await startDiskHarness();
      bucket = await startS3Harness(server, { bucket: await server.createBucket() });
    });
    afterAll(async () => {
      await Promise.all([disk.close(), bucket.close()]);
      await server.stop();
    });

    it('reads what is not moved yet, writes what is new, and moves the rest with its checksums', async () => {
      const both = openMovingStore(bucket.store, disk.store);
      const [whole, parted, fresh] = [newSource(), newSource(), newSource()];
      const [small, large] = [randomBytes(70_000), randomBytes(partSizeBytes + 5)];
      await disk.store.put(whole, small, { ...video, maxBytes: small.length });
      await upload(disk.store, parted, large);
      const before = await both.head(parted);
      await both.put(fresh, Buffer.from('new'), { ...video, maxBytes: 3 });
      expect(await keysIn(bucket.store)).toEqual([fresh]);
      expect((await read(both, whole)).equals(small)).toBe(true);
      const reply = await fetch(await both.presignGet(whole, { expiresInSeconds: 60, ...video }));
      expect(Buffer.from(await reply.arrayBuffer()).equals(small)).toBe(true);

      expect(await moveObjects(disk.store, bucket.store)).toMatchObject({ movedCount: 2, failures: [], openUploadCount: 0 });
      expect(await keysIn(disk.store)).toEqual([]);
      expect(await keysIn(bucket.store)).toEqual([whole, parted, fresh].sort());
      expect((await read(both, parted)).equals(large)).toBe(true);
      expect(await both.head(parted)).toMatchObject({ sha256: before?.sha256, sha256Kind: 'composite', contentType: 'video/mp4' });

      expect(await moveObjects(bucket.store, disk.store)).toMatchObject({ movedCount: 3, failures: [] });
      expect(await keysIn(bucket.store)).toEqual([]);
      expect((await disk.store.head(parted))?.sha256).toBe(before?.sha256);
      expect((await read(disk.store, whole)).equals(small)).toBe(true);
    });

    it('goes on after a stop between copying and removing, and lets uploads end where they began', async () => {
      const both = openMovingStore(bucket.store, disk.store);
      const key = newSource();
      await disk.store.put(key, Buffer.from('copied already'), { ...video, maxBytes: 20 });
      await bucket.store.put(key, Buffer.from('copied already'), { ...video, maxBytes: 20 });
      const open = newSource();
      const { uploadId } = await disk.store.createMultipart(open, { sizeBytes: 4, partSizeBytes, ...video });
      expect(await moveObjects(disk.store, bucket.store)).toMatchObject({ failures: [], openUploadCount: 1 });
      const part = { partNumber: 1, sha256: sha256(Buffer.from('late')) };
      const target = await both.presignPart(open, uploadId, { ...part, expiresInSeconds: 60 });
      expect((await fetch(target.url, { method: 'PUT', headers: target.headers, body: 'late' })).status).toBe(200);
      await both.completeMultipart(open, uploadId, [part]);
      expect(await moveObjects(disk.store, bucket.store)).toMatchObject({ failures: [], openUploadCount: 0 });
      expect((await read(bucket.store, open)).toString()).toBe('late');
      expect((await read(bucket.store, key)).toString()).toBe('copied already');
      await both.delete([open, key]);
    });

    it('does not bring back what is deleted while it is copied', async () => {
      const both = openMovingStore(bucket.store, disk.store);
      const key = newSource();
      await disk.store.put(key, randomBytes(1000), { ...video, maxBytes: 1000 });
      const slow: ObjectStore = {
        ...disk.store,
        async get(name, range) {
          const opened = await disk.store.get(name, range);
          await both.delete([key]);
          return opened;
        },
      };
      await moveObjects(slow, bucket.store);
      expect(await both.head(key)).toBeNull();
      expect([...(await keysIn(disk.store)), ...(await keysIn(bucket.store))]).not.toContain(key);
    });

    it('leaves a damaged object where it is and says so', async () => {
      const key = newSource();
      await disk.store.put(key, Buffer.from('right'), { ...video, maxBytes: 5 });
      const damaged: ObjectStore = {
        ...disk.store,
        async get(name) {
          return { ...(await disk.store.get(name)), stream: Readable.from([Buffer.from('wrong')]) };
        },
      };
      expect((await moveObjects(damaged, bucket.store)).failures).toEqual([
        { key, reason: expect.stringContaining('checksum_mismatch') as unknown },
      ]);
      expect((await read(disk.store, key)).toString()).toBe('right');
      expect(await bucket.store.head(key)).toBeNull();
      await disk.store.delete([key]);
    });
  });
}
