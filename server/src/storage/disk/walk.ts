import { opendir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { keys } from '../keys.ts';
import type { ListedObject } from '../objectStore.ts';
import { hasErrno, StorageError } from '../storageError.ts';
import { sizeInFile } from './format.ts';

/** Lists the objects below a directory, one open directory per level. `prefix` is the key of the directory, empty or ending in a slash. */
export async function* walkObjects(directory: string, prefix: string): AsyncGenerator<ListedObject> {
  try {
    for await (const entry of await opendir(directory)) {
      const path = join(directory, entry.name);
      if (entry.isDirectory()) {
        yield* walkObjects(path, `${prefix}${entry.name}/`);
      } else if (isKey(`${prefix}${entry.name}`)) {
        const { size, mtime } = await stat(path);
        yield { key: `${prefix}${entry.name}`, sizeBytes: sizeInFile(size) ?? size, createdAt: mtime };
      }
    }
  } catch (error) {
    // Removed while it was being listed, which is what a listing may say of it.
    if (!hasErrno(error, 'ENOENT', 'ENOTDIR')) {
      throw error;
    }
  }
}

function isKey(key: string): boolean {
  try {
    keys.parse(key);
    return true;
  } catch (error) {
    if (error instanceof StorageError) {
      return false;
    }
    throw error;
  }
}
