import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { copyFile, mkdir, open, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DiskHarness, startDiskHarness } from './storeHarness.ts';
import { createFixedKeys } from '../../server/src/keyring/fileKeys.ts';
import { type DiskStore, openDiskStore } from '../../server/src/storage/disk/diskStore.ts';
import { keys } from '../../server/src/storage/keys.ts';
import { chunkBytes, fileSize, headerBytes, recordBytes, recordOffset } from '../../server/src/storage/disk/format.ts';

const corrupt = expect.objectContaining({ name: 'StorageError', code: 'corrupt' }) as unknown;
const size = 2 * chunkBytes + 1000;
const newSource = () => keys.source(randomUUID(), randomUUID());
/** Another object of the same workspace. */
const sibling = (name: string) => {
  const parsed = keys.parse(name);
  return keys.source('workspaceId' in parsed ? parsed.workspaceId : randomUUID(), randomUUID());
};

let harness: DiskHarness;
let store: DiskStore;
let body: Buffer;
let key: string;
let file: string;
let pristine: Buffer;

const pathOf = (name: string) => join(harness.dataDir, 'objects', 'blobs', name);

async function put(name: string, content: Buffer): Promise<void> {
  await store.put(name, content, { contentType: 'video/mp4', maxBytes: content.length });
}

/** Reads as much as the store gives; what it gave before it failed comes with the error. */
async function read(name: string, range?: { start: number; end?: number }): Promise<{ served: Buffer; error: unknown }> {
  const pieces: Buffer[] = [];
  try {
    const { stream } = await store.get(name, range);
    for await (const piece of stream) {
      pieces.push(piece as Buffer);
    }
    return { served: Buffer.concat(pieces), error: null };
  } catch (error) {
    return { served: Buffer.concat(pieces), error };
  }
}

/** Expects that reading fails with corrupt, having served nothing wrong before. */
async function expectCorrupt(): Promise<void> {
  const { served, error } = await read(key);
  expect(error).toEqual(corrupt);
  expect(served.equals(body.subarray(0, served.length))).toBe(true);
  expect(served.length).toBeLessThan(size);
}

async function flip(position: number, bit = 0): Promise<void> {
  const altered = Buffer.from(pristine);
  altered[position] = (altered[position] ?? 0) ^ (1 << bit);
  await writeFile(file, altered);
}

beforeAll(async () => {
  harness = await startDiskHarness();
  store = harness.store;
  body = randomBytes(size);
  key = newSource();
  await put(key, body);
  file = pathOf(key);
  pristine = await readFile(file);
});
afterAll(() => harness.close());

