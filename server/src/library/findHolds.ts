/** Legal holds as members meet them: there is one, until when, and nothing of it can be deleted. Why is for administrators only. */
import { wrongState } from '../core/errors.ts';
import type { Tx } from '../db/database.ts';
import { uuidArray } from '../db/uuidArray.ts';
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

/** SQL condition: no hold is in force on the video `v` at `:now`. */
export const notHeld = `NOT EXISTS (SELECT 1 FROM legal_holds h WHERE h.workspace_id = v.workspace_id AND (h.video_id IS NULL OR h.video_id = v.id)
  AND h.released_at IS NULL AND (h.ends_at IS NULL OR h.ends_at > :now))`;

/** Throws wrong_state when one of these videos is under a legal hold. */
export async function requireNoHold(deps: Deps, tx: Tx, videoIds: readonly string[]): Promise<void> {
  const held = await deps.db.rows<{ id: string }>(
    tx,
    `SELECT v.id FROM videos v WHERE v.id = ANY(CAST(:ids AS uuid[])) AND v.deleted_at IS NULL AND NOT (${notHeld})`,
    { ids: uuidArray(videoIds), now: deps.clock.now() },
  );
  if (held.length > 0) {
    throw wrongState(
      videoIds.length === 1
        ? 'This content is under a legal hold and cannot be deleted: ask the administrator of this installation.'
        : `${held.length} of these videos are under a legal hold and cannot be deleted: leave them out, or ask the administrator of this installation.`,
    );
  }
}
