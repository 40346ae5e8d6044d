/**
 * Reading events in an order that never skips one.
 *
 * Numbers are given out before a transaction commits, so a reader that remembers only a number would miss events of slower
 * transactions. A cursor is therefore the pair (transaction id, number), and only transactions older than every running one are read.
 */
import { type CarmicEvent, type EventType, eventTypeSchema } from '@carmic/contract';
import { invalidInput } from '../core/errors.ts';
import type { Database, Tx } from '../db/database.ts';

export interface StoredEvent extends CarmicEvent {
  workspaceId: string | null;
  actorId: string | null;
}

/** No more than these are sent once more to whoever opens a stream. */
const mostRecent = 200;

interface EventRow {
  txid: string;
  id: string;
  workspace_id: string | null;
  type: string;
  video_id: string | null;
  subject_id: string | null;
  actor_id: string | null;
  data: Record<string, unknown>;
  created_at: Date;
}

/** Splits a cursor `txid-id`. Throws invalid_input when it is none. */
export function parseCursor(cursor: string): { txid: string; id: string } {
  const match = /^(\d{1,20})-(\d{1,19})$/.exec(cursor);
  if (!match?.[1] || !match[2]) {
    throw invalidInput('This event cursor is not one of ours: leave it out to start over.');
  }
  return { txid: match[1], id: match[2] };
}

/** Events after `cursor`, oldest first; of all workspaces when `workspaceId` is null. */
export async function readEvents(
  db: Database,
  tx: Tx,
  options: { workspaceId: string | null; after: string; limit: number; types?: readonly EventType[] },
): Promise<StoredEvent[]> {
  const { txid, id } = parseCursor(options.after);
  const rows = await db.rows<EventRow>(
    tx,
    `SELECT txid::text, id, workspace_id, type, video_id, subject_id, actor_id, data, created_at FROM events
     WHERE (txid, id) > (CAST(:txid AS xid8), CAST(:id AS bigint)) AND txid < event_xid(pg_snapshot_xmin(pg_current_snapshot()))
       ${options.workspaceId === null ? '' : 'AND workspace_id = :workspaceId'}
       ${options.types === undefined ? '' : 'AND type IN (:types)'}
     ORDER BY events.txid, events.id LIMIT :limit`,
    { txid, id, limit: options.limit, workspaceId: options.workspaceId, types: options.types },
  );
  return rows.map((row) => ({
    id: `${row.txid}-${row.id}`,
    workspaceId: row.workspace_id,
    type: eventTypeSchema.parse(row.type),
    videoId: row.video_id,
    subjectId: row.subject_id,
    actorId: row.actor_id,
    data: row.data,
    createdAt: row.created_at.toISOString(),
  }));
}

/** The cursor behind which only events lie that happen from now on. */
export async function currentCursor(db: Database, tx: Tx): Promise<string> {
  const [row] = await db.rows<{ xmin: string }>(tx, 'SELECT event_xid(pg_snapshot_xmin(pg_current_snapshot()))::text AS xmin');
  return `${BigInt(row?.xmin ?? '1') - 1n}-9223372036854775807`;
}

/** The cursor behind which lie the events of a workspace of the last so many seconds, and those that happen from now on. */
export async function cursorBefore(db: Database, tx: Tx, workspaceId: string, seconds: number): Promise<string> {
  const now = await currentCursor(db, tx);
  if (seconds === 0) {
    return now;
  }
  // Backwards from the newest, so that only the events of these seconds are read, by the index of the workspace.
  const rows = await db.rows<{ txid: string; id: string; is_recent: boolean }>(
    tx,
    `SELECT e.txid::text, e.id, e.created_at >= now() - make_interval(secs => :seconds) AS is_recent FROM events e
     WHERE e.workspace_id = :workspaceId ORDER BY e.txid DESC, e.id DESC LIMIT :limit`,
    { workspaceId, seconds, limit: mostRecent },
  );
  const before = rows.find((row) => !row.is_recent) ?? (rows.length === mostRecent ? rows.at(-1) : { txid: '0', id: '0' });
  return before === undefined || BigInt(before.txid) > BigInt(parseCursor(now).txid) ? now : `${before.txid}-${before.id}`;
}
