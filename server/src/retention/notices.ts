/**
 * Notices before content ends: an event per workspace a week and a day ahead, each once for each expiry, which webhooks carry on; and mail,
 * at most once a day.
 */
import { addSeconds } from '../core/clock.ts';
import type { Deps } from '../deps.ts';
import { notHeld } from '../library/findHolds.ts';
import { mailExpiry } from './mails.ts';

const day = 24 * 3600;
/** A notice makes sense only for content that is kept longer than the time it is given ahead. */
const notices = [
  { days: 7, column: 'week_notice_for' },
  { days: 1, column: 'day_notice_for' },
] as const;
const batchSize = 1000;
const namedVideos = 100;

interface Due {
  id: string;
  workspace_id: string;
  expires_at: Date;
}

/** Gives the notices that are due. Answers how many videos were announced. */
export async function giveNotices(deps: Deps): Promise<number> {
  let given = 0;
  for (const notice of notices) {
    given += await giveNotice(deps, notice.days, notice.column);
  }
  return given;
}

function giveNotice(deps: Deps, days: number, column: string): Promise<number> {
  const { db, clock, appendEvent } = deps;
  const now = clock.now();
  return db.asSystem(async (tx) => {
    const due = await db.rows<Due>(
      tx,
      `WITH due AS MATERIALIZED (
         SELECT v.id FROM videos v
         WHERE v.deleted_at IS NULL AND v.expires_at > :from AND v.expires_at <= :until AND v.${column} IS DISTINCT FROM v.expires_at
           AND v.expires_at - v.kept_from > :days * interval '86400 seconds' AND ${notHeld}
         ORDER BY v.expires_at LIMIT :batchSize FOR UPDATE SKIP LOCKED)
       UPDATE videos v SET ${column} = v.expires_at FROM due WHERE v.id = due.id RETURNING v.id, v.workspace_id, v.expires_at`,
      { now, from: addSeconds(now, days === 1 ? 0 : day), until: addSeconds(now, days * day), days, batchSize },
    );
    const byWorkspace = new Map<string, Due[]>();
    for (const row of due) {
      byWorkspace.set(row.workspace_id, [...(byWorkspace.get(row.workspace_id) ?? []), row]);
    }
    for (const [workspaceId, rows] of byWorkspace) {
      const times = rows.map((row) => row.expires_at.getTime());
      await appendEvent(tx, {
        workspaceId,
        type: 'retention.notice',
        data: {
          days,
          videos: rows.length,
          firstExpiresAt: new Date(Math.min(...times)).toISOString(),
          videoIds: rows.slice(0, namedVideos).map((row) => row.id),
        },
      });
      await mailExpiry(deps, tx, workspaceId);
    }
    return due.length;
  });
}
