/** Expired content goes for good. Keeps: R1, R2. Readers are refused by the clock already; this makes bytes and rows follow. */
import type { Deps } from '../deps.ts';
import { deleteVideo } from '../library/deleteVideo.ts';
import { Videos } from '../library/model.ts';

const batchSize = 200;

/** Starts the deletion of what has expired, in batches. Several may run at once; each video is taken by one of them. Answers how many. */
export async function sweepExpired(deps: Deps): Promise<number> {
  const { db, clock } = deps;
  for (let swept = 0; ;) {
    const expired = await db.asSystem((tx) =>
      db.rows<{ id: string; workspace_id: string }>(
        tx,
        'SELECT id, workspace_id FROM videos WHERE expires_at <= :now AND deleted_at IS NULL ORDER BY expires_at LIMIT :batchSize',
        { now: clock.now(), batchSize },
      ),
    );
    let taken = 0;
    for (const { id, workspace_id: workspaceId } of expired) {
      const isTaken = await db.inWorkspace(workspaceId, async (tx) => {
        const video = await db.model(Videos).findByPk(id, { transaction: tx });
        const isDue = video !== null && video.expiresAt !== null && video.expiresAt <= clock.now();
        return isDue && (await deleteVideo(deps, tx, video, null));
      });
      taken += isTaken ? 1 : 0;
    }
    swept += taken;
    // A whole batch that nobody could take is somebody else's work: the next round looks again.
    if (expired.length < batchSize || taken === 0) {
      return swept;
    }
  }
}
