import type { Failure, VideoState } from '@carmic/contract';
import { assertAllowed } from '../core/transitions.ts';
import type { Tx } from '../db/database.ts';
import type { Deps } from '../deps.ts';
import { settleMinutes } from '../plans/usage.ts';
import { type StageTime, type StageTimes, type Video, Videos } from './model.ts';
import { stageOfState, videoTransitions } from './videoStates.ts';

/** What a move may write beside the state. */
export interface MoveExtras {
  failure?: Failure;
  probe?: Video['probe'];
  notices?: string[];
  /** Said about the stage that ends with this move. */
  finished?: Pick<StageTime, 'note' | 'isSkipped'>;
  /** Share of the asked-for clips that came out, with the move to ready: so much of the reserved minutes is used. */
  deliveredShare?: number;
}

/**
 * Moves a video from one of `from` to `to` and records it. Answers false when the video is in another state by now, which means that
 * somebody else was there first: the caller then does nothing more.
 */
export async function moveVideo(
  deps: Deps,
  tx: Tx,
  video: { id: string; workspaceId: string },
  from: readonly VideoState[],
  to: VideoState,
  extras: MoveExtras = {},
): Promise<boolean> {
  const { db, clock, appendEvent } = deps;
  assertAllowed(videoTransitions, from, to);
  const now = clock.now();
  const [row] = await db.rows<{ state: VideoState; stage_times: StageTimes; notices: string[] }>(
    tx,
    'SELECT state, stage_times, notices FROM videos WHERE id = :id AND state IN (:from) FOR UPDATE',
    { id: video.id, from: [...from] },
  );
  if (row === undefined) {
    return false;
  }
  const stageTimes = nextStageTimes(row, to, now, extras.finished);
  await db.model(Videos).update(
    {
      state: to,
      stageTimes,
      failure: extras.failure ?? null,
      nudges: 0,
      updatedAt: now,
      ...(extras.probe === undefined ? {} : { probe: extras.probe }),
      ...(extras.notices === undefined ? {} : { notices: [...new Set([...row.notices, ...extras.notices])] }),
    },
    { where: { id: video.id }, transaction: tx },
  );
  if (to === 'failed' || to === 'ready') {
    await settleMinutes(deps, tx, video, to === 'failed' ? 0 : (extras.deliveredShare ?? 1));
  }
  await appendEvent(tx, {
    workspaceId: video.workspaceId,
    type: eventOf(to),
    videoId: video.id,
    subjectId: video.id,
    data: { from: row.state, to, ...(extras.failure === undefined ? {} : { stage: extras.failure.stage, code: extras.failure.code }) },
  });
  return true;
}

function eventOf(to: VideoState) {
  return to === 'failed' ? 'video.failed' : to === 'ready' ? 'video.ready' : to === 'deleting' ? 'video.deleted' : 'video.state_changed';
}

function nextStageTimes(
  row: { state: VideoState; stage_times: StageTimes },
  to: VideoState,
  now: Date,
  finished: MoveExtras['finished'],
): StageTimes {
  const times: StageTimes = { ...row.stage_times };
  const left = stageOfState[row.state];
  const entered = stageOfState[to];
  if (left !== undefined) {
    times[left] = { ...times[left], finishedAt: now.toISOString(), ...finished };
  }
  if (entered !== undefined) {
    times[entered] = { startedAt: now.toISOString() };
  }
  return times;
}
