/**
 * Storage of a workspace. Keeps: R3, R4.
 *
 * `storage_usage` is kept by triggers at the end of each statement on `stored_objects`: it counts the size of every row, and the pending row
 * of an upload carries the announced size. A reservation locks the counter, so that parallel uploads cannot pass the limit together.
 */
import { AppError } from '../core/errors.ts';
import type { Tx } from '../db/database.ts';
import type { Deps } from '../deps.ts';
import { correctStorageLedger } from './statement.ts';

/** A size for sentences, in powers of ten. */
export const formatBytes = (bytes: number): string =>
  bytes >= 1e12 ? `${(bytes / 1e12).toFixed(1)} TB` : bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${(bytes / 1e6).toFixed(1)} MB`;

/** Makes sure that `bytes` more fit; the caller inserts them in the same transaction. Throws quota_exceeded, and deletes nothing. */
export async function requireRoom(deps: Deps, tx: Tx, workspaceId: string, bytes: number): Promise<void> {
  const { db } = deps;
  const [usage] = await db.rows<{ used_bytes: string }>(
    tx,
    'SELECT used_bytes FROM storage_usage WHERE workspace_id = :workspaceId FOR UPDATE',
    { workspaceId },
  );
  const [workspace] = await db.rows<{ storage_limit_bytes: string | null }>(
    tx,
    'SELECT storage_limit_bytes FROM workspaces WHERE id = :workspaceId',
    { workspaceId },
  );
  const limit = workspace?.storage_limit_bytes ?? null;
  const used = Number(usage?.used_bytes ?? 0);
  if (limit !== null && used + bytes > Number(limit)) {
    throw new AppError(
      'quota_exceeded',
      `This needs ${formatBytes(bytes)}, and ${formatBytes(Math.max(0, Number(limit) - used))} of the ${formatBytes(Number(limit))} of this workspace are free. Delete videos you no longer need, or ask for a larger plan. Nothing was deleted.`,
      { details: { limitBytes: Number(limit), usedBytes: used, neededBytes: bytes } },
    );
  }
}

/** Bytes that are free in a workspace; null without a limit. */
export async function readRoom(deps: Deps, tx: Tx, workspaceId: string): Promise<number | null> {
  const [row] = await deps.db.rows<{ free_bytes: string | null }>(
    tx,
    `SELECT w.storage_limit_bytes - COALESCE(u.used_bytes, 0) AS free_bytes
     FROM workspaces w LEFT JOIN storage_usage u ON u.workspace_id = w.id WHERE w.id = :workspaceId`,
    { workspaceId },
  );
  const free = row?.free_bytes ?? null;
  return free === null ? null : Math.max(0, Number(free));
}

/** Counts a workspace's storage anew from its rows, and corrects the counter and the ledger. Answers bytes: counted, and counted minus what was on record. */
export async function recountStorage(deps: Deps, tx: Tx, workspaceId: string): Promise<{ countedBytes: number; correctedBytes: number }> {
  const { db, clock } = deps;
  const [before] = await db.rows<{ used_bytes: string }>(
    tx,
    'SELECT used_bytes FROM storage_usage WHERE workspace_id = :workspaceId FOR UPDATE',
    { workspaceId },
  );
  const [after] = await db.rows<{ used_bytes: string }>(
    tx,
    `INSERT INTO storage_usage (workspace_id, used_bytes, counted_at)
       SELECT :workspaceId, COALESCE(sum(size_bytes), 0), :now FROM stored_objects WHERE workspace_id = :workspaceId
     ON CONFLICT (workspace_id) DO UPDATE SET used_bytes = EXCLUDED.used_bytes, counted_at = EXCLUDED.counted_at
     RETURNING used_bytes`,
    { workspaceId, now: clock.now() },
  );
  const ledgerBytes = await correctStorageLedger(deps, tx, workspaceId);
  if (ledgerBytes !== 0) {
    deps.log.warn({ workspaceId, ledgerBytes }, 'the ledger of storage was corrected');
  }
  const countedBytes = Number(after?.used_bytes ?? 0);
  return { countedBytes, correctedBytes: countedBytes - Number(before?.used_bytes ?? 0) };
}

const recountAfterSeconds = 24 * 3600;

/** Recounts the workspaces whose last count is a day old; a few at a time, the oldest first. */
export async function recountStale(deps: Deps, batchSize: number): Promise<void> {
  const { db, clock, log } = deps;
  const stale = await db.asSystem((tx) =>
    db.rows<{ workspace_id: string }>(
      tx,
      `SELECT workspace_id FROM storage_usage WHERE counted_at IS NULL OR counted_at <= :before ORDER BY counted_at NULLS FIRST LIMIT :batchSize`,
      { before: new Date(clock.now().getTime() - recountAfterSeconds * 1000), batchSize },
    ),
  );
  for (const { workspace_id: workspaceId } of stale) {
    await db.inWorkspace(workspaceId, async (tx) => {
      const { countedBytes, correctedBytes } = await recountStorage(deps, tx, workspaceId);
      if (correctedBytes !== 0) {
        log.warn({ workspaceId, correctedBytes }, 'the storage of a workspace was counted anew and corrected');
        await deps.appendEvent(tx, { workspaceId, type: 'workspace.storage_recounted', data: { countedBytes, correctedBytes } });
      }
    });
  }
}
