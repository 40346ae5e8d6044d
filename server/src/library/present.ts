import type { Video as VideoReply } from '@carmic/contract';
import type { Tx } from '../db/database.ts';
import type { Deps } from '../deps.ts';
import { fileNameOf, titleOf } from './content.ts';
import { labelsOf } from './labels.ts';
import { mediaUrl } from './mediaUrls.ts';
import { type ObjectKind, type Video } from './model.ts';
import { findDuplicates } from './duplicates.ts';
import { findHolds } from './findHolds.ts';
import { findKeeping } from './findKeeping.ts';
import { findImports } from './imports/findImports.ts';
import { buildStages, type LiveProgress } from './stages.ts';

interface TaskRow {
  video_id: string;
  progress: number;
  state: string;
  note: string | null;
  kind: string;
}

/** Videos as their workspace sees them; a fixed number of queries for any number of them. */
export async function presentVideos(deps: Deps, tx: Tx, videos: readonly Video[]): Promise<VideoReply[]> {
  const { db, clock } = deps;
  const ids = videos.map((video) => video.id);
  if (ids.length === 0) {
    return [];
  }
  const tasks = await db.rows<TaskRow>(
    tx,
    "SELECT video_id, progress, state, note, kind FROM media_tasks WHERE video_id IN (:ids) AND state <> 'cancelled' ORDER BY created_at",
    { ids },
  );
  const counts = await db.rows<{ video_id: string; count: string }>(
    tx,
    "SELECT video_id, count(*) AS count FROM clips WHERE video_id IN (:ids) AND state <> 'discarded' GROUP BY video_id",
    { ids },
  );
  const objects = await db.rows<{ video_id: string; kind: ObjectKind; key: string; content_type: string }>(
    tx,
    "SELECT video_id, kind, key, content_type FROM stored_objects WHERE video_id IN (:ids) AND state = 'ready' AND kind IN ('proxy', 'thumbnail') ORDER BY created_at",
    { ids },
  );
  const uploads = await db.rows<{ video_id: string; id: string }>(
    tx,
    "SELECT video_id, id FROM uploads WHERE video_id IN (:ids) AND state = 'open'",
    { ids },
  );

  const seen = await db.rows<{ video_id: string }>(
    tx,
    "SELECT video_id FROM safety_verdicts WHERE video_id IN (:ids) AND has_pictures AND decision IS DISTINCT FROM 'allowed'",
    { ids },
  );
  const sensitive = new Set(seen.map((row) => row.video_id));
  const imports = await findImports(deps, tx, videos);
  const duplicates = await findDuplicates(deps, tx, ids);
  const holds = await findHolds(deps, tx, ids);
  const keeping = await findKeeping(deps, tx, videos);

  return videos.map((video): VideoReply => {
    const urlOf = (kind: ObjectKind) => {
      const object = objects.findLast((candidate) => candidate.video_id === video.id && candidate.kind === kind);
      return object === undefined ? null : mediaUrl(deps, { key: object.key, contentType: object.content_type });
    };
    const own = tasks.filter((task) => task.video_id === video.id);
    return {
      id: video.id,
      title: titleOf(deps, video),
      fileName: fileNameOf(deps, video),
      sizeBytes: video.sizeBytes,
      state: video.state,
      stages: buildStages(video, imports.get(video.id) ?? liveProgress(video, own), clock.now()),
      failure: video.failure,
      notices: video.notices,
      probe: video.probe,
      options: video.options,
      clipCount: Number(counts.find((row) => row.video_id === video.id)?.count ?? 0),
      duplicateOf: duplicates.get(video.id) ?? null,
      uploadId: uploads.find((row) => row.video_id === video.id)?.id ?? null,
      keptFrom: video.keptFrom?.toISOString() ?? null,
      expiresAt: video.expiresAt?.toISOString() ?? null,
      keeping: keeping.get(video.id) ?? null,
      legalHold: holds.get(video.id) ?? null,
      ...labelsOf(deps, video),
      createdAt: video.createdAt.toISOString(),
      media: { proxyUrl: urlOf('proxy'), thumbnailUrl: urlOf('thumbnail') },
      isSensitive: sensitive.has(video.id) || video.state === 'held' || video.failure?.code === 'policy_refused',
    };
  });
}

/** One video as its workspace sees it. */
export async function presentVideo(deps: Deps, tx: Tx, video: Video): Promise<VideoReply> {
  const [reply] = await presentVideos(deps, tx, [video]);
  if (reply === undefined) {
    throw new Error('One video presents as one reply.');
  }
  return reply;
}

const kindOfState: Partial<Record<Video['state'], string>> = { inspecting: 'inspect', transcribing: 'transcribe', rendering: 'render' };

/** Progress of the running stage: of its one task, or the mean over all renderings. */
function liveProgress(video: Video, tasks: readonly TaskRow[]): LiveProgress | null {
  const kind = kindOfState[video.state];
  const own = tasks.filter((task) => task.kind === kind);
  const last = own.at(-1);
  if (kind === undefined || last === undefined) {
    return null;
  }
  if (kind !== 'render') {
    return { progress: Math.min(1, last.progress), note: last.state === 'queued' ? 'Waiting for an agent' : last.note };
  }
  const isOver = (task: TaskRow) => task.state === 'done' || task.state === 'failed';
  const done = own.filter(isOver).length;
  const sum = own.reduce((total, task) => total + (isOver(task) ? 1 : Math.min(1, task.progress)), 0);
  return { progress: sum / own.length, note: `${done} of ${own.length} finished` };
}
