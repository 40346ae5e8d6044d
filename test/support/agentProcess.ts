/** A real agent process on a directory of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { agentProgram } from '../../gpu-agent/test/support/agentProgram.ts';
import type { TestInstance } from './instance.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

export interface AgentProcess {
  child: ChildProcess;
  directory: string;
  /** Everything it has logged so far. */
  log(): string;
  /** The processes, other than its own, that work in its directory. */
  workers(): number[];
  /** Files of unfinished work. */
  scratchFiles(): string[];
  exited: Promise<number | null>;
  /** Ends it however it is and removes its directory. */
  remove(): Promise<void>;
}

/** Starts an agent that enrols on `instance`; a kept `directory` makes it the same agent again. */
export async function startAgentProcess(
  instance: TestInstance,
  options: { env?: Record<string, string>; directory?: string } = {},
): Promise<AgentProcess> {
  const directory = options.directory ?? mkdtempSync(join(tmpdir(), 'carmic-agent-'));
  const child = spawn(process.execPath, [await agentProgram()], {
    cwd: root,
    env: {
      ...process.env,
      CARMIC_SERVER_URL: instance.baseUrl,
      CARMIC_AGENT_DIR: directory,
      CARMIC_AGENT_NAME: 'test agent',
      CARMIC_ENROLMENT_CODE: await instance.server.enrolmentCode(),
      CARMIC_LOG_LEVEL: 'info',
      // Judging pictures costs a processor some fifteen seconds a video; the tests that are about it, and the journey, switch it on.
      CARMIC_AGENT_PICTURE_CHECK: 'off',
      // Nor are cards looked for at every start; the agents of `npm start` do, in start.test.ts.
      CARMIC_AGENT_ENCODERS: 'cpu',
      ...options.env,
    },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  const exited = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  return {
    child,
    directory,
    log: () => text,
    workers: () => findWorkers(directory, child.pid ?? -1),
    scratchFiles: () => listFiles(join(directory, 'scratch')),
    exited,
    async remove() {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGCONT');
        child.kill('SIGKILL');
        await exited;
      }
      for (const pid of findWorkers(directory, -1)) {
        try {
          process.kill(pid, 'SIGKILL');
        } catch {
          // It ended by itself in between.
        }
      }
      rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** Processes whose command line names the directory and whose program is ffmpeg, directly or inside a sandbox. */
function findWorkers(directory: string, ownPid: number): number[] {
  const found: number[] = [];
  for (const entry of readdirSync('/proc')) {
    const pid = Number(entry);
    if (!Number.isInteger(pid) || pid === ownPid || pid === process.pid) {
      continue;
    }
    try {
      const command = readFileSync(`/proc/${entry}/cmdline`, 'utf8').split('\0').join(' ');
      const state = /State:\s+(\S)/.exec(readFileSync(`/proc/${entry}/status`, 'utf8'))?.[1];
      if (command.includes('ffmpeg') && command.includes(directory) && state !== 'Z') {
        found.push(pid);
      }
    } catch {
      // The process ended while it was looked at.
    }
  }
  return found;
}

function listFiles(directory: string): string[] {
  try {
    return readdirSync(directory, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
  } catch {
    return [];
  }
}
