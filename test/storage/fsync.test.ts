/** When the disk driver waits for the disk, and that it lives on file systems which refuse to sync directories, as some NFS servers do. */
import { randomBytes, randomUUID } from 'node:crypto';
import { type FileHandle, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { createFixedKeys } from '../../server/src/keyring/fileKeys.ts';
import { openDiskStore } from '../../server/src/storage/disk/diskStore.ts';
import type { FsyncPolicy } from '../../server/src/storage/disk/sealStream.ts';
import { keys } from '../../server/src/storage/keys.ts';

const mebibyte = 1024 * 1024;
const rootKey = randomBytes(32);
let directory: string;
let handles: FileHandle;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'carmic-fsync-'));
  const file = await open(directory, 'r');
  handles = Object.getPrototypeOf(file) as FileHandle;
  await file.close();
});
afterEach(() => vi.restoreAllMocks());
afterAll(() => rm(directory, { recursive: true }));

const openStore = (fsync: FsyncPolicy) =>
  openDiskStore({
    dataDir: directory,
    secret: rootKey,
    rootKeys: createFixedKeys(() => [rootKey]),
    baseUrl: () => 'http://localhost',
    clock: { now: () => new Date() },
    minimumFreeBytes: 0,
    fsync,
  });

/** Files (no directories) that are large enough to be an object, by what was asked of them. */
function watchSyncs(): { count: () => number } {
  let count = 0;
  for (const name of ['sync', 'datasync'] as const) {
    const real = handles[name];
    vi.spyOn(handles, name).mockImplementation(async function (this: FileHandle) {
      const facts = await this.stat();
      count += facts.isFile() && facts.size > mebibyte ? 1 : 0;
      return real.call(this);
    });
  }
  return { count: () => count };
}

test.each(['always', 'never'] as const)('the policy %s says whether an object waits for the disk', async (fsync) => {
  const store = await openStore(fsync);
  const bytes = randomBytes(2 * mebibyte);
  const syncs = watchSyncs();
  const key = keys.source(randomUUID(), randomUUID());
  await store.put(key, bytes, { contentType: 'video/mp4', maxBytes: bytes.length });
  expect(syncs.count()).toBe(fsync === 'always' ? 1 : 0);
  expect(Buffer.concat(await (await store.get(key)).stream.toArray()).equals(bytes)).toBe(true);
});

test('works where a directory cannot be synced, with nothing but calls that NFS knows', async () => {
  const real = handles.sync;
  let refused = 0;
  vi.spyOn(handles, 'sync').mockImplementation(async function (this: FileHandle) {
    if ((await this.stat()).isDirectory()) {
      refused += 1;
      throw Object.assign(new Error('EINVAL: invalid argument, fsync'), { code: 'EINVAL' });
    }
    return real.call(this);
  });
  const store = await openStore('always');
  const key = keys.source(randomUUID(), randomUUID());
  await store.put(key, Buffer.from('content'), { contentType: 'video/mp4', maxBytes: 10 });
  expect(Buffer.concat(await (await store.get(key)).stream.toArray()).toString()).toBe('content');
  await store.delete([key]);
  expect(await store.head(key)).toBeNull();
  expect(refused).toBeGreaterThan(2);
});
