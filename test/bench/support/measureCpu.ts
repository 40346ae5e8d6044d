/** Counts the CPU time of everything a task does: of this process with its threads, and of every program it runs, by stage. */
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Run, RunRequest } from '../../../gpu-agent/src/ffmpeg/run.ts';
import type { Sandbox } from '../../../gpu-agent/src/ffmpeg/sandbox.ts';
import { withNetworks } from '../../../gpu-agent/test/support/agentProcess.ts';

/**
 * Lets every confined process write its CPU time, and that of all below it, into its folder: bubblewrap does not wait for the name
 * space it makes, so that the time is lost to the usual counters.
 */
export function countCpu(sandbox: Sandbox): Sandbox {
  return {
    ...sandbox,
    wrap(command, confinement) {
      const wrapped = sandbox.wrap(command, confinement);
      const at = wrapped.indexOf('--') + 1;
      const counter = [
        '/bin/sh',
        '-c',
        '"$@"; code=$?; to=$(mktemp ./taking-XXXXXXXX); times >"$to"; mv "$to" "./cpu-${to#./taking-}"; exit $code',
        'sh',
      ];
      return [...wrapped.slice(0, at), ...counter, ...wrapped.slice(at)] as [string, ...string[]];
    },
  };
}

export interface CpuMeter {
  /** Runs a program in its place, and adds its time to the stage that `stageOf` names. */
  run: Run;
  /** CPU seconds of programs by stage, so far. */
  readonly stages: Readonly<Record<string, number>>;
  /** CPU seconds of all programs and of this process since the meter was made. */
  total(): number;
}

/** Makes a meter around a runner whose sandbox counts (`countCpu`). Its total holds where programs run beside each other, its stages do not. */
export function createCpuMeter(run: Run, stageOf: (request: RunRequest) => string): CpuMeter {
  const stages: Record<string, number> = {};
  const startedAt = ownCpuSeconds();
  return {
    stages,
    total: () => ownCpuSeconds() - startedAt + Object.values(stages).reduce((sum, seconds) => sum + seconds, 0),
    async run(request) {
      try {
        return await run(request);
      } finally {
        const stage = stageOf(request);
        stages[stage] = (stages[stage] ?? 0) + takeCountedSeconds(request.directory);
      }
    },
  };
}

/** CPU seconds of this process, the source server in it, and of those that run neural networks for it. */
export function ownCpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (
    (user + system) / 1e6 +
    withNetworks(process.pid)
      .slice(1)
      .reduce((sum, pid) => sum + cpuSecondsOf(pid), 0)
  );
}

/** User and system time of a living process (proc(5), fields 14 and 15 in hundredths of a second). */
function cpuSecondsOf(pid: number): number {
  const [, after = ''] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ');
  const [user, system] = after.split(' ').slice(11, 13).map(Number);
  return ((user ?? 0) + (system ?? 0)) / 100;
}

/** Sums what `times` wrote, minutes and seconds of user and system time, and removes it. */
function takeCountedSeconds(directory: string): number {
  let sum = 0;
  for (const name of readdirSync(directory).filter((entry) => entry.startsWith('cpu-'))) {
    const path = join(directory, name);
    for (const [, minutes, seconds] of readFileSync(path, 'utf8').matchAll(/(\d+)m([\d.]+)s/g)) {
      sum += Number(minutes) * 60 + Number(seconds);
    }
    rmSync(path);
  }
  return sum;
}
