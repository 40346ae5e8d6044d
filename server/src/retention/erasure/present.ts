import type { Erasure } from '@carmic/contract';
import type { Tx } from '../../db/database.ts';
import { uuidArray } from '../../db/uuidArray.ts';
import type { Deps } from '../../deps.ts';
import { type ErasureRow, erasureSteps, type StepTimes } from './steps.ts';

interface Progress {
  erasure_id: string;
  counts: Record<string, number>;
  times: StepTimes;
  waiting_for: string | null;
  retry_at: Date | null;
  is_quiet: boolean;
}

const countsSql = erasureSteps.map((step) => `'${step}', count(*) FILTER (WHERE i.times ? '${step}')`).join(', ');
const timesSql = erasureSteps.map((step) => `'${step}', max(i.times->>'${step}')`).join(', ');

/** Deletions as their workspace and administrators see them. */
export async function presentErasures(deps: Deps, tx: Tx, erasures: readonly ErasureRow[]): Promise<Erasure[]> {
  const { db, clock } = deps;
  const progress = await db.rows<Progress>(
    tx,
    // The question mark is jsonb's operator here; nothing is replaced in this statement but :ids and :now.
    `SELECT i.erasure_id, json_build_object(${countsSql}) AS counts, json_build_object(${timesSql}) AS times,
       max(i.last_error) FILTER (WHERE i.step <> 'done') AS waiting_for, min(i.run_after) FILTER (WHERE i.step <> 'done') AS retry_at,
       bool_or(i.step <> 'done' AND i.quiet_after > :now AND i.run_after = i.quiet_after) AS is_quiet
     FROM erasure_items i WHERE i.erasure_id = ANY(CAST(:ids AS uuid[])) GROUP BY i.erasure_id`,
    { ids: uuidArray(erasures.map((erasure) => erasure.id)), now: clock.now() },
  );
  const byId = new Map(progress.map((row) => [row.erasure_id, row]));
  return erasures.map((erasure) => presentErasure(erasure, byId.get(erasure.id), clock.now()));
}

function presentErasure(erasure: ErasureRow, progress: Progress | undefined, now: Date): Erasure {
  const isDone = erasure.finished_at !== null;
  return {
    id: erasure.id,
    workspaceId: erasure.workspace_id,
    scope: erasure.scope,
    cause: erasure.cause,
    state: isDone ? 'done' : erasure.deadline_at <= now ? 'overdue' : erasure.alarmed_at !== null ? 'late' : 'running',
    requestedAt: erasure.requested_at.toISOString(),
    deadlineAt: erasure.deadline_at.toISOString(),
    finishedAt: erasure.finished_at?.toISOString() ?? null,
    itemCount: erasure.item_count,
    doneCount: erasure.done_count,
    objectCount: Number(erasure.object_count),
    steps: erasureSteps.map((name) => {
      const doneCount = progress?.counts[name] ?? 0;
      return { name, doneCount, finishedAt: doneCount === erasure.item_count ? (progress?.times[name] ?? null) : null };
    }),
    waitingFor: isDone
      ? null
      : progress?.is_quiet === true
        ? 'An agent may still write for a few minutes; then everything is deleted and looked for once more.'
        : (progress?.waiting_for ?? null),
    retryAt:
      isDone || progress === undefined || progress.retry_at === null || progress.retry_at <= now ? null : progress.retry_at.toISOString(),
    hasReceipt: erasure.receipt !== null,
  };
}
