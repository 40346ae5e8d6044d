/**
 * Sources with the same bytes, within one workspace only: an answer about another workspace's content would tell a stranger what it has.
 * Uploads know their source by the SHA-256 over the digests of their parts, imports digest the same parts while they fetch.
 */
import type { Tx } from '../db/database.ts';
import type { Deps } from '../deps.ts';

/** By video, the oldest other one with the same source that is older and can still be opened. */
export async function findDuplicates(deps: Deps, tx: Tx, videoIds: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const rows = await deps.db.rows<{ video_id: string; older_id: string }>(
    tx,
    `SELECT DISTINCT ON (mine.video_id) mine.video_id, older.video_id AS older_id
     FROM stored_objects mine
     JOIN stored_objects older ON older.workspace_id = mine.workspace_id AND older.sha256 = mine.sha256 AND older.size_bytes = mine.size_bytes
       AND older.kind = 'source' AND older.state = 'ready' AND (older.created_at, older.id) < (mine.created_at, mine.id)
     JOIN videos v ON v.workspace_id = older.workspace_id AND v.id = older.video_id
       AND v.deleted_at IS NULL AND (v.expires_at IS NULL OR v.expires_at > :now)
     WHERE mine.video_id IN (:videoIds) AND mine.kind = 'source' AND mine.state = 'ready'
     ORDER BY mine.video_id, older.created_at, older.id`,
    { videoIds: [...videoIds], now: deps.clock.now() },
  );
  return new Map(rows.map((row) => [row.video_id, row.older_id]));
}

/** The oldest video of the workspace whose source has these bytes; null when there is none. */
export async function findSameSource(
  deps: Deps,
  tx: Tx,
  workspaceId: string,
  source: { sha256: string; sizeBytes: number },
): Promise<string | null> {
  const [row] = await deps.db.rows<{ video_id: string }>(
    tx,
    `SELECT o.video_id FROM stored_objects o JOIN videos v ON v.workspace_id = o.workspace_id AND v.id = o.video_id
     WHERE o.workspace_id = :workspaceId AND o.sha256 = :sha256 AND o.size_bytes = :sizeBytes AND o.kind = 'source' AND o.state = 'ready'
       AND v.deleted_at IS NULL AND (v.expires_at IS NULL OR v.expires_at > :now)
     ORDER BY o.created_at, o.id LIMIT 1`,
    { workspaceId, ...source, now: deps.clock.now() },
  );
  return row?.video_id ?? null;
}
