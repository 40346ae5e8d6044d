import type { Deps } from '../../deps.ts';
import { readMeasures, stateMetrics } from '../operations/measures.ts';
import { readOverview } from '../overview/readOverview.ts';
import { describeLog, describeMachine, describeSettings, orReason, scrub, setValues } from './bundleParts.ts';
import { readJobs } from './jobs.ts';
import { readSystem } from './readSystem.ts';

/** What somebody who helps from outside needs to see, and nothing of a person, as the running server sees it. Keeps: C4. */
export async function buildSupportBundle(deps: Deps): Promise<string> {
  const bundle = {
    ...describeMachine(),
    settings: describeSettings(deps.env),
    checks: await orReason(async () => (await readOverview(deps)).checks),
    storage: await orReason(async () =>
      (await deps.store.check()).map(({ isFatal, message, name, passed }) => ({ name, passed, isFatal, message })),
    ),
    status: await orReason(() => describeStatus(deps)),
    schema: await orReason(async () => {
      const { database, features, migrations, startedAt } = await readSystem(deps);
      return { database, startedAt, migrations, features };
    }),
    rowsOfTables: await orReason(() => estimateRows(deps)),
    jobs: await orReason(() => readJobs(deps)),
    log: await describeLog(deps.env),
  };
  return `${scrub(JSON.stringify(bundle, null, 1), setValues(deps.env))}\n`;
}

async function describeStatus(deps: Deps) {
  const figures = [];
  for (const metric of stateMetrics) {
    figures.push({ name: metric.name, help: metric.help, values: await readMeasures(deps, metric) });
  }
  return figures;
}

/** PostgreSQL's own estimate: counting every table of a large installation would be felt. */
async function estimateRows({ db }: Deps): Promise<Record<string, number>> {
  const rows = await db.asSystem((tx) =>
    db.rows<{ name: string; count: number }>(
      tx,
      `SELECT relname AS name, greatest(n_live_tup, 0)::integer AS count FROM pg_stat_user_tables WHERE schemaname = 'public' ORDER BY relname`,
    ),
  );
  return Object.fromEntries(rows.map(({ name, count }) => [name, count]));
}
