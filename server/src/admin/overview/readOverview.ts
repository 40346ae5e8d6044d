import { canaryStepNames, type Overview } from '@carmic/contract';
import { release } from '../../core/release.ts';
import type { Deps } from '../../deps.ts';
import { judgeOverview } from './judgeOverview.ts';
import { readCertificate } from './readCertificate.ts';

interface Row {
  tasks_queued: number;
  tasks_running: number;
  oldest_wait: number;
  agents_online: number;
  agents: number;
  broken_encoders: number;
  videos: number;
  workspaces: number;
  workspaces_full: number;
  storage_bytes: string;
  database_bytes: string;
  connection_share: number;
  deletions_open: number;
  oldest_erasure: number;
  retention_lag: number;
  oldest_job: number;
  ending_keys: number;
  last_backup: Date | null;
}

/** The canary counts nowhere. */
const canaries = '(SELECT id FROM workspaces WHERE is_canary)';

const online = `revoked_at IS NULL AND last_seen_at > CAST(:now AS timestamptz) - interval '60 seconds'`;

const figuresSql = `SELECT
  (SELECT count(*)::integer FROM media_tasks WHERE state = 'queued') AS tasks_queued,
  (SELECT count(*)::integer FROM media_tasks WHERE state IN ('leased', 'verifying')) AS tasks_running,
  (SELECT coalesce(extract(epoch FROM CAST(:now AS timestamptz) - min(queued_at)), 0)::float FROM media_tasks WHERE state = 'queued') AS oldest_wait,
  (SELECT count(*)::integer FROM agents WHERE ${online}) AS agents_online,
  (SELECT count(*)::integer FROM agents WHERE revoked_at IS NULL) AS agents,
  (SELECT count(*)::integer FROM agents a CROSS JOIN LATERAL jsonb_array_elements(a.capabilities->'encoders') e
    WHERE ${online} AND NOT (e->>'works')::boolean AND e->>'cause' IN ('old_driver', 'no_access', 'session_limit', 'out_of_memory', 'low_quality', 'failed')) AS broken_encoders,
  (SELECT count(*)::integer FROM videos WHERE deleted_at IS NULL AND workspace_id NOT IN ${canaries}) AS videos,
  (SELECT count(*)::integer FROM workspaces WHERE NOT is_canary) AS workspaces,
  (SELECT count(*)::integer FROM workspaces w JOIN storage_usage u ON u.workspace_id = w.id
    WHERE NOT w.is_canary AND w.storage_limit_bytes IS NOT NULL AND u.used_bytes > 0.9 * w.storage_limit_bytes) AS workspaces_full,
  (SELECT coalesce(sum(used_bytes), 0) FROM storage_usage WHERE workspace_id NOT IN ${canaries}) AS storage_bytes,
  pg_database_size(current_database()) AS database_bytes,
  ((SELECT sum(numbackends) FROM pg_stat_database) / current_setting('max_connections')::float)::float AS connection_share,
  (SELECT count(*)::integer FROM erasures WHERE finished_at IS NULL) AS deletions_open,
  (SELECT coalesce(extract(epoch FROM CAST(:now AS timestamptz) - min(requested_at)), 0)::float FROM erasures WHERE finished_at IS NULL) AS oldest_erasure,
  (SELECT coalesce(extract(epoch FROM CAST(:now AS timestamptz) - min(expires_at)), 0)::float FROM videos
    WHERE deleted_at IS NULL AND expires_at <= CAST(:now AS timestamptz)) AS retention_lag,
  (SELECT coalesce(extract(epoch FROM now() - min(next_run_at)), 0)::float FROM agenda_jobs
    WHERE locked_at IS NULL AND NOT disabled AND next_run_at < now()) AS oldest_job,
  (SELECT count(*)::integer FROM api_keys WHERE replaced_at IS NULL
    AND expires_at BETWEEN CAST(:now AS timestamptz) AND CAST(:now AS timestamptz) + interval '14 days') AS ending_keys,
  (SELECT (value->>'at')::timestamptz FROM instance_settings WHERE name = 'last_backup') AS last_backup`;

