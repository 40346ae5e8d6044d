import type { ChildProcess } from 'node:child_process';
import { getPriority, setPriority } from 'node:os';

/** Lets other processes go before this child, by as much as `nice` says; the threads it makes from then on inherit it. */
export function standBack({ pid }: ChildProcess, nice: number): void {
  if (pid === undefined || nice === 0) {
    return;
  }
  try {
    setPriority(pid, Math.min(19, getPriority() + nice));
  } catch (error) {
    // It ended already, which whoever asks it will hear.
    if (!(error instanceof Error && 'info' in error && (error.info as { code?: string }).code === 'ESRCH')) {
      throw error;
    }
  }
}
