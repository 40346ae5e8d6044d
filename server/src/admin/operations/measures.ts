import type { Deps } from '../../deps.ts';

/** One figure of the state of the instance: labels in the order in which its metric declares them. */
export interface Measure {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A metric that is read from the database when somebody asks, and only then. Its names are part of the product: dashboards hold them. */
export interface StateMetric {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
  /** SQL with one column `value` and one column for each label. Reads `:now`. */
  readonly sql: string;
}

/** The canary counts in none of the figures of use and work; it has figures of its own. */
const notCanary = 'workspace_id NOT IN (SELECT id FROM workspaces WHERE is_canary)';

/** What an operator watches. Every statement reads an index or a small table, so that asking every few seconds costs nothing that is felt. */
export const stateMetrics: readonly StateMetric[] = [
  {
    name: 'carmic_tasks',
    help: 'Media tasks that are not over, by kind and state',
    labels: ['kind', 'state'],
    sql: `SELECT kind, state, count(*) AS value FROM media_tasks WHERE state IN ('queued', 'leased', 'verifying') GROUP BY kind, state`,
  },
  {
    name: 'carmic_task_oldest_wait_seconds',
    help: 'How long the oldest queued media task has waited, by kind',
    labels: ['kind'],
    sql: `SELECT kind, extract(epoch FROM :now::timestamptz - min(queued_at)) AS value FROM media_tasks WHERE state = 'queued' GROUP BY kind`,
  },
  {
    name: 'carmic_agents',
    help: 'Agents that called within the last minute',
    labels: [],
    sql: `SELECT count(*) AS value FROM agents WHERE revoked_at IS NULL AND last_seen_at > :now::timestamptz - interval '60 seconds'`,
  },
  {
    name: 'carmic_agent_slots_leased',
    help: 'Media tasks that agents hold now',
    labels: [],
    sql: `SELECT count(*) AS value FROM media_tasks WHERE state = 'leased'`,
  },
  {
    name: 'carmic_videos',
    help: 'Videos by state',
    labels: ['state'],
    sql: `SELECT state, count(*) AS value FROM videos WHERE deleted_at IS NULL AND ${notCanary} GROUP BY state`,
  },
  {
    name: 'carmic_storage_used_bytes',
    help: 'Bytes that the content of all workspaces is counted with',
    labels: [],
    sql: `SELECT coalesce(sum(used_bytes), 0) AS value FROM storage_usage WHERE ${notCanary}`,
  },
  {
    name: 'carmic_erasures_open',
    help: 'Deletions that are not finished',
    labels: [],
    sql: `SELECT count(*) AS value FROM erasures WHERE finished_at IS NULL`,
  },
  {
    name: 'carmic_erasure_oldest_seconds',
    help: 'Age of the oldest deletion that is not finished; 0 when there is none',
    labels: [],
    sql: `SELECT coalesce(extract(epoch FROM :now::timestamptz - min(requested_at)), 0) AS value FROM erasures WHERE finished_at IS NULL`,
  },
  {
    name: 'carmic_retention_lag_seconds',
    help: 'How long the oldest expired video has waited for the sweeper; 0 when none does. Expired content is refused at once all the same',
    labels: [],
    sql: `SELECT coalesce(extract(epoch FROM :now::timestamptz - min(expires_at)), 0) AS value
      FROM videos WHERE deleted_at IS NULL AND expires_at <= :now`,
  },
  {
    name: 'carmic_tasks_ended_last_hour',
    help: 'Media tasks that ended within the last hour, by kind and how',
    labels: ['kind', 'state'],
    sql: `SELECT kind, state, count(*) AS value FROM media_tasks
      WHERE state IN ('done', 'failed') AND finished_at > :now::timestamptz - interval '1 hour' AND ${notCanary} GROUP BY kind, state`,
  },
  {
    name: 'carmic_task_seconds_last_hour',
    help: 'Mean time that agents took for a media task that was done within the last hour, by kind',
    labels: ['kind'],
    sql: `SELECT kind, avg(extract(epoch FROM finished_at - leased_at)) AS value FROM media_tasks
      WHERE state = 'done' AND finished_at > :now::timestamptz - interval '1 hour' AND ${notCanary} GROUP BY kind`,
  },
  {
    name: 'carmic_render_realtime_ratio_last_hour',
    help: 'Seconds of rendering for one second of clip, over the clips of the last hour; 1 is real time, less is faster',
    labels: [],
    sql: `SELECT sum(extract(epoch FROM finished_at - leased_at)) / nullif(sum((result->>'durationSeconds')::float), 0) AS value FROM media_tasks
      WHERE kind = 'render' AND state = 'done' AND finished_at > :now::timestamptz - interval '1 hour' AND ${notCanary}
      HAVING sum((result->>'durationSeconds')::float) > 0`,
  },
  {
    name: 'carmic_encoder_sessions',
    help: 'Clips that the agents of the last minute may encode at a time on graphics cards, by encoder; only where the card sets a limit',
    labels: ['encoder'],
    sql: `SELECT e->>'name' AS encoder, sum((e->>'sessions')::integer) AS value
      FROM agents a CROSS JOIN LATERAL jsonb_array_elements(a.capabilities->'encoders') e
      WHERE a.revoked_at IS NULL AND a.last_seen_at > :now::timestamptz - interval '60 seconds'
        AND (e->>'works')::boolean AND jsonb_typeof(e->'sessions') = 'number' GROUP BY e->>'name'`,
  },
  {
    name: 'carmic_storage_limit_bytes',
    help: 'Bytes that all workspaces with a limit may hold together',
    labels: [],
    sql: `SELECT coalesce(sum(storage_limit_bytes), 0) AS value FROM workspaces WHERE NOT is_canary`,
  },
  {
    name: 'carmic_workspaces_nearly_full',
    help: 'Workspaces that hold more than nine tenths of what they may',
    labels: [],
    sql: `SELECT count(*) AS value FROM workspaces w JOIN storage_usage u ON u.workspace_id = w.id
      WHERE NOT w.is_canary AND w.storage_limit_bytes IS NOT NULL AND u.used_bytes > 0.9 * w.storage_limit_bytes`,
  },
  {
    name: 'carmic_job_oldest_due_seconds',
    help: 'How long the oldest due job has waited for a worker; 0 when none waits',
    labels: [],
    sql: `SELECT coalesce(extract(epoch FROM now() - min(next_run_at)), 0) AS value FROM agenda_jobs
      WHERE locked_at IS NULL AND NOT disabled AND next_run_at < now()`,
  },
  {
    name: 'carmic_backup_timestamp_seconds',
    help: 'When the last whole backup was made, in seconds since 1970; 0 when there was none',
    labels: [],
    sql: `SELECT coalesce((SELECT extract(epoch FROM (value->>'at')::timestamptz) FROM instance_settings WHERE name = 'last_backup'), 0) AS value`,
  },
  {
    name: 'carmic_canary_step_ok',
    help: '1 where a step of the canary succeeded last time, 0 where it failed; steps that were left out are missing, and all while it is off',
    labels: ['step'],
    sql: `SELECT step, is_ok::integer AS value FROM canary_probes WHERE is_ok IS NOT NULL`,
  },
  {
    name: 'carmic_canary_step_seconds',
    help: 'How long a step of the canary took when it last succeeded',
    labels: ['step'],
    sql: `SELECT step, seconds AS value FROM canary_probes WHERE seconds IS NOT NULL`,
  },
  {
    name: 'carmic_canary_success_timestamp_seconds',
    help: 'When a step of the canary last succeeded, in seconds since 1970',
    labels: ['step'],
    sql: `SELECT step, extract(epoch FROM succeeded_at) AS value FROM canary_probes WHERE succeeded_at IS NOT NULL`,
  },
];

/** Reads one metric's figures. Rejects when the database is away. */
export async function readMeasures(deps: Pick<Deps, 'db' | 'clock'>, metric: StateMetric): Promise<Measure[]> {
  const rows = await deps.db.asSystem((tx) =>
    deps.db.rows<Record<string, string | number>>(tx, metric.sql, { now: deps.clock.now().toISOString() }),
  );
  return rows.map((row) => ({
    labels: Object.fromEntries(metric.labels.map((label) => [label, String(row[label])])),
    value: Number(row['value']),
  }));
}
