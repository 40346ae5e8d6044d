/** The transcript stage: words from a supplied file, an agent's speech model or Deepgram; without any of them the stage says why it is skipped. */
import type { TaskSpec } from '@carmic/contract';
import { findVideoTask, queueTask } from '../agents/queueTask.ts';
import type { MediaTask } from '../agents/model.ts';
import { agentInput } from '../agents/taskSpec.ts';
import { buildFailure } from '../core/errors.ts';
import type { Tx } from '../db/database.ts';
import type { Deps } from '../deps.ts';
import { type Video, Videos } from '../library/model.ts';
import { moveVideo } from '../library/moveVideo.ts';
import { discardObjects, findObject } from '../library/storedObjects.ts';
import { StoredObjects } from '../library/model.ts';
import { chooseEngine } from './engine.ts';
import { keyTermsOf } from './glossary/glossary.ts';
import { tryNextEngine } from './nextEngine.ts';
import { countUse } from './switchboard/usage.ts';
import { findTranscript, saveTranscriptRow } from './transcripts.ts';

/** Does the next step of the transcript stage. Runs again safely, also at the same time: whoever comes second sees what the first one began. */
export function transcribeVideo(deps: Deps, { id, workspaceId }: Pick<Video, 'id' | 'workspaceId'>): Promise<void> {
  const { db } = deps;
  return db.inWorkspace(workspaceId, async (tx) => {
    const video = await db.model(Videos).findOne({ where: { id, state: 'transcribing' }, lock: tx.LOCK.UPDATE, transaction: tx });
    if (video === null) {
      return;
    }
    if ((await findTranscript(deps, tx, video.id)) !== null) {
      await finish(deps, tx, video, {});
      return;
    }
    if (video.probe?.audioCodec === null) {
      await finish(deps, tx, video, { isSkipped: true, note: 'The video has no sound, so there is nothing to transcribe.' });
      return;
    }
    if (await takeTaskResult(deps, tx, video)) {
      return;
    }
    const { engine, explanation } = await chooseEngine(deps, tx, video.workspaceId, video.stageTimes.transcript?.tried ?? []);
    if (engine === 'none') {
      await finish(deps, tx, video, { isSkipped: true, note: explanation });
    } else if (engine === 'local') {
      await queueTask(deps, tx, { workspaceId: video.workspaceId, videoId: video.id, kind: 'transcribe' });
    } else {
      await askDeepgram(deps, tx, video);
    }
  });
}

async function finish(deps: Deps, tx: Tx, video: Video, finished: { isSkipped?: boolean; note?: string }): Promise<boolean> {
  const isMoved = await moveVideo(deps, tx, video, ['transcribing'], 'selecting', {
    finished,
    ...(finished.note === undefined ? {} : { notices: [finished.note] }),
  });
  if (isMoved) {
    // Keeps: A4. The audio was made for transcription only.
    await discardObjects(deps, tx, { videoId: video.id, kind: 'audio' });
  }
  return isMoved;
}

/** Uses what an agent's transcription ended with. Answers true when there is nothing more to do now. */
async function takeTaskResult(deps: Deps, tx: Tx, video: Video): Promise<boolean> {
  const task = await findVideoTask(deps, tx, video.id, 'transcribe');
  const stageStartedAt = Date.parse(video.stageTimes.transcript?.startedAt ?? '') || 0;
  if (task === null || task.createdAt.getTime() < stageStartedAt || video.stageTimes.transcript?.tried?.includes('local') === true) {
    return false;
  }
  const use = { workspaceId: video.workspaceId, kind: 'transcription', engine: 'local' } as const;
  if (task.state === 'failed') {
    const failure = task.failure ?? buildFailure('transcript', 'transcription_failed', 'The transcription failed.');
    if (
      (await tryNextEngine(deps, tx, video, 'local', failure.message)) ||
      (await moveVideo(deps, tx, video, ['transcribing'], 'failed', { failure }))
    ) {
      await countUse(deps, tx, { ...use, isFailed: true });
    }
    return true;
  }
  if (task.state === 'done' && task.result?.kind === 'transcribe') {
    const object = await deps.db
      .model(StoredObjects)
      .findOne({ where: { taskId: task.id, kind: 'transcript', state: 'ready' }, transaction: tx });
    if (object !== null) {
      const { language, engine, wordCount } = task.result;
      await saveTranscriptRow(deps, tx, video, { language, engine, wordCount, objectId: object.id });
      if (await finish(deps, tx, video, {})) {
        await countUse(deps, tx, { ...use, seconds: video.probe?.durationSeconds ?? 0 });
      }
      return true;
    }
  }
  return task.state !== 'cancelled';
}

async function askDeepgram(deps: Deps, tx: Tx, video: Video): Promise<void> {
  if (video.stageTimes.transcript?.engine === 'deepgram') {
    return;
  }
  const stageTimes = { ...video.stageTimes, transcript: { ...video.stageTimes.transcript, engine: 'deepgram' as const } };
  await deps.db.model(Videos).update({ stageTimes }, { where: { id: video.id, state: 'transcribing' }, transaction: tx });
  tx.afterCommit(() => {
    deps.jobs
      .enqueue('transcripts.deepgram', { workspaceId: video.workspaceId, videoId: video.id })
      .catch((error: unknown) => deps.log.warn({ err: error }, 'a transcription was not enqueued; the watchdog will'));
  });
}

/** What an agent is asked when it transcribes. */
export async function buildTranscribeSpec(deps: Deps, tx: Tx, task: MediaTask): Promise<TaskSpec | null> {
  const video = await deps.db.model(Videos).findByPk(task.videoId, { transaction: tx });
  const audio = await findObject(deps, tx, task.videoId, 'audio');
  if (video?.probe == null || audio === null) {
    return null;
  }
  return {
    kind: 'transcribe',
    source: await agentInput(deps, audio),
    durationSeconds: video.probe.durationSeconds,
    language: video.options.language,
    keyTerms: await keyTermsOf(deps, tx),
  };
}
