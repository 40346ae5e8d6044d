import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { agentProgram } from './agentProgram.ts';

export interface AgentProcess {
  child: ChildProcess;
  output: () => string;
  /** Resolves with the exit code, or the signal's name. */
  exited: Promise<number | string>;
}

/** Starts a real agent process; it does not stand back, so that a busy machine holds no test up, and looks for no graphics cards. */
export async function startAgentProcess(env: Record<string, string>): Promise<AgentProcess> {
  const child = spawn(process.execPath, [await agentProgram()], {
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: process.env['HOME'] ?? '',
      CARMIC_AGENT_SLOTS: '1',
      CARMIC_AGENT_NICE: '0',
      CARMIC_AGENT_ENCODERS: 'cpu',
      ...env,
    },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  const exited = once(child, 'exit').then(([code, signal]: (number | string | null)[]) => code ?? signal ?? 'unknown');
  return { child, output: () => text, exited };
}

/** Waits until `condition` holds, on a busy machine too. Rejects with what `describe` says when it takes too long. */
export async function until(condition: () => boolean, describe: () => string, timeoutMs = 60_000): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!condition()) {
    if (Date.now() > deadline) {
      throw new Error(`It did not happen in ${timeoutMs} ms: ${describe()}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

/** Running processes whose command line names `text`; by /proc, so it works on Linux. */
export function processesNaming(text: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(text);
      } catch {
        // It ended while it was looked at.
        return false;
      }
    })
    .map(Number);
}

/** A process and those it started to run neural networks. */
export function withNetworks(pid: number): number[] {
  const parentOf = (child: number): number => {
    try {
      return Number(/\) \S (\d+)/.exec(readFileSync(`/proc/${child}/stat`, 'utf8'))?.[1]);
    } catch {
      // It ended while it was looked at.
      return 0;
    }
  };
  return [pid, ...processesNaming('Process.mjs').filter((child) => parentOf(child) === pid)];
}
