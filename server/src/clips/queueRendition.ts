import { createHash } from 'node:crypto';
import type { Aspect, CaptionOptions, CaptionStyle, FramingWish, Probe, VideoCodec } from '@carmic/contract';
import { queueTask } from '../agents/queueTask.ts';
import { wrongState } from '../core/errors.ts';
import { newId } from '../core/ids.ts';
import type { Tx } from '../db/database.ts';
import type { Deps } from '../deps.ts';
import { reserveRerender } from '../plans/rerenders.ts';
import { segmentsOf } from './clipEdits.ts';
import { type ClipRow, Clips, type RenditionRow, Renditions } from './model.ts';
import { type Brand, brandHash, findBrand } from './brand/brandFor.ts';
import { captionsVersion } from './captionsFor.ts';
import { outputSize } from './outputSize.ts';

/** Queues one rendition of a clip; when the very same one exists or is on its way, answers that one instead. */
export async function queueRendition(
  deps: Deps,
  tx: Tx,
  clip: ClipRow,
  probe: Pick<Probe, 'width' | 'height'>,
  wish: {
    aspect: Aspect;
    captionStyle: CaptionStyle;
    captionOptions?: CaptionOptions | undefined;
    captionLanguage?: string | null;
    brand?: Brand | null;
    framing?: FramingWish | undefined;
    shortSide?: number | undefined;
    codec?: VideoCodec | undefined;
  },
): Promise<RenditionRow> {
  const { db, clock, appendEvent } = deps;
  const size = outputSize(wish.aspect, probe, wish.shortSide);
  const { aspect, captionStyle, captionOptions = {}, codec = 'h264' } = wish;
  const segments = await segmentsOf(deps, tx, clip);
  const captionLanguage = captionStyle === 'none' ? null : (wish.captionLanguage ?? null);
  // Without captions the words are heard only where swearing is taken out of the sound.
  const needsWords = captionStyle !== 'none' || (captionOptions.profanity?.sound ?? 'keep') !== 'keep';
  const words = needsWords ? await captionsVersion(deps, tx, clip.videoId, captionLanguage) : null;
  const specHash = createHash('sha256')
    .update(
      JSON.stringify([segments, clip.editVersion, aspect, captionStyle, captionOptions, size.width, size.height, ...(words === null ? [] : [words]), ...(wish.framing ? [wish.framing] : []), ...(wish.brand ? [brandHash(wish.brand)] : []), ...(codec === 'h264' ? [] : [codec])]),
    )
    .digest('hex');
  const id = newId();
  const now = clock.now();
  const inserted = await db.change(
    tx,
    `INSERT INTO renditions (id, workspace_id, video_id, clip_id, state, aspect, caption_style, caption_options, caption_language, brand_kit_id, framing, codec, width, height, spec_hash, edit_version, created_at, updated_at)
     VALUES (:id, :workspaceId, :videoId, :clipId, 'queued', :aspect, :captionStyle, :options, :captionLanguage, :brandKitId, :framing, :codec, :width, :height, :specHash, :editVersion, :now, :now)
     ON CONFLICT DO NOTHING`,
    { id, workspaceId: clip.workspaceId, videoId: clip.videoId, clipId: clip.id, aspect, captionStyle, options: JSON.stringify(captionOptions), captionLanguage, brandKitId: wish.brand?.id ?? null, framing: wish.framing ? JSON.stringify(wish.framing) : null, codec, ...size, specHash, editVersion: clip.editVersion, now },
  );
  if (inserted === 0) {
    return db.model(Renditions).findOne({
      where: { clipId: clip.id, specHash, state: ['queued', 'rendering', 'verifying', 'ready'] },
      transaction: tx,
      rejectOnEmpty: true,
    });
  }
  const clipSeconds = segments.reduce((sum, { startSeconds, endSeconds }) => sum + endSeconds - startSeconds, 0);
  await reserveRerender(deps, tx, { workspaceId: clip.workspaceId, videoId: clip.videoId, clipId: clip.id, renditionId: id }, clipSeconds);
  await appendEvent(tx, { workspaceId: clip.workspaceId, type: 'rendition.queued', videoId: clip.videoId, subjectId: id, data: { clipId: clip.id, aspect: wish.aspect } });
  await queueTask(deps, tx, { workspaceId: clip.workspaceId, videoId: clip.videoId, kind: 'render', renditionId: id, rank: clip.rank });
  return db.model(Renditions).findByPk(id, { transaction: tx, rejectOnEmpty: true });
}

/** Queues a failed or cancelled rendition again; false when it is in another state. Throws wrong_state when its brand kit is gone. */
export async function requeueRendition(deps: Deps, tx: Tx, rendition: RenditionRow): Promise<boolean> {
  if (rendition.brandKitId !== null && (await findBrand(deps, tx, rendition.brandKitId)) === null) {
    throw wrongState('The brand kit of this rendition was deleted in the meantime: render the clip anew, with another kit or with none.');
  }
  const [count] = await deps.db
    .model(Renditions)
    .update({ state: 'queued', failure: null, updatedAt: deps.clock.now() }, { where: { id: rendition.id, state: ['failed', 'cancelled'] }, transaction: tx });
  if (count === 0) {
    return false;
  }
  const { workspaceId, videoId, id } = rendition;
  const { startSeconds, endSeconds } = await deps.db.model(Clips).findByPk(rendition.clipId, { transaction: tx, rejectOnEmpty: true });
  await reserveRerender(deps, tx, { workspaceId, videoId, clipId: rendition.clipId, renditionId: id }, endSeconds - startSeconds);
  await deps.appendEvent(tx, { workspaceId, type: 'rendition.queued', videoId, subjectId: id, data: { clipId: rendition.clipId, aspect: rendition.aspect } });
  await queueTask(deps, tx, { workspaceId, videoId, kind: 'render', renditionId: id });
  return true;
}
