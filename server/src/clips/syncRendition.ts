import type { EventType } from '@carmic/contract';
import { MediaTasks } from '../agents/model.ts';
import { sourcesOf } from '../core/transitions.ts';
import type { Deps } from '../deps.ts';
import { settleRerender } from '../plans/rerenders.ts';
import { Renditions } from './model.ts';
import { recordEncoding } from './tuning/reports.ts';
import { renditionStateOfTask, renditionTransitions } from './renditionStates.ts';

const eventOfState: Partial<Record<string, EventType>> = { ready: 'rendition.ready', failed: 'rendition.failed' };

/** Lets a rendition follow the newest task that renders it. Runs again safely. */
export function syncRendition(deps: Deps, workspaceId: string, renditionId: string): Promise<void> {
  const { db, clock, appendEvent } = deps;
  return db.inWorkspace(workspaceId, async (tx) => {
    const task = await db.model(MediaTasks).findOne({ where: { renditionId }, order: [['createdAt', 'DESC']], transaction: tx });
    if (task === null) {
      return;
    }
    const state = renditionStateOfTask[task.state];
    const [count] = await db.model(Renditions).update(
      {
        state,
        updatedAt: clock.now(),
        ...(task.result?.kind === 'render' && state === 'ready' ? { result: task.result } : {}),
        ...(state === 'failed' ? { failure: task.failure } : {}),
      },
      // A queued task only takes back what its own lease moved: a rendition that failed is queued again by its own verb.
      { where: { id: renditionId, state: sourcesOf(renditionTransitions, state).filter((from) => from !== 'failed' && from !== 'cancelled') }, transaction: tx },
    );
    if (count === 1) {
      if (state === 'ready' || state === 'failed' || state === 'cancelled') {
        await settleRerender(deps, tx, { workspaceId, videoId: task.videoId, renditionId }, state === 'ready');
      }
      if (task.result?.kind === 'render' && state === 'ready') {
        await recordEncoding(deps, tx, workspaceId, task.videoId, task.result);
      }
      await appendEvent(tx, {
        workspaceId,
        type: eventOfState[state] ?? 'rendition.state_changed',
        videoId: task.videoId,
        subjectId: renditionId,
        data: { to: state, ...(task.failure === null ? {} : { code: task.failure.code }) },
      });
    }
  });
}
