import type { Clip, CoverChoice, Rendition } from '@carmic/contract';
import type { Tx } from '../db/database.ts';
import type { Deps } from '../deps.ts';
import { mediaUrl } from '../library/mediaUrls.ts';
import { type ObjectKind, Videos } from '../library/model.ts';
import { durationOf, editsOfAll, type EditFacts } from './clipEdits.ts';
import { type ClipStanding, findStandings, isWithheld, presentStanding } from '../understanding/safety/clipStandings.ts';
import { contentOf } from './content.ts';
import { buildPosts } from './posts.ts';
import type { ClipRow, RenditionRow } from './model.ts';
import { Renditions } from './model.ts';

/** A stored file of a rendition, as the storage is asked for it. */
export interface ObjectRow {
  rendition_id: string;
  kind: ObjectKind;
  key: string;
  content_type: string;
  size_bytes: string;
}

/** How far a rendition is that an agent works on. */
export interface ProgressRow {
  rendition_id: string;
  progress: number;
}

/** What is shown of a clip's row. */
export type ClipFacts = Pick<
  ClipRow,
  'id' | 'videoId' | 'state' | 'rank' | 'startSeconds' | 'endSeconds' | 'score' | 'contentSealed' | 'editVersion' | 'cover' | 'createdAt'
>;

/** What is shown of a rendition's row. */
export type RenditionFacts = Pick<
  RenditionRow,
  | 'id'
  | 'videoId'
  | 'clipId'
  | 'state'
  | 'aspect'
  | 'captionStyle'
  | 'captionOptions'
  | 'captionLanguage'
  | 'codec'
  | 'framing'
  | 'brandKitId'
  | 'width'
  | 'height'
  | 'editVersion'
  | 'result'
  | 'failure'
  | 'createdAt'
>;

/** Names a version of what people change of a clip: the tag of its sealed content is another one after every change. */
export function clipVersion({ state, cover, editVersion, contentSealed }: Pick<ClipRow, 'state' | 'cover' | 'editVersion' | 'contentSealed'>): string {
  return `${state}-${cover}-${editVersion}-${contentSealed.subarray(-16).toString('base64url')}`;
}

/** Everything that clips are shown by. */
export interface ClipParts {
  clips: readonly ClipFacts[];
  /** In the order in which they are shown. */
  renditions: readonly RenditionFacts[];
  /** Ready ones, oldest first. */
  objects: readonly ObjectRow[];
  tasks: readonly ProgressRow[];
  editOf: (clip: ClipFacts) => EditFacts;
  expiryOf: (clip: ClipFacts) => Date | null;
  standingOf: (clip: ClipFacts) => ClipStanding | undefined;
}

const coverKinds = ['cover', 'cover2', 'cover3'] as const;

/** Clips with their renditions as their workspace sees them, from what was read. */
export function composeClips(deps: Deps, { clips, renditions, objects, tasks, editOf, expiryOf, standingOf }: ClipParts): Clip[] {
  const files = groupBy(objects, (object) => object.rendition_id);
  const progress = new Map(tasks.map((task) => [task.rendition_id, task.progress]));
  const ownOf = groupBy(renditions, (rendition) => rendition.clipId);
  return clips.map((clip) => {
    const { title, isTitleWritten = false, tags, areTagsWritten = false, scoreParts, excerpt, boundaries } = contentOf(deps, clip);
    const { segments, undoVersion, redoVersion } = editOf(clip);
    const standing = standingOf(clip);
    return {
      id: clip.id,
      videoId: clip.videoId,
      state: clip.state,
      rank: clip.rank,
      startSeconds: clip.startSeconds,
      endSeconds: clip.endSeconds,
      score: clip.score,
      scoreParts,
      title,
      isTitleSuggested: !isTitleWritten,
      tags,
      areTagsSuggested: !areTagsWritten,
      posts: buildPosts({ title, tags, excerpt }),
      excerpt,
      boundaries,
      editVersion: clip.editVersion,
      undoVersion,
      redoVersion,
      version: clipVersion(clip),
      cover: clip.cover,
      safety: presentStanding(standing),
      segments: [...segments],
      durationSeconds: durationOf(segments),
      renditions: (ownOf.get(clip.id) ?? []).map((row) =>
        composeRendition(deps, row, files.get(row.id) ?? [], progress.get(row.id) ?? 0, { title, cover: clip.cover, standing }),
      ),
      createdAt: clip.createdAt.toISOString(),
      expiresAt: expiryOf(clip)?.toISOString() ?? null,
    };
  });
}

/** Items by what they belong to, in their order. */
export function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) {
      groups.set(key, [item]);
    } else {
      group.push(item);
    }
  }
  return groups;
}

