/**
 * The way of a video in one table: in this state, that verb. Events only wake it: each verb looks at the rows, does the next step if it
 * can be done, and may run twice. A lost wake-up is made good by the watchdog.
 */
import type { EventType, VideoState } from '@carmic/contract';
import { z } from 'zod';
import { writeHead } from './admin/auditChain.ts';
import { defineBillingJobs } from './billing/jobs.ts';
import { defineAccountJobs } from './accounts/signUp.ts';
import { defineProvisioningJobs } from './agents/provisioning/jobs.ts';
import { buildInspectSpec, inspectVideo, startInspection } from './agents/inspectVideo.ts';
import type { SpecBuilders } from './agents/taskSpec.ts';
import { verifyTask } from './agents/verifyTask.ts';
import { judgeClip, judgeCorrections } from './clips/clipSafety.ts';
import { finishVideo } from './clips/finishVideo.ts';
import { buildRenderSpec } from './clips/renderSpec.ts';
import { indexVideo } from './clips/indexVideo.ts';
import { suggestClipsForVideo } from './clips/suggestClipsForVideo.ts';
import { syncRendition } from './clips/syncRendition.ts';
import { isRestricted } from './privacy/requests/rights.ts';
import { buildFailure } from './core/errors.ts';
import type { Deps } from './deps.ts';
import type { StoredEvent } from './events/read.ts';
import { emptyWorkspace } from './retention/emptyWorkspace.ts';
import { giveUpImport, importVideo } from './library/imports/importVideo.ts';
import { type Video, Videos } from './library/model.ts';
import { moveVideo } from './library/moveVideo.ts';
import { removeDiscarded } from './library/storedObjects.ts';
import { stageOfState } from './library/videoStates.ts';
import { pruneJournal } from './retention/erasure/journal.ts';
import { failReconciliation, reconcile } from './retention/reconcile.ts';
import { tidyKeys } from './storage/tidyKeys.ts';
import { workErasures } from './retention/erasure/work.ts';
import { defineMailJobs } from './mail/mail.ts';
import { defineAnnouncementJobs } from './privacy/mail/announcements.ts';
import { failTranscript, transcribeWithDeepgram } from './understanding/deepgramJob.ts';
import { buildTranscribeSpec, transcribeVideo } from './understanding/transcribeVideo.ts';
import { failTranslation, translateTrack } from './understanding/translation/translateTrack.ts';
import { watch } from './watchdog.ts';
import { defineWebhookJobs } from './webhooks/jobs.ts';

/** In this state, that verb. */
const verbOfState: Partial<Record<VideoState, (deps: Deps, video: Video) => Promise<void>>> = {
  uploading: startInspection,
  inspecting: inspectVideo,
  transcribing: transcribeVideo,
  selecting: suggestClipsForVideo,
  rendering: finishVideo,
};

/** These events wake the video they happened to; those of a task with a rendition wake the rendition first. */
export const wakingEvents: readonly EventType[] = [
  'workspace.deleted',
  'upload.completed',
  'video.state_changed',
  'transcript.ready',
  'transcript.edited',
  'clips.suggested',
  'clip.updated',
  'task.leased',
  'task.released',
  'task.delivered',
  'task.lease_expired',
  'task.done',
  'task.failed',
  'task.cancelled',
  'rendition.ready',
  'rendition.failed',
  'rendition.state_changed',
  'rendition.deleted',
];

/** After these the search index is behind. */
const searchedEvents: ReadonlySet<EventType> = new Set([
  'upload.completed',
  'transcript.ready',
  'transcript.edited',
  'clips.suggested',
  'clip.updated',
]);

/** What each kind of media task asks of an agent. */
export const specBuilders: SpecBuilders = { inspect: buildInspectSpec, transcribe: buildTranscribeSpec, render: buildRenderSpec };

/** Turns an event into the jobs it wakes. */
export async function deliverEvent(deps: Deps, event: StoredEvent): Promise<void> {
  const { workspaceId, videoId } = event;
  if (event.type === 'workspace.deleted' && workspaceId !== null) {
    await deps.jobs.enqueue('workspaces.empty', { workspaceId });
    await deps.jobs.enqueue('billing.close', { workspaceId });
  }
  if (workspaceId === null || videoId === null) {
    return;
  }
  const renditionId = event.data['renditionId'];
  if (event.type.startsWith('task.') && typeof renditionId === 'string') {
    await deps.jobs.enqueue('renditions.sync', { workspaceId, renditionId });
    return;
  }
  if (searchedEvents.has(event.type)) {
    await deps.jobs.enqueue('search.index', { workspaceId, videoId });
  }
  if (event.type === 'transcript.edited') {
    await deps.jobs.enqueue('safety.words', { workspaceId, videoId });
  }
  const fields = event.data['fields'];
  if (
    event.type === 'clip.updated' &&
    event.subjectId !== null &&
    Array.isArray(fields) &&
    ['title', 'tags', 'edit'].some((field) => fields.includes(field))
  ) {
    await deps.jobs.enqueue('safety.clip', { workspaceId, clipId: event.subjectId });
  }
  if (event.type !== 'task.leased' && event.type !== 'transcript.edited' && event.type !== 'clip.updated') {
    await deps.jobs.enqueue('videos.advance', { workspaceId, videoId });
  }
}

/** Does the next step of a video, whatever it is. */
export async function advanceVideo(deps: Deps, workspaceId: string, videoId: string): Promise<void> {
  const video = await deps.db.inWorkspace(workspaceId, (tx) => deps.db.model(Videos).findByPk(videoId, { transaction: tx }));
  if (video !== null && !(await isRestricted(deps, video))) {
    await verbOfState[video.state]?.(deps, video);
  }
}

