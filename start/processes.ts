/** Looks at other processes of this machine, for finding out whether what a file names is still running. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';

/** Tells whether a process runs, whoever owns it. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/**
 * What tells one process from a later one that got the same number: its start time. Null when it does not run, or is a zombie (dead,
 * and merely not yet collected by its parent).
 */
export function processIdentity(pid: number): string | null {
  if (!existsSync('/proc/self/stat')) {
    const reply = spawnSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], { encoding: 'utf8' });
    const text = reply.stdout?.trim() ?? '';
    return text === '' || text.startsWith('Z') ? null : text.replace(/^\S+\s+/, '');
  }
  try {
    // Field 2 is the name in brackets and may hold anything, so count from its end (proc(5)).
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? null : (fields[19] ?? null);
  } catch {
    return null;
  }
}

/** The command line of a process, or an empty text when it does not run or may not be seen. */
export function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
  } catch {
    const reply = existsSync('/proc/self/stat') ? undefined : spawnSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' });
    return reply?.stdout?.trim() ?? '';
  }
}

/** The process that started another, as far as it still lives; null when it cannot be told. */
export function parentOf(pid: number): number | null {
  return listParents().find((entry) => entry.pid === pid)?.parent ?? null;
}

/** Waits until a process is gone; answers false when it still runs after `timeoutMs`. */
export async function waitForExit(pid: number, timeoutMs: number): Promise<boolean> {
  const identity = processIdentity(pid);
  const deadline = Date.now() + timeoutMs;
  while (identity !== null && processIdentity(pid) === identity) {
    if (Date.now() >= deadline) {
      return false;
    }
    await new Promise((resolve) => setTimeout(resolve, 15));
  }
  return true;
}

/** Signals a process; a process that has gone meanwhile is no error. */
export function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) {
      throw error;
    }
  }
}

/** Kills a process and everything below it at once; whoever is below it is found first, because the dead name no children. */
export function killTree(pid: number): void {
  const parents = listParents();
  const doomed = [pid];
  for (const parent of doomed) {
    doomed.push(...parents.filter((entry) => entry.parent === parent && !doomed.includes(entry.pid)).map((entry) => entry.pid));
  }
  for (const each of doomed) {
    sendSignal(each, 'SIGKILL');
  }
}

function listParents(): { pid: number; parent: number }[] {
  if (!existsSync('/proc/self/stat')) {
    const { stdout } = spawnSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' });
    return (stdout ?? '').split('\n').map((line) => {
      const [pid, parent] = line.trim().split(/\s+/).map(Number);
      return { pid: pid ?? 0, parent: parent ?? 0 };
    });
  }
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
        return [{ pid: Number(name), parent: Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) }];
      } catch {
        // It ended while we were reading.
        return [];
      }
    });
}
