/**
 * One Carmic per data directory.
 *
 * The lock is a file that names its holder by process id and start time, made by link(2), so that of two starts at the same moment
 * exactly one wins. A holder that is gone (`kill -9`, power cut) holds nothing. A holder whose npm was killed under it is an orphan
 * nobody can stop by Ctrl-C any more: it is stopped, and the lock taken.
 */
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { processIdentity, sendSignal, waitForExit } from './processes.ts';
import { StartFailure, systemCode } from './startFailure.ts';

interface Holder {
  pid: number;
  identity: string | null;
  /** The npm that runs the holder, when there is one. */
  parentPid: number | null;
  parentIdentity: string | null;
  baseUrl: string | null;
}

export interface Lock {
  /** Notes where the console is, for the message that a second start prints. */
  announce(baseUrl: string): void;
  release(): void;
}

const lockName = 'start.lock';
const orphanTimeoutMs = 30_000;

/** Takes the lock of a data directory. Throws StartFailure (75) when another Carmic runs on it. */
export async function takeLock(directory: string, parentPid: number | null): Promise<Lock> {
  const path = join(directory, lockName);
  const holder: Holder = {
    pid: process.pid,
    identity: processIdentity(process.pid),
    parentPid,
    parentIdentity: parentPid === null ? null : processIdentity(parentPid),
    baseUrl: null,
  };
  for (let attempt = 0; attempt < 20; attempt++) {
    if (place(path, holder)) {
      return {
        announce: (baseUrl) => writeFileSync(path, JSON.stringify({ ...holder, baseUrl })),
        release: () => rmSync(path, { force: true }),
      };
    }
    await clear(path, directory);
  }
  throw new StartFailure('busy', `The lock ${path} keeps changing hands: other starts are using this data folder. Try again in a moment.`);
}

/** Puts the lock file in place whole, or answers false when there is one already. */
function place(path: string, holder: Holder): boolean {
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, JSON.stringify(holder), { mode: 0o600 });
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') {
      throw error;
    }
    return false;
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Removes a lock that nobody holds; throws when somebody does. */
async function clear(path: string, directory: string): Promise<void> {
  const holder = readHolder(path);
  if (holder !== null && isRunning(holder.pid, holder.identity)) {
    if (holder.parentPid === null || isRunning(holder.parentPid, holder.parentIdentity)) {
      const where = holder.baseUrl === null ? '' : ` Its console is at ${holder.baseUrl}.`;
      throw new StartFailure(
        'busy',
        `Carmic is already running on ${directory} (process ${holder.pid}).${where}\nStop it there with Ctrl-C, or choose another folder with --data.`,
      );
    }
    sendSignal(holder.pid, 'SIGTERM');
    if (!(await waitForExit(holder.pid, orphanTimeoutMs))) {
      sendSignal(holder.pid, 'SIGKILL');
      await waitForExit(holder.pid, orphanTimeoutMs);
    }
  }
  const aside = `${path}.stale.${process.pid}`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') {
      return;
    }
    throw error;
  }
  // Between the look and the rename another start may have taken the lock: give it back to that one.
  const moved = readHolder(aside);
  if (moved !== null && isRunning(moved.pid, moved.identity)) {
    renameSync(aside, path);
    return;
  }
  rmSync(aside, { force: true });
}

function isRunning(pid: number, identity: string | null): boolean {
  return pid !== process.pid && identity !== null && processIdentity(pid) === identity;
}

function readHolder(path: string): Holder | null {
  try {
    const value = JSON.parse(readFileSync(path, 'utf8')) as Partial<Holder>;
    return {
      pid: Number(value.pid),
      identity: value.identity ?? null,
      parentPid: value.parentPid ?? null,
      parentIdentity: value.parentIdentity ?? null,
      baseUrl: value.baseUrl ?? null,
    };
  } catch (error) {
    // A lock cut short by a full disk names nobody.
    if (error instanceof SyntaxError || systemCode(error) === 'ENOENT') {
      return null;
    }
    throw error;
  }
}
