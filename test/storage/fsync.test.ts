/** When the disk driver waits for the disk, and that it lives on file systems which refuse to sync directories, as some NFS servers do. */
import { randomBytes, randomUUID } from 'node:crypto';
import { type FileHandle, mkdtemp, open, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
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

test('opens a file anew whose handle has gone stale, as on NFS when another machine has replaced it', async () => {
  const store = await openStore('always');
  const key = keys.source(randomUUID(), randomUUID());
  await store.put(key, Buffer.from('content'), { contentType: 'video/mp4', maxBytes: 10 });
  const realStat = handles.stat;
  let stale = 2;
  const stat = vi.spyOn(handles, 'stat').mockImplementation(function (this: FileHandle) {
    stale -= 1;
    return stale >= 0
      ? Promise.reject(Object.assign(new Error('ESTALE: stale file handle, fstat'), { code: 'ESTALE' }))
      : realStat.call(this);
  });
  expect((await store.get(key)).sizeBytes).toBe(7);
  expect(stat).toHaveBeenCalledTimes(3);
  stale = 100;
  await expect(store.head(key)).rejects.toMatchObject({ code: 'unavailable' });
});

test('a file that is renamed because somebody has it open is no object, and neither it nor a file that just went ends a listing', async () => {
  const store = await openStore('always');
  const [workspaceId, videoId] = [randomUUID(), randomUUID()];
  const kept = keys.captions(workspaceId, videoId, randomUUID());
  await store.put(kept, Buffer.from('content'), { contentType: 'video/mp4', maxBytes: 10 });
  const folder = dirname(join(directory, 'objects/blobs', kept));
  // What an NFS client makes of a deletion while the file is open, and a name whose file is gone when it is looked at.
  await writeFile(join(folder, '.nfs000000000000002a00000001'), 'still open');
  for (let index = 0; index < 20; index += 1) {
    await symlink('/nowhere', join(folder, randomUUID()));
  }
  const listed: string[] = [];
  for await (const { key } of store.listVersions(keys.videoPrefix(workspaceId, videoId))) {
    listed.push(key);
  }
  expect(listed).toEqual([kept]);
  await store.delete([kept]);
  expect((await readdir(folder)).some((name) => name.startsWith('.nfs'))).toBe(true);
});
