import { spawn } from 'node:child_process';
import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, open, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sealBytes } from '../../server/src/core/sealedBytes.ts';
import { createFixedKeys } from '../../server/src/keyring/fileKeys.ts';
import { KeyError, type KeyProvider } from '../../server/src/keyring/keyProvider.ts';
import { sealChunk } from '../../server/src/storage/disk/chunk.ts';
import { fileSize, headerBytes } from '../../server/src/storage/disk/format.ts';
import { sealHeader } from '../../server/src/storage/disk/header.ts';
import { createKeyFiles } from '../../server/src/storage/disk/keyFiles.ts';
import { deriveFormerKey } from '../../server/src/storage/disk/wrappingKey.ts';
import { keys } from '../../server/src/storage/keys.ts';
import { compositeSha256 } from '../../server/src/storage/planParts.ts';
import { type DiskHarness, startDiskHarness } from './storeHarness.ts';

const wrongKey = expect.objectContaining({ code: 'wrong_key' }) as unknown;
const [ours, theirs] = [randomUUID(), randomUUID()];
const newSource = (workspaceId: string) => keys.source(workspaceId, randomUUID());

let harness: DiskHarness;
beforeEach(async () => {
  harness = await startDiskHarness();
});
afterEach(() => harness.close());

const objects = (...names: string[]) => join(harness.dataDir, 'objects', ...names);
const blob = (key: string) => objects('blobs', key);
const keyNames = async (owner: string) => (await readdir(objects('keys', owner))).sort();

async function put(key: string, size = 1000): Promise<Buffer> {
  const content = randomBytes(size);
  await harness.store.put(key, content, { contentType: 'video/mp4', maxBytes: size });
  return content;
}

async function read(key: string): Promise<Buffer> {
  return Buffer.concat(await (await harness.store.get(key)).stream.toArray());
}

/** Goes over the keys until nothing waits. */
async function tidyFully(): Promise<void> {
  for (let round = 0; (await harness.store.keys.tidy()).waitingKeys > 0; round += 1) {
    expect(round).toBeLessThan(10);
  }
}

