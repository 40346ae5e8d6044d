import type { EventType, Failure, TaskState } from '@carmic/contract';
import { Op } from 'sequelize';
import { assertAllowed } from '../core/transitions.ts';
import type { Tx } from '../db/database.ts';
import type { Deps } from '../deps.ts';
import { StoredObjects } from '../library/model.ts';
import { enqueueRemoval } from '../library/storedObjects.ts';
import { type MediaTask, MediaTasks } from './model.ts';
import { taskTransitions } from './taskStates.ts';

/** What must be true of the row, beside its state, for the move to happen. */
export interface MoveGuard {
  attempt: number;
  agentId?: string;
  leaseTokenHash?: Buffer;
  /** The lease must still run at this time. */
  leaseRunsAt?: Date;
}

/** Moves a task from one of `from` to `to` in one conditional update and records it. Answers false when the guard did not hold. */
export async function moveTask(
  deps: Deps,
  tx: Tx,
  task: MediaTask,
  from: readonly TaskState[],
  to: TaskState,
  guard: MoveGuard,
  event: { type: EventType; data?: Record<string, unknown> },
  set: Partial<Pick<MediaTask, 'runAfter' | 'maxAttempts' | 'result' | 'failure' | 'progress' | 'note'>> = {},
): Promise<boolean> {
  const { db, clock, appendEvent } = deps;
  assertAllowed(taskTransitions, from, to);
  const now = clock.now();
  const isOver = to === 'done' || to === 'failed' || to === 'cancelled';
  const [count] = await db.model(MediaTasks).update(
    {
      state: to,
      leaseExpiresAt: null,
      ...(to === 'queued' ? { queuedAt: now, progress: 0, note: null } : {}),
      ...(isOver ? { finishedAt: now } : {}),
      ...set,
    },
    {
      where: {
        id: task.id,
        state: [...from],
        attempt: guard.attempt,
        ...(guard.agentId === undefined ? {} : { agentId: guard.agentId }),
        ...(guard.leaseTokenHash === undefined ? {} : { leaseTokenHash: guard.leaseTokenHash }),
        ...(guard.leaseRunsAt === undefined ? {} : { leaseExpiresAt: { [Op.gt]: guard.leaseRunsAt } }),
      },
      transaction: tx,
    },
  );
  if (count === 0) {
    return false;
  }
  if (to === 'queued' || to === 'failed' || to === 'cancelled') {
    await discardAttempt(deps, tx, task.id, guard.attempt);
  }
  await appendEvent(tx, {
    workspaceId: task.workspaceId,
    type: event.type,
    videoId: task.videoId,
    subjectId: task.id,
    data: { kind: task.kind, attempt: guard.attempt, renditionId: task.renditionId, ...event.data },
  });
  if (to === 'queued') {
    tx.afterCommit(() => deps.tasksReady.notify());
  }
  return true;
}

/** Gives up whatever an attempt may have written. */
async function discardAttempt(deps: Deps, tx: Tx, taskId: string, attempt: number): Promise<void> {
  const [count] = await deps.db
    .model(StoredObjects)
    .update({ state: 'deleting' }, { where: { taskId, attempt, state: { [Op.ne]: 'deleting' } }, transaction: tx });
  if (count > 0) {
    tx.afterCommit(() => enqueueRemoval(deps));
  }
}

const retryDelaySeconds = 2;

/** Ends an attempt that did not succeed: back to the queue while attempts remain and trying again can help, else failed. */
export function endAttempt(
  deps: Deps,
  tx: Tx,
  task: MediaTask,
  from: readonly TaskState[],
  guard: MoveGuard,
  failure: Failure,
  event: { type: EventType; isRetryable: boolean },
): Promise<boolean> {
  const data = { code: failure.code };
  if (event.isRetryable && guard.attempt < task.maxAttempts) {
    const runAfter = new Date(deps.clock.now().getTime() + retryDelaySeconds * 1000 * guard.attempt);
    return moveTask(deps, tx, task, from, 'queued', guard, { type: event.type, data }, { runAfter });
  }
  return moveTask(deps, tx, task, from, 'failed', guard, { type: 'task.failed', data }, { failure });
}
