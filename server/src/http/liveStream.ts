/**
 * Live updates as server-sent events (WHATWG HTML, section 9.2): the workspace's events, resumable by `Last-Event-ID`, and between them
 * how far its running tasks are. Every stream polls its workspace's new events, woken at once by commits of this process.
 */
import type { Progress } from '@carmic/contract';
import type { Context, Middleware } from 'koa';
import { AppError } from '../core/errors.ts';
import type { Deps } from '../deps.ts';
import { currentCursor, parseCursor, readEvents } from '../events/read.ts';
import { requirePerson } from './createApp.ts';

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

/** Serves `GET /api/v1/events/stream`. Streams end when `stopping` is aborted. */
export function createLiveStream(deps: Deps, stopping: AbortSignal): Middleware {
  let openStreams = 0;
  return async (context, next) => {
    if (context.path !== '/api/v1/events/stream' || context.method !== 'GET') {
      await next();
      return;
    }
    const { workspaceId } = requirePerson(context);
    if (openStreams >= maxStreams) {
      throw new AppError('unavailable', 'Too many live streams are open: try again shortly.', { retryAfterSeconds: 10 });
    }
    const lastEventId = context.get('last-event-id');
    if (lastEventId !== '') {
      parseCursor(lastEventId);
    }
    openStreams++;
    try {
      await stream(deps, context, workspaceId, lastEventId, stopping);
    } finally {
      openStreams--;
    }
  };
}

async function stream(deps: Deps, context: Context, workspaceId: string, lastEventId: string, stopping: AbortSignal): Promise<void> {
  const { res } = context;
  const hangUp = new AbortController();
  res.once('close', () => hangUp.abort());
  const ended = AbortSignal.any([hangUp.signal, stopping]);
  context.respond = false;
  res.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store, no-transform',
    'x-accel-buffering': 'no',
  });
  res.write('retry: 2000\n\n');
  let cursor = lastEventId === '' ? await deps.db.inWorkspace(workspaceId, (tx) => currentCursor(deps.db, tx)) : lastEventId;
  const shown = new Map<string, string>();
  let lastWriteAt = performance.now();
  while (!ended.aborted) {
    const news = deps.committed.wait(pollMs, ended);
    try {
      const { text, next } = await readNews(deps, workspaceId, cursor, shown);
      cursor = next;
      const isQuiet = text === '' && performance.now() - lastWriteAt > heartbeatMs;
      if (text !== '' || isQuiet) {
        res.write(isQuiet ? ': still here\n\n' : text);
        lastWriteAt = performance.now();
      }
    } catch (error) {
      deps.log.warn({ err: error }, 'a live stream ended early; the browser resumes it');
      break;
    }
    await news;
  }
  res.end();
}

async function readNews(
  deps: Deps,
  workspaceId: string,
  after: string,
  shown: Map<string, string>,
): Promise<{ text: string; next: string }> {
  const { db } = deps;
  const { events, tasks } = await db.inWorkspace(workspaceId, async (tx) => ({
    events: await readEvents(db, tx, { workspaceId, after, limit: batchSize }),
    tasks: await db.rows<TaskRow>(
      tx,
      "SELECT id, video_id, rendition_id, kind, progress, note FROM media_tasks WHERE state IN ('leased', 'verifying') LIMIT 200",
    ),
  }));
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
