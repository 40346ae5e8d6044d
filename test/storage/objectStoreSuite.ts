import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { keys } from '../../server/src/storage/keys.ts';
import type { ObjectStore } from '../../server/src/storage/objectStore.ts';
import { compositeSha256, planParts } from '../../server/src/storage/planParts.ts';

/** A running store of one driver, whose signed URLs answer over real HTTP. */
export interface StoreUnderTest {
  readonly store: ObjectStore;
  /** Moves the clock that decides about expiry; absent where a foreign server has its own clock. */
  advanceSeconds?(seconds: number): void;
  /** Opens the store again, as after a restart of the server. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

const mebibyte = 1024 * 1024;
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const newSource = () => keys.source(randomUUID(), randomUUID());
const video = { contentType: 'video/mp4' };
async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of source) {
    items.push(item);
  }
  return items;
}
const code = (expected: string) => expect.objectContaining({ name: 'StorageError', code: expected });

/** Everything that a driver must do, whatever it stores objects in. */
export function describeObjectStore(
  name: string,
  start: () => Promise<StoreUnderTest>,
  options: { toleratedChecks?: readonly string[] } = {},
): void {
  describe(`the object store on ${name}`, () => {
    let under: StoreUnderTest;
    beforeAll(async () => {
      under = await start();
    });
    afterAll(() => under.close());

    const read = async (key: string, range?: { start: number; end?: number }) => {
      const { stream } = await under.store.get(key, range);
      return Buffer.concat(await stream.toArray());
    };
    const putPart = async (key: string, uploadId: string, partNumber: number, body: Buffer, announced = sha256(body)) => {
      const { url, headers } = await under.store.presignPart(key, uploadId, { partNumber, sha256: announced, expiresInSeconds: 60 });
      return fetch(url, { method: 'PUT', body: new Uint8Array(body), headers });
    };
    const openUpload = async (parts: Buffer[], partSizeBytes: number) => {
      const key = newSource();
      const sizeBytes = parts.reduce((sum, part) => sum + part.length, 0);
      const { uploadId } = await under.store.createMultipart(key, { sizeBytes, partSizeBytes, ...video });
      return { key, uploadId, named: parts.map((part, index) => ({ partNumber: index + 1, sha256: sha256(part) })) };
    };
    const partSizeBytes = planParts(0).partSizeBytes;

    describe('whole objects', () => {
      it('returns what was put, with its size, hash, type and time', async () => {
        const key = newSource();
        const body = randomBytes(3 * mebibyte + 17);
        const put = await under.store.put(key, body, { ...video, maxBytes: body.length });
        expect(put).toMatchObject({ key, sizeBytes: body.length, sha256: sha256(body), sha256Kind: 'whole', contentType: 'video/mp4' });
        const head = await under.store.head(key);
        expect(head).toMatchObject({ key, sizeBytes: body.length, sha256: sha256(body), sha256Kind: 'whole', contentType: 'video/mp4' });
        expect(Math.abs((head?.createdAt.getTime() ?? 0) - put.createdAt.getTime())).toBeLessThan(2000);
        const opened = await under.store.get(key);
        expect(opened).toMatchObject({ sizeBytes: body.length, start: 0, end: body.length });
        expect(Buffer.concat(await opened.stream.toArray()).equals(body)).toBe(true);
      });

      it.each([0, 1, mebibyte - 1, mebibyte, mebibyte + 1, 2 * mebibyte])('keeps an object of %i bytes', async (size) => {
        const key = newSource();
        const body = randomBytes(size);
        await under.store.put(key, Readable.from([body.subarray(0, size >> 1), body.subarray(size >> 1)]), { ...video, maxBytes: size });
        expect((await under.store.head(key))?.sizeBytes).toBe(size);
        expect((await read(key)).equals(body)).toBe(true);
      });

      it('replaces an object with the next one put under its key', async () => {
        const key = newSource();
        await under.store.put(key, Buffer.from('first and longer'), { ...video, maxBytes: 100 });
        await under.store.put(key, Buffer.from('second'), { ...video, maxBytes: 100 });
        expect((await read(key)).toString()).toBe('second');
      });

      it('refuses a body larger than allowed and keeps nothing', async () => {
        const key = newSource();
        await expect(under.store.put(key, randomBytes(101), { ...video, maxBytes: 100 })).rejects.toEqual(code('too_large'));
        const stream = Readable.from([randomBytes(mebibyte), randomBytes(mebibyte), randomBytes(1)]);
        await expect(under.store.put(key, stream, { ...video, maxBytes: 2 * mebibyte })).rejects.toEqual(code('too_large'));
        expect(await under.store.head(key)).toBeNull();
      });

      it('keeps nothing when the body breaks off', async () => {
        const key = newSource();
        const broken = Readable.from(
          (async function* () {
            yield randomBytes(mebibyte + 5);
            throw new Error('the sender is gone');
          })(),
        );
        await expect(under.store.put(key, broken, { ...video, maxBytes: 10 * mebibyte })).rejects.toThrow('the sender is gone');
        expect(await under.store.head(key)).toBeNull();
      });

      it('answers null or not_found for what is not there', async () => {
        const key = newSource();
        expect(await under.store.head(key)).toBeNull();
        await expect(under.store.get(key)).rejects.toEqual(code('not_found'));
      });

      it('refuses every name that keys.ts did not build', async () => {
        for (const key of ['', 'x', '../x', `${newSource()}/`, `${newSource()}/../../x`, newSource().toUpperCase(), `/${newSource()}`]) {
          await expect(under.store.get(key)).rejects.toEqual(code('invalid_key'));
          await expect(under.store.head(key)).rejects.toEqual(code('invalid_key'));
          await expect(under.store.delete([key])).rejects.toEqual(code('invalid_key'));
          await expect(under.store.put(key, Buffer.from('x'), { ...video, maxBytes: 1 })).rejects.toEqual(code('invalid_key'));
          await expect(under.store.presignGet(key, { expiresInSeconds: 60, ...video })).rejects.toEqual(code('invalid_key'));
        }
      });
    });

    describe('ranges', () => {
      it('reads any span, across chunk edges too', async () => {
        const key = newSource();
        const body = randomBytes(2 * mebibyte + 1000);
        await under.store.put(key, body, { ...video, maxBytes: body.length });
        const spans = [
          [0, 1],
          [0, mebibyte],
          [mebibyte - 1, mebibyte + 1],
          [mebibyte, 2 * mebibyte],
          [2 * mebibyte + 999, 2 * mebibyte + 1000],
          [500, body.length],
        ] as const;
        for (const [from, to] of spans) {
          expect((await read(key, { start: from, end: to })).equals(body.subarray(from, to))).toBe(true);
        }
        expect((await read(key, { start: 2 * mebibyte })).equals(body.subarray(2 * mebibyte))).toBe(true);
        expect((await read(key, { start: 10, end: body.length + 50 })).equals(body.subarray(10))).toBe(true);
      });

      it('refuses a range behind the end', async () => {
        const key = newSource();
        await under.store.put(key, Buffer.from('0123456789'), { ...video, maxBytes: 10 });
        await expect(under.store.get(key, { start: 10 })).rejects.toEqual(code('invalid_range'));
        await expect(under.store.get(key, { start: 5, end: 5 })).rejects.toEqual(code('invalid_range'));
      });
    });

    describe('signed URLs', () => {
      it('read the whole object and single ranges', async () => {
        const key = newSource();
        const body = randomBytes(mebibyte + 100);
        await under.store.put(key, body, { ...video, maxBytes: body.length });
        const url = await under.store.presignGet(key, { expiresInSeconds: 60, contentType: 'video/mp4' });
        const whole = await fetch(url);
        expect(whole.status).toBe(200);
        expect(whole.headers.get('content-type')).toBe('video/mp4');
        expect(whole.headers.get('content-length')).toBe(String(body.length));
        expect(whole.headers.get('accept-ranges')).toBe('bytes');
        expect(Buffer.from(await whole.arrayBuffer()).equals(body)).toBe(true);
        const span = await fetch(url, { headers: { range: `bytes=${mebibyte - 10}-${mebibyte + 9}` } });
        expect(span.status).toBe(206);
        expect(span.headers.get('content-range')).toBe(`bytes ${mebibyte - 10}-${mebibyte + 9}/${body.length}`);
        expect(Buffer.from(await span.arrayBuffer()).equals(body.subarray(mebibyte - 10, mebibyte + 10))).toBe(true);
        const tail = await fetch(url, { headers: { range: 'bytes=-5' } });
        expect(Buffer.from(await tail.arrayBuffer()).equals(body.subarray(-5))).toBe(true);
        const behind = await fetch(url, { headers: { range: `bytes=${body.length}-` } });
        expect(behind.status).toBe(416);
        await behind.arrayBuffer();
      });

      it('offer a download under any name', async () => {
        const key = newSource();
        await under.store.put(key, Buffer.from('x'), { ...video, maxBytes: 1 });
        const url = await under.store.presignGet(key, { expiresInSeconds: 60, ...video, downloadName: 'Ärger "um" 5 €.mp4' });
        const reply = await fetch(url);
        expect(reply.headers.get('content-disposition')).toContain('attachment');
        expect(reply.headers.get('content-disposition')).toContain("filename*=UTF-8''%C3%84rger%20%22um%22%205%20%E2%82%AC.mp4");
        await reply.arrayBuffer();
      });

      it('store an object under the type that was signed', async () => {
        const key = newSource();
        const { url, headers } = await under.store.presignPut(key, {
          expiresInSeconds: 60,
          ...video,
          maxBytes: 1000,
          objectId: randomUUID(),
        });
        const reply = await fetch(url, { method: 'PUT', body: 'hello', headers: { ...headers, 'content-type': 'video/mp4' } });
        expect(reply.status).toBe(200);
        await reply.arrayBuffer();
        expect(await under.store.head(key)).toMatchObject({ sizeBytes: 5, contentType: 'video/mp4', sha256: sha256(Buffer.from('hello')) });
      });

      it('answer 404 for an object that is not there', async () => {
        const reply = await fetch(await under.store.presignGet(newSource(), { expiresInSeconds: 60, ...video }));
        expect(reply.status).toBe(404);
        await reply.arrayBuffer();
      });

      it('are refused when anything in them is changed', async () => {
        const key = newSource();
        await under.store.put(key, Buffer.from('secret'), { ...video, maxBytes: 6 });
        const url = await under.store.presignGet(key, { expiresInSeconds: 60, ...video });
        for (const other of [
          url.replace(key, newSource()),
          url.replace(/.$/, (last) => (last === 'A' ? 'Q' : 'A')),
          url.split('?')[0] ?? '',
        ]) {
          const reply = await fetch(other);
          expect(reply.status).toBe(403);
          await reply.arrayBuffer();
        }
        const put = await fetch(url, { method: 'PUT', body: 'other' });
        expect(put.status).toBe(403);
        await put.arrayBuffer();
        expect((await read(key)).toString()).toBe('secret');
      });

      it('end when their time is over', async () => {
        const key = newSource();
        await under.store.put(key, Buffer.from('x'), { ...video, maxBytes: 1 });
        // A foreign server has a clock of its own, for which one waits.
        const expiresInSeconds = under.advanceSeconds === undefined ? 2 : 100;
        const getUrl = await under.store.presignGet(key, { expiresInSeconds, ...video });
        const { url: putUrl, headers } = await under.store.presignPut(key, {
          expiresInSeconds,
          ...video,
          maxBytes: 1,
          objectId: randomUUID(),
        });
        under.advanceSeconds?.(70);
        expect((await fetch(getUrl)).status).toBe(200);
        under.advanceSeconds?.(30);
        await vi.waitFor(async () => expect((await fetch(getUrl)).status).toBe(403), { timeout: 10_000, interval: 200 });
        await vi.waitFor(
          async () =>
            expect((await fetch(putUrl, { method: 'PUT', body: 'y', headers: { ...headers, 'content-type': 'video/mp4' } })).status).toBe(
              403,
            ),
          { timeout: 10_000, interval: 200 },
        );
        expect((await read(key)).toString()).toBe('x');
      });
    });

    describe('uploads in parts', () => {
      const parts = [randomBytes(partSizeBytes), randomBytes(partSizeBytes), randomBytes(12_345)];

      it('become one object, whatever the order in which parts arrive', async () => {
        const { key, uploadId, named } = await openUpload(parts, partSizeBytes);
        for (const index of [2, 0, 1]) {
          expect((await putPart(key, uploadId, index + 1, parts[index] ?? Buffer.alloc(0))).status).toBe(200);
        }
        expect(await under.store.listParts(key, uploadId)).toEqual(
          named.map((part, index) => ({ ...part, sizeBytes: parts[index]?.length })),
        );
        expect(await under.store.head(key)).toBeNull();
        const info = await under.store.completeMultipart(key, uploadId, named);
        const sizeBytes = parts.reduce((sum, part) => sum + part.length, 0);
        const composite = compositeSha256(named.map((part) => part.sha256));
        expect(info).toMatchObject({ key, sizeBytes, sha256: composite, sha256Kind: 'composite', contentType: 'video/mp4' });
        expect(await under.store.head(key)).toMatchObject({ sizeBytes, sha256: composite, sha256Kind: 'composite' });
        expect((await read(key)).equals(Buffer.concat(parts))).toBe(true);
        const edge = { start: partSizeBytes - 3, end: partSizeBytes + 3 };
        expect((await read(key, edge)).equals(Buffer.concat(parts).subarray(edge.start, edge.end))).toBe(true);
        await expect(under.store.listParts(key, uploadId)).rejects.toEqual(code('not_found'));
      });

      it('can be completed again with the same answer', async () => {
        const { key, uploadId, named } = await openUpload([Buffer.from('small')], partSizeBytes);
        await putPart(key, uploadId, 1, Buffer.from('small'));
        const first = await under.store.completeMultipart(key, uploadId, named);
        expect(await under.store.completeMultipart(key, uploadId, named)).toMatchObject({ sha256: first.sha256, sizeBytes: 5 });
      });

      it('refuse a body with another hash and keep nothing of it', async () => {
        const { key, uploadId, named } = await openUpload([Buffer.from('right')], partSizeBytes);
        const reply = await putPart(key, uploadId, 1, Buffer.from('wrong'), named[0]?.sha256);
        expect(reply.status).toBe(400);
        await reply.arrayBuffer();
        expect(await under.store.listParts(key, uploadId)).toEqual([]);
        await expect(under.store.completeMultipart(key, uploadId, named)).rejects.toEqual(code('incomplete'));
      });

      it('take a part again, and a bad second body does not cost the good first one', async () => {
        const { key, uploadId, named } = await openUpload(parts, partSizeBytes);
        for (const [index, part] of parts.entries()) {
          await putPart(key, uploadId, index + 1, part);
        }
        expect((await putPart(key, uploadId, 1, randomBytes(partSizeBytes), '0'.repeat(64))).status).toBe(400);
        expect(await under.store.listParts(key, uploadId)).toHaveLength(3);
        const other = randomBytes(partSizeBytes);
        expect((await putPart(key, uploadId, 2, other)).status).toBe(200);
        expect((await putPart(key, uploadId, 3, parts[2] ?? other)).status).toBe(200);
        await expect(under.store.completeMultipart(key, uploadId, named)).rejects.toEqual(code('checksum_mismatch'));
        const replaced = named.map((part) => (part.partNumber === 2 ? { ...part, sha256: sha256(other) } : part));
        await under.store.completeMultipart(key, uploadId, replaced);
        expect((await read(key)).equals(Buffer.concat([parts[0] ?? other, other, parts[2] ?? other]))).toBe(true);
      });

      it('go on after a restart', async () => {
        const { key, uploadId, named } = await openUpload(parts, partSizeBytes);
        await putPart(key, uploadId, 2, parts[1] ?? Buffer.alloc(0));
        await under.restart();
        expect(await under.store.listParts(key, uploadId)).toEqual([{ ...named[1], sizeBytes: partSizeBytes }]);
        await putPart(key, uploadId, 1, parts[0] ?? Buffer.alloc(0));
        await putPart(key, uploadId, 3, parts[2] ?? Buffer.alloc(0));
        await under.store.completeMultipart(key, uploadId, named);
        expect((await read(key)).equals(Buffer.concat(parts))).toBe(true);
      });

      it('are listed while open and gone when aborted', async () => {
        const { key, uploadId, named } = await openUpload([Buffer.from('given up')], partSizeBytes);
        await putPart(key, uploadId, 1, Buffer.from('given up'));
        const { workspaceId } = keys.parse(key) as { workspaceId: string };
        const open = await collect(under.store.listMultipart(keys.workspacePrefix(workspaceId)));
        expect(open).toEqual([{ key, uploadId, createdAt: expect.any(Date) as Date }]);
        expect(await collect(under.store.listMultipart(keys.workspacePrefix(randomUUID())))).toEqual([]);
        await under.store.abortMultipart(key, uploadId);
        await under.store.abortMultipart(key, uploadId);
        expect(await collect(under.store.listMultipart(keys.workspacePrefix(workspaceId)))).toEqual([]);
        expect((await putPart(key, uploadId, 1, Buffer.from('given up'))).status).toBe(404);
        await expect(under.store.completeMultipart(key, uploadId, named)).rejects.toEqual(code('not_found'));
        expect(await under.store.head(key)).toBeNull();
      });

      it('belong to one key only', async () => {
        const { key, uploadId, named } = await openUpload([Buffer.from('mine')], partSizeBytes);
        const other = newSource();
        expect((await putPart(other, uploadId, 1, Buffer.from('mine'))).status).toBe(404);
        await putPart(key, uploadId, 1, Buffer.from('mine'));
        await expect(under.store.completeMultipart(other, uploadId, named)).rejects.toEqual(code('not_found'));
        await expect(under.store.listParts(other, uploadId)).rejects.toEqual(code('not_found'));
      });

      it('take an empty file', async () => {
        const { key, uploadId, named } = await openUpload([Buffer.alloc(0)], partSizeBytes);
        expect((await putPart(key, uploadId, 1, Buffer.alloc(0))).status).toBe(200);
        await under.store.completeMultipart(key, uploadId, named);
        expect((await read(key)).length).toBe(0);
      });

      it('take 20 parts at once', async () => {
        const many = Array.from({ length: 20 }, () => randomBytes(partSizeBytes >> 3));
        const whole = Buffer.concat(many);
        const body = Array.from({ length: Math.ceil(whole.length / partSizeBytes) }, (_, index) =>
          whole.subarray(index * partSizeBytes, (index + 1) * partSizeBytes),
        );
        const { key, uploadId, named } = await openUpload(body, partSizeBytes);
        // Every part is sent several times at once: the last writer of each wins and none disturbs another.
        const replies = await Promise.all(
          Array.from({ length: 20 }, (_, index) => {
            const partNumber = (index % body.length) + 1;
            return putPart(key, uploadId, partNumber, body[partNumber - 1] ?? whole).then(
              (reply) => reply.status,
              () => 0,
            );
          }),
        );
        expect(replies.filter((status) => status === 200).length).toBeGreaterThanOrEqual(body.length);
        await under.store.completeMultipart(key, uploadId, named);
        expect((await read(key)).equals(whole)).toBe(true);
      });
    });

    describe('removing and listing', () => {
      it('removes many objects at once, and those that are not there are no error', async () => {
        const workspaceId = randomUUID();
        const made = Array.from({ length: 25 }, () => keys.source(workspaceId, randomUUID()));
        await Promise.all(made.map((key) => under.store.put(key, Buffer.from('x'), { ...video, maxBytes: 1 })));
        await under.store.delete([...made.slice(0, 20), newSource()]);
        await under.store.delete(made.slice(0, 20));
        await under.store.delete([]);
        const left = await collect(under.store.list(keys.workspacePrefix(workspaceId)));
        expect(left.map((object) => object.key).sort()).toEqual(made.slice(20).sort());
      });

      it('lists what starts with a prefix, with size and time', async () => {
        const [workspaceId, videoId, taskId] = [randomUUID(), randomUUID(), randomUUID()];
        const source = keys.source(workspaceId, videoId);
        const output = keys.output(workspaceId, videoId, taskId, 1, 'proxy');
        const later = keys.output(workspaceId, videoId, taskId, 2, 'proxy');
        const other = keys.source(workspaceId, randomUUID());
        const size = mebibyte + 3;
        const before = (await under.store.put(source, randomBytes(size), { ...video, maxBytes: size })).createdAt;
        for (const key of [output, later, other]) {
          await under.store.put(key, Buffer.from('abc'), { ...video, maxBytes: 3 });
        }
        const listed = async (prefix: string) => (await collect(under.store.list(prefix))).map((object) => object.key).sort();
        expect(await listed(keys.videoPrefix(workspaceId, videoId))).toEqual([source, output, later].sort());
        expect(await listed(keys.attemptPrefix(workspaceId, videoId, taskId, 1))).toEqual([output]);
        expect(await listed(keys.workspacePrefix(workspaceId))).toEqual([source, output, later, other].sort());
        expect(await listed(keys.videoPrefix(workspaceId, randomUUID()))).toEqual([]);
        const all = await collect(under.store.list(keys.videoPrefix(workspaceId, videoId)));
        const found = all.find((object) => object.key === source);
        expect(found?.sizeBytes).toBe(size);
        expect(Math.abs((found?.createdAt.getTime() ?? 0) - before.getTime())).toBeLessThan(2000);
      });

      it('says of itself that it can be used', async () => {
        const checks = await under.store.check();
        expect(checks.length).toBeGreaterThan(0);
        const failed = checks.filter((check) => !check.passed && !(options.toleratedChecks ?? []).includes(check.name));
        expect(failed).toEqual([]);
      });
    });
  });
}
