import type { EventType } from '@carmic/contract';
import type { Clock } from '../core/clock.ts';
import type { Signal } from '../core/signal.ts';
import type { Database, Tx } from '../db/database.ts';

/** What happened. `data` never holds a secret, a title or anything said in a video. */
export interface NewEvent {
  workspaceId: string | null;
  type: EventType;
  videoId?: string | null;
  subjectId?: string | null;
  actorId?: string | null;
  data?: Record<string, unknown>;
}

/** Appends one event, or many in one statement. */
export type AppendEvent = (tx: Tx, event: NewEvent | readonly NewEvent[]) => Promise<void>;

/** Makes the appender: the event is part of the caller's transaction, and readers are woken once that has committed. */
export function createAppendEvent(db: Database, clock: Clock, committed: Signal): AppendEvent {
  const wakeAfter = new WeakSet<Tx>();
  return async (tx, event) => {
    const events = (Array.isArray(event) ? (event as readonly NewEvent[]) : [event as NewEvent]).map((each) => ({
      workspace_id: each.workspaceId,
      type: each.type,
      video_id: each.videoId ?? null,
      subject_id: each.subjectId ?? null,
      actor_id: each.actorId ?? null,
      data: each.data ?? {},
    }));
    await db.change(
      tx,
      `INSERT INTO events (workspace_id, type, video_id, subject_id, actor_id, data, created_at)
       SELECT e.workspace_id, e.type, e.video_id, e.subject_id, e.actor_id, e.data, :createdAt
       FROM ROWS FROM (jsonb_to_recordset(CAST(:events AS jsonb))
         AS (workspace_id uuid, type text, video_id uuid, subject_id uuid, actor_id uuid, data jsonb)) WITH ORDINALITY
         AS e(workspace_id, type, video_id, subject_id, actor_id, data, position)
       ORDER BY e.position`,
      { events: JSON.stringify(events), createdAt: clock.now() },
    );
    if (!wakeAfter.has(tx)) {
      wakeAfter.add(tx);
      tx.afterCommit(() => committed.notify());
    }
  };
}
