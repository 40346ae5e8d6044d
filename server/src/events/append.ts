import type { EventType } from '@carmic/contract';
import { QueryTypes } from 'sequelize';
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

export type AppendEvent = (tx: Tx, event: NewEvent) => Promise<void>;

/** Makes the appender: the event is part of the caller's transaction, and readers are woken once that has committed. */
export function createAppendEvent(db: Database, clock: Clock, committed: Signal): AppendEvent {
  const wakeAfter = new WeakSet<Tx>();
  return async (tx, event) => {
    await db.sequelize.query(
      `INSERT INTO events (workspace_id, type, video_id, subject_id, actor_id, data, created_at)
       VALUES (:workspaceId, :type, :videoId, :subjectId, :actorId, :data, :createdAt)`,
      {
        transaction: tx,
        type: QueryTypes.INSERT,
        replacements: {
          workspaceId: event.workspaceId,
          type: event.type,
          videoId: event.videoId ?? null,
          subjectId: event.subjectId ?? null,
          actorId: event.actorId ?? null,
          data: JSON.stringify(event.data ?? {}),
          createdAt: clock.now(),
        },
      },
    );
    if (!wakeAfter.has(tx)) {
      wakeAfter.add(tx);
      tx.afterCommit(() => committed.notify());
    }
  };
}
