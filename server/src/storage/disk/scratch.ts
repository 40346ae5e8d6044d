/**
 * Where unfinished files live until they get their final name: one directory per process, named after host, process and its start, so
 * that what a killed process left behind is told from what a living one is writing, and removed at start.
 */
import { randomBytes } from 'node:crypto';
import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { hasErrno } from '../storageError.ts';
import { makeDirectory } from './files.ts';

const foreignLeftoverMs = 24 * 3600 * 1000;

/** The scratch directory of this process. */
export interface Scratch {
  directory: string;
  /** A new path in it that nothing uses. */
  newPath(): string;
}

/** Opens this process's scratch directory below `root` and removes what dead processes left there. */
export async function openScratch(root: string): Promise<Scratch> {
  await makeDirectory(root);
  const own = [hostPart(), String(process.pid), (await startOf(process.pid)) ?? '0'].join('.');
  for (const name of await readdir(root)) {
    if (name !== own && (await isAbandoned(join(root, name), name))) {
      await rm(join(root, name), { recursive: true, force: true });
    }
  }
  const directory = join(root, own);
  await makeDirectory(directory);
  return { directory, newPath: () => join(directory, randomBytes(12).toString('hex')) };
}

function hostPart(): string {
  return hostname().replaceAll(/[^A-Za-z0-9-]/g, '-');
}

async function isAbandoned(path: string, name: string): Promise<boolean> {
  const [host = '', pid = '', start = ''] = name.split('.');
  if (host === hostPart()) {
    return (await startOf(Number(pid))) !== start;
  }
  // Another host on a shared disk: alive as far as anybody here can tell, unless nothing happened for long.
  try {
    return (await stat(path)).mtimeMs < Date.now() - foreignLeftoverMs;
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) {
      return false;
    }
    throw error;
  }
}

/** When a process started, in the kernel's own count; '0' where that cannot be known; null when there is no such process. */
async function startOf(pid: number): Promise<string | null> {
  if (!Number.isSafeInteger(pid) || pid <= 0) {
    return null;
  }
  try {
    const text = await readFile(`/proc/${pid}/stat`, 'utf8');
    // proc(5): the name in parentheses may hold anything; then come the state (Z: dead, not yet buried) and, 20th, the start time.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? null : (fields[19] ?? '0');
  } catch (error) {
    if (!hasErrno(error, 'ENOENT', 'ESRCH')) {
      throw error;
    }
  }
  try {
    process.kill(pid, 0);
    return '0';
  } catch (error) {
    return hasErrno(error, 'EPERM') ? '0' : null;
  }
}
