/**
 * The processes this agent has started, written down so that a later agent can end what a crash left behind.
 *
 * A process number is reused by the system, so it is kept with the time the process started, and only a process that matches both
 * is ever killed.
 */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { killGroup } from './killGroup.ts';

export interface ProcessRegister {
  add(pid: number): void;
  remove(pid: number): void;
  /** Kills every process group that still runs. */
  killAll(): void;
}

/** Opens the register kept in `directory`. */
export function openProcessRegister(directory: string): ProcessRegister {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const living = new Set<number>();
  return {
    add(pid) {
      living.add(pid);
      writeFileSync(join(directory, String(pid)), startMark(pid) ?? '');
    },
    remove(pid) {
      living.delete(pid);
      rmSync(join(directory, String(pid)), { force: true });
    },
    killAll: () => living.forEach(killGroup),
  };
}

/** Kills the process groups that an earlier agent recorded in `directory` and that still run; answers how many. */
export async function killLeftovers(directory: string): Promise<number> {
  let killed = 0;
  for (const name of existsSync(directory) ? readdirSync(directory) : []) {
    const pid = Number(name);
    const mark = readFileSync(join(directory, name), 'utf8');
    if (Number.isInteger(pid) && pid > 1 && (await isSame(pid, mark))) {
      killGroup(pid);
      killed += 1;
    }
    rmSync(join(directory, name), { force: true });
  }
  return killed;
}

/** Field 22 of /proc/PID/stat: the clock tick at which it started (proc(5)). Null where there is no /proc. */
function startMark(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    // Gone already, or a system without /proc.
    return null;
  }
}

async function isSame(pid: number, mark: string): Promise<boolean> {
  if (mark !== '') {
    return startMark(pid) === mark;
  }
  try {
    const { stdout } = await promisify(execFile)('ps', ['-o', 'args=', '-p', String(pid)]);
    return /ff(mpeg|probe)/.test(stdout);
  } catch {
    // ps answers an error for a process that is gone.
    return false;
  }
}
