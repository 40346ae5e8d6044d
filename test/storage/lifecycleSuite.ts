import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keys } from '../../server/src/storage/keys.ts';
import { compositeSha256, planParts } from '../../server/src/storage/planParts.ts';
import type { StoreUnderTest } from './objectStoreSuite.ts';

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const newSource = () => keys.source(randomUUID(), randomUUID());
const video = { contentType: 'video/mp4' };
const code = (expected: string) => expect.objectContaining({ name: 'StorageError', code: expected });

async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of source) {
    items.push(item);
  }
  return items;
}

/** What every driver must do for those who copy, audit and remove objects. */
export function describeObjectLifecycle(name: string, start: () => Promise<StoreUnderTest>): void {
  describe(`the life of an object on ${name}`, () => {
    let under: StoreUnderTest;
    beforeAll(async () => {
      under = await start();
    });
    afterAll(() => under.close());

    it('says where it keeps objects and no secret', () => {
      expect(under.store.place.driver).toMatch(/^(disk|s3)$/);
      expect(under.store.place.place.length).toBeGreaterThan(3);
      expect(JSON.stringify(under.store.place)).not.toMatch(/secret|password/i);
    });

    it('takes a body that is what was announced and keeps nothing of another', async () => {
      const key = newSource();
      const body = randomBytes(100_000);
      const expected = { sizeBytes: body.length, sha256: sha256(body) };
      for (const wrong of [randomBytes(body.length), body.subarray(1)]) {
        const putting = under.store.put(key, Readable.from([wrong]), { ...video, maxBytes: body.length, expected });
        await expect(putting).rejects.toEqual(code('checksum_mismatch'));
        expect(await under.store.head(key)).toBeNull();
      }
      const stored = await under.store.put(key, Readable.from([body.subarray(0, 9), body.subarray(9)]), {
        ...video,
        maxBytes: body.length,
        expected,
      });
      expect(stored).toMatchObject(expected);
      expect(await under.store.head(key)).toMatchObject({ ...expected, sha256Kind: 'whole' });
    });

    it('stores parts that come from this process', async () => {
      const key = newSource();
      const { partSizeBytes } = planParts(0);
      const parts = [randomBytes(partSizeBytes), randomBytes(77)];
      const sizeBytes = partSizeBytes + 77;
      const { uploadId } = await under.store.createMultipart(key, { sizeBytes, partSizeBytes, ...video });
      const named = parts.map((body, index) => ({ partNumber: index + 1, sha256: sha256(body), sizeBytes: body.length, body }));
      for (const part of named) {
        expect(await under.store.putPart(key, uploadId, part)).toMatchObject({ partNumber: part.partNumber, sha256: part.sha256 });
      }
      const wrong = { ...named[1], partNumber: 2, sizeBytes: 77, sha256: sha256(Buffer.from('other')), body: randomBytes(77) };
      await expect(under.store.putPart(key, uploadId, wrong)).rejects.toEqual(code('checksum_mismatch'));
      const info = await under.store.completeMultipart(key, uploadId, named);
      expect(info).toMatchObject({ sizeBytes, sha256: compositeSha256(named.map((part) => part.sha256)) });
    });

    it('leaves no version and no marker of what was replaced and removed', async () => {
      const [workspaceId, videoId] = [randomUUID(), randomUUID()];
      const source = keys.source(workspaceId, videoId);
      const captions = keys.captions(workspaceId, videoId, randomUUID());
      const kept = keys.captions(workspaceId, videoId, randomUUID());
      for (const text of ['first', 'second', 'third']) {
        await under.store.put(source, Buffer.from(text), { ...video, maxBytes: 10 });
      }
      await under.store.put(captions, Buffer.from('words'), { ...video, maxBytes: 10 });
      await under.store.put(kept, Buffer.from('kept'), { ...video, maxBytes: 10 });
      const before = await collect(under.store.listVersions(keys.videoPrefix(workspaceId, videoId)));
      expect(before.filter((version) => version.isLatest).map((version) => version.key)).toEqual(
        expect.arrayContaining([source, captions, kept]),
      );
      await under.store.delete([source, captions]);
      const after = await collect(under.store.listVersions(keys.videoPrefix(workspaceId, videoId)));
      expect(after.map(({ key, isLatest, isMarker, sizeBytes }) => ({ key, isLatest, isMarker, sizeBytes }))).toEqual([
        { key: kept, isLatest: true, isMarker: false, sizeBytes: 4 },
      ]);
      expect(await under.store.head(source)).toBeNull();
    });

    it('lists open uploads by video, by workspace and altogether', async () => {
      const [workspaceId, videoId] = [randomUUID(), randomUUID()];
      const key = keys.source(workspaceId, videoId);
      const other = keys.source(workspaceId, randomUUID());
      const request = { sizeBytes: 5, partSizeBytes: planParts(0).partSizeBytes, ...video };
      const { uploadId } = await under.store.createMultipart(key, request);
      const second = await under.store.createMultipart(other, request);
      const ids = async (prefix: string) => (await collect(under.store.listMultipart(prefix))).map((open) => open.uploadId).sort();
      expect(await ids(keys.videoPrefix(workspaceId, videoId))).toEqual([uploadId]);
      expect(await ids(keys.workspacePrefix(workspaceId))).toEqual([uploadId, second.uploadId].sort());
      expect(await ids('')).toEqual(expect.arrayContaining([uploadId, second.uploadId]));
      await under.store.abortMultipart(key, uploadId);
      await under.store.abortMultipart(other, second.uploadId);
      expect(await ids(keys.workspacePrefix(workspaceId))).toEqual([]);
    });

    it('gives people links that read the object', async () => {
      const key = newSource();
      await under.store.put(key, Buffer.from('0123456789'), { ...video, maxBytes: 10 });
      const url = under.store.presignView(key, { expiresInSeconds: 60, ...video, downloadName: 'x.txt' });
      const reply = await fetch(url, { headers: { range: 'bytes=2-4' } });
      expect(reply.status).toBe(206);
      expect(reply.headers.get('content-type')).toBe('video/mp4');
      expect(reply.headers.get('content-disposition')).toContain('x.txt');
      expect(await reply.text()).toBe('234');
      const head = await fetch(url, { method: 'HEAD' });
      expect([head.status, head.headers.get('content-length')]).toEqual([200, '10']);
    });
  });
}
