/**
 * What other requests take beside the sweeper as it is paced. One client calls at fixed times without a pause, the sweeper works and rests in
 * turns of a few seconds whose order changes (rest, work, work, rest), so that whatever else the machine does falls on both alike. The p95 are over
 * all calls of either; `noise` is the same ratio between the resting turns themselves, which would be 1 on a machine without noise.
 */
import { setTimeout } from 'node:timers/promises';
import { load } from './load.ts';

const callsPerSecond = 20;
const turnSeconds = 5;
const turns = 24;
/** The sweeper and the client find their pace before anything counts. */
const settleMs = 500;

/** What one measurement came to. */
export interface Beside {
  p95Ratio: number;
  noise: number;
  aloneP50Ms: number;
  aloneP95Ms: number;
  besideP50Ms: number;
  besideP95Ms: number;
  calls: number;
  objectsPerSecond: number;
}

interface Turn {
  isBeside: boolean;
  startMs: number;
  endMs: number;
}

/** Measures. `sweep` works until so many milliseconds are over and answers how many objects it deleted. */
export async function measureBeside(page: { url: string; token: string }, sweep: (ms: number) => Promise<number>): Promise<Beside> {
  const enough = new AbortController();
  const calls = { connections: 4, perSecond: callsPerSecond, signal: enough.signal };
  await load(page.url, page.token, { ...calls, seconds: turnSeconds });
  // Ended when the turns are: the sweeper ends one only with its batch.
  const calling = load(page.url, page.token, { ...calls, seconds: 3600 });
  const done: Turn[] = [];
  let objects = 0;
  let workedMs = 0;
  try {
    // The client is a program that has to start.
    await setTimeout(5000);
    for (let turn = 0; turn < turns; turn += 1) {
      const isBeside = turn % 4 === 1 || turn % 4 === 2;
      const startMs = Date.now();
      if (isBeside) {
        const deleted = await sweep(turnSeconds * 1000);
        if (Date.now() - startMs < turnSeconds * 1000 - 100) {
          throw new Error('Everything was deleted before the calls had ended: the sweeper needs more to do.');
        }
        objects += deleted;
        workedMs += Date.now() - startMs;
      } else {
        await setTimeout(turnSeconds * 1000);
      }
      done.push({ isBeside, startMs: startMs + settleMs, endMs: Math.min(Date.now(), startMs + turnSeconds * 1000) });
    }
  } finally {
    enough.abort();
  }
  const { samples } = await calling;
  const of = (wanted: readonly Turn[]) =>
    samples.flatMap(([at, ms]) => (wanted.some((turn) => at >= turn.startMs && at < turn.endMs) ? [ms] : [])).sort((a, b) => a - b);
  const resting = done.filter((turn) => !turn.isBeside);
  const [alone, beside] = [of(resting), of(done.filter((turn) => turn.isBeside))];
  const halves = [0, 1].map((half) => shareOf(of(resting.filter((_, index) => index % 2 === half)), 0.95));
  return {
    p95Ratio: shareOf(beside, 0.95) / shareOf(alone, 0.95),
    noise: Math.max(...halves) / Math.min(...halves),
    aloneP50Ms: shareOf(alone, 0.5),
    aloneP95Ms: shareOf(alone, 0.95),
    besideP50Ms: shareOf(beside, 0.5),
    besideP95Ms: shareOf(beside, 0.95),
    calls: alone.length + beside.length,
    objectsPerSecond: Math.round((objects * 1000) / workedMs),
  };
}

function shareOf(sorted: readonly number[], share: number): number {
  const value = sorted[Math.floor(sorted.length * share)];
  if (value === undefined) {
    throw new Error('No call fell into a turn: the client ended too early.');
  }
  return value;
}