/** Ends the current stage of a video whose verb failed again and again. */
async function failStage(deps: Deps, workspaceId: string, videoId: string, reason: string): Promise<void> {
  await deps.db.inWorkspace(workspaceId, async (tx) => {
    const video = await deps.db.model(Videos).findByPk(videoId, { transaction: tx });
    const stage = video === null ? undefined : stageOfState[video.state];
    if (video !== null && stage !== undefined) {
      await moveVideo(deps, tx, video, [video.state], 'failed', {
        failure: buildFailure(stage, 'internal', `This step could not be finished: ${reason}.`),
      });
    }
  });
}

/** How often the audit log's head is signed and written elsewhere. */
const auditHeadSeconds = 300;

/** How often keys are looked over: those of workspaces without objects are destroyed, what hangs on former keys is moved. */
const keysSeconds = 3600;

const videoPayload = z.object({ workspaceId: z.uuid(), videoId: z.uuid() });

/** Tells the job runner what every job does. `hasCallers` tells whether this process answers requests just now; null where it answers none. */
export function defineJobs(deps: Deps, { hasCallers }: { hasCallers: (() => boolean) | null }): void {
  const { jobs } = deps;
  jobs.define({
    name: 'videos.advance',
    payload: videoPayload,
    run: ({ workspaceId, videoId }) => advanceVideo(deps, workspaceId, videoId),
    onExhausted: ({ workspaceId, videoId }, reason) => failStage(deps, workspaceId, videoId, reason),
  });
  jobs.define({
    name: 'videos.import',
    payload: videoPayload,
    run: ({ workspaceId, videoId }) => importVideo(deps, workspaceId, videoId),
    onExhausted: ({ workspaceId, videoId }) => giveUpImport(deps, workspaceId, videoId),
  });
  jobs.define({
    name: 'renditions.sync',
    payload: z.object({ workspaceId: z.uuid(), renditionId: z.uuid() }),
    run: ({ workspaceId, renditionId }) => syncRendition(deps, workspaceId, renditionId),
  });
  jobs.define({
    name: 'tasks.verify',
    payload: z.object({ taskId: z.uuid() }),
    run: ({ taskId }) => verifyTask(deps, taskId),
  });
  jobs.define({
    name: 'transcripts.deepgram',
    payload: videoPayload,
    run: ({ workspaceId, videoId }) => transcribeWithDeepgram(deps, workspaceId, videoId),
    onExhausted: ({ workspaceId, videoId }, reason) =>
      failTranscript(deps, workspaceId, videoId, 'transcription_failed', `Deepgram did not answer: ${reason}.`),
    maxAttempts: 4,
  });
  jobs.define({
    name: 'search.index',
    payload: videoPayload,
    run: ({ workspaceId, videoId }) => indexVideo(deps, workspaceId, videoId),
  });
  jobs.define({
    name: 'safety.words',
    payload: videoPayload,
    run: ({ workspaceId, videoId }) => judgeCorrections(deps, workspaceId, videoId),
  });
  jobs.define({
    name: 'safety.clip',
    payload: z.object({ workspaceId: z.uuid(), clipId: z.uuid() }),
    run: ({ workspaceId, clipId }) => judgeClip(deps, workspaceId, clipId),
  });
  jobs.define({
    name: 'translations.run',
    payload: z.object({ workspaceId: z.uuid(), translationId: z.uuid() }),
    run: ({ workspaceId, translationId }) => translateTrack(deps, workspaceId, translationId),
    onExhausted: ({ workspaceId, translationId }, reason) =>
      failTranslation(deps, workspaceId, translationId, `The translation engine did not answer: ${reason}. Try again later.`),
    maxAttempts: 4,
  });
  jobs.define({
    name: 'workspaces.empty',
    payload: z.object({ workspaceId: z.uuid() }),
    run: ({ workspaceId }) => emptyWorkspace(deps, workspaceId),
    maxAttempts: 20,
  });
  jobs.define({ name: 'objects.remove', payload: z.object({}), run: async () => void (await removeDiscarded(deps)), concurrency: 1 });
  jobs.define({
    name: 'erasures.work',
    payload: z.object({}),
    run: async () => {
      await workErasures(deps, { pace: hasCallers === null ? 'usual' : () => (hasCallers() ? 'yielding' : 'shared') });
    },
    concurrency: hasCallers === null ? 2 : 1,
  });
  defineMailJobs(deps);
  defineAccountJobs(deps);
  jobs.define({
    name: 'storage.reconcile',
    payload: z.object({ id: z.uuid() }),
    run: async ({ id }) => {
      await reconcile(deps, id);
      await pruneJournal(deps);
    },
    onExhausted: ({ id }, reason) => failReconciliation(deps, id, `The comparison could not be done: ${reason}.`),
    concurrency: 1,
  });
  defineProvisioningJobs(deps);
  defineWebhookJobs(deps);
  defineBillingJobs(deps);
  defineAnnouncementJobs(deps);
  jobs.define({ name: 'storage.keys', payload: z.object({}), run: async () => void (await tidyKeys(deps)), concurrency: 1 });
  jobs.every('storage.keys', keysSeconds);
  jobs.define({ name: 'audit.head', payload: z.object({}), run: () => writeHead(deps), concurrency: 1 });
  jobs.every('audit.head', auditHeadSeconds);
  jobs.define({ name: 'watchdog', payload: z.object({}), run: () => watch(deps), concurrency: 1 });
  jobs.every('watchdog', deps.env.CARMIC_WATCHDOG_SECONDS);
}
