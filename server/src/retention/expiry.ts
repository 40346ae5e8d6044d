/**
 * When content ends. Keeps: R1, R2, R3, R4.
 *
 * `videos.expires_at` is written when an upload completes and whenever a rule changes, by the one expression below, which the preview of a
 * change uses too: what it shows is what the sweeper will do. What has expired already stays expired.
 */
import type { Tx } from '../db/database.ts';
import type { Deps } from '../deps.ts';
import { notHeld } from '../library/findHolds.ts';

/** The rule that shall apply to one workspace; `retentionDays` null is no expiry. */
export interface RetentionTarget {
  workspaceId: string;
  retentionDays: number | null;
  graceFrom: Date | null;
  graceUntil: Date | null;
  graceDays: number | null;
}

/** Days are 24 hours here, whatever the clocks do. GREATEST and LEAST pass over NULL, which is no limit of grace. */
const expiryUnder = `
  CASE WHEN t.retention_days IS NULL THEN NULL ELSE GREATEST(
    v.kept_from + t.retention_days * interval '86400 seconds',
    CASE WHEN v.kept_from < t.grace_from THEN LEAST(t.grace_until, v.kept_from + t.grace_days * interval '86400 seconds') END)
  END`;

const targetRows = `jsonb_to_recordset(CAST(:targets AS jsonb))
  AS t(workspace_id uuid, retention_days double precision, grace_from timestamptz, grace_until timestamptz, grace_days double precision)`;

const living = `v.deleted_at IS NULL AND v.kept_from IS NOT NULL AND (v.expires_at IS NULL OR v.expires_at > :now)`;

function written(targets: readonly RetentionTarget[]): string {
  return JSON.stringify(
    targets.map((target) => ({
      workspace_id: target.workspaceId,
      retention_days: target.retentionDays,
      grace_from: target.graceFrom,
      grace_until: target.graceUntil,
      grace_days: target.graceDays,
    })),
  );
}

/** Writes the expiry of everything in these workspaces anew. Answers how many videos got another one. */
export function applyRetention(deps: Deps, tx: Tx, targets: readonly RetentionTarget[]): Promise<number> {
  return deps.db.change(
    tx,
    `UPDATE videos v SET expires_at = ${expiryUnder} FROM ${targetRows}
     WHERE v.workspace_id = t.workspace_id AND ${living} AND v.expires_at IS DISTINCT FROM (${expiryUnder})`,
    { targets: written(targets), now: deps.clock.now() },
  );
}

/** One video whose expiry a change would move. Sizes are those of all its objects, in bytes. */
export interface MovedExpiry {
  workspaceId: string;
  sizeBytes: number;
  before: Date | null;
  after: Date | null;
  /** Under a legal hold now: the sweeper passes over it as long as that is in force. */
  isHeld: boolean;
}

/** What `applyRetention` would change, without changing it. */
export async function listMoved(deps: Deps, tx: Tx, targets: readonly RetentionTarget[]): Promise<MovedExpiry[]> {
  const rows = await deps.db.rows<{ workspace_id: string; bytes: string; before: Date | null; after: Date | null; is_held: boolean }>(
    tx,
    `SELECT m.workspace_id, m.before, m.after, m.is_held,
       COALESCE((SELECT sum(o.size_bytes) FROM stored_objects o WHERE o.video_id = m.id), 0) AS bytes
     FROM (SELECT v.id, v.workspace_id, v.expires_at AS before, ${expiryUnder} AS after, NOT (${notHeld}) AS is_held
           FROM videos v JOIN ${targetRows} ON v.workspace_id = t.workspace_id WHERE ${living}) m
     WHERE m.before IS DISTINCT FROM m.after`,
    { targets: written(targets), now: deps.clock.now() },
  );
  return rows.map((row) => ({
    workspaceId: row.workspace_id,
    sizeBytes: Number(row.bytes),
    before: row.before,
    after: row.after,
    isHeld: row.is_held,
  }));
}
