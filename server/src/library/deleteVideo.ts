/** Deleting: the content is gone for every reader at once; the bytes follow in the background. Keeps: R5. */
import type { VideoState } from '@carmic/contract';
import { sourcesOf } from '../core/transitions.ts';
import type { Tx } from '../db/database.ts';
import type { Deps } from '../deps.ts';
import { keys } from '../storage/keys.ts';
import { type Video, Videos } from './model.ts';
import { moveVideo } from './moveVideo.ts';
import { enqueueRemoval } from './storedObjects.ts';
import { videoTransitions } from './videoStates.ts';

/** Buries a video in the caller's transaction; false when it is being deleted already. Agents learn of it at their next renewal. */
export async function deleteVideo(deps: Deps, tx: Tx, video: Video, actorId: string | null): Promise<boolean> {
  const { db, clock, appendEvent } = deps;
  const from: VideoState[] = sourcesOf(videoTransitions, 'deleting');
  if (!(await moveVideo(deps, tx, video, from, 'deleting'))) {
    return false;
  }
  await db.model(Videos).update({ deletedAt: clock.now() }, { where: { id: video.id }, transaction: tx });
  const aborted = await db.change(tx, "UPDATE uploads SET state = 'aborted' WHERE video_id = :id AND state = 'open'", { id: video.id });
  if (aborted > 0) {
    await appendEvent(tx, { workspaceId: video.workspaceId, type: 'upload.aborted', videoId: video.id, actorId });
  }
  await db.change(
    tx,
    `UPDATE media_tasks SET state = 'cancelled', finished_at = :now, lease_expires_at = NULL
     WHERE video_id = :id AND state IN ('queued', 'leased', 'verifying')`,
    { id: video.id, now: clock.now() },
  );
  await db.change(tx, "UPDATE stored_objects SET state = 'deleting' WHERE video_id = :id", { id: video.id });
  tx.afterCommit(() => {
    deps.jobs
      .enqueue('videos.erase', { workspaceId: video.workspaceId, videoId: video.id })
      .catch((error: unknown) => deps.log.warn({ err: error }, 'an erasure was not enqueued; the watchdog will'));
    enqueueRemoval(deps);
  });
  return true;
}

/** Removes every byte and row of a deleted video. Runs again safely after a kill at any point. */
export async function eraseVideo(deps: Deps, workspaceId: string, videoId: string): Promise<void> {
  const { db, store } = deps;
  const video = await db.inWorkspace(workspaceId, (tx) => db.model(Videos).findByPk(videoId, { transaction: tx }));
  if (video === null || video.deletedAt === null) {
    return;
  }
  const prefix = keys.videoPrefix(workspaceId, videoId);
  for await (const open of store.listMultipart(prefix)) {
    await store.abortMultipart(open.key, open.uploadId);
  }
  const found: string[] = [];
  for await (const object of store.list(prefix)) {
    found.push(object.key);
  }
  const rows = await db.inWorkspace(workspaceId, (tx) =>
    db.rows<{ key: string }>(tx, 'SELECT key FROM stored_objects WHERE video_id = :videoId', { videoId }),
  );
  await store.delete([...new Set([...found, ...rows.map((row) => row.key)])]);
  await db.inWorkspace(workspaceId, async (tx) => {
    await db.change(tx, 'DELETE FROM stored_objects WHERE video_id = :videoId', { videoId });
    await db.change(tx, 'DELETE FROM videos WHERE id = :videoId AND deleted_at IS NOT NULL', { videoId });
  });
}
