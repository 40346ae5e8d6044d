import { readFile } from 'node:fs/promises';
import { equalBytes } from '../../core/crypto.ts';
import { openBytes } from '../../core/sealedBytes.ts';
import { hasErrno, StorageError } from '../storageError.ts';
import { instanceOwner, type KeyRing } from './keyRing.ts';

const context = Buffer.from('carmic storage key check');

export interface KeyCheckOptions {
  /** The file that a first start left before workspaces had keys. */
  formerMark: string;
  ring: KeyRing;
  /** Throws when the former key does not open what is stored. */
  tryAnyObject: () => Promise<void>;
}

/**
 * Holds the root key against what is there, and makes the instance's own key at the first start. Throws wrong_key when the objects belong to
 * another root key.
 */
export async function checkRootKey({ formerMark, ring, tryAnyObject }: KeyCheckOptions): Promise<void> {
  await checkFormerMark(formerMark, ring);
  if ((await ring.files.owners()).length === 0) {
    await tryAnyObject().catch(explainMissing);
  }
  try {
    await ring.forWriting(instanceOwner);
  } catch (error) {
    throw error instanceof StorageError && (error.code === 'wrong_key' || error.code === 'corrupt') ? wrongKey(error) : error;
  }
}

async function checkFormerMark(path: string, { former }: KeyRing): Promise<void> {
  let content: Buffer;
  try {
    content = await readFile(path);
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) {
      return;
    }
    throw error;
  }
  const opened = openBytes(former.key, context, content.subarray(former.id.length));
  if (opened === null || !equalBytes(opened, former.id)) {
    throw wrongKey();
  }
}

function explainMissing(error: unknown): never {
  if (error instanceof StorageError && error.code === 'wrong_key') {
    throw new StorageError(
      'wrong_key',
      'The objects in the data directory cannot be opened: the folder with the keys of workspaces (objects/keys) is missing, or they were ' +
        'stored under another root key. Put the folder or the key back from your backup.',
      error,
    );
  }
  throw error;
}

function wrongKey(cause?: StorageError): StorageError {
  return new StorageError(
    'wrong_key',
    'The root key does not open the objects in the data directory. Put the right key file back, or use another data directory.',
    cause,
  );
}
