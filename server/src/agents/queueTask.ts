import type { TaskKind } from '@carmic/contract';
import { newId } from '../core/ids.ts';
import { type Tx } from '../db/database.ts';
import type { Deps } from '../deps.ts';
import { MediaTasks } from './model.ts';

/** Tasks that hold a whole video up go first; then renderings, the best clips first. */
const priorities: Record<TaskKind, number> = { inspect: 0, transcribe: 0, render: 10 };

/**
 * Queues a media task, unless one for the same work is live already. Answers whether a new one was queued. `rank` orders tasks of one
 * kind (lower first).
 */
export async function queueTask(
  deps: Deps,
  tx: Tx,
  task: { workspaceId: string; videoId: string; kind: TaskKind; renditionId?: string; rank?: number },
): Promise<boolean> {
  const { db, clock, appendEvent } = deps;
  const now = clock.now();
  const id = newId();
  const inserted = await db.change(
    tx,
    `INSERT INTO media_tasks (id, workspace_id, video_id, rendition_id, kind, state, priority, run_after, queued_at, created_at)
     VALUES (:id, :workspaceId, :videoId, :renditionId, :kind, 'queued', :priority, :now, :now, :now) ON CONFLICT DO NOTHING`,
    { ...task, id, renditionId: task.renditionId ?? null, priority: priorities[task.kind] + (task.rank ?? 0), now },
  );
  if (inserted === 0) {
    return false;
  }
  await appendEvent(tx, {
    workspaceId: task.workspaceId,
    type: 'task.queued',
    videoId: task.videoId,
    subjectId: id,
    data: { kind: task.kind, renditionId: task.renditionId ?? null },
  });
  tx.afterCommit(() => deps.tasksReady.notify());
  return true;
}

/** The newest task of a video (not of a rendition) of one kind; null when there was none. */
export function findVideoTask(deps: Deps, tx: Tx, videoId: string, kind: TaskKind) {
  return deps.db
    .model(MediaTasks)
    .findOne({ where: { videoId, kind, renditionId: null }, order: [['createdAt', 'DESC']], transaction: tx });
}
