/**
 * Leases: an agent's time-limited, fenced right to one media task.
 *
 * The pick is one statement, so that two agents never get the same task, and it is fair: the workspace with the fewest running tasks
 * goes first, then the one that waited longest. A new token per attempt fences off everybody who held the task before.
 */
import { type Lease, type OutputName, type OutputSlot, outputContentType, type TaskKind, taskOutputs } from '@carmic/contract';
import { addSeconds } from '../core/clock.ts';
import { hashSecret } from '../core/crypto.ts';
import { buildFailure } from '../core/errors.ts';
import { newSecret } from '../core/ids.ts';
import type { Tx } from '../db/database.ts';
import type { Deps } from '../deps.ts';
import { StoredObjects } from '../library/model.ts';
import { expectObject, holdVideo } from '../library/storedObjects.ts';
import { keys } from '../storage/keys.ts';
import { type MediaTask, MediaTasks } from './model.ts';
import { moveTask } from './moveTask.ts';
import { leaseUrlSeconds, type SpecBuilders } from './taskSpec.ts';
import { stageOfKind } from './taskStates.ts';

const gibibyte = 1024 ** 3;
/** No output may be larger than this, so that a broken agent cannot fill the storage. */
const maxOutputBytes: Record<OutputName, number> = {
  proxy: 20 * gibibyte,
  thumbnail: 20 * 1024 ** 2,
  analysis: 64 * 1024 ** 2,
  audio: 4 * gibibyte,
  transcript: 64 * 1024 ** 2,
  video: 8 * gibibyte,
  cover: 20 * 1024 ** 2,
  srt: 8 * 1024 ** 2,
  vtt: 8 * 1024 ** 2,
  ass: 8 * 1024 ** 2,
  words: 8 * 1024 ** 2,
  cover2: 20 * 1024 ** 2,
  cover3: 20 * 1024 ** 2,
};

// The pick is materialized: as a plain subquery the planner may run it once per row, and one agent would take every task.
const pickSql = `
  WITH pick AS MATERIALIZED (
    SELECT q.id, q.workspace_id, l.parallel_tasks FROM media_tasks q
    JOIN workspaces o ON o.id = q.workspace_id AND o.suspended_at IS NULL
    JOIN plans p ON p.id = o.plan_id
    CROSS JOIN LATERAL (SELECT CAST(CASE WHEN o.overrides->'limits' ? 'parallelTasks' THEN o.overrides->'limits'->>'parallelTasks'
      ELSE p.limits->>'parallelTasks' END AS integer) AS parallel_tasks) l
    JOIN (
      SELECT workspace_id, count(*) FILTER (WHERE state = 'leased') AS running, max(leased_at) AS last_leased_at
      FROM media_tasks WHERE state IN ('queued', 'leased') GROUP BY workspace_id
    ) w ON w.workspace_id = q.workspace_id
    WHERE q.state = 'queued' AND q.kind IN (:kinds) AND q.run_after <= :now
      AND NOT EXISTS (SELECT FROM agents g WHERE g.id = :agentId AND g.draining_at IS NOT NULL)
      AND NOT EXISTS (SELECT FROM videos v JOIN person_rights r ON r.user_id = v.created_by WHERE v.id = q.video_id AND r.restricted_at IS NOT NULL)
      AND w.running < COALESCE(l.parallel_tasks, 2147483647)
    ORDER BY w.running, w.last_leased_at NULLS FIRST, q.priority, q.queued_at, q.id
    LIMIT 1 FOR UPDATE OF q SKIP LOCKED
  )
  UPDATE media_tasks AS t SET state = 'leased', attempt = t.attempt + 1, agent_id = :agentId, lease_token_hash = :tokenHash,
    lease_expires_at = :expiresAt, leased_at = :now, progress = 0, note = NULL
  FROM pick WHERE t.id = pick.id AND t.state = 'queued'
  RETURNING t.id, t.workspace_id, pick.parallel_tasks`;

/** What was picked, and how many tasks of its workspace may run at once; null is no limit. */
interface Picked {
  id: string;
  workspace_id: string;
  parallel_tasks: number | null;
}

/** Thrown to give a picked task back as it was. */
class OverLimitError extends Error {
  override readonly name = 'OverLimitError';
}

/**
 * Several agents ask at once and none sees what the others are just taking. So those of a workspace with a limit are let through one by one, and
 * counted again. Throws OverLimitError.
 */
