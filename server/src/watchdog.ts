/**
 * Nothing stays queued or processing for ever. Rows are the truth and jobs are nudges: this looks for rows whose nudge was lost, whose
 * agent went silent, or whose time is over, and moves each on or ends it with a typed failure.
 */
import { Op } from 'sequelize';
import { sweepAccounts } from './accounts/accountTokens.ts';
import { sweepAgentLog } from './agents/agentLog.ts';
import { expireLeases, failUnclaimed, nudgeVerifications } from './agents/watchTasks.ts';
import { releaseStatistics } from './clips/tuning/release.ts';
import { addSeconds } from './core/clock.ts';
import { buildFailure } from './core/errors.ts';
import type { Deps } from './deps.ts';
import { nudgeImports } from './library/imports/importVideo.ts';
import { Uploads, type Video, Videos } from './library/model.ts';
import { moveVideo } from './library/moveVideo.ts';
import { stageOfState } from './library/videoStates.ts';
import { nudgeMails } from './mail/mail.ts';
import { nudgeAnnouncements } from './privacy/mail/announcements.ts';
import { runCanary } from './privacy/canary/canary.ts';
import { keepPolicies } from './privacy/policy/keepPolicies.ts';
import { sweepLedger } from './privacy/thirdParties/watchEgress.ts';
import { recountStale } from './plans/quota.ts';
import { settleEndedRerenders } from './plans/rerenders.ts';
import { nudgeEmptying } from './retention/emptyWorkspace.ts';
import { buryVideos } from './retention/erasure/bury.ts';
import { watchErasures } from './retention/erasure/watch.ts';
import { mailRetention } from './retention/mails.ts';
import { giveNotices } from './retention/notices.ts';
import { reconcileDaily } from './retention/reconcile.ts';
import { sweepExpired } from './retention/sweep.ts';
import { nudgeTranslations } from './understanding/translation/nudgeTranslations.ts';

const batchSize = 200;
/** A stage is nudged this often before it is called stalled. */
const maxNudges = 3;
/** Work that should be done by now but may only have lost its nudge. */
const lostNudgeSeconds = 30;

const steps: readonly ((deps: Deps) => Promise<unknown>)[] = [
  expireLeases,
  sweepAgentLog,
  failUnclaimed,
  nudgeVerifications,
  expireUploads,
  sweepExpired,
  watchErasures,
  giveNotices,
  mailRetention,
  reconcileDaily,
  (deps) => recountStale(deps, batchSize),
  sweepAccounts,
  nudgeStages,
  nudgeImports,
  nudgeRenditions,
  settleEndedRerenders,
  nudgeRemovals,
  nudgeEmptying,
  nudgeTranslations,
  nudgeAnnouncements,
  nudgeMails,
  sweepLedger,
  keepPolicies,
  releaseStatistics,
  runCanary,
];

/** One round over everything that could be stuck. A step that fails does not keep the others from being done. Throws the first failure. */
export async function watch(deps: Deps): Promise<void> {
  const failures: unknown[] = [];
  for (const step of steps) {
    await step(deps).catch((error: unknown) => failures.push(error));
  }
  if (failures.length > 0) {
    throw failures[0];
  }
}

/** Ends uploads that were never finished, with their parts. */
async function expireUploads(deps: Deps): Promise<void> {
  const { db, clock } = deps;
  const expired = await db.asSystem((tx) =>
    db.model(Uploads).findAll({ where: { state: 'open', expiresAt: { [Op.lte]: clock.now() } }, limit: batchSize, transaction: tx }),
  );
  const wish = { scope: 'selection', cause: 'upload_ended', actorId: null } as const;
  await db.asSystem((tx) =>
    buryVideos(
      deps,
      tx,
      wish,
      expired.map((upload) => upload.videoId),
    ),
  );
}

/** Wakes videos in a working state that have no live task; one that stays so for too long ends as stalled. */
async function nudgeStages(deps: Deps): Promise<void> {
  const { db, clock, env } = deps;
  const quietSince = addSeconds(clock.now(), -Math.min(lostNudgeSeconds, env.CARMIC_STALL_SECONDS));
  const quiet = await db.asSystem((tx) =>
    db.rows<{ id: string; workspace_id: string }>(
      tx,
      `SELECT v.id, v.workspace_id FROM videos v
       WHERE v.state IN ('inspecting', 'transcribing', 'selecting', 'rendering') AND v.updated_at <= :quietSince
         AND NOT EXISTS (SELECT 1 FROM media_tasks t WHERE t.video_id = v.id AND t.state IN ('queued', 'leased', 'verifying'))
       UNION ALL
       SELECT v.id, v.workspace_id FROM videos v JOIN uploads u ON u.video_id = v.id AND u.state = 'completed'
       WHERE v.state = 'uploading' AND v.updated_at <= :quietSince
       LIMIT :batchSize`,
      { quietSince, batchSize },
    ),
  );
  for (const { id, workspace_id: workspaceId } of quiet) {
    const video = await db.inWorkspace(workspaceId, (tx) => db.model(Videos).findByPk(id, { transaction: tx }));
    if (video !== null && !(await endIfStalled(deps, video))) {
      await deps.jobs.enqueue('videos.advance', { workspaceId, videoId: id });
    }
  }
}

async function endIfStalled(deps: Deps, video: Video): Promise<boolean> {
  const { db, clock, env } = deps;
  const stage = stageOfState[video.state];
  const startedAt = Date.parse((stage === undefined ? undefined : video.stageTimes[stage]?.startedAt) ?? '') || video.createdAt.getTime();
  const isWaitingForDeepgram = stage === 'transcript' && video.stageTimes.transcript?.engine === 'deepgram';
  const patienceMs = (isWaitingForDeepgram ? 8 : 1) * env.CARMIC_STALL_SECONDS * 1000;
  return db.inWorkspace(video.workspaceId, async (tx) => {
    if (stage !== undefined && video.nudges >= maxNudges && clock.now().getTime() - startedAt > patienceMs) {
      const failure = buildFailure(stage, 'stalled', 'This step stopped moving and was ended.');
      return moveVideo(deps, tx, video, [video.state], 'failed', { failure });
    }
    await db
      .model(Videos)
      .update({ nudges: video.nudges + 1, updatedAt: clock.now() }, { where: { id: video.id, state: video.state }, transaction: tx });
    return false;
  });
}

/** Lets renditions whose task has ended follow it. */
async function nudgeRenditions(deps: Deps): Promise<void> {
  const { db, clock } = deps;
  const behind = await db.asSystem((tx) =>
    db.rows<{ id: string; workspace_id: string }>(
      tx,
      `SELECT r.id, r.workspace_id FROM renditions r WHERE r.state IN ('queued', 'rendering', 'verifying') AND r.updated_at <= :since
         AND NOT EXISTS (SELECT 1 FROM media_tasks t WHERE t.rendition_id = r.id AND t.state IN ('queued', 'leased', 'verifying'))
       LIMIT :batchSize`,
      { since: addSeconds(clock.now(), -lostNudgeSeconds), batchSize },
    ),
  );
  for (const { id, workspace_id: workspaceId } of behind) {
    await deps.jobs.enqueue('renditions.sync', { workspaceId, renditionId: id });
  }
}

/** Starts removals again whose nudge was lost. */
async function nudgeRemovals(deps: Deps): Promise<void> {
  const { db } = deps;
  const discarded = await db.asSystem((tx) => db.rows(tx, "SELECT 1 FROM stored_objects WHERE state = 'deleting' LIMIT 1"));
  if (discarded.length > 0) {
    await deps.jobs.enqueue('objects.remove', {});
  }
}
