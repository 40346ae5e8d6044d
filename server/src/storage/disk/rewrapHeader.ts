/**
 * Puts an object's key under another key of its workspace: only the 512 bytes of the header are written, the body is left alone.
 *
 * Whoever may be killed while writing over a header notes the new one first (rewrapNotes.ts). Whoever finished an object looks afterwards
 * whether its workspace has a newer key by now: a rotation that passed by before the object had its name would miss it otherwise.
 */
import { type FileHandle, open } from 'node:fs/promises';
import { hasErrno } from '../storageError.ts';
import { readFully, writeFully } from './files.ts';
import { headerBytes } from './format.ts';
import { objectFactsSchema, openHeader, sealHeader, wrappingIdIn } from './header.ts';
import { type KeyRing, ownerOf } from './keyRing.ts';
import type { WrappingKey } from './wrappingKey.ts';

/** Opens a file for writing over its start; null when it is gone. */
export async function openInPlace(path: string): Promise<FileHandle | null> {
  try {
    return await open(path, 'r+');
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR')) {
      return null;
    }
    throw error;
  }
}

/** The header of an object under `wrapping`, made from the one in its file; null when it is under that key already. */
export async function reseal(file: FileHandle, key: string, ring: KeyRing, wrapping: WrappingKey): Promise<Buffer | null> {
  const header = await readFully(file, headerBytes, 0);
  if (wrappingIdIn(header).equals(wrapping.id)) {
    return null;
  }
  const subject = `object:${key}` as const;
  return sealHeader(wrapping, subject, await openHeader(ring, ownerOf(key), subject, header, objectFactsSchema));
}

/** After an object got its name: puts it under its workspace's newest key when that is no longer `used`. */
export async function keepUpWithKey(ring: KeyRing, path: string, key: string, used: WrappingKey): Promise<void> {
  const newer = await ring.newerThan(ownerOf(key), used);
  if (newer === null) {
    return;
  }
  const file = await openInPlace(path);
  if (file === null) {
    return;
  }
  try {
    // `used` may be gone from the disk by now; this process still has it.
    const find: KeyRing['find'] = (owner, id) => (used.id.equals(id) ? Promise.resolve(used) : ring.find(owner, id));
    const made = await reseal(file, key, { ...ring, find }, newer);
    if (made !== null) {
      await writeFully(file, [made], 0);
      await file.datasync();
    }
  } finally {
    await file.close();
  }
}
