/** What the canary does, step by step, by the verbs that customers' requests call. */
import { createHash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import type { CanaryStepName } from '@carmic/contract';
import type { Deps } from '../../deps.ts';
import type { Person } from '../../http/request.ts';
import { createVideo } from '../../library/createVideo.ts';
import { Videos } from '../../library/model.ts';
import { readableSeconds } from '../../library/storedObjects.ts';
import { completeUpload } from '../../library/uploads.ts';
import { buryVideos } from '../../retention/erasure/bury.ts';
import { journalNow } from '../../retention/erasure/journal.ts';
import { keys } from '../../storage/keys.ts';
import { putCaptions } from '../../understanding/putCaptions.ts';
import { orderArchive } from '../archive/archives.ts';
import { removeArchives } from './canaryAccount.ts';
import { canaryCaptions, makeCanaryVideo } from './canaryVideo.ts';

/** How a step ended. */
export type Outcome = { state: 'ok'; seconds: number; subjectId?: string } | { state: 'failed' | 'skipped'; reason: string };
/** A step that goes on: what it works on. */
interface Begun {
  subjectId: string;
}

/** What a step knows of the run. */
export interface Run {
  person: Person;
  /** The video that this run uploaded; null when that failed. */
  videoId: string | null;
  startedAt: Date;
  subjectId: string | null;
}

export interface Step {
  /** From then on it counts as failed. */
  patienceSeconds: number;
  begin(deps: Deps, run: Run): Promise<Outcome | Begun>;
  /** Asked again and again after it has begun; null while it goes on. */
  look(deps: Deps, run: Run): Promise<Outcome | null>;
}

const hour = 3600;
const failed = (reason: string): Outcome => ({ state: 'failed', reason });
const skipped = (reason: string): Outcome => ({ state: 'skipped', reason });
const secondsBetween = (from: Date, to: Date) => Math.max(0, (to.getTime() - from.getTime()) / 1000);
const never = () => Promise.resolve(null);

/** Uploads the video as a browser does, but for the way of the bytes: they go to the storage from here. */
async function uploadCanary(deps: Deps, person: Person, captions: string | null): Promise<string> {
  const bytes = makeCanaryVideo();
  const { upload, video } = await createVideo(deps, person, {
    fileName: 'canary.avi',
    sizeBytes: bytes.length,
    options: { clipCount: 1, aspects: ['9:16'], minClipSeconds: 5, maxClipSeconds: 12, language: 'en' },
  });
  if (captions !== null) {
    await putCaptions(deps, person, video.id, { fileName: 'canary.srt', contentBase64: Buffer.from(captions).toString('base64') });
  }
  const parts: { partNumber: number; sha256: string }[] = [];
  for (let partNumber = 1; partNumber <= upload.partCount; partNumber++) {
    const body = bytes.subarray((partNumber - 1) * upload.partSizeBytes, partNumber * upload.partSizeBytes);
    const sha256 = createHash('sha256').update(body).digest('hex');
    const key = keys.source(person.workspaceId, video.id);
    await deps.store.putPart(key, upload.storageUploadId, { partNumber, sizeBytes: body.length, sha256, body });
    parts.push({ partNumber, sha256 });
  }
  await completeUpload(deps, person, upload.id, parts);
  return video.id;
}

/** Removes what a former run has left. */
async function tidy(deps: Deps, { userId, workspaceId }: Person): Promise<void> {
  await removeArchives(deps, userId);
  const left = await deps.db.systemRows<{ id: string }>('SELECT id FROM videos WHERE workspace_id = :workspaceId AND deleted_at IS NULL', {
    workspaceId,
  });
  await bury(
    deps,
    workspaceId,
    userId,
    left.map((row) => row.id),
  );
}

async function bury(deps: Deps, workspaceId: string, actorId: string, videoIds: readonly string[]): Promise<string | null> {
  const wish = { scope: 'video', cause: 'request', actorId } as const;
  const started = await deps.db.inWorkspace(workspaceId, (tx) => buryVideos(deps, tx, wish, videoIds));
  await journalNow(deps, started);
  return started[0]?.erasureId ?? null;
}

const upload: Step = {
  patienceSeconds: hour,
  async begin(deps, { person }) {
    await tidy(deps, person);
    const started = performance.now();
    const videoId = await uploadCanary(deps, person, canaryCaptions);
    const { stream } = await deps.store.get(keys.source(person.workspaceId, videoId));
    if (!(await buffer(stream)).equals(makeCanaryVideo())) {
      return failed('other_bytes');
    }
    return { state: 'ok', seconds: (performance.now() - started) / 1000, subjectId: videoId };
  },
  look: never,
};

const processing: Step = {
  patienceSeconds: hour,
  async begin(deps, { videoId }) {
    if (videoId === null) {
      return skipped('no_video');
    }
    const [row] = await deps.db.systemRows<{ count: number }>(
      `SELECT count(*)::integer AS count FROM agents
       WHERE revoked_at IS NULL AND last_seen_at > CAST(:now AS timestamptz) - interval '60 seconds'`,
      { now: deps.clock.now() },
    );
    return row?.count === 0 ? skipped('no_agent') : { subjectId: videoId };
  },
  async look(deps, { person, subjectId }) {
    const video = await deps.db.inWorkspace(person.workspaceId, (tx) =>
      deps.db.model(Videos).findByPk(subjectId ?? '', { transaction: tx }),
    );
    if (video === null) {
      return failed('no_video');
    }
    if (video.state === 'failed' || video.state === 'held') {
      return failed(video.failure?.code ?? video.state);
    }
    const finishedAt = video.stageTimes.render?.finishedAt;
    return video.state === 'ready' && finishedAt !== undefined
      ? { state: 'ok', seconds: secondsBetween(video.keptFrom ?? video.createdAt, new Date(finishedAt)) }
      : null;
  },
};

const exporting: Step = {
  patienceSeconds: hour,
  begin: async (deps, { person }) => ({ subjectId: (await orderArchive(deps, person.userId, person.userId)).id }),
  async look(deps, { person, subjectId, videoId }) {
    const [row] = await deps.db.systemRows<{ state: string; requested_at: Date; ready_at: Date | null; failure: string | null }>(
      'SELECT state, requested_at, ready_at, failure FROM data_archives WHERE id = :subjectId',
      { subjectId },
    );
    if (row === undefined || row.state === 'failed') {
      return failed(row?.failure ?? 'no_archive');
    }
    if (row.ready_at === null) {
      return null;
    }
    const sources = await deps.db.systemRows<{ id: string }>(
      "SELECT id FROM stored_objects WHERE video_id = :videoId AND kind = 'source' AND state = 'ready'",
      { videoId },
    );
    const bytes = await buffer((await deps.store.get(keys.archive(subjectId ?? ''))).stream);
    await removeArchives(deps, person.userId);
    return sources.every(({ id }) => bytes.includes(`media/${id}`))
      ? { state: 'ok', seconds: secondsBetween(row.requested_at, row.ready_at) }
      : failed('incomplete');
  },
};

/** Whether anything is left of a video in the storage. */
async function hasBytes(deps: Deps, workspaceId: string, videoId: string): Promise<boolean> {
  for await (const _ of deps.store.list(keys.videoPrefix(workspaceId, videoId))) {
    return true;
  }
  return false;
}

/** How the deletion of a video went, from `since` on. */
async function lookAtDeletion(deps: Deps, { workspaceId }: Person, videoId: string, since: Date): Promise<Outcome | null> {
  const [row] = await deps.db.systemRows<{ finished_at: Date | null; receipt: string | null }>(
    `SELECT e.finished_at, e.receipt FROM erasure_items i JOIN erasures e ON e.id = i.erasure_id
     WHERE i.workspace_id = :workspaceId AND i.subject = 'video' AND i.subject_id = :videoId`,
    { workspaceId, videoId },
  );
  if (row?.finished_at == null) {
    return null;
  }
  if (row.receipt === null || (await hasBytes(deps, workspaceId, videoId))) {
    return failed(row.receipt === null ? 'no_receipt' : 'bytes_left');
  }
  return { state: 'ok', seconds: secondsBetween(since, row.finished_at) };
}

const deletion: Step = {
  patienceSeconds: 6 * hour,
  async begin(deps, { person, videoId }) {
    if (videoId === null) {
      return skipped('no_video');
    }
    const erasureId = await bury(deps, person.workspaceId, person.userId, [videoId]);
    return erasureId === null ? failed('no_video') : { subjectId: erasureId };
  },
  look: (deps, { person, startedAt, videoId }) => lookAtDeletion(deps, person, videoId ?? '', startedAt),
};

const expiry: Step = {
  patienceSeconds: 6 * hour,
  async begin(deps, { person }) {
    const videoId = await uploadCanary(deps, person, null);
    const now = deps.clock.now();
    await deps.db.inWorkspace(person.workspaceId, (tx) =>
      deps.db.change(tx, 'UPDATE videos SET expires_at = :now WHERE id = :videoId', { videoId, now }),
    );
    // Whatever the sweeper does, nobody may read it from now on.
    const isReadable = (await readableSeconds(deps, keys.source(person.workspaceId, videoId))) > 0;
    return isReadable ? failed('still_readable') : { subjectId: videoId };
  },
  look: (deps, { person, startedAt, subjectId }) => lookAtDeletion(deps, person, subjectId ?? '', startedAt),
};

/** All of them. */
export const steps: Record<CanaryStepName, Step> = { upload, processing, export: exporting, deletion, expiry };
