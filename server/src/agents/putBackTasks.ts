import type { Tx } from '../db/database.ts';
import type { Deps } from '../deps.ts';
import { MediaTasks } from './model.ts';
import { moveTask } from './moveTask.ts';

/** Takes the tasks of a workspace from the agents that work on them and puts them back into the queue; the attempt is not counted. */
export async function putBackTasks(deps: Deps, tx: Tx, workspaceId: string): Promise<void> {
  const tasks = await deps.db.model(MediaTasks).findAll({ where: { workspaceId, state: 'leased' }, transaction: tx });
  for (const task of tasks) {
    await moveTask(
      deps,
      tx,
      task,
      ['leased'],
      'queued',
      { attempt: task.attempt },
      { type: 'task.released' },
      { maxAttempts: task.maxAttempts + 1, runAfter: deps.clock.now() },
    );
  }
}

/** Lets the tasks of a workspace wait anew: the time in which nobody might take them does not count. */
export async function restartWaiting(deps: Deps, tx: Tx, workspaceId: string): Promise<void> {
  await deps.db.change(tx, "UPDATE media_tasks SET queued_at = :now WHERE workspace_id = :workspaceId AND state = 'queued'", {
    workspaceId,
    now: deps.clock.now(),
  });
  tx.afterCommit(() => deps.tasksReady.notify());
}
