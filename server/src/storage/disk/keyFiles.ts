/**
 * Keys of workspaces as files, below `keys/<owner>/<id>`: one file for each version, wrapped by the root key and bound to owner and id. Keeps: S1.
 *
 * A file is made once, replaced only by itself under another root key, and removed when nothing hangs on it; nothing is ever read, changed
 * and written back, so that several processes cannot take a key from each other. The newest version is the one that new objects get.
 */
import { createHash, randomBytes } from 'node:crypto';
import { open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { equalBytes } from '../../core/crypto.ts';
import { type KeyEnvelope, KeyError, type KeyProvider } from '../../keyring/keyProvider.ts';
import { hasErrno, StorageError } from '../storageError.ts';
import { fileMode, makeDirectory, syncDirectory, writeFileDurably } from './files.ts';
import type { WrappingKey } from './wrappingKey.ts';

/** One version of a workspace's key. */
export interface OwnerKey extends WrappingKey {
  createdAtMs: number;
}

const fileSchema = z.object({ format: z.literal(1), keyId: z.string(), wrapped: z.string() });
const namePattern = /^[0-9a-f]{32}$/;
const keyEnd = 32;
const timeEnd = keyEnd + 8;

function bindingOf(owner: string, name: string): Buffer {
  return createHash('sha256').update(`carmic key ${name} of ${owner}`).digest();
}

/** The files of all keys below a directory. Methods throw StorageError: wrong_key, unavailable, corrupt. */
export interface KeyFiles {
  owners(): Promise<string[]>;
  /** Names of an owner's versions; empty when it has none. */
  names(owner: string): Promise<string[]>;
  /** Opens one version; null when it is gone. */
  open(owner: string, name: string): Promise<OwnerKey | null>;
  /** Makes a new version. */
  create(owner: string, createdAtMs: number): Promise<OwnerKey>;
  /** The root key that a version is wrapped under; null when it is gone. */
  rootKeyOf(owner: string, name: string): Promise<string | null>;
  /** Puts one version under the current root key. */
  rewrap(owner: string, name: string): Promise<void>;
  remove(owner: string, name: string): Promise<void>;
  /** Takes all versions of an owner away, asks whether it is still unused, and puts them back if not. Answers whether they are gone. */
  removeOwner(owner: string, isUnused: () => Promise<boolean>): Promise<boolean>;
  /** Finishes what a killed `removeOwner` left. */
  recover(isUnused: (owner: string) => Promise<boolean>): Promise<void>;
}

const removedPrefix = '.removed-';

export function createKeyFiles(directory: string, rootKeys: KeyProvider, newPath: () => string): KeyFiles {
  const pathOf = (owner: string, name: string) => join(directory, owner, name);
  const read = async (owner: string, name: string): Promise<KeyEnvelope | null> => {
    try {
      const { keyId, wrapped } = fileSchema.parse(JSON.parse(await readFile(pathOf(owner, name), 'utf8')));
      return { keyId, wrapped };
    } catch (error) {
      if (hasErrno(error, 'ENOENT', 'ENOTDIR')) {
        return null;
      }
      if (error instanceof z.ZodError || error instanceof SyntaxError) {
        throw new StorageError('corrupt', `The file of a workspace’s key was altered or damaged: ${pathOf(owner, name)}`, error);
      }
      throw error;
    }
  };
  const contentOf = (envelope: KeyEnvelope) => Buffer.from(JSON.stringify({ format: 1, ...envelope }));
  const list = async (path: string, isWanted: (name: string) => boolean): Promise<string[]> => {
    try {
      return (await readdir(path)).filter(isWanted).sort();
    } catch (error) {
      if (hasErrno(error, 'ENOENT', 'ENOTDIR')) {
        return [];
      }
      throw error;
    }
  };
  const finishRemoval = async (removed: string, owner: string, isUnused: () => Promise<boolean>): Promise<boolean> => {
    if (await isUnused()) {
      await rm(removed, { recursive: true, force: true });
      await syncDirectory(directory);
      return true;
    }
    await makeDirectory(join(directory, owner));
    for (const name of await list(removed, (each) => namePattern.test(each))) {
      await rename(join(removed, name), pathOf(owner, name));
    }
    await syncDirectory(join(directory, owner));
    await rm(removed, { recursive: true, force: true });
    return false;
  };
  const files: KeyFiles = {
    owners: () => list(directory, (name) => !name.startsWith('.')),
    names: (owner) => list(join(directory, owner), (name) => namePattern.test(name)),
    async open(owner, name) {
      const envelope = await read(owner, name);
      if (envelope === null) {
        return null;
      }
      const plain = await explained(() => rootKeys.unwrap(envelope));
      if (plain.length !== timeEnd + 32 || !equalBytes(plain.subarray(timeEnd), bindingOf(owner, name))) {
        throw new StorageError('corrupt', `The file of a workspace’s key belongs elsewhere: ${pathOf(owner, name)}`);
      }
      return { id: Buffer.from(name, 'hex'), key: plain.subarray(0, keyEnd), createdAtMs: plain.readDoubleBE(keyEnd) };
    },
    async create(owner, createdAtMs) {
      const id = randomBytes(16);
      const name = id.toString('hex');
      const key = randomBytes(32);
      const time = Buffer.alloc(8);
      time.writeDoubleBE(createdAtMs);
      const envelope = await explained(() => rootKeys.wrap(Buffer.concat([key, time, bindingOf(owner, name)])));
      await makeDirectory(join(directory, owner));
      await writeFileDurably(newPath(), pathOf(owner, name), contentOf(envelope));
      return { id, key, createdAtMs };
    },
    rootKeyOf: async (owner, name) => (await read(owner, name))?.keyId ?? null,
    async rewrap(owner, name) {
      const envelope = await read(owner, name);
      if (envelope === null) {
        return;
      }
      const made = await explained(() => rootKeys.rewrap(envelope));
      const temporaryPath = newPath();
      const file = await open(temporaryPath, 'wx', fileMode);
      try {
        await file.writeFile(contentOf(made));
        await file.sync();
      } finally {
        await file.close();
      }
      // A key that was removed meanwhile stays removed: its directory is gone, or it is taken away again.
      const isThere = (await read(owner, name)) !== null;
      await (isThere ? rename(temporaryPath, pathOf(owner, name)) : rm(temporaryPath, { force: true }));
      await syncDirectory(join(directory, owner));
    },
    async remove(owner, name) {
      await rm(pathOf(owner, name), { force: true });
      await syncDirectory(join(directory, owner));
    },
    async removeOwner(owner, isUnused) {
      const removed = join(directory, `${removedPrefix}${owner}`);
      await rename(join(directory, owner), removed);
      await syncDirectory(directory);
      return finishRemoval(removed, owner, isUnused);
    },
    async recover(isUnused) {
      for (const name of await list(directory, (each) => each.startsWith(removedPrefix))) {
        const owner = name.slice(removedPrefix.length);
        await finishRemoval(join(directory, name), owner, () => isUnused(owner));
      }
    },
  };
  return files;
}

/** Root keys' errors as the storage's. */
async function explained<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof KeyError) {
      const isWrong = error.code === 'unknown_key' || error.code === 'damaged';
      throw new StorageError(isWrong ? 'wrong_key' : 'unavailable', error.message, error);
    }
    throw error;
  }
}
