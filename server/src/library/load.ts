import { notFound } from '../core/errors.ts';
import type { Tx } from '../db/database.ts';
import type { Deps } from '../deps.ts';
import { type UploadRow, Uploads, type Video, Videos } from './model.ts';

/** The video of this workspace, when it is not deleted or expired. Throws not_found otherwise. */
export async function loadVideo(deps: Deps, tx: Tx, id: string): Promise<Video> {
  const video = await deps.db.model(Videos).findByPk(id, { transaction: tx });
  if (video === null || isGone(video, deps.clock.now())) {
    throw notFound('video');
  }
  return video;
}

/** The upload of this workspace with its video. Throws not_found. */
export async function loadUpload(deps: Deps, tx: Tx, id: string): Promise<{ upload: UploadRow; video: Video }> {
  const upload = await deps.db.model(Uploads).findByPk(id, { transaction: tx });
  if (upload === null) {
    throw notFound('upload');
  }
  return { upload, video: await loadVideo(deps, tx, upload.videoId) };
}

/** Tells whether a video's content has ended, whether or not its bytes are removed yet. */
export function isGone(video: Pick<Video, 'deletedAt' | 'expiresAt'>, now: Date): boolean {
  return video.deletedAt !== null || (video.expiresAt !== null && video.expiresAt <= now);
}
