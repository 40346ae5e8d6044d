/** Legal holds as members see them: that there is one and until when. Why is for administrators only. */
import type { Tx } from '../db/database.ts';
import type { Deps } from '../deps.ts';

/** Holds in force on videos, by the video's id; the end of the longest, null when that has none. */
export async function findHolds({ db, clock }: Deps, tx: Tx, ids: readonly string[]): Promise<Map<string, { endsAt: string | null }>> {
  const rows = await db.rows<{ video_id: string; ends_at: Date | null; is_endless: boolean }>(
    tx,
    `SELECT v.id AS video_id, max(h.ends_at) AS ends_at, bool_or(h.ends_at IS NULL) AS is_endless
     FROM videos v JOIN legal_holds h ON h.workspace_id = v.workspace_id AND (h.video_id IS NULL OR h.video_id = v.id)
     WHERE v.id IN (:ids) AND h.released_at IS NULL AND (h.ends_at IS NULL OR h.ends_at > :now) GROUP BY v.id`,
    { ids, now: clock.now() },
  );
  return new Map(rows.map((row) => [row.video_id, { endsAt: row.is_endless || row.ends_at === null ? null : row.ends_at.toISOString() }]));
}
