/**
 * The agent of this machine, as a child process.
 *
 * It holds the reading end of a pipe that only we can close: when we die, however we die, the agent sees the end and goes too. It has a
 * process group of its own, so that Ctrl-C leaves the order of the shutdown to us. When it ends by itself it is started again,
 * later each time it does not last.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { killTree, sendSignal, waitForExit } from './processes.ts';

export interface AgentOptions {
  root: string;
  logFile: string;
  env: Record<string, string | undefined>;
}

export interface AgentProcess {
  pid(): number | undefined;
  /** Lets it hand its work back and end; after a while insists. */
  stop(): Promise<void>;
  /** Ends it and all it started at once. */
  kill(): void;
}

const firstPauseMs = 500;
const longestPauseMs = 30_000;
const lastedMs = 60_000;
const drainMs = 4000;
const cancelMs = 6000;

/** Starts the agent and keeps it running. */
export function startAgent(options: AgentOptions): AgentProcess {
  let child: ChildProcess | undefined;
  let isStopping = false;
  let pauseMs = firstPauseMs;
  let timer: NodeJS.Timeout | undefined;

  const launch = () => {
    const startedAt = Date.now();
    const running = spawnAgent(options);
    child = running;
    let isOver = false;
    const onEnd = () => {
      if (isOver) {
        return;
      }
      isOver = true;
      child = undefined;
      if (isStopping) {
        return;
      }
      pauseMs = Date.now() - startedAt > lastedMs ? firstPauseMs : Math.min(pauseMs * 2, longestPauseMs);
      timer = setTimeout(launch, pauseMs);
    };
    running.once('exit', onEnd);
    running.once('error', onEnd);
  };
  launch();

  return {
    pid: () => child?.pid,
    async stop() {
      isStopping = true;
      clearTimeout(timer);
      const pid = child?.pid;
      if (pid === undefined) {
        return;
      }
      // The first signal drains, the second cancels; work handed back costs no attempt.
      sendSignal(pid, 'SIGTERM');
      if (await waitForExit(pid, drainMs)) {
        return;
      }
      sendSignal(pid, 'SIGTERM');
      child?.stdin?.end();
      if (!(await waitForExit(pid, cancelMs))) {
        killTree(pid);
        await waitForExit(pid, cancelMs);
      }
    },
    kill() {
      isStopping = true;
      clearTimeout(timer);
      if (child?.pid !== undefined) {
        killTree(child.pid);
      }
    },
  };
}

function spawnAgent({ root, logFile, env }: AgentOptions): ChildProcess {
  const log = openSync(logFile, 'a', 0o600);
  try {
    return spawn(process.execPath, ['--import', 'tsx', join(root, 'gpu-agent', 'src', 'main.ts')], {
      cwd: root,
      env,
      detached: true,
      stdio: ['pipe', log, log],
    });
  } finally {
    closeSync(log);
  }
}
