import { statfs } from 'node:fs/promises';
import { StorageError } from '../storageError.ts';

/** Bytes that this process may still write on the disk of `directory`. */
export async function freeBytes(directory: string): Promise<number> {
  const { bavail, bsize } = await statfs(directory);
  return bavail * bsize;
}

/** Throws no_space when writing `neededBytes` would leave less than the reserve. */
export async function requireSpace(directory: string, reserveBytes: number, neededBytes: number): Promise<void> {
  if ((await freeBytes(directory)) - neededBytes < reserveBytes) {
    throw new StorageError('no_space', 'The storage has too little free space left.');
  }
}
