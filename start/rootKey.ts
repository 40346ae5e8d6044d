import { randomBytes } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { StartFailure } from './startFailure.ts';

/**
 * Makes the key that opens everything stored here, once: 32 random bytes in base64, readable by this user only. Keeps: S1.
 * A key that is missing beside data is never replaced, because a new one could open nothing. Answers whether it made one.
 */
export function ensureRootKey(path: string, hasData: boolean): boolean {
  if (existsSync(path)) {
    return false;
  }
  if (hasData) {
    throw new StartFailure(
      'config',
      `The root key ${path} is missing, and nothing stored here can be opened without it. Put the key file back from your backup. ` +
        `(To begin again with nothing, move the whole data folder away.)`,
    );
  }
  writeFileSync(path, `${randomBytes(32).toString('base64')}\n`, { mode: 0o600, flag: 'wx' });
  return true;
}
