/** Nothing an agent says is believed: a task is done once its files are in the storage as announced and readable as promised. */
import { analysisSchema, type OutputName, taskOutputs, transcriptDocumentSchema } from '@carmic/contract';
import { buildFailure } from '../core/errors.ts';
import type { Deps } from '../deps.ts';
import { type StoredObject, StoredObjects } from '../library/model.ts';
import { readJsonObject } from '../library/readObject.ts';
import { enqueueRemoval } from '../library/storedObjects.ts';
import { type MediaTask, MediaTasks } from './model.ts';
import { endAttempt, moveTask } from './moveTask.ts';
import { stageOfKind } from './taskStates.ts';

/** Checks the outputs of a completed task and ends it as done, or sends it back. Runs again safely. */
export async function verifyTask(deps: Deps, taskId: string): Promise<void> {
  const { db } = deps;
  const loaded = await db.asSystem(async (tx) => {
    const task = await db.model(MediaTasks).findByPk(taskId, { transaction: tx });
    if (task === null || task.state !== 'verifying') {
      return null;
    }
    const objects = await db.model(StoredObjects).findAll({ where: { taskId, attempt: task.attempt, state: 'pending' }, transaction: tx });
    return { task, objects };
  });
  if (loaded === null) {
    return;
  }
  const { task, objects } = loaded;
  const delivered = objects.filter((object) => object.sha256 !== null);
  const complaint = await findComplaint(deps, task, delivered);
  await db.asSystem(async (tx) => {
    if (complaint !== null) {
      const failure = buildFailure(stageOfKind[task.kind], 'output_invalid', complaint);
      await endAttempt(deps, tx, task, ['verifying'], { attempt: task.attempt }, failure, { type: 'task.released', isRetryable: true });
      return;
    }
    const isMoved = await moveTask(deps, tx, task, ['verifying'], 'done', { attempt: task.attempt }, { type: 'task.done' }, { note: null });
    if (!isMoved) {
      return;
    }
    await db
      .model(StoredObjects)
      .update({ state: 'ready' }, { where: { id: delivered.map((object) => object.id), state: 'pending' }, transaction: tx });
    const [unused] = await db
      .model(StoredObjects)
      .update({ state: 'deleting' }, { where: { taskId, attempt: task.attempt, state: 'pending' }, transaction: tx });
    if (unused > 0) {
      tx.afterCommit(() => enqueueRemoval(deps));
    }
  });
}

async function findComplaint(deps: Deps, task: MediaTask, delivered: readonly StoredObject[]): Promise<string | null> {
  const missing = taskOutputs[task.kind].required.filter((name) => !delivered.some((object) => object.kind === name));
  if (missing.length > 0) {
    return `These outputs were not delivered: ${missing.join(', ')}.`;
  }
  for (const object of delivered) {
    const stored = await deps.store.head(object.key);
    if (stored === null) {
      return `The output ${object.kind} did not arrive in the storage.`;
    }
    if (stored.sizeBytes !== object.sizeBytes || stored.sha256 !== object.sha256) {
      return `The output ${object.kind} in the storage is not the one that was announced.`;
    }
  }
  return findUnreadable(deps, delivered);
}

async function findUnreadable(deps: Deps, delivered: readonly StoredObject[]): Promise<string | null> {
  const schemas = { analysis: analysisSchema, transcript: transcriptDocumentSchema } as const;
  for (const name of ['analysis', 'transcript'] as const satisfies readonly OutputName[]) {
    const object = delivered.find((candidate) => candidate.kind === name);
    if (object === undefined) {
      continue;
    }
    try {
      await readJsonObject<unknown>(deps, object, schemas[name]);
    } catch (error) {
      deps.log.warn({ err: error, output: name }, 'an output has another form than promised');
      return `The output ${name} has another form than promised.`;
    }
  }
  return null;
}
