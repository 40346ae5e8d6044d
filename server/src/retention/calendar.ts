import type { Calendar } from '@carmic/contract';
import { addSeconds } from '../core/clock.ts';
import type { Deps } from '../deps.ts';
import { titleOf } from '../library/content.ts';

const itemsPerDay = 50;

interface Row {
  id: string;
  title_sealed: Buffer;
  expires_at: Date;
  bytes: string;
}

/** What expires in a workspace within `days` days from now, by UTC day. */
export function readCalendar(deps: Deps, workspaceId: string, days: number): Promise<Calendar> {
  const { db, clock } = deps;
  const now = clock.now();
  return db.inWorkspace(workspaceId, async (tx) => {
    const rows = await db.rows<Row>(
      tx,
      `SELECT v.id, v.title_sealed, v.expires_at,
         COALESCE((SELECT sum(o.size_bytes) FROM stored_objects o WHERE o.video_id = v.id), 0) AS bytes
       FROM videos v WHERE v.workspace_id = :workspaceId AND v.deleted_at IS NULL AND v.expires_at > :now AND v.expires_at <= :until
       ORDER BY v.expires_at, v.id`,
      { workspaceId, now, until: addSeconds(now, days * 24 * 3600) },
    );
    const byDay = new Map<string, Calendar['days'][number]>();
    for (const row of rows) {
      const expiresAt = row.expires_at.toISOString();
      const name = expiresAt.slice(0, 10);
      const day = byDay.get(name) ?? { day: name, videos: 0, bytes: 0, items: [] };
      byDay.set(name, day);
      day.videos += 1;
      day.bytes += Number(row.bytes);
      if (day.items.length < itemsPerDay) {
        const title = titleOf(deps, { id: row.id, titleSealed: row.title_sealed });
        day.items.push({ videoId: row.id, title, sizeBytes: Number(row.bytes), expiresAt });
      }
    }
    return { days: [...byDay.values()] };
  });
}