const hoursSql = `SELECT h AS at,
    count(t.id) FILTER (WHERE t.state = 'done')::integer AS done,
    count(t.id) FILTER (WHERE t.state = 'failed')::integer AS failed,
    avg(extract(epoch FROM t.leased_at - t.queued_at)) FILTER (WHERE t.leased_at >= t.queued_at)::float AS wait
  FROM generate_series(date_trunc('hour', CAST(:now AS timestamptz)) - interval '47 hours', date_trunc('hour', CAST(:now AS timestamptz)), interval '1 hour') h
  LEFT JOIN media_tasks t ON t.state IN ('done', 'failed') AND t.workspace_id NOT IN ${canaries} AND t.finished_at >= h AND t.finished_at < h + interval '1 hour'
  GROUP BY h ORDER BY h`;

interface CanaryRow {
  step: (typeof canaryStepNames)[number];
  state: 'waiting' | 'running' | 'ok' | 'failed' | 'skipped';
  is_ok: boolean | null;
  reason: string | null;
  seconds: number | null;
  succeeded_at: Date | null;
}

/** What the canary found, in the order of its steps; null while it is off. */
async function readCanary({ db, env }: Deps): Promise<Overview['canary']> {
  if (env.CARMIC_CANARY === 'off') {
    return null;
  }
  const rows = await db.systemRows<CanaryRow>('SELECT step, state, is_ok, reason, seconds, succeeded_at FROM canary_probes');
  return canaryStepNames.flatMap((step) =>
    rows
      .filter((row) => row.step === step)
      .map((row) => ({
        ...{ step, state: row.state, isOk: row.is_ok, reason: row.reason, seconds: row.seconds },
        succeededAt: row.succeeded_at?.toISOString() ?? null,
      })),
  );
}

/** Looks at everything the installation stands on that this server can see, and judges it. */
export async function readOverview(deps: Deps): Promise<Overview> {
  const { clock, db, env, store } = deps;
  const now = clock.now();
  const values = { now: now.toISOString() };
  const [[row, hours], storageChecks, certificateDays, canary] = await Promise.all([
    db.asSystem(async (tx) => {
      const [first] = await db.rows<Row>(tx, figuresSql, values);
      const found = await db.rows<{ at: Date; done: number; failed: number; wait: number | null }>(tx, hoursSql, values);
      return [first, found] as const;
    }),
    store.check(),
    daysOfCertificate(env.CARMIC_BASE_URL),
    readCanary(deps),
  ]);
  if (row === undefined) {
    throw new Error('A SELECT without FROM has one row.');
  }
  const backupHours = row.last_backup === null ? null : (now.getTime() - new Date(row.last_backup).getTime()) / 3_600_000;
  return {
    checkedAt: values.now,
    release: release.version,
    checks: judgeOverview({
      agentsOnline: row.agents_online,
      oldestWaitSeconds: row.oldest_wait,
      oldestJobSeconds: row.oldest_job,
      brokenEncoders: row.broken_encoders,
      storageChecks,
      workspacesFull: row.workspaces_full,
      connectionShare: row.connection_share,
      oldestErasureSeconds: row.oldest_erasure,
      retentionLagSeconds: row.retention_lag,
      backupHours,
      certificateDays,
      hasMail: env.CARMIC_SMTP_URL !== undefined,
      endingKeys: row.ending_keys,
      canaryFailures: canary === null ? null : canary.filter(({ isOk }) => isOk === false).length,
    }),
    figures: {
      tasksQueued: row.tasks_queued,
      tasksRunning: row.tasks_running,
      oldestWaitSeconds: row.oldest_wait,
      agentsOnline: row.agents_online,
      agents: row.agents,
      videos: row.videos,
      workspaces: row.workspaces,
      storageBytes: Number(row.storage_bytes),
      databaseBytes: Number(row.database_bytes),
      deletionsOpen: row.deletions_open,
      lastBackupAt: row.last_backup === null ? null : new Date(row.last_backup).toISOString(),
    },
    canary,
    hours: hours.map(({ at, done, failed, wait }) => ({ at: new Date(at).toISOString(), done, failed, waitSeconds: wait })),
  };
}

/** Days until the certificate that people see ends; null without an https address, NaN where nobody answers. */
async function daysOfCertificate(url: string | undefined): Promise<number | null> {
  if (url === undefined || !url.startsWith('https:')) {
    return null;
  }
  const found = await readCertificate(url).catch(() => null);
  return found === null ? Number.NaN : (found.endsAt.getTime() - Date.now()) / 86_400_000;
}
