import { type FileHandle, mkdir, open, rename, rmdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { hasErrno } from '../storageError.ts';

export const fileMode = 0o600;
export const directoryMode = 0o700;

/** Writes all pieces one after the other from `position` on; one write may take less than it is given. */
export async function writeFully(file: FileHandle, pieces: readonly Uint8Array[], position: number): Promise<void> {
  let rest = [...pieces];
  let offset = position;
  while (rest.length > 0) {
    const { bytesWritten } = await file.writev(rest, offset);
    offset += bytesWritten;
    rest = dropStart(rest, bytesWritten);
  }
}

function dropStart(pieces: readonly Uint8Array[], length: number): Uint8Array[] {
  let left = length;
  const rest: Uint8Array[] = [];
  for (const piece of pieces) {
    const taken = Math.min(left, piece.length);
    left -= taken;
    if (taken < piece.length) {
      rest.push(piece.subarray(taken));
    }
  }
  return rest;
}

/** Reads `length` bytes at `position` into `buffer`, or a new one; fewer only when the file ends. */
export async function readFully(file: FileHandle, length: number, position: number, buffer = Buffer.allocUnsafe(length)): Promise<Buffer> {
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await file.read(buffer, filled, length - filled, position + filled);
    if (bytesRead === 0) {
      break;
    }
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}

/** Makes names that were created, renamed or removed in a directory durable. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } catch (error) {
    // Some network file systems refuse to sync a directory; their server orders names itself.
    if (!hasErrno(error, 'EINVAL', 'ENOTSUP')) {
      throw error;
    }
  } finally {
    await directory.close();
  }
}

/** Makes a directory and those above it, durably. */
export async function makeDirectory(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true, mode: directoryMode });
  if (first === undefined) {
    return;
  }
  for (let made = path; ; made = dirname(made)) {
    await syncDirectory(dirname(made));
    if (made === first) {
      return;
    }
  }
}

/** Moves a finished file or directory to its final name, making the directory it goes to, durably and at once. */
export async function moveInto(from: string, to: string): Promise<void> {
  const directory = dirname(to);
  for (let attempt = 0; ; attempt += 1) {
    await makeDirectory(directory);
    try {
      await rename(from, to);
      break;
    } catch (error) {
      // A deletion next door may have taken the empty directory away in between.
      if (attempt >= 20 || !hasErrno(error, 'ENOENT') || !(await exists(from))) {
        throw error;
      }
    }
  }
  await syncDirectory(directory);
}

/** Whether something has this name. */
export async function exists(path: string): Promise<boolean> {
  try {
    await (await open(path, 'r')).close();
    return true;
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR')) {
      return false;
    }
    throw error;
  }
}

/** Writes a small file durably before its name is seen: to `temporaryPath` first, then moved into a directory that is there. */
export async function writeFileDurably(temporaryPath: string, path: string, content: Uint8Array): Promise<void> {
  const file = await open(temporaryPath, 'wx', fileMode);
  try {
    await writeFully(file, [content], 0);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporaryPath, path);
  await syncDirectory(dirname(path));
}

/** Removes a directory and those above it as far as they are empty, up to but without `root`. */
export async function removeEmptyDirectories(path: string, root: string): Promise<void> {
  for (let directory = path; directory.startsWith(`${root}/`); directory = dirname(directory)) {
    try {
      await rmdir(directory);
    } catch (error) {
      if (hasErrno(error, 'ENOTEMPTY', 'EEXIST', 'EBUSY')) {
        return;
      }
      if (!hasErrno(error, 'ENOENT')) {
        throw error;
      }
    }
  }
}
