import type { TaskKind, TaskSpec } from '@carmic/contract';
import type { Tx } from '../db/database.ts';
import type { Deps } from '../deps.ts';
import type { StoredObject } from '../library/model.ts';
import type { MediaTask } from './model.ts';

/** How long the URLs of a lease work; every renewal brings fresh ones. */
export const leaseUrlSeconds = 1800;

/** A URL from which an agent reads an object. */
export async function agentInput(
  deps: Deps,
  object: Pick<StoredObject, 'key' | 'contentType' | 'sizeBytes'>,
): Promise<{ url: string; sizeBytes: number }> {
  const url = await deps.store.presignGet(object.key, { expiresInSeconds: leaseUrlSeconds, contentType: object.contentType });
  return { url, sizeBytes: object.sizeBytes };
}

/** Says what a task of one kind asks of the agent, from the rows as they are now; null when what it needs is not there any more. */
export type BuildSpec = (deps: Deps, tx: Tx, task: MediaTask) => Promise<TaskSpec | null>;
export type SpecBuilders = { readonly [K in TaskKind]: BuildSpec };
