import { readFile } from 'node:fs/promises';
import { equalBytes } from '../../core/crypto.ts';
import { hasErrno, StorageError } from '../storageError.ts';
import { writeFileDurably } from './files.ts';
import { openBytes, sealBytes } from './sealedBytes.ts';
import type { WrappingKey } from './wrappingKey.ts';

const context = Buffer.from('carmic storage key check');

/**
 * Holds the root key against the file that the first start left. Throws wrong_key when the objects belong to another root key. Without that
 * file, `tryAnyObject` must show that this key opens what is there.
 */
export async function checkRootKey(
  path: string,
  temporaryPath: string,
  wrapping: WrappingKey,
  tryAnyObject: () => Promise<void>,
): Promise<void> {
  let content: Buffer;
  try {
    content = await readFile(path);
  } catch (error) {
    if (!hasErrno(error, 'ENOENT')) {
      throw error;
    }
    await tryAnyObject();
    await writeFileDurably(temporaryPath, path, Buffer.concat([wrapping.id, sealBytes(wrapping.key, context, wrapping.id)]));
    return;
  }
  const opened = openBytes(wrapping.key, context, content.subarray(wrapping.id.length));
  if (opened === null || !equalBytes(opened, wrapping.id)) {
    throw new StorageError(
      'wrong_key',
      'The root key does not open the objects in the data directory. Put the right key file back, or use another data directory.',
    );
  }
}