describe('a stored file that was tampered with', () => {
  const regions: [string, number, number][] = [
    ['magic', 0, 7],
    ['version', 7, 8],
    ['root key id', 8, 24],
    ['nonce of the wrapped key', 24, 36],
    ['wrapped key', 36, 68],
    ['tag of the wrapped key', 68, 84],
    ['nonce of the facts', 84, 96],
    ['facts', 96, 496],
    ['tag of the facts', 496, headerBytes],
    ...[0, 1, 2].flatMap((index): [string, number, number][] => {
      const start = recordOffset(index);
      const end = Math.min(start + recordBytes, fileSize(size));
      return [
        [`nonce of chunk ${index}`, start, start + 12],
        [`text of chunk ${index}`, start + 12, end - 16],
        [`tag of chunk ${index}`, end - 16, end],
      ];
    }),
  ];

  it.each(regions)('is not served with a bit flipped in: %s', async (_, start, end) => {
    for (const position of [start, Math.floor((start + end) / 2), end - 1]) {
      for (const bit of [0, 7]) {
        await flip(position, bit);
        await expectCorrupt();
      }
    }
  });

  it('is not served with a bit flipped anywhere', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: fileSize(size) - 1 }), fc.nat({ max: 7 }), async (position, bit) => {
        await flip(position, bit);
        await expectCorrupt();
      }),
      { numRuns: 40 },
    );
  });

  it('still serves the ranges that are whole', async () => {
    await flip(recordOffset(1) + 100);
    expect((await read(key, { start: 0, end: chunkBytes })).served.equals(body.subarray(0, chunkBytes))).toBe(true);
    expect((await read(key, { start: 2 * chunkBytes })).served.equals(body.subarray(2 * chunkBytes))).toBe(true);
    expect((await read(key, { start: chunkBytes, end: chunkBytes + 1 })).error).toEqual(corrupt);
  });

  it.each([
    0,
    1,
    headerBytes - 1,
    headerBytes,
    headerBytes + 28,
    recordOffset(1) - 1,
    recordOffset(1),
    recordOffset(1) + 28,
    recordOffset(2) - 1,
    recordOffset(2),
    recordOffset(2) + 27,
    recordOffset(2) + 28,
    fileSize(size) - 1,
  ])('is not served when cut to %i bytes', async (length) => {
    await writeFile(file, pristine);
    await truncate(file, length);
    const { served, error } = await read(key);
    expect(error).toEqual(corrupt);
    expect(served.length).toBe(0);
    await expect(store.head(key)).rejects.toEqual(corrupt);
  });

  it('is not served with anything appended', async () => {
    const last = pristine.subarray(recordOffset(2));
    for (const extra of [Buffer.alloc(1), Buffer.alloc(28), last, pristine.subarray(headerBytes, headerBytes + recordBytes)]) {
      await writeFile(file, Buffer.concat([pristine, extra]));
      expect((await read(key)).error).toEqual(corrupt);
    }
  });

  it('is not served with chunks swapped, repeated or left out', async () => {
    const header = pristine.subarray(0, headerBytes);
    const [first, second, last] = [0, 1, 2].map((index) => pristine.subarray(recordOffset(index), recordOffset(index + 1)));
    for (const records of [
      [second, first, last],
      [first, first, last],
      [second, second, last],
      [first, last],
    ]) {
      await writeFile(file, Buffer.concat([header, ...records.map((record) => record ?? Buffer.alloc(0))]));
      await expectCorrupt();
    }
  });

  it('is not served with a chunk of another object in the same place', async () => {
    const other = newSource();
    await put(other, randomBytes(size));
    const foreign = await readFile(pathOf(other));
    for (const index of [0, 1, 2]) {
      const altered = Buffer.from(pristine);
      foreign.copy(altered, recordOffset(index), recordOffset(index), recordOffset(index + 1));
      await writeFile(file, altered);
      await expectCorrupt();
    }
  });

  it('is not served with the header of another object', async () => {
    const other = sibling(key);
    for (const otherSize of [size, size - 1, chunkBytes]) {
      await put(other, randomBytes(otherSize));
      const header = (await readFile(pathOf(other))).subarray(0, headerBytes);
      await writeFile(file, Buffer.concat([header, pristine.subarray(headerBytes)]));
      await expectCorrupt();
    }
  });

  it('is not served with an older header of its own name', async () => {
    const again = newSource();
    await put(again, body);
    const older = await readFile(pathOf(again));
    await put(again, body);
    const newer = await readFile(pathOf(again));
    await writeFile(pathOf(again), Buffer.concat([older.subarray(0, headerBytes), newer.subarray(headerBytes)]));
    expect((await read(again)).error).toEqual(corrupt);
  });

  it('is not served under the name of another object', async () => {
    await writeFile(file, pristine);
    for (const [other, refused] of [
      [sibling(key), corrupt],
      [newSource(), expect.objectContaining({ code: 'wrong_key' }) as unknown],
    ] as const) {
      await mkdir(dirname(pathOf(other)), { recursive: true });
      await copyFile(file, pathOf(other));
      expect((await read(other)).error).toEqual(refused);
      await expect(store.head(other)).rejects.toEqual(refused);
    }
  });

  it('breaks the connection of whoever is reading, and never ends it as if it were whole', async () => {
    await flip(recordOffset(2) + 20);
    const url = await store.presignGet(key, { expiresInSeconds: 60, contentType: 'video/mp4' });
    const reply = await fetch(url);
    expect(reply.status).toBe(200);
    await expect(reply.arrayBuffer()).rejects.toThrow();
    await flip(recordOffset(0) + 20);
    const early = await fetch(url);
    expect(early.status).toBe(500);
    expect(early.headers.get('content-disposition')).toBeNull();
    expect(await early.json()).toMatchObject({ error: { code: 'internal' } });
    expect(harness.logged).toContainEqual(expect.objectContaining({ details: expect.objectContaining({ code: 'corrupt' }) as unknown }));
  });

  it('does not become readable by completing an upload whose records were tampered with', async () => {
    const name = newSource();
    const { uploadId } = await store.createMultipart(name, { sizeBytes: 5, partSizeBytes: chunkBytes, contentType: 'video/mp4' });
    const sha256 = '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824';
    const { url } = await store.presignPart(name, uploadId, { partNumber: 1, sha256, expiresInSeconds: 60 });
    expect((await fetch(url, { method: 'PUT', body: 'hello' })).status).toBe(200);
    const record = join(harness.dataDir, 'objects', 'uploads', uploadId, 'parts', '1');
    const content = await readFile(record);
    content[20] = (content[20] ?? 0) ^ 1;
    await writeFile(record, content);
    await expect(store.completeMultipart(name, uploadId, [{ partNumber: 1, sha256 }])).rejects.toEqual(corrupt);
    expect(await store.head(name)).toBeNull();
    await store.abortMultipart(name, uploadId);
  });
});

