/** The server's own work as administrators see it: what recurs, what waits, what failed; and trying again. */
import type { Jobs as JobList, OpenJob, RecurringJob } from '@carmic/contract';
import { describeError } from '../../core/describeError.ts';
import { notFound, wrongState } from '../../core/errors.ts';
import type { Deps } from '../../deps.ts';

const longestList = 100;

interface JobRow {
  name: string;
  next_run_at: Date | null;
  last_run_at: Date | null;
  last_finished_at: Date | null;
  locked_at: Date | null;
  failed_at: Date | null;
  fail_reason: string | null;
  repeat_interval: string | null;
  disabled: boolean;
}

interface OpenRow {
  name: string;
  state: OpenJob['state'];
  attempts: number;
  next_run_at: Date | null;
  reason: string | null;
}

interface FailedRow {
  id: string;
  name: string;
  attempts: number;
  failed_at: Date;
  reason: string | null;
  has_payload: boolean;
}

interface CountRow {
  running: number;
  due: number;
  later: number;
  failed: number;
}

const recurringSql = `SELECT name, next_run_at, last_run_at, last_finished_at, locked_at, failed_at, fail_reason, repeat_interval, disabled
  FROM agenda_jobs WHERE repeat_interval IS NOT NULL ORDER BY name`;

/** A job's state, as the database knows it. Locks that nobody extends end; they count as due. */
const stateSql = `CASE WHEN locked_at > now() - interval '2 minutes' THEN 'running' WHEN next_run_at <= now() THEN 'due' ELSE 'later' END`;

const openSql = `SELECT j.name, ${stateSql} AS state, coalesce(f.attempts, 0) AS attempts, j.next_run_at, f.reason
  FROM agenda_jobs j LEFT JOIN job_failures f ON CAST(f.job_id AS text) = j.data->>'key'
  WHERE j.repeat_interval IS NULL AND NOT j.disabled AND (j.locked_at IS NOT NULL OR j.next_run_at IS NOT NULL)
  ORDER BY array_position(ARRAY['running', 'due', 'later'], ${stateSql}), j.next_run_at LIMIT ${longestList}`;

const failedSql = `SELECT job_id AS id, name, attempts, failed_at, reason, payload IS NOT NULL AS has_payload
  FROM job_failures WHERE failed_at IS NOT NULL ORDER BY failed_at DESC LIMIT ${longestList}`;

const countSql = `SELECT
    count(*) FILTER (WHERE state = 'running')::integer AS running,
    count(*) FILTER (WHERE state = 'due')::integer AS due,
    count(*) FILTER (WHERE state = 'later')::integer AS later,
    (SELECT count(*)::integer FROM job_failures WHERE failed_at IS NOT NULL) AS failed
  FROM (SELECT ${stateSql} AS state FROM agenda_jobs
    WHERE repeat_interval IS NULL AND NOT disabled AND (locked_at IS NOT NULL OR next_run_at IS NOT NULL)) open`;

const timeOf = (date: Date | null) => (date === null ? null : new Date(date).toISOString());

/** Everything about the jobs of the installation. */
export async function readJobs(deps: Deps): Promise<JobList> {
  const { db, jobs } = deps;
  return db.asSystem(async (tx) => {
    const recurring = await db.rows<JobRow>(tx, recurringSql);
    const open = await db.rows<OpenRow>(tx, openSql);
    const failed = await db.rows<FailedRow>(tx, failedSql);
    const [counts] = await db.rows<CountRow>(tx, countSql);
    return {
      counts: counts ?? { running: 0, due: 0, later: 0, failed: 0 },
      recurring: recurring.map(presentRecurring),
      open: open.map(({ attempts, name, next_run_at: runsAt, reason, state }) => ({
        name,
        state,
        attempts,
        runsAt: timeOf(runsAt),
        reason,
      })),
      failed: failed.map(({ attempts, failed_at: failedAt, has_payload: hasPayload, id, name, reason }) => ({
        id,
        name,
        attempts,
        failedAt: new Date(failedAt).toISOString(),
        reason,
        canRetry: hasPayload && jobs.kindOf(name) === 'plain',
      })),
    };
  });
}

function presentRecurring(row: JobRow): RecurringJob {
  const hasFailed = row.failed_at !== null && (row.last_finished_at === null || row.failed_at >= row.last_finished_at);
  const everyMs = Number(row.repeat_interval);
  return {
    name: row.name,
    state: row.disabled ? 'off' : row.locked_at !== null ? 'running' : hasFailed ? 'failed' : 'waiting',
    everySeconds: Number.isFinite(everyMs) && everyMs > 0 ? everyMs / 1000 : null,
    lastRunAt: timeOf(row.last_run_at),
    nextRunAt: timeOf(row.next_run_at),
    // The job runner keeps the error's own message: what is quoted in it does not leave the server.
    reason: hasFailed && row.fail_reason !== null ? describeError(new Error(row.fail_reason)).message : null,
  };
}

/** Tries a job again that failed for good. Throws not_found, and wrong_state where the thing itself is tried again instead. */
export async function retryJob(deps: Deps, userId: string, id: string): Promise<void> {
  const { db, jobs } = deps;
  const job = await db.asSystem(async (tx) => {
    const [row] = await db.rows<{ name: string; payload: Record<string, unknown> | null }>(
      tx,
      'SELECT name, payload FROM job_failures WHERE job_id = :id AND failed_at IS NOT NULL FOR UPDATE',
      { id },
    );
    if (row === undefined) {
      throw notFound('failed job');
    }
    if (row.payload === null || jobs.kindOf(row.name) !== 'plain') {
      throw wrongState('This work is tried again where it failed: at its video, translation or account.');
    }
    await db.change(tx, 'DELETE FROM job_failures WHERE job_id = :id', { id });
    await deps.appendEvent(tx, { workspaceId: null, type: 'settings.updated', actorId: userId, data: { setting: 'jobs' } });
    return { name: row.name, payload: row.payload };
  });
  await jobs.enqueue(job.name, job.payload);
}

/** Takes a job off the list of those that failed. Throws not_found. */
export async function forgetJob(deps: Deps, id: string): Promise<void> {
  const changed = await deps.db.asSystem((tx) =>
    deps.db.change(tx, 'DELETE FROM job_failures WHERE job_id = :id AND failed_at IS NOT NULL', { id }),
  );
  if (changed === 0) {
    throw notFound('failed job');
  }
}

/** Does recurring work now. Throws not_found. */
export async function runJob(deps: Deps, name: string): Promise<void> {
  const [row] = await deps.db.asSystem((tx) =>
    deps.db.rows(tx, 'SELECT 1 FROM agenda_jobs WHERE name = :name AND repeat_interval IS NOT NULL', { name }),
  );
  if (row === undefined || deps.jobs.kindOf(name) === null) {
    throw notFound('recurring job');
  }
  await deps.jobs.enqueue(name, {});
}
