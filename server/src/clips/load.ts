import { notFound } from '../core/errors.ts';
import type { Tx } from '../db/database.ts';
import type { Deps } from '../deps.ts';
import { loadVideo } from '../library/load.ts';
import type { Video } from '../library/model.ts';
import { type ClipRow, Clips, type RenditionRow, Renditions } from './model.ts';

/** The clip of this workspace with its video; locked for whoever changes it. Throws not_found. */
export async function loadClip(deps: Deps, tx: Tx, id: string, isLocked = false): Promise<{ clip: ClipRow; video: Video }> {
  const clip = await deps.db.model(Clips).findByPk(id, { transaction: tx, ...(isLocked ? { lock: tx.LOCK.UPDATE } : {}) });
  if (clip === null) {
    throw notFound('clip');
  }
  return { clip, video: await loadVideo(deps, tx, clip.videoId) };
}

/** The rendition of this workspace with its clip and video. Throws not_found. */
export async function loadRendition(deps: Deps, tx: Tx, id: string): Promise<{ rendition: RenditionRow; clip: ClipRow; video: Video }> {
  const rendition = await deps.db.model(Renditions).findByPk(id, { transaction: tx });
  if (rendition === null) {
    throw notFound('rendition');
  }
  return { rendition, ...(await loadClip(deps, tx, rendition.clipId)) };
}