describe('the data directory', () => {
  it('holds no planted sentence, no media signature, no hash of the content and no content type', async () => {
    const sentence = 'The quarterly figures of Adler & Sohn are still secret. ';
    const signature = Buffer.from('000000186674797069736f6d', 'hex');
    const content = Buffer.concat([signature, Buffer.from(sentence.repeat(60_000))]);
    const name = newSource();
    const { sha256 } = await store.put(name, content, { contentType: 'video/mp4', maxBytes: content.length });
    const partName = newSource();
    const half = content.subarray(0, chunkBytes);
    const { uploadId } = await store.createMultipart(partName, {
      sizeBytes: content.length,
      partSizeBytes: chunkBytes,
      contentType: 'video/mp4',
    });
    const partHash = createHash('sha256').update(half).digest('hex');
    const { url } = await store.presignPart(partName, uploadId, { partNumber: 1, sha256: partHash, expiresInSeconds: 60 });
    expect((await fetch(url, { method: 'PUT', body: new Uint8Array(half) })).status).toBe(200);
    const needles: Buffer[] = ['quarterly', 'Adler', 'ftypisom', 'video/mp4', sha256, partHash].map((text) => Buffer.from(text));
    needles.push(Buffer.from(sha256, 'hex'), Buffer.from(partHash, 'hex'), harness.rootKey);
    let searched = 0;
    for (const entry of await readdir(harness.dataDir, { recursive: true, withFileTypes: true })) {
      if (entry.isFile()) {
        const bytes = await readFile(join(entry.parentPath, entry.name));
        searched += bytes.length;
        for (const needle of needles) {
          expect(bytes.includes(needle)).toBe(false);
        }
      }
    }
    expect(searched).toBeGreaterThan(content.length + half.length);
    await store.abortMultipart(partName, uploadId);
  });

  it('is closed to other users, whatever the umask says', async () => {
    const before = process.umask(0);
    const open = await startDiskHarness();
    try {
      await open.store.put(newSource(), Buffer.from('x'), { contentType: 'video/mp4', maxBytes: 1 });
      await open.store.createMultipart(newSource(), { sizeBytes: 5, partSizeBytes: chunkBytes, contentType: 'video/mp4' });
      const entries = await readdir(open.dataDir, { recursive: true, withFileTypes: true });
      expect(entries.length).toBeGreaterThan(10);
      for (const entry of entries) {
        expect((await stat(join(entry.parentPath, entry.name))).mode & 0o777).toBe(entry.isDirectory() ? 0o700 : 0o600);
      }
    } finally {
      process.umask(before);
      await open.close();
    }
  });

  it('holds nothing of the same content twice', async () => {
    const [a, b] = [newSource(), newSource()];
    await put(a, body);
    await put(b, body);
    const [one, two] = [await readFile(pathOf(a)), await readFile(pathOf(b))];
    expect(one.subarray(24, 1000).equals(two.subarray(24, 1000))).toBe(false);
    const blocks = new Set<string>();
    for (const bytes of [one, two]) {
      for (let offset = 24; offset + 16 <= bytes.length; offset += 16 * 1024) {
        blocks.add(bytes.subarray(offset, offset + 16).toString('hex'));
      }
    }
    expect(blocks.size).toBe(2 * Math.ceil((one.length - 24 - 15) / (16 * 1024)));
  });
});

describe('the root key', () => {
  const openWith = (rootKey: Uint8Array) =>
    openDiskStore({
      dataDir: harness.dataDir,
      secret: rootKey,
      rootKeys: createFixedKeys(() => [rootKey]),
      baseUrl: () => 'http://localhost',
      clock: { now: () => new Date() },
      minimumFreeBytes: 0,
    });
  const wrongKey = expect.objectContaining({ code: 'wrong_key' }) as unknown;

  it('must be the one of the first start', async () => {
    await expect(openWith(randomBytes(32))).rejects.toEqual(wrongKey);
    await openWith(harness.rootKey);
  });

  it('is refused where objects are and the workspaces’ keys are lost', async () => {
    await rm(join(harness.dataDir, 'objects', 'blobs'), { recursive: true });
    const name = newSource();
    await put(name, body);
    await rm(join(harness.dataDir, 'objects', 'keys'), { recursive: true });
    await expect(openWith(randomBytes(32))).rejects.toEqual(wrongKey);
    await expect(openWith(harness.rootKey)).rejects.toMatchObject({ message: expect.stringContaining('objects/keys') as unknown });
  });

  it('that wrote a file is told from damage', async () => {
    const foreign = await startDiskHarness();
    try {
      const name = newSource();
      await foreign.store.put(name, Buffer.from('x'), { contentType: 'video/mp4', maxBytes: 1 });
      await mkdir(dirname(pathOf(name)), { recursive: true });
      await copyFile(join(foreign.dataDir, 'objects', 'blobs', name), pathOf(name));
      await expect(store.get(name)).rejects.toEqual(wrongKey);
      const handle = await open(pathOf(name), 'r+');
      await handle.write(Buffer.alloc(16), 0, 16, 8);
      await handle.close();
      await expect(store.get(name)).rejects.toEqual(wrongKey);
    } finally {
      await foreign.close();
    }
  });
});