/** Clips with their renditions as their workspace sees them; a fixed number of queries for any number of them. */
export async function presentClips(deps: Deps, tx: Tx, clips: readonly ClipRow[]): Promise<Clip[]> {
  if (clips.length === 0) {
    return [];
  }
  const renditions = await deps.db
    .model(Renditions)
    .findAll({ where: { clipId: clips.map((clip) => clip.id) }, order: ['createdAt', 'id'], transaction: tx });
  const videos = await deps.db
    .model(Videos)
    .findAll({ where: { id: [...new Set(clips.map((clip) => clip.videoId))] }, attributes: ['id', 'expiresAt'], transaction: tx });
  const expiry = new Map(videos.map((video) => [video.id, video.expiresAt]));
  const edits = await editsOfAll(deps, tx, clips);
  const standings = await findStandings(
    deps,
    tx,
    clips.map(({ id }) => id),
  );
  return composeClips(deps, {
    clips,
    renditions,
    ...(await loadFiles(deps, tx, renditions)),
    editOf: (clip) => edits.get(clip.id) ?? { segments: [], undoVersion: null, redoVersion: null },
    expiryOf: (clip) => expiry.get(clip.videoId) ?? null,
    standingOf: (clip) => standings.get(clip.id),
  });
}

/** One clip as its workspace sees it. */
export async function presentOneClip(deps: Deps, tx: Tx, clip: ClipRow): Promise<Clip> {
  const [reply] = await presentClips(deps, tx, [clip]);
  if (reply === undefined) {
    throw new Error('One clip presents as one reply.');
  }
  return reply;
}

/** One rendition as its workspace sees it. */
export async function presentOneRendition(deps: Deps, tx: Tx, rendition: RenditionRow, clip: ClipRow): Promise<Rendition> {
  const { objects, tasks } = await loadFiles(deps, tx, [rendition]);
  const { title } = contentOf(deps, clip);
  const standing = (await findStandings(deps, tx, [clip.id])).get(clip.id);
  return composeRendition(deps, rendition, objects, tasks[0]?.progress ?? 0, { title, cover: clip.cover, standing });
}

async function loadFiles(
  deps: Deps,
  tx: Tx,
  renditions: readonly RenditionFacts[],
): Promise<{ objects: ObjectRow[]; tasks: ProgressRow[] }> {
  const { db } = deps;
  const ids = renditions.map((row) => row.id);
  if (ids.length === 0) {
    return { objects: [], tasks: [] };
  }
  const objects = await db.rows<ObjectRow>(
    tx,
    "SELECT rendition_id, kind, key, content_type, size_bytes FROM stored_objects WHERE rendition_id IN (:ids) AND state = 'ready' ORDER BY created_at",
    { ids },
  );
  const tasks = renditions.every((row) => row.state === 'ready')
    ? []
    : await db.rows<ProgressRow>(
        tx,
        "SELECT rendition_id, progress FROM media_tasks WHERE rendition_id IN (:ids) AND state IN ('leased', 'verifying')",
        { ids },
      );
  return { objects, tasks };
}

/** Files and the end of progress belong to renditions that are ready; of others they would be those of an attempt that is not verified. */
function composeRendition(
  deps: Deps,
  row: RenditionFacts,
  found: readonly ObjectRow[],
  taskProgress: number,
  { title, cover, standing }: { title: string; cover: CoverChoice; standing: ClipStanding | undefined },
): Rendition {
  const isReady = row.state === 'ready';
  const withheld = isWithheld(standing, row.editVersion);
  const files = new Map((isReady && !withheld ? found : []).map((object) => [object.kind, object]));
  const urlOf = (kind: ObjectKind, downloadName?: string) => {
    const object = files.get(kind);
    return object === undefined ? null : mediaUrl(deps, { key: object.key, contentType: object.content_type }, downloadName);
  };
  const name = `${title} ${row.aspect.replace(':', 'x')}`;
  const covers = coverKinds.filter((kind) => files.has(kind));
  const coverUrls = covers.map((kind) => urlOf(kind)).filter((url) => url !== null);
  const chosen = cover <= covers.length ? cover - 1 : 0;
  const chosenKind = covers[chosen];
  const sizeBytes = files.get('video')?.size_bytes;
  return {
    id: row.id,
    clipId: row.clipId,
    videoId: row.videoId,
    state: row.state,
    progress: isReady ? 1 : Math.min(1, taskProgress),
    aspect: row.aspect,
    captionStyle: row.captionStyle,
    captionOptions: row.captionOptions,
    captionLanguage: row.captionLanguage,
    brandKitId: row.brandKitId,
    width: row.width,
    height: row.height,
    sizeBytes: sizeBytes === undefined ? null : Number(sizeBytes),
    durationSeconds: row.result?.durationSeconds ?? null,
    failure: row.failure,
    editVersion: row.editVersion,
    layout: row.result?.layout ?? null,
    layoutReason: row.result?.layoutReason ?? null,
    codec: row.codec,
    encoder: row.result?.encoder ?? null,
    encoderReason: row.result?.encoderReason ?? null,
    framing: row.framing,
    shots: row.result?.shots ?? [],
    certificate: row.result?.certificate ?? [],
    createdAt: row.createdAt.toISOString(),
    isWithheld: withheld,
    media: {
      videoUrl: urlOf('video'),
      downloadUrl: urlOf('video', `${name}.mp4`),
      coverUrl: coverUrls[chosen] ?? null,
      coverDownloadUrl: chosenKind === undefined ? null : urlOf(chosenKind, `${name}.jpg`),
      srtUrl: urlOf('srt', `${name}.srt`),
      vttUrl: urlOf('vtt', `${name}.vtt`),
      assUrl: urlOf('ass', `${name}.ass`),
      wordsUrl: urlOf('words', `${name}.json`),
      coverUrls,
    },
  };
}
