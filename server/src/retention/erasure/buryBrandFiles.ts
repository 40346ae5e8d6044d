/** The deletion of brand kits and their files: the same saga as that of videos. Keeps: R5. */
import { wrongState } from '../../core/errors.ts';
import type { Tx } from '../../db/database.ts';
import { uuidArray } from '../../db/uuidArray.ts';
import type { DroppedFiles } from '../../clips/brand/kits.ts';
import type { Deps } from '../../deps.ts';
import { addErasures, addItems, type ErasureWish, type StartedErasure, wakeAfterCommit } from './bury.ts';

/** SQL condition: a legal hold is in force on everything of `:workspaceId` at `:now`. */
const workspaceHeld = `EXISTS (SELECT 1 FROM legal_holds h WHERE h.workspace_id = :workspaceId AND h.video_id IS NULL
  AND h.released_at IS NULL AND (h.ends_at IS NULL OR h.ends_at > :now))`;

/**
 * Buries files of brand kits of one workspace, and whole kits with all of theirs; readers find them gone at once. A person's wish that meets
 * a legal hold on the workspace throws wrong_state; otherwise nothing that is held is deleted.
 */
export async function buryBrandFiles(
  deps: Deps,
  tx: Tx,
  wish: ErasureWish,
  { workspaceId, kitIds, objectIds }: DroppedFiles,
): Promise<StartedErasure[]> {
  const { db, clock } = deps;
  const now = clock.now();
  const [hold] = await db.rows<{ is_held: boolean }>(tx, `SELECT ${workspaceHeld} AS is_held`, { workspaceId, now });
  if (hold?.is_held === true) {
    if (wish.cause === 'request' && wish.actorId !== null) {
      throw wrongState(
        'This workspace is under a legal hold and nothing of it can be deleted: ask the administrator of this installation.',
      );
    }
    return [];
  }
  const lists = { workspaceId, kitIds: uuidArray(kitIds), objectIds: uuidArray(objectIds) };
  const rows = await db.rows<{ id: string; workspace_id: string }>(
    tx,
    `UPDATE stored_objects SET state = 'deleting' WHERE workspace_id = :workspaceId AND video_id IS NULL AND state IN ('pending', 'ready')
       AND (id = ANY(CAST(:objectIds AS uuid[])) OR id IN (SELECT object_id FROM brand_assets WHERE kit_id = ANY(CAST(:kitIds AS uuid[]))))
     RETURNING id, workspace_id`,
    lists,
  );
  await db.change(tx, 'DELETE FROM brand_assets WHERE workspace_id = :workspaceId AND object_id = ANY(CAST(:objectIds AS uuid[]))', lists);
  const kits = await db.rows<{ id: string }>(
    tx,
    'DELETE FROM brand_kits WHERE workspace_id = :workspaceId AND id = ANY(CAST(:kitIds AS uuid[])) RETURNING id',
    lists,
  );
  if (rows.length === 0 && kits.length === 0) {
    return [];
  }
  await deps.appendEvent(
    tx,
    kits.map(({ id }) => ({ workspaceId, type: 'brand_kit.deleted' as const, subjectId: id, actorId: wish.actorId })),
  );
  const named = { ...wish, kitIds: kits.map(({ id }) => id) };
  if (rows.length > 0) {
    return addItems(deps, tx, named, { subject: 'brand_file', rows, warm: new Set() });
  }
  wakeAfterCommit(deps, tx);
  return addErasures(deps, tx, named, new Map([[workspaceId, 0]]));
}

/** Every brand kit of a workspace. */
export async function buryBrandKits(deps: Deps, tx: Tx, wish: ErasureWish, workspaceId: string): Promise<StartedErasure[]> {
  const kits = await deps.db.rows<{ id: string }>(tx, 'SELECT id FROM brand_kits WHERE workspace_id = :workspaceId', { workspaceId });
  return kits.length === 0 ? [] : buryBrandFiles(deps, tx, wish, { workspaceId, kitIds: kits.map(({ id }) => id), objectIds: [] });
}
