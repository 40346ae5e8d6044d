/** What the holder of a lease may do with it. Each move names the lease's token; a stale one answers lease_lost. */
import { type RouteInput, type RouteReply, taskOutputs } from '@carmic/contract';
import { addSeconds } from '../core/clock.ts';
import { hashSecret } from '../core/crypto.ts';
import { buildFailure, invalidInput, leaseLost } from '../core/errors.ts';
import type { Tx } from '../db/database.ts';
import type { Deps } from '../deps.ts';
import { StoredObjects } from '../library/model.ts';
import { outputSlots } from './leaseTask.ts';
import { type MediaTask, MediaTasks } from './model.ts';
import { endAttempt, type MoveGuard, moveTask } from './moveTask.ts';
import type { SpecBuilders } from './taskSpec.ts';
import { stageOfKind } from './taskStates.ts';

async function loadTask(deps: Deps, tx: Tx, id: string): Promise<MediaTask> {
  const task = await deps.db.model(MediaTasks).findByPk(id, { transaction: tx });
  if (task === null) {
    throw leaseLost();
  }
  return task;
}

function guardOf(deps: Deps, task: MediaTask, agentId: string, leaseToken: string): MoveGuard & { leaseTokenHash: Buffer } {
  return { attempt: task.attempt, agentId, leaseTokenHash: hashSecret(leaseToken), leaseRunsAt: deps.clock.now() };
}

function isHolder(task: MediaTask, guard: { leaseTokenHash: Buffer; agentId?: string }): boolean {
  return task.agentId === guard.agentId && task.leaseTokenHash?.equals(guard.leaseTokenHash) === true;
}

/** Extends a lease and notes the progress. Throws lease_lost when it is not this agent's any more. */
export function renewLease(
  deps: Deps,
  specs: SpecBuilders,
  agentId: string,
  id: string,
  body: RouteInput<'renewLease'>['body'],
): Promise<RouteReply<'renewLease'>> {
  const { db, clock, env } = deps;
  return db.asSystem(async (tx) => {
    const now = clock.now();
    const expiresAt = addSeconds(now, env.CARMIC_LEASE_SECONDS);
    const tokenHash = hashSecret(body.leaseToken);
    const renewed = await db.change(
      tx,
      `UPDATE media_tasks SET lease_expires_at = :expiresAt, progress = greatest(progress, :progress), note = :note
       WHERE id = :id AND state = 'leased' AND agent_id = :agentId AND lease_token_hash = :tokenHash AND lease_expires_at > :now`,
      { id, agentId, tokenHash, now, expiresAt, progress: body.progress, note: body.note ?? null },
    );
    const task = await loadTask(deps, tx, id);
    if (renewed === 0) {
      if (task.state === 'cancelled' && isHolder(task, { leaseTokenHash: tokenHash, agentId })) {
        return { expiresAt: now.toISOString(), isCancelled: true, sourceUrl: null, outputs: [] };
      }
      throw leaseLost();
    }
    await db.change(tx, 'UPDATE agents SET last_seen_at = :now WHERE id = :agentId', { now, agentId });
    const spec = await specs[task.kind](deps, tx, task);
    return {
      expiresAt: expiresAt.toISOString(),
      isCancelled: false,
      sourceUrl: spec?.source.url ?? null,
      outputs: await outputSlots(deps, tx, task),
    };
  });
}

/** Takes the outputs of a finished task for verification. Saying it twice with the same token is harmless. */
export function completeLease(deps: Deps, agentId: string, id: string, body: RouteInput<'completeLease'>['body']): Promise<void> {
  const { db } = deps;
  return db.asSystem(async (tx) => {
    const task = await loadTask(deps, tx, id);
    const guard = guardOf(deps, task, agentId, body.leaseToken);
    if ((task.state === 'verifying' || task.state === 'done') && isHolder(task, guard)) {
      return;
    }
    if (task.state !== 'leased' || !isHolder(task, guard)) {
      throw leaseLost();
    }
    checkOutputs(task, body);
    const isMoved = await moveTask(
      deps,
      tx,
      task,
      ['leased'],
      'verifying',
      guard,
      { type: 'task.delivered' },
      { result: body.result, progress: 1, note: 'Checking the result' },
    );
    if (!isMoved) {
      throw leaseLost();
    }
    for (const output of body.outputs) {
      const [count] = await db
        .model(StoredObjects)
        .update(
          { sizeBytes: output.sizeBytes, sha256: output.sha256 },
          { where: { taskId: id, attempt: task.attempt, kind: output.name, state: 'pending' }, transaction: tx },
        );
      if (count !== 1) {
        throw invalidInput(`The output ${output.name} was not asked for.`);
      }
    }
    tx.afterCommit(() => {
      deps.jobs
        .enqueue('tasks.verify', { taskId: id })
        .catch((error: unknown) => deps.log.warn({ err: error }, 'a verification was not enqueued; the watchdog will'));
    });
  });
}

function checkOutputs(task: MediaTask, body: RouteInput<'completeLease'>['body']): void {
  if (body.result.kind !== task.kind) {
    throw invalidInput(`The result is of kind ${body.result.kind}, the task of kind ${task.kind}.`);
  }
  const named = new Set<string>(body.outputs.map((output) => output.name));
  const missing = taskOutputs[task.kind].required.filter((name) => !named.has(name));
  if (missing.length > 0) {
    throw invalidInput(`These outputs are missing: ${missing.join(', ')}.`);
  }
}

/** Gives a task up with a reason: it goes back to the queue when trying again can help and attempts remain. */
export function failLease(deps: Deps, agentId: string, id: string, body: RouteInput<'failLease'>['body']): Promise<void> {
  return deps.db.asSystem(async (tx) => {
    const task = await loadTask(deps, tx, id);
    const guard = guardOf(deps, task, agentId, body.leaseToken);
    const failure = buildFailure(stageOfKind[task.kind], body.code, body.message);
    if (!(await endAttempt(deps, tx, task, ['leased'], guard, failure, { type: 'task.released', isRetryable: body.isRetryable }))) {
      throw leaseLost();
    }
  });
}

/** Hands a task back unharmed; the attempt does not count. */
export function releaseLease(deps: Deps, agentId: string, id: string, leaseToken: string): Promise<void> {
  return deps.db.asSystem(async (tx) => {
    const task = await loadTask(deps, tx, id);
    const guard = guardOf(deps, task, agentId, leaseToken);
    if (task.state === 'cancelled' && isHolder(task, guard)) {
      return;
    }
    const isMoved = await moveTask(
      deps,
      tx,
      task,
      ['leased'],
      'queued',
      guard,
      { type: 'task.released' },
      { maxAttempts: task.maxAttempts + 1, runAfter: deps.clock.now() },
    );
    if (!isMoved) {
      throw leaseLost();
    }
  });
}
