/** What a render takes on the clock, and whether the place in the file matters. Ratios of runs that take turns, since the machine is shared. */
import { execFileSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { withNetworks } from '../../../gpu-agent/test/support/agentProcess.ts';

/** Renders one clip that begins at `startSeconds`, and answers its CPU seconds. */
export type RenderAt = (startSeconds: number) => Promise<number>;

/**
 * Seconds on the clock on all cores, against the same on one core, where the programs can only run one after the other. The two take
 * turns; the answer is the ratio of the sums.
 */
export async function clockRatio(renderAt: RenderAt, startSeconds: number, rounds: number): Promise<number> {
  const seconds = { one: 0, all: 0 };
  // Asked for once: a process that may use one processor is told that there is one.
  const every = availableParallelism();
  for (let round = 0; round < rounds; round++) {
    const order = round % 2 === 0 ? (['all', 'one'] as const) : (['one', 'all'] as const);
    for (const cores of order) {
      confine(cores === 'one' ? 1 : every);
      const before = performance.now();
      await renderAt(startSeconds);
      seconds[cores] += (performance.now() - before) / 1000;
    }
  }
  confine(every);
  return seconds.all / seconds.one;
}

/** CPU seconds of a clip at the beginning of the source against the same pictures at its end; medians of renders that take turns. */
export async function placeRatio(renderAt: RenderAt, [first, last]: readonly [number, number], rounds: number): Promise<number> {
  const costs: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round++) {
    for (const place of round % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const)) {
      costs[place].push(await renderAt(place === 0 ? first : last));
    }
  }
  return median(costs[0]) / median(costs[1]);
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? Number.NaN)
    : ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2;
}

/** Lets this process, its threads, its networks and all they start use the first `cores` processors. */
function confine(cores: number): void {
  for (const pid of withNetworks(process.pid)) {
    execFileSync('taskset', ['-acp', `0-${cores - 1}`, String(pid)], { stdio: 'ignore' });
  }
}
