/**
 * Notes of headers that are about to be written over. A power cut in the middle of a header would leave one that opens under no key; the
 * note has the new one and puts it there. Keeps: S1.
 */
import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { hasErrno, StorageError } from '../storageError.ts';
import { makeDirectory, readFully, syncDirectory, writeFileDurably, writeFully } from './files.ts';
import { headerBytes } from './format.ts';
import { objectFactsSchema, openHeader } from './header.ts';
import { type KeyRing, ownerOf } from './keyRing.ts';
import { openInPlace } from './rewrapHeader.ts';

/** One header that will be written. */
export interface HeaderNote {
  key: string;
  header: Buffer;
}

const noteSchema = z.array(z.object({ key: z.string(), header: z.base64() }));
/** Younger notes may be those of a living process. */
const settledMs = 10 * 60_000;

/** Notes headers, durably. Answers how to forget them when they are all written. */
export async function noteHeaders(directory: string, newPath: () => string, notes: readonly HeaderNote[]): Promise<() => Promise<void>> {
  await makeDirectory(directory);
  const path = join(directory, randomBytes(12).toString('hex'));
  const content = JSON.stringify(notes.map(({ key, header }) => ({ key, header: header.toString('base64') })));
  await writeFileDurably(newPath(), path, Buffer.from(content));
  return async () => {
    await rm(path, { force: true });
    await syncDirectory(directory);
  };
}

/** Mends the headers that a dead process left half-written, and forgets its notes. Answers how many were mended. */
export async function mendHeaders(directory: string, ring: KeyRing, pathOf: (key: string) => string, now: Date): Promise<number> {
  let mended = 0;
  for (const name of await readdir(directory).catch(noneIfMissing)) {
    const path = join(directory, name);
    if ((await stat(path)).mtimeMs > now.getTime() - settledMs) {
      continue;
    }
    for (const note of noteSchema.parse(JSON.parse(await readFile(path, 'utf8')))) {
      mended += (await mendHeader(pathOf(note.key), ring, { key: note.key, header: Buffer.from(note.header, 'base64') })) ? 1 : 0;
    }
    await rm(path, { force: true });
  }
  return mended;
}

function noneIfMissing(error: unknown): string[] {
  if (hasErrno(error, 'ENOENT')) {
    return [];
  }
  throw error;
}

async function mendHeader(path: string, ring: KeyRing, { key, header }: HeaderNote): Promise<boolean> {
  const file = await openInPlace(path);
  if (file === null) {
    return false;
  }
  try {
    const opens = async (candidate: Buffer) => {
      try {
        await openHeader(ring, ownerOf(key), `object:${key}`, candidate, objectFactsSchema);
        return true;
      } catch (error) {
        if (error instanceof StorageError && (error.code === 'corrupt' || error.code === 'wrong_key')) {
          return false;
        }
        throw error;
      }
    };
    if ((await opens(await readFully(file, headerBytes, 0))) || !(await opens(header))) {
      return false;
    }
    await writeFully(file, [header], 0);
    await file.sync();
    return true;
  } finally {
    await file.close();
  }
}
