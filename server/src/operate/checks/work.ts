import { limits } from '../../admin/overview/limits.ts';
import { systemClock } from '../../core/clock.ts';
import type { Env } from '../../core/env.ts';
import { createLog } from '../../core/log.ts';
import { createDatabase } from '../../db/database.ts';
import { type Check, failed, ok, warning } from './check.ts';

const { longWaitSeconds, lateErasureSeconds, lateRetentionSeconds, deadWorkerSeconds } = limits;

interface Row {
  agents: number;
  wait: number;
  erasure: number;
  retention: number;
  job: number;
}

/** Agents, workers, and how long work has waited. */
export async function checkWork(env: Env): Promise<Check[]> {
  const db = createDatabase({ url: env.CARMIC_DATABASE_URL, poolSize: 1, log: createLog({ level: 'silent' }) });
  try {
    const now = systemClock(env.CARMIC_CLOCK_OFFSET_MS).now();
    const [row] = await db.asSystem((tx) =>
      db.rows<Row>(
        tx,
        `SELECT
           (SELECT count(*)::integer FROM agents WHERE revoked_at IS NULL AND last_seen_at > CAST(:now AS timestamptz) - interval '60 seconds') AS agents,
           (SELECT coalesce(extract(epoch FROM CAST(:now AS timestamptz) - min(queued_at)), 0)::float FROM media_tasks WHERE state = 'queued') AS wait,
           (SELECT coalesce(extract(epoch FROM CAST(:now AS timestamptz) - min(requested_at)), 0)::float FROM erasures WHERE finished_at IS NULL) AS erasure,
           (SELECT coalesce(extract(epoch FROM CAST(:now AS timestamptz) - min(expires_at)), 0)::float FROM videos
            WHERE deleted_at IS NULL AND expires_at <= CAST(:now AS timestamptz)) AS retention,
           (SELECT coalesce(extract(epoch FROM now() - min(next_run_at)), 0)::float FROM agenda_jobs
            WHERE locked_at IS NULL AND NOT disabled AND next_run_at < now()) AS job`,
        { now: now.toISOString() },
      ),
    );
    return row === undefined ? [] : judge(row);
  } finally {
    await db.close();
  }
}

function judge({ agents, erasure, job, retention, wait }: Row): Check[] {
  const minutes = (seconds: number) => `${Math.round(seconds / 60)} minutes`;
  return [
    agents === 0
      ? failed(
          'agents',
          'No agent has called within the last minute: no video is worked on.',
          'Start an agent; `carmic enrolment-code` gives a new one its code, and its log says why it does not come in.',
        )
      : ok('agents', `${agents} agents called within the last minute.`),
    wait > longWaitSeconds
      ? warning(
          'queue',
          `The oldest task has waited ${minutes(wait)}.`,
          'Add agents, or look at the page Agents: one that takes no work says why.',
        )
      : ok('queue', `The oldest task has waited ${minutes(wait)}.`),
    job > deadWorkerSeconds
      ? failed(
          'worker',
          `A job has been due for ${minutes(job)}: no worker process takes any.`,
          'Start the worker (`carmic worker`), or read its log.',
        )
      : ok('worker', 'Jobs are taken in time.'),
    erasure > lateErasureSeconds
      ? failed(
          'deletions',
          `A deletion has been open for ${minutes(erasure)}; it has to end within 24 hours.`,
          'The page Deletions says at which step it waits: storage or content network.',
        )
      : ok('deletions', 'No deletion is late.'),
    retention > lateRetentionSeconds
      ? warning(
          'retention',
          `Expired content has waited ${minutes(retention)} for the sweeper (it is refused all the same).`,
          'See that a worker runs, and read its log.',
        )
      : ok('retention', 'Expired content is swept in time.'),
  ];
}