describe('a workspace’s key', () => {
  it('opens its own objects and no other workspace’s (S1, S4)', async () => {
    const [a, b] = [newSource(ours), newSource(theirs)];
    await put(a);
    const content = await put(b);
    await rm(objects('keys', ours), { recursive: true });
    await harness.restart();
    await expect(harness.store.get(a)).rejects.toEqual(wrongKey);
    expect((await read(b)).equals(content)).toBe(true);
  });

  it('is replaced while its objects are read and written, and no body is written again (S1)', async () => {
    const stored = new Map<string, Buffer>();
    for (let index = 0; index < 12; index += 1) {
      const key = newSource(ours);
      stored.set(key, await put(key));
    }
    const [first = ''] = stored.keys();
    const bodyBefore = (await readFile(blob(first))).subarray(headerBytes);
    const headerBefore = (await readFile(blob(first))).subarray(0, headerBytes);
    const before = await keyNames(ours);
    let isDone = false;
    const writing = (async () => {
      while (!isDone) {
        const key = newSource(ours);
        stored.set(key, await put(key));
      }
    })();
    const reading = (async () => {
      while (!isDone) {
        for (const [key, content] of [...stored].slice(0, 5)) {
          expect((await read(key)).equals(content)).toBe(true);
        }
      }
    })();
    await harness.store.keys.renew(ours);
    await tidyFully();
    isDone = true;
    await Promise.all([writing, reading]);
    const after = await keyNames(ours);
    expect(after).toHaveLength(1);
    expect(after).not.toEqual(before);
    await harness.restart();
    for (const [key, content] of stored) {
      expect((await read(key)).equals(content)).toBe(true);
    }
    const file = await readFile(blob(first));
    expect(file.subarray(headerBytes).equals(bodyBefore)).toBe(true);
    expect(file.subarray(0, headerBytes).equals(headerBefore)).toBe(false);
    expect(await readdir(objects('keys', '.notes'))).toEqual([]);
  });

  it('is kept while something hangs on it, and a process that saw it last still writes what everybody can read', async () => {
    const kept = newSource(ours);
    await put(kept);
    const slow = newSource(ours);
    const body = (async function* () {
      yield await Promise.resolve(Buffer.from('slow body'));
    })();
    const other = await startDiskHarness({ rootKey: harness.rootKey, dataDir: harness.dataDir });
    try {
      await other.store.writer.receive(slow, {
        contentType: 'video/mp4',
        maxBytes: 100,
        body: { bytes: body, cancel: () => undefined },
        // The other process has sealed the header under the key it knows; only now is that key replaced and destroyed.
        beforeCommit: async () => {
          await harness.store.keys.renew(ours);
          await tidyFully();
          expect(await keyNames(ours)).toHaveLength(1);
        },
      });
      await harness.restart();
      expect((await read(slow)).toString()).toBe('slow body');
    } finally {
      await other.close({ keepsData: true });
    }
  });

  it('is destroyed when the workspace has no object left, so that no copy of the disk can be read', async () => {
    const [a, b] = [newSource(ours), newSource(theirs)];
    await put(a);
    await put(b);
    const image = await readFile(blob(a));
    await harness.store.delete([a]);
    expect((await harness.store.keys.tidy()).destroyedKeys).toBe(0);
    harness.advanceSeconds(2 * 3600);
    expect((await harness.store.keys.tidy()).destroyedKeys).toBe(1);
    expect(await readdir(objects('keys'))).not.toContain(ours);
    await harness.restart();
    await mkdir(dirname(blob(a)), { recursive: true });
    await writeFile(blob(a), image);
    await expect(harness.store.get(a)).rejects.toEqual(wrongKey);
    await rm(blob(a));
    const content = await put(a);
    expect((await read(a)).equals(content)).toBe(true);
  });

  it('comes back when an object appeared while it was being destroyed, also after a kill in between', async () => {
    await put(newSource(ours));
    const rootKeys = createFixedKeys(() => [harness.rootKey]);
    const files = createKeyFiles(objects('keys'), rootKeys, () => objects('keys', `.${randomUUID()}`));
    const before = await keyNames(ours);
    expect(await files.removeOwner(ours, () => Promise.resolve(false))).toBe(false);
    expect(await keyNames(ours)).toEqual(before);
    await expect(files.removeOwner(ours, () => Promise.reject(new Error('killed')))).rejects.toThrow('killed');
    await harness.store.keys.tidy();
    expect(await keyNames(ours)).toEqual(before);
  });

  it('is moved by whoever comes next when the mover was killed (kill -9)', async () => {
    const stored = new Map<string, Buffer>();
    for (let index = 0; index < 16; index += 1) {
      const key = newSource(index % 2 === 0 ? ours : theirs);
      stored.set(key, await put(key));
    }
    for (let kill = 0; kill < 2; kill += 1) {
      const script = join(import.meta.dirname, 'tidyProcess.ts');
      const child = spawn(process.execPath, ['--import', 'tsx', script, harness.dataDir, harness.rootKey.toString('hex'), ours, theirs], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      await once(child.stdout, 'data');
      await setTimeout(randomInt(5, 150));
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
      await harness.restart();
      for (const [key, content] of stored) {
        expect((await read(key)).equals(content)).toBe(true);
      }
    }
    await tidyFully();
    expect(await keyNames(ours)).toHaveLength(1);
    expect(await keyNames(theirs)).toHaveLength(1);
    for (const [key, content] of stored) {
      expect((await read(key)).equals(content)).toBe(true);
    }
  });

  it('mends a header that a power cut left half-written', async () => {
    const key = newSource(ours);
    const content = await put(key);
    const whole = (await readFile(blob(key))).subarray(0, headerBytes);
    const note = objects('keys', '.notes', 'a-note');
    await mkdir(dirname(note), { recursive: true });
    await writeFile(note, JSON.stringify([{ key, header: whole.toString('base64') }]));
    const handle = await open(blob(key), 'r+');
    await handle.write(randomBytes(200), 0, 200, 100);
    await handle.close();
    await expect(harness.store.get(key)).rejects.toMatchObject({ code: 'corrupt' });
    await harness.store.keys.tidy();
    await expect(harness.store.get(key)).rejects.toMatchObject({ code: 'corrupt' });
    await utimes(note, new Date(0), new Date(0));
    await harness.store.keys.tidy();
    expect((await read(key)).equals(content)).toBe(true);
    await expect(stat(note)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('of an altered or misplaced file is refused', async () => {
    await put(newSource(ours));
    await put(newSource(theirs));
    const [name = ''] = await keyNames(ours);
    const [foreign = ''] = await keyNames(theirs);
    await writeFile(objects('keys', ours, name), await readFile(objects('keys', theirs, foreign)));
    await harness.restart();
    await expect(put(newSource(ours))).rejects.toMatchObject({ code: 'corrupt' });
    await writeFile(objects('keys', ours, name), '{}');
    await harness.restart();
    await expect(put(newSource(ours))).rejects.toMatchObject({ code: 'corrupt' });
  });
});

describe('the root key', () => {
  it('is replaced by wrapping the workspaces’ keys anew', async () => {
    const rootKeys = [randomBytes(32)];
    await harness.close();
    harness = await startDiskHarness({ rootKeys: createFixedKeys(() => rootKeys) });
    const key = newSource(ours);
    const content = await put(key);
    const before = await readFile(blob(key));
    rootKeys.unshift(randomBytes(32));
    expect(await harness.store.keys.countFormer()).toBe(2);
    expect((await harness.store.check()).find(({ name }) => name === 'root_key')).toMatchObject({
      passed: false,
      command: 'carmic rotate-keys --finish',
    });
    await tidyFully();
    expect(await harness.store.keys.countFormer()).toBe(0);
    rootKeys.pop();
    await harness.restart();
    expect((await read(key)).equals(content)).toBe(true);
    expect((await readFile(blob(key))).equals(before)).toBe(true);
    expect((await harness.store.check()).every(({ passed }) => passed)).toBe(true);
    rootKeys.splice(0, 1, randomBytes(32));
    await expect(harness.restart()).rejects.toEqual(wrongKey);
  });

  it('in a key service that is away stops what needs it and nothing else', async () => {
    const fixed = createFixedKeys(() => [harness.rootKey]);
    let isAway = false;
    const guarded = <T>(work: () => Promise<T>) => (isAway ? Promise.reject(new KeyError('unavailable', 'Vault is sealed.')) : work());
    const service: KeyProvider = {
      kind: 'vault',
      currentKeyId: () => guarded(() => fixed.currentKeyId()),
      wrap: (plain) => guarded(() => fixed.wrap(plain)),
      unwrap: (envelope) => guarded(() => fixed.unwrap(envelope)),
      rewrap: (envelope) => guarded(() => fixed.rewrap(envelope)),
    };
    await harness.close();
    harness = await startDiskHarness({ rootKeys: service });
    const key = newSource(ours);
    const content = await put(key);
    isAway = true;
    expect((await read(key)).equals(content)).toBe(true);
    await put(newSource(ours));
    await expect(put(newSource(theirs))).rejects.toMatchObject({ code: 'unavailable', message: 'Vault is sealed.' });
    expect((await harness.store.check()).find(({ name }) => name === 'root_key')).toMatchObject({ passed: false });
    isAway = false;
    await put(newSource(theirs));
  });
});

describe('an installation from before workspaces had keys', () => {
  it('goes on, and its objects and open uploads get their workspaces’ keys', async () => {
    const { rootKey } = harness;
    const former = deriveFormerKey(rootKey);
    await rm(objects('keys'), { recursive: true });
    const check = Buffer.from('carmic storage key check');
    await writeFile(objects('key-check'), Buffer.concat([former.id, sealBytes(former.key, check, former.id)]));
    const key = newSource(ours);
    const plain = Buffer.from('stored before');
    const id = randomBytes(16).toString('hex');
    const objectKey = randomBytes(32);
    const facts = {
      id,
      sizeBytes: plain.length,
      sha256: '0'.repeat(64),
      sha256Kind: 'whole' as const,
      contentType: 'video/mp4',
      createdAtMs: 1,
    };
    const chunk = Buffer.alloc(fileSize(plain.length) - headerBytes);
    sealChunk(objectKey, { objectId: id, index: 0, isLast: true }, plain, chunk);
    await mkdir(dirname(blob(key)), { recursive: true });
    await writeFile(blob(key), Buffer.concat([sealHeader(former, `object:${key}`, { objectKey, facts }), chunk]));
    const uploadKey = newSource(ours);
    const uploadId = randomBytes(16).toString('hex');
    const upload = { id: uploadId, key: uploadKey, sizeBytes: 5, partSizeBytes: 1024 * 1024, contentType: 'video/mp4', createdAtMs: 1 };
    await mkdir(objects('uploads', uploadId, 'parts'), { recursive: true });
    await writeFile(objects('uploads', uploadId, 'upload'), sealHeader(former, `upload:${uploadId}`, { objectKey, facts: upload }));
    await writeFile(objects('uploads', uploadId, 'data'), Buffer.alloc(fileSize(5)));

    await harness.restart();
    expect((await read(key)).toString()).toBe('stored before');
    await tidyFully();
    await tidyFully();
    expect((await readFile(blob(key))).subarray(8, 24).equals(former.id)).toBe(false);
    await expect(stat(objects('key-check'))).rejects.toMatchObject({ code: 'ENOENT' });
    await harness.restart();
    expect((await read(key)).toString()).toBe('stored before');
    const body = Buffer.from('hello');
    const sha256 = '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824';
    await harness.store.putPart(uploadKey, uploadId, { partNumber: 1, sizeBytes: 5, sha256, body });
    const done = await harness.store.completeMultipart(uploadKey, uploadId, [{ partNumber: 1, sha256 }]);
    expect(done.sha256).toBe(compositeSha256([sha256]));
    expect((await read(uploadKey)).toString()).toBe('hello');
  });
});
