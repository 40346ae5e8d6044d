import type { Tx } from '../db/database.ts';
import type { Deps } from '../deps.ts';
import { MediaTasks } from '../agents/model.ts';
import { moveTask } from '../agents/moveTask.ts';
import { type RenditionRow, Renditions } from './model.ts';

/** Stops a rendition that is queued or running; false when it has ended. */
export async function cancelRendition(deps: Deps, tx: Tx, rendition: RenditionRow): Promise<boolean> {
  const { db, clock, appendEvent } = deps;
  const where = { id: rendition.id, state: ['queued', 'rendering', 'verifying'] as RenditionRow['state'][] };
  const [cancelled] = await db.model(Renditions).update({ state: 'cancelled', updatedAt: clock.now() }, { where, transaction: tx });
  if (cancelled === 0) {
    return false;
  }
  const live = await db.model(MediaTasks).findAll({ where: { renditionId: rendition.id, state: ['queued', 'leased', 'verifying'] }, transaction: tx });
  for (const task of live) {
    await moveTask(deps, tx, task, ['queued', 'leased', 'verifying'], 'cancelled', { attempt: task.attempt }, { type: 'task.cancelled' });
  }
  await appendEvent(tx, {
    workspaceId: rendition.workspaceId,
    type: 'rendition.state_changed',
    videoId: rendition.videoId,
    subjectId: rendition.id,
    data: { to: 'cancelled' },
  });
  return true;
}
