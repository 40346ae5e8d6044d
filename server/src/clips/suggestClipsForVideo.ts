/** The highlights stage: clips are suggested from words, sound and picture, and the renderings of all of them are queued. */
import type { Analysis, Word } from '@carmic/contract';
import { analysisSchema } from '@carmic/contract';
import { buildFailure } from '../core/errors.ts';
import { newId } from '../core/ids.ts';
import type { Tx } from '../db/database.ts';
import type { Deps } from '../deps.ts';
import { claimStage } from '../library/claimStage.ts';
import type { Video } from '../library/model.ts';
import { moveVideo } from '../library/moveVideo.ts';
import { readJsonObject } from '../library/readObject.ts';
import { findObject } from '../library/storedObjects.ts';
import { askModelAboutClips } from '../understanding/highlights/askModel.ts';
import { suggestClips } from '../understanding/highlights/suggestClips.ts';
import type { SuggestedClip } from '../understanding/highlights/suggestedClip.ts';
import { buildTalk } from '../understanding/highlights/talk.ts';
import { readChapters } from '../understanding/readInsight.ts';
import { passSafety } from '../understanding/safety/checkVideo.ts';
import { openLanguageModel } from '../understanding/switchboard/clients.ts';
import { enginesFor, languageModelParty } from '../understanding/switchboard/engines.ts';
import { countUse } from '../understanding/switchboard/usage.ts';
import { findTranscript, readTranscript } from '../understanding/transcripts.ts';
import { chooseBrand } from './brand/brandFor.ts';
import { judgeTitles, settleClips } from './clipSafety.ts';
import { contentOf, sealContent } from './content.ts';
import { type ClipRow, Clips } from './model.ts';
import { queueRendition } from './queueRendition.ts';

/** Who chose when no language model was asked. */
const builtInRanker = 'built-in ranker';

/** Suggests the clips of a video and queues their renderings, once at a time. Runs again safely: only one run's clips are kept. */
export async function suggestClipsForVideo(deps: Deps, video: Video): Promise<void> {
  await claimStage(deps, video, () => suggestOnce(deps, video));
}

async function suggestOnce(deps: Deps, video: Video): Promise<void> {
  const { db } = deps;
  const { probe } = video;
  if (probe === null) {
    throw new Error('A video that was not inspected cannot have clips.');
  }
  const { words, language, analysis } = await db.inWorkspace(video.workspaceId, (tx) => loadMaterial(deps, tx, video));
  const talk = words.length === 0 ? null : buildTalk(words, [], language);
  const verdict = await passSafety(deps, video, { talk, language, analysis });
  if (verdict === null) {
    return;
  }
  await db.inWorkspace(video.workspaceId, (tx) => readChapters(deps, tx, video));
  const { clipCount, minClipSeconds, maxClipSeconds } = video.options;
  const chosen = suggestClips({ durationSeconds: probe.durationSeconds, words, analysis, exclude: verdict.leaveOut, options: { clipCount, minClipSeconds, maxClipSeconds, language } });
  const { suggestions, engine } = await askedClips(deps, video.workspaceId, chosen);
  // Titles of our own are words of the clip, which were judged; those of a language model were not.
  const written = suggestions.filter(({ title }) => !chosen.some((clip) => clip.title === title)).map(({ title }) => title);
  const titleStops = written.length === 0 ? null : await judgeTitles(deps, video.workspaceId, written, language);
  await db.inWorkspace(video.workspaceId, async (tx) => {
    if (suggestions.length === 0) {
      const failure = buildFailure('highlights', 'no_clips_found', `No moment of ${minClipSeconds} to ${maxClipSeconds} seconds stood out in this video.`);
      await moveVideo(deps, tx, video, ['selecting'], 'failed', { failure });
      return;
    }
    if (!(await moveVideo(deps, tx, video, ['selecting'], 'rendering'))) {
      return;
    }
    const captionStyle = words.length === 0 ? 'none' : video.options.captionStyle;
    const brand = await chooseBrand(deps, tx, video.workspaceId, undefined, video.options.brandKitId);
    const clips = await createClips(deps, tx, video, suggestions);
    await settleClips(deps, tx, video, clips, {
      stops: verdict.stops,
      policyVersion: verdict.policyVersion,
      titleStopsOf: (clip) => titleStops?.get(contentOf(deps, clip).title) ?? [],
    });
    for (const clip of clips) {
      for (const aspect of video.options.aspects) {
        await queueRendition(deps, tx, clip, probe, { aspect, captionStyle, brand });
      }
    }
    await deps.appendEvent(tx, { workspaceId: video.workspaceId, type: 'clips.suggested', videoId: video.id, data: { count: suggestions.length, engine } });
  });
}

/** Best first; ordered and named by the first language engine of the order whose answer holds. */
async function askedClips(deps: Deps, workspaceId: string, chosen: readonly SuggestedClip[]): Promise<{ suggestions: SuggestedClip[]; engine: string }> {
  const sorted = [...chosen].sort((a, b) => b.score - a.score);
  const [engine] = await deps.db.inWorkspace(workspaceId, (tx) => enginesFor(deps, tx, workspaceId, 'language'));
  const model = engine === languageModelParty ? openLanguageModel(deps) : null;
  if (model === null) {
    return { suggestions: sorted, engine: builtInRanker };
  }
  const { clips, refusedBecause } = await askModelAboutClips(model, sorted);
  const isFailed = refusedBecause !== null;
  if (isFailed) {
    deps.log.warn({ reason: refusedBecause }, 'clips stay as they were chosen');
  }
  const characters = isFailed ? 0 : sorted.reduce((sum, { excerpt }) => sum + excerpt.length, 0);
  await deps.db.inWorkspace(workspaceId, (tx) => countUse(deps, tx, { workspaceId, kind: 'language', engine: languageModelParty, isFailed, characters }));
  return { suggestions: clips, engine: isFailed ? builtInRanker : languageModelParty };
}

/** What clips of a video are chosen from. */
export async function loadMaterial(deps: Deps, tx: Tx, video: Video): Promise<{ words: Word[]; language: string | null; analysis: Analysis | null }> {
  const row = await findTranscript(deps, tx, video.id);
  const document = row === null ? null : await readTranscript(deps, tx, row);
  const object = await findObject(deps, tx, video.id, 'analysis');
  return {
    words: document?.words ?? [],
    language: document === null || document.language === 'und' ? video.options.language : document.language,
    analysis: object === null ? null : await readJsonObject(deps, object, analysisSchema),
  };
}

/** Writes the rows of suggested clips, ranked behind `lastRank`. */
export async function createClips(deps: Deps, tx: Tx, video: Video, suggestions: readonly SuggestedClip[], lastRank = 0): Promise<ClipRow[]> {
  const now = deps.clock.now();
  return deps.db.model(Clips).bulkCreate(
    suggestions.map((suggestion, index) => {
      const id = newId();
      const { title, tags, scoreParts, excerpt, boundaries } = suggestion;
      return {
        id,
        workspaceId: video.workspaceId,
        videoId: video.id,
        state: 'suggested' as const,
        rank: lastRank + index + 1,
        startSeconds: suggestion.startSeconds,
        endSeconds: suggestion.endSeconds,
        score: suggestion.score,
        contentSealed: sealContent(deps, id, { title, tags, scoreParts, excerpt, boundaries }),
        editVersion: 1,
        createdAt: now,
        updatedAt: now,
      };
    }),
    { transaction: tx },
  );
}
