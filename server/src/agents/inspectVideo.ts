/** The inspect stage: an agent probes the upload and makes the player copy, the audio and the analysis. */
import type { TaskSpec } from '@carmic/contract';
import { buildFailure } from '../core/errors.ts';
import type { Tx } from '../db/database.ts';
import type { Deps } from '../deps.ts';
import { fileNameOf } from '../library/content.ts';
import { Uploads, type Video, Videos } from '../library/model.ts';
import { moveVideo } from '../library/moveVideo.ts';
import { reserveMinutes } from '../plans/usage.ts';
import { uploadLimits } from '../plans/workspacePlan.ts';
import { findObject } from '../library/storedObjects.ts';
import type { MediaTask } from './model.ts';
import { findVideoTask, queueTask } from './queueTask.ts';
import { agentInput } from './taskSpec.ts';

/** Lets a video whose upload has completed go on. Runs again safely. */
export function startInspection(deps: Deps, video: Video): Promise<void> {
  const { db } = deps;
  return db.inWorkspace(video.workspaceId, async (tx) => {
    const upload = await db.model(Uploads).findOne({ where: { videoId: video.id, state: 'completed' }, transaction: tx });
    if (upload !== null && (await moveVideo(deps, tx, video, ['uploading'], 'inspecting'))) {
      await queueTask(deps, tx, { workspaceId: video.workspaceId, videoId: video.id, kind: 'inspect' });
    }
  });
}

/** Does the next step of the inspect stage. Runs again safely. */
export function inspectVideo(deps: Deps, video: Video): Promise<void> {
  const { db } = deps;
  return db.inWorkspace(video.workspaceId, async (tx) => {
    const task = await findVideoTask(deps, tx, video.id, 'inspect');
    const stageStartedAt = Date.parse(video.stageTimes.inspect?.startedAt ?? '') || 0;
    if (task === null || task.state === 'cancelled' || (task.state === 'failed' && task.createdAt.getTime() < stageStartedAt)) {
      await queueTask(deps, tx, { workspaceId: video.workspaceId, videoId: video.id, kind: 'inspect' });
      return;
    }
    if (task.state === 'failed') {
      const failure = task.failure ?? buildFailure('inspect', 'internal', 'The inspection failed.');
      await moveVideo(deps, tx, video, ['inspecting'], 'failed', { failure });
      return;
    }
    if (task.state === 'done' && task.result?.kind === 'inspect') {
      const { probe } = task.result;
      const refusal = await reserveMinutes(deps, tx, video, probe.durationSeconds);
      if (refusal !== null) {
        const failure = buildFailure('inspect', 'minutes_exhausted', refusal);
        await moveVideo(deps, tx, video, ['inspecting'], 'failed', { failure });
        return;
      }
      await moveVideo(deps, tx, video, ['inspecting'], 'transcribing', {
        probe,
        ...(probe.audioCodec === null ? { notices: ['This video has no sound.'] } : {}),
      });
    }
  });
}

/** What an agent is asked when it inspects. */
export async function buildInspectSpec(deps: Deps, tx: Tx, task: MediaTask): Promise<TaskSpec | null> {
  const video = await deps.db.model(Videos).findByPk(task.videoId, { transaction: tx });
  const source = await findObject(deps, tx, task.videoId, 'source');
  if (video === null || source === null) {
    return null;
  }
  const { durationSeconds, framePixels } = await uploadLimits(deps, tx, task.workspaceId);
  return {
    kind: 'inspect',
    source: await agentInput(deps, source),
    fileName: fileNameOf(deps, video),
    limits: { durationSeconds, framePixels },
  };
}