async function requireParallelRoom(deps: Deps, tx: Tx, picked: Picked): Promise<void> {
  if (picked.parallel_tasks === null) {
    return;
  }
  const { db } = deps;
  // Held until the end of the transaction; the count after it sees what was committed meanwhile.
  await db.rows(tx, 'SELECT pg_advisory_xact_lock(hashtextextended(CAST(:workspaceId AS text), 7))', { workspaceId: picked.workspace_id });
  const [row] = await db.rows<{ running: string }>(
    tx,
    "SELECT count(*) AS running FROM media_tasks WHERE workspace_id = :workspaceId AND state = 'leased'",
    { workspaceId: picked.workspace_id },
  );
  if (Number(row?.running) > picked.parallel_tasks) {
    throw new OverLimitError('Another agent was quicker.');
  }
}

/** Gives `agentId` the next task of `kinds`, or null when there is none. */
export async function leaseTask(deps: Deps, specs: SpecBuilders, agentId: string, kinds: readonly TaskKind[]): Promise<Lease | null> {
  const { db, clock, env } = deps;
  for (;;) {
    const outcome = await db
      .asSystem(async (tx): Promise<Lease | null | 'again'> => {
        const now = clock.now();
        const token = newSecret('carmic_lease');
        const expiresAt = addSeconds(now, env.CARMIC_LEASE_SECONDS);
        const [picked] = await db.rows<Picked>(tx, pickSql, {
          agentId,
          tokenHash: hashSecret(token),
          expiresAt,
          now,
          kinds: [...kinds],
        });
        if (picked === undefined) {
          return null;
        }
        await requireParallelRoom(deps, tx, picked);
        const task = await db.model(MediaTasks).findByPk(picked.id, { transaction: tx, rejectOnEmpty: true });
        return openLease(deps, specs, tx, task, token, expiresAt);
      })
      .catch((error: unknown) => {
        if (error instanceof OverLimitError) {
          return 'again' as const;
        }
        throw error;
      });
    if (outcome !== 'again') {
      return outcome;
    }
  }
}

async function openLease(
  deps: Deps,
  specs: SpecBuilders,
  tx: Tx,
  task: MediaTask,
  leaseToken: string,
  expiresAt: Date,
): Promise<Lease | 'again'> {
  if (!(await holdVideo(deps, tx, task.videoId))) {
    await moveTask(deps, tx, task, ['leased'], 'cancelled', { attempt: task.attempt }, { type: 'task.cancelled' });
    return 'again';
  }
  const spec = await specs[task.kind](deps, tx, task);
  if (spec === null) {
    const failure = buildFailure(stageOfKind[task.kind], 'storage_failed', 'The files this step needs are not in the storage any more.');
    await moveTask(
      deps,
      tx,
      task,
      ['leased'],
      'failed',
      { attempt: task.attempt },
      { type: 'task.failed', data: { code: failure.code } },
      { failure },
    );
    return 'again';
  }
  for (const name of outputsOf(task.kind)) {
    await expectObject(deps, tx, {
      workspaceId: task.workspaceId,
      videoId: task.videoId,
      key: keys.output(task.workspaceId, task.videoId, task.id, task.attempt, name),
      kind: name,
      contentType: outputContentType[name],
      taskId: task.id,
      attempt: task.attempt,
      renditionId: task.renditionId,
    });
  }
  await deps.appendEvent(tx, {
    workspaceId: task.workspaceId,
    type: 'task.leased',
    videoId: task.videoId,
    subjectId: task.id,
    data: { kind: task.kind, attempt: task.attempt, renditionId: task.renditionId, agentId: task.agentId },
  });
  return {
    taskId: task.id,
    attempt: task.attempt,
    leaseToken,
    expiresAt: expiresAt.toISOString(),
    spec,
    outputs: await outputSlots(deps, tx, task),
  };
}

function outputsOf(kind: TaskKind): OutputName[] {
  return [...taskOutputs[kind].required, ...taskOutputs[kind].optional];
}

/** Where the current attempt puts its outputs, freshly signed. */
export async function outputSlots(deps: Deps, tx: Tx, task: Pick<MediaTask, 'id' | 'attempt'>): Promise<OutputSlot[]> {
  const objects = await deps.db
    .model(StoredObjects)
    .findAll({ where: { taskId: task.id, attempt: task.attempt, state: 'pending' }, transaction: tx });
  return Promise.all(
    objects.map(async (object): Promise<OutputSlot> => {
      const name = object.kind as OutputName;
      const maxBytes = maxOutputBytes[name];
      const target = await deps.store.presignPut(object.key, {
        expiresInSeconds: leaseUrlSeconds,
        contentType: object.contentType,
        maxBytes,
        objectId: object.id,
      });
      return { name, ...target, contentType: object.contentType, maxBytes };
    }),
  );
}
