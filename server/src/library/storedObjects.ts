/**
 * Rows of stored objects. No blob exists without its row: the row is made before anybody may write the bytes, and it stays, as `removed`,
 * when they are gone: all rows of a video are its manifest, every key ever written for it. Its deletion deletes them all.
 */
import { addSeconds } from '../core/clock.ts';
import { notFound } from '../core/errors.ts';
import { newId } from '../core/ids.ts';
import type { Tx } from '../db/database.ts';
import type { Deps } from '../deps.ts';
import { type ObjectKind, type StoredObject, StoredObjects } from './model.ts';

/** Holds a video's row against deletion until the end of the transaction; false when it is deleted already. */
export async function holdVideo(deps: Deps, tx: Tx, videoId: string): Promise<boolean> {
  const rows = await deps.db.rows(tx, 'SELECT 1 FROM videos WHERE id = :videoId AND deleted_at IS NULL FOR SHARE', { videoId });
  return rows.length === 1;
}

/** Adds the row of an object that is about to be written. Throws not_found when its video is deleted: no key is written behind a deletion. */
export async function expectObject(
  deps: Deps,
  tx: Tx,
  object: {
    workspaceId: string;
    videoId: string;
    key: string;
    kind: ObjectKind;
    contentType: string;
    id?: string;
    taskId?: string;
    attempt?: number;
    renditionId?: string | null;
    /** Bytes to reserve; 0 while unknown. */
    sizeBytes?: number;
  },
): Promise<StoredObject> {
  if (!(await holdVideo(deps, tx, object.videoId))) {
    throw notFound('video');
  }
  return deps.db
    .model(StoredObjects)
    .create({ ...object, id: object.id ?? newId(), state: 'pending', createdAt: deps.clock.now() }, { transaction: tx });
}

/** Marks an object as written and whole. */
export async function confirmObject(deps: Deps, tx: Tx, id: string, facts: { sizeBytes: number; sha256: string }): Promise<void> {
  await deps.db.model(StoredObjects).update({ state: 'ready', ...facts }, { where: { id, state: 'pending' }, transaction: tx });
}

/** Gives objects up; their bytes are removed in the background, by a job that `enqueueRemoval` starts after the commit. */
export async function discardObjects(deps: Deps, tx: Tx, where: { videoId: string; kind: ObjectKind }): Promise<void> {
  const [count] = await deps.db
    .model(StoredObjects)
    .update({ state: 'deleting' }, { where: { ...where, state: ['pending', 'ready'] }, transaction: tx });
  if (count > 0) {
    tx.afterCommit(() => enqueueRemoval(deps));
  }
}

/** Starts the removal of given-up objects; a lost nudge is made good by the watchdog. */
export function enqueueRemoval(deps: Deps): void {
  deps.jobs
    .enqueue('objects.remove', {})
    .catch((error: unknown) => deps.log.warn({ err: error }, 'removal was not enqueued; the watchdog will'));
}

const batchSize = 500;

/** Removes the bytes of given-up objects, in batches; their keys stay in the manifest. Answers how many were removed. */
export async function removeDiscarded(deps: Deps): Promise<number> {
  const { db, store } = deps;
  await giveUpUnfinished(deps);
  for (let removed = 0; ;) {
    const rows = await db.asSystem((tx) =>
      db.rows<{ id: string; key: string }>(
        tx,
        "SELECT id, key FROM stored_objects WHERE state = 'deleting' ORDER BY created_at LIMIT :limit",
        { limit: batchSize },
      ),
    );
    if (rows.length === 0) {
      return removed;
    }
    await store.delete(rows.map((row) => row.key));
    const ids = rows.map((row) => row.id);
    await db.asSystem(async (tx) => {
      // What belongs to no video is in no video's manifest: its row goes with its bytes, or with the deletion that will sign for it.
      await db.change(
        tx,
        `DELETE FROM stored_objects o WHERE o.state = 'deleting' AND o.video_id IS NULL AND o.id IN (:ids)
           AND NOT EXISTS (SELECT 1 FROM erasure_items i WHERE i.step <> 'done' AND i.subject_id = o.id)`,
        { ids },
      );
      await db.change(tx, "UPDATE stored_objects SET state = 'removed', size_bytes = 0 WHERE state = 'deleting' AND id IN (:ids)", { ids });
    });
    removed += rows.length;
  }
}

/** A file of a brand kit is written within one request; a row that still waits after an hour was left by a process that died. */
async function giveUpUnfinished({ db, clock }: Deps): Promise<void> {
  await db.asSystem((tx) =>
    db.change(tx, "UPDATE stored_objects SET state = 'deleting' WHERE state = 'pending' AND video_id IS NULL AND created_at < :before", {
      before: addSeconds(clock.now(), -3600),
    }),
  );
}

/**
 * Tells how many seconds the bytes under `key` may still be read: 0 unless they are written, not given up, not expired, and of no deleted
 * video or suspended workspace; Infinity when no end is set.
 */
export function readableSeconds(deps: Deps, key: string): Promise<number> {
  const { db, clock } = deps;
  return db.asSystem(async (tx) => {
    const now = clock.now();
    const [row] = await db.rows<{ ends_at: Date | null }>(
      tx,
      `SELECT LEAST(o.expires_at, v.expires_at) AS ends_at FROM stored_objects o LEFT JOIN videos v ON v.id = o.video_id
       JOIN workspaces w ON w.id = o.workspace_id AND w.suspended_at IS NULL
       WHERE o.key = :key AND o.state = 'ready' AND (o.expires_at IS NULL OR o.expires_at > :now)
         AND (o.video_id IS NULL OR (v.id IS NOT NULL AND v.deleted_at IS NULL AND (v.expires_at IS NULL OR v.expires_at > :now)))`,
      { key, now },
    );
    if (row === undefined) {
      return 0;
    }
    return row.ends_at === null ? Number.POSITIVE_INFINITY : (row.ends_at.getTime() - now.getTime()) / 1000;
  });
}

/** Tells whether bytes may be written under `key` now: somebody expects them. */
export function isExpected(deps: Deps, key: string): Promise<boolean> {
  const { db } = deps;
  return db.asSystem(async (tx) => {
    const rows = await db.rows(
      tx,
      `SELECT 1 FROM stored_objects o JOIN videos v ON v.id = o.video_id JOIN workspaces w ON w.id = o.workspace_id AND w.suspended_at IS NULL
       LEFT JOIN media_tasks t ON t.id = o.task_id
       WHERE o.key = :key AND o.state = 'pending' AND v.deleted_at IS NULL
         AND (o.task_id IS NULL OR (t.state = 'leased' AND t.attempt = o.attempt))`,
      { key },
    );
    return rows.length > 0;
  });
}

/** The newest readable object of a kind that belongs to a video; null when there is none. */
export function findObject(deps: Deps, tx: Tx, videoId: string, kind: ObjectKind): Promise<StoredObject | null> {
  return deps.db
    .model(StoredObjects)
    .findOne({ where: { videoId, kind, state: 'ready' }, order: [['createdAt', 'DESC']], transaction: tx });
}
