/**
 * Live updates as server-sent events (WHATWG HTML, section 9.2): the workspace's events, resumable by `Last-Event-ID`, and between them
 * how far its running tasks are. Every stream polls its workspace's new events, woken at once by commits of this process.
 */
import type { Progress } from '@carmic/contract';
import { AppError } from '../core/errors.ts';
import type { Deps } from '../deps.ts';
import { cursorBefore, parseCursor, readEvents } from '../events/read.ts';
import { type ApiRequest, type Person, personOf } from './request.ts';

const pollMs = 1000;
const heartbeatMs = 15_000;
const batchSize = 200;
const maxStreams = 1000;

interface TaskRow {
  id: string;
  video_id: string;
  rendition_id: string | null;
  kind: string;
  progress: number;
  note: string | null;
}

let openStreams = 0;

/** Streams until the caller hangs up, the server stops, or the caller may no longer come in. */
export async function streamEvents(request: ApiRequest<'streamEvents'>): Promise<undefined> {
  if (openStreams >= maxStreams) {
    throw new AppError('unavailable', 'Too many live streams are open: try again shortly.', { retryAfterSeconds: 10 });
  }
  if (request.lastEventId !== '') {
    parseCursor(request.lastEventId);
  }
  openStreams++;
  try {
    await stream(request);
  } finally {
    openStreams--;
  }
}

async function stream(request: ApiRequest<'streamEvents'>): Promise<void> {
  const { deps, signal, lastEventId } = request;
  const person = personOf(request);
  const { workspaceId } = person;
  const { sinceSeconds } = request.query;
  let cursor =
    lastEventId === '' ? await deps.db.inWorkspace(workspaceId, (tx) => cursorBefore(deps.db, tx, workspaceId, sinceSeconds)) : lastEventId;
  const { write, end } = request.openStream();
  write('retry: 2000\n\n');
  const shown = new Map<string, string>();
  let lastWriteAt = performance.now();
  while (!signal.aborted) {
    const news = deps.committed.wait(pollMs, signal);
    try {
      const found = await readNews(deps, person, cursor, shown);
      if (found === null) {
        break;
      }
      cursor = found.next;
      const isQuiet = found.text === '' && performance.now() - lastWriteAt > heartbeatMs;
      if (found.text !== '' || isQuiet) {
        write(isQuiet ? ': still here\n\n' : found.text);
        lastWriteAt = performance.now();
      }
    } catch (error) {
      deps.log.warn({ err: error }, 'a live stream ended early; the browser resumes it');
      break;
    }
    await news;
  }
  end();
}

/** Whether the session or key that opened the stream still opens it: who is suspended, removed or signed out hears nothing more. */
const stillIn = `SELECT 1 FROM users u WHERE u.id = :userId AND u.suspended_at IS NULL
  AND EXISTS (SELECT 1 FROM workspaces w WHERE w.id = :workspaceId AND w.deleted_at IS NULL)
  AND (EXISTS (SELECT 1 FROM members m JOIN workspaces w ON w.id = m.workspace_id AND w.suspended_at IS NULL
      WHERE m.user_id = u.id AND m.workspace_id = :workspaceId)
    OR EXISTS (SELECT 1 FROM media_visits v WHERE v.user_id = u.id AND v.workspace_id = :workspaceId AND v.expires_at > :now))
  AND (EXISTS (SELECT 1 FROM sessions s WHERE s.id = :sessionId AND s.expires_at > :now)
    OR EXISTS (SELECT 1 FROM api_keys k WHERE k.id = :sessionId AND (k.expires_at IS NULL OR k.expires_at > :now)))`;

async function readNews(
  deps: Deps,
  { workspaceId, userId, sessionId }: Person,
  after: string,
  shown: Map<string, string>,
): Promise<{ text: string; next: string } | null> {
  const { db, clock } = deps;
  const found = await db.inWorkspace(workspaceId, async (tx) => ({
    isIn: (await db.rows(tx, stillIn, { userId, workspaceId, sessionId, now: clock.now() })).length > 0,
    events: await readEvents(db, tx, { workspaceId, after, limit: batchSize }),
    tasks: await db.rows<TaskRow>(
      tx,
      `SELECT id, video_id, rendition_id, kind, progress, note FROM media_tasks WHERE state IN ('leased', 'verifying')
       UNION ALL SELECT video_id, video_id, NULL, 'import', CAST(COALESCE(received_bytes::float / NULLIF(total_bytes, 0), 0) AS real), received_bytes::text
         FROM video_imports WHERE state = 'open' LIMIT 200`,
    ),
  }));
  if (!found.isIn) {
    return null;
  }
  const { events, tasks } = found;
  const parts = events.map(
    ({ workspaceId: _, actorId: __, ...event }) => `id: ${event.id}\nevent: event\ndata: ${JSON.stringify(event)}\n\n`,
  );
  const running = new Set(tasks.map((task) => task.id));
  for (const id of shown.keys()) {
    if (!running.has(id)) {
      shown.delete(id);
    }
  }
  for (const task of tasks) {
    const progress: Progress = {
      taskId: task.id,
      videoId: task.video_id,
      renditionId: task.rendition_id,
      kind: task.kind,
      progress: Math.min(1, task.progress),
      note: task.note,
    };
    const data = JSON.stringify(progress);
    if (shown.get(task.id) !== data) {
      shown.set(task.id, data);
      parts.push(`event: progress\ndata: ${data}\n\n`);
    }
  }
  return { text: parts.join(''), next: events.at(-1)?.id ?? after };
}
