import type { EventType } from '@carmic/contract';
import type { Clock } from '../core/clock.ts';
import type { Signal } from '../core/signal.ts';
import type { Database, Tx } from '../db/database.ts';

/** What happened. `data` holds ids, numbers and words of ours: never a secret, a name, a title or anything that a person wrote or said. */
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

/** Ids, times, codes and names of fields; no blank, no `@`. */
const ourWords = /^[A-Za-z0-9_.:+/-]{0,100}$/;
/** Fields that name programs, with their versions. */
const programFields: ReadonlySet<string> = new Set(['engine']);

/** The fields of `data` with text that somebody may have written. */
function findText(data: unknown, field: string): string[] {
  if (typeof data === 'string') {
    return ourWords.test(programFields.has(field) ? data.replaceAll(/[ ,]/g, '') : data) ? [] : [field];
  }
  if (Array.isArray(data)) {
    return data.flatMap((item) => findText(item, field));
  }
  return typeof data === 'object' && data !== null ? Object.entries(data).flatMap(([name, value]) => findText(value, name)) : [];
}

function refuse(message: string): never {
  throw new Error(message);
}

/**
 * Makes the appender: the event is part of the caller's transaction, and readers are woken once that has committed. Events stay when people
 * are erased, so what reads like text of a person is told to `onText`, which refuses it by default, and is not written.
 */
export function createAppendEvent(db: Database, clock: Clock, committed: Signal, onText: (message: string) => void = refuse): AppendEvent {
  const impersonal = ({ type, data = {} }: NewEvent): Record<string, unknown> => {
    const fields = new Set(findText(data, ''));
    if (fields.size === 0) {
      return data;
    }
    onText(`The event ${type} was to carry text in ${[...fields].join(', ')}.`);
    return Object.fromEntries(Object.entries(data).filter(([, value]) => findText(value, 'value').length === 0));
  };

  const wakeAfter = new WeakSet<Tx>();
  return async (tx, event) => {
    const events = (Array.isArray(event) ? (event as readonly NewEvent[]) : [event as NewEvent]).map((each) => ({
      workspace_id: each.workspaceId,
      type: each.type,
      video_id: each.videoId ?? null,
      subject_id: each.subjectId ?? null,
      actor_id: each.actorId ?? null,
      data: impersonal(each),
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
