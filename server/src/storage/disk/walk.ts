import type { Stats } from 'node:fs';
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
        const facts = await findFacts(path);
        if (facts !== null) {
          yield { key: `${prefix}${entry.name}`, sizeBytes: sizeInFile(facts.size) ?? facts.size, createdAt: facts.mtime };
        }
      }
    }
  } catch (error) {
    // The directory was removed while it was being listed, which is what a listing may say of it.
    if (!hasErrno(error, 'ENOENT', 'ENOTDIR')) {
      throw error;
    }
  }
}

/** What the file system says of a file; null when it has gone since its name was read, which must not end the listing of the others. */
async function findFacts(path: string): Promise<Stats | null> {
  try {
    return await stat(path);
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR', 'ESTALE')) {
      return null;
    }
    throw error;
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
