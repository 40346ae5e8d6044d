import { addSeconds } from '../core/clock.ts';
import { buildFailure } from '../core/errors.ts';
import type { Deps } from '../deps.ts';
import { literal, Op } from 'sequelize';
import { MediaTasks } from './model.ts';
import { endAttempt, moveTask } from './moveTask.ts';
import { stageOfKind } from './taskStates.ts';

const batchSize = 200;

/** Puts tasks whose lease ran out back into the queue, or ends them when their attempts are used up. */
export async function expireLeases(deps: Deps): Promise<number> {
  const { db, clock } = deps;
  const now = clock.now();
  const expired = await db.asSystem((tx) =>
    db.model(MediaTasks).findAll({
      where: { state: 'leased', leaseExpiresAt: { [Op.lte]: now } },
      order: ['leaseExpiresAt'],
      limit: batchSize,
      transaction: tx,
    }),
  );
  for (const task of expired) {
    const failure = buildFailure(
      stageOfKind[task.kind],
      'agent_lost',
      `The agent went silent ${task.attempt} times while working on this.`,
    );
    // A renewal may arrive between the two statements: the lease must still be over when the row changes.
    await db.asSystem(async (tx) => {
      const [row] = await db.rows<{ id: string }>(
        tx,
        "SELECT id FROM media_tasks WHERE id = :id AND state = 'leased' AND lease_expires_at <= :now FOR UPDATE",
        { id: task.id, now },
      );
      if (row !== undefined) {
        await endAttempt(deps, tx, task, ['leased'], { attempt: task.attempt }, failure, { type: 'task.lease_expired', isRetryable: true });
      }
    });
  }
  return expired.length;
}

/** Ends tasks that nobody took for too long, so that nothing is queued for ever; nobody may take those of a suspended workspace. */
export async function failUnclaimed(deps: Deps): Promise<number> {
  const { db, clock, env } = deps;
  const before = addSeconds(clock.now(), -env.CARMIC_QUEUE_TIMEOUT_SECONDS);
  const waiting = await db.asSystem((tx) =>
    db.model(MediaTasks).findAll({
      where: {
        state: 'queued',
        queuedAt: { [Op.lte]: before },
        workspaceId: { [Op.notIn]: literal('(SELECT id FROM workspaces WHERE suspended_at IS NOT NULL)') },
      },
      limit: batchSize,
      transaction: tx,
    }),
  );
  for (const task of waiting) {
    const failure = buildFailure(stageOfKind[task.kind], 'no_agent', 'No agent took this task for too long.');
    await db.asSystem((tx) =>
      moveTask(
        deps,
        tx,
        task,
        ['queued'],
        'failed',
        { attempt: task.attempt },
        { type: 'task.failed', data: { code: failure.code } },
        { failure },
      ),
    );
  }
  return waiting.length;
}

/** Starts again the verifications whose nudge was lost. */
export async function nudgeVerifications(deps: Deps): Promise<void> {
  const { db } = deps;
  const waiting = await db.asSystem((tx) =>
    db.model(MediaTasks).findAll({ where: { state: 'verifying' }, limit: batchSize, transaction: tx }),
  );
  for (const task of waiting) {
    await deps.jobs.enqueue('tasks.verify', { taskId: task.id });
  }
}

/** After the server was away, agents get one full lease to say that they are still at work. */
export function extendLeases(deps: Deps): Promise<number> {
  const { db, clock, env } = deps;
  return db.asSystem((tx) =>
    db.change(tx, "UPDATE media_tasks SET lease_expires_at = greatest(lease_expires_at, :until) WHERE state = 'leased'", {
      until: addSeconds(clock.now(), env.CARMIC_LEASE_SECONDS),
    }),
  );
}
