/**
 * A program with the whole server loaded that sweeps and deletes when it is told to, and says how long it took and how much memory the process
 * had at its peak, as the kernel counted it. It is a process of its own, so that nobody else's memory is in the figure.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { createLog } from '../../../server/src/core/log.ts';
import type { Deps } from '../../../server/src/deps.ts';
import { startServer } from '../../../server/src/main.ts';
import { workErasures } from '../../../server/src/retention/erasure/work.ts';
import { sweepExpired } from '../../../server/src/retention/sweep.ts';
import { onStandIn } from './standInStore.ts';
import type { SweepOrder, SweepReport } from './sweeper.ts';

/** The most memory the process has held since it was last asked, in MB; then counts anew (proc(5), clear_refs). */
function takePeakMb(): number {
  const kilobytes = Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]);
  writeFileSync('/proc/self/clear_refs', '5');
  return Math.round((kilobytes * 1024) / 1e6);
}

/** Sums up how long queries were waited for. */
function timeQueries({ db: { sequelize } }: Deps): () => number {
  const query = sequelize.query.bind(sequelize) as (...args: unknown[]) => Promise<unknown>;
  let ms = 0;
  sequelize.query = (async (...args: unknown[]) => {
    const startedAt = performance.now();
    try {
      return await query(...args);
    } finally {
      ms += performance.now() - startedAt;
    }
  }) as typeof sequelize.query;
  return () => ms;
}

const server = await startServer({ env: process.env, processes: [], log: createLog({ level: 'error' }) });
const { deps } = server;
const queriedMs = timeQueries(deps);

async function run(order: SweepOrder): Promise<SweepReport> {
  const own = order.endpoint === null ? deps : onStandIn(deps, order.endpoint);
  const startMb = takePeakMb();
  const queriedBefore = queriedMs();
  const startedAt = performance.now();
  const signal = order.endsAfterMs === null ? {} : { signal: AbortSignal.timeout(order.endsAfterMs) };
  const swept = await sweepExpired(own);
  const planMs = performance.now() - startedAt;
  const workers = Array.from({ length: order.workers }, () => workErasures(own, { ...signal, pace: order.isPaced ? 'usual' : 'none' }));
  const finished = (await Promise.all(workers)).reduce((sum, count) => sum + count, 0);
  return {
    swept,
    finished,
    planMs,
    totalMs: performance.now() - startedAt,
    queriedMs: queriedMs() - queriedBefore,
    startMb,
    peakMb: takePeakMb(),
  };
}

process.stdout.write('ready\n');
for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await run(JSON.parse(line) as SweepOrder))}\n`);
}
await server.close();
process.exit(0);
