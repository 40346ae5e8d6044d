/** Moments by wish, and clips made of them. The ranker is the one that suggests clips: the same wish always finds the same. */
import type { Clip, Moment, MomentWish } from '@carmic/contract';
import { invalidInput, wrongState } from '../core/errors.ts';
import type { Tx } from '../db/database.ts';
import type { Deps } from '../deps.ts';
import type { Person } from '../http/request.ts';
import { loadVideo } from '../library/load.ts';
import type { Video } from '../library/model.ts';
import { suggestClips } from '../understanding/highlights/suggestClips.ts';
import type { SuggestedClip } from '../understanding/highlights/suggestedClip.ts';
import { findVerdict } from '../understanding/safety/verdicts.ts';
import { formsOf, stemmerOf } from '../understanding/search/tokenize.ts';
import { chooseBrand } from './brand/brandFor.ts';
import { settleClips } from './clipSafety.ts';
import { createClips, loadMaterial } from './suggestClipsForVideo.ts';
import { Clips } from './model.ts';
import { presentClips } from './present.ts';
import { queueRendition } from './queueRendition.ts';

async function search(deps: Deps, tx: Tx, video: Video, wish: MomentWish): Promise<SuggestedClip[]> {
  if (video.state !== 'ready' || video.probe === null) {
    throw wrongState('Moments are looked for in a video that is ready.');
  }
  const { words, language, analysis } = await loadMaterial(deps, tx, video);
  const { durationSeconds } = video.probe;
  const clips = await deps.db.model(Clips).findAll({ where: { videoId: video.id, state: ['suggested', 'kept'] }, transaction: tx });
  const stem = await stemmerOf(language ?? 'en');
  const { topics, avoid, fromSeconds, count, minClipSeconds, maxClipSeconds } = wish;
  return suggestClips({
    durationSeconds,
    words,
    analysis,
    exclude: [...clips.map(({ startSeconds, endSeconds }) => ({ startSeconds, endSeconds })), ...((await findVerdict(deps, tx, video.id))?.leaveOut ?? [])],
    wish: { topics, avoid, fromSeconds, toSeconds: wish.toSeconds ?? durationSeconds, formsOf: (word) => formsOf(word, language ?? 'en', stem) },
    options: { clipCount: count, minClipSeconds, maxClipSeconds, language },
  });
}

/** Finds moments; nothing is made. */
export function findMoments(deps: Deps, person: Person, videoId: string, wish: MomentWish): Promise<{ items: Moment[] }> {
  return deps.db.inWorkspace(person.workspaceId, async (tx) => ({ items: await search(deps, tx, await loadVideo(deps, tx, videoId), wish) }));
}

/** Makes clips of moments and queues their renderings. Throws invalid_input for a beginning that the wish does not find. */
export function createClipsFromMoments(
  deps: Deps,
  person: Person,
  videoId: string,
  { startSeconds, ...wish }: MomentWish & { startSeconds: number[] },
): Promise<{ items: Clip[] }> {
  return deps.db.inWorkspace(person.workspaceId, async (tx) => {
    const video = await loadVideo(deps, tx, videoId);
    const found = await search(deps, tx, video, wish);
    const chosen = found.filter((moment) => startSeconds.some((start) => Math.abs(start - moment.startSeconds) < 0.01));
    if (chosen.length !== new Set(startSeconds).size || video.probe === null) {
      throw invalidInput('A moment with such a beginning is not found any more: look again.');
    }
    const rows = await deps.db.rows<{ last: number | null }>(tx, 'SELECT max(rank) AS last FROM clips WHERE video_id = :id', { id: video.id });
    const clips = await createClips(deps, tx, video, chosen, rows[0]?.last ?? 0);
    const verdict = await findVerdict(deps, tx, video.id);
    await settleClips(deps, tx, video, clips, { stops: verdict?.stops ?? [], policyVersion: verdict?.policyVersion ?? 1 });
    const brand = await chooseBrand(deps, tx, video.workspaceId, undefined, video.options.brandKitId);
    for (const clip of clips) {
      for (const aspect of video.options.aspects) {
        await queueRendition(deps, tx, clip, video.probe, { aspect, captionStyle: video.options.captionStyle, brand });
      }
    }
    await deps.appendEvent(tx, {
      workspaceId: video.workspaceId,
      type: 'clips.suggested',
      videoId: video.id,
      actorId: person.userId,
      data: { count: clips.length, isWish: true },
    });
    return { items: await presentClips(deps, tx, clips) };
  });
}
