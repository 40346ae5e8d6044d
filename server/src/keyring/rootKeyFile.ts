/**
 * The file with the root key: 32 bytes in base64 on its first line. While the root key is being replaced, the former ones stand on the lines
 * below it; `npm run rotate-keys` writes and removes them.
 */
import { randomBytes } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { StartError } from '../core/errors.ts';

/** Reads the root keys, the current one first. Throws StartError when the file is missing or holds something else. */
export function readRootKeys(path: string): Buffer[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8').trim();
  } catch {
    throw new StartError(`The root key ${path} cannot be read. Put the key file back; without it nothing stored here can be opened.`);
  }
  return text.split(/\s+/).map((line) => {
    const key = Buffer.from(line, 'base64');
    if (key.length !== 32 || key.every((byte) => byte === 0)) {
      throw new StartError(`The root key ${path} is not 32 bytes in base64. Put the right key file back.`);
    }
    return key;
  });
}

/** Changes whenever the file does. */
export function rootKeyFileMark(path: string): string {
  try {
    const { ino, mtimeMs, size } = statSync(path);
    return `${ino} ${mtimeMs} ${size}`;
  } catch {
    return 'missing';
  }
}

/** Puts a new root key before the ones that are there, at once and durably. Nothing is done while a replacement is under way already. */
export async function beginRootKey(path: string): Promise<void> {
  const there = readRootKeys(path);
  if (there.length === 1) {
    await writeRootKeys(path, [randomBytes(32), ...there]);
  }
}

/** Removes the former root keys from the file. */
export async function finishRootKey(path: string): Promise<void> {
  await writeRootKeys(path, readRootKeys(path).slice(0, 1));
}

async function writeRootKeys(path: string, keys: readonly Buffer[]): Promise<void> {
  const temporaryPath = `${path}.new`;
  try {
    await rm(temporaryPath, { force: true });
    const file = await open(temporaryPath, 'wx', 0o600);
    try {
      await file.writeFile(`${keys.map((key) => key.toString('base64')).join('\n')}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporaryPath, path);
    const directory = await open(dirname(path), 'r');
    await directory.sync().finally(() => directory.close());
  } catch (error) {
    throw new StartError(
      `The root key ${path} cannot be written (${error instanceof Error ? error.message : String(error)}). Where the file is mounted ` +
        'read-only, put a new key on a line before the old one yourself (openssl rand -base64 32), and run this again.',
    );
  }
}
