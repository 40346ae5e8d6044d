import type { Clip, CoverChoice, Rendition } from '@carmic/contract';
import type { Tx } from '../db/database.ts';
import type { Deps } from '../deps.ts';
import { mediaUrl } from '../library/mediaUrls.ts';
import { type ObjectKind, Videos } from '../library/model.ts';
import { durationOf, segmentsOfAll } from './clipEdits.ts';
import { contentOf } from './content.ts';
import { buildPosts } from './posts.ts';
import type { ClipRow, RenditionRow } from './model.ts';
import { Renditions } from './model.ts';

interface ObjectRow {
  rendition_id: string;
  kind: ObjectKind;
  key: string;
  content_type: string;
  size_bytes: string;
}

const coverKinds = ['cover', 'cover2', 'cover3'] as const;

/** Clips with their renditions as their workspace sees them; a fixed number of queries for any number of them. */
export async function presentClips(deps: Deps, tx: Tx, clips: readonly ClipRow[]): Promise<Clip[]> {
  const rows =
    clips.length === 0
      ? []
      : await deps.db.model(Renditions).findAll({ where: { clipId: clips.map((clip) => clip.id) }, order: ['createdAt', 'id'], transaction: tx });
  const videos = await deps.db
    .model(Videos)
    .findAll({ where: { id: [...new Set(clips.map((clip) => clip.videoId))] }, attributes: ['id', 'expiresAt'], transaction: tx });
  const renditions = await presentRenditions(deps, tx, rows, clips);
  const edits = await segmentsOfAll(deps, tx, clips);
  return clips.map((clip) => {
    const { title, tags, scoreParts, excerpt, boundaries } = contentOf(deps, clip);
    const segments = edits.get(clip.id) ?? [];
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
      tags,
      posts: buildPosts({ title, tags, excerpt }),
      excerpt,
      boundaries,
      editVersion: clip.editVersion,
      cover: clip.cover,
      segments,
      durationSeconds: durationOf(segments),
      renditions: renditions.filter((rendition) => rendition.clipId === clip.id),
      createdAt: clip.createdAt.toISOString(),
      expiresAt: videos.find((video) => video.id === clip.videoId)?.expiresAt?.toISOString() ?? null,
    };
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

/** Renditions as their workspace sees them. `clips` are those they belong to. */
export async function presentRenditions(deps: Deps, tx: Tx, rows: readonly RenditionRow[], clips: readonly ClipRow[]): Promise<Rendition[]> {
  const { db } = deps;
  const ids = rows.map((row) => row.id);
  if (ids.length === 0) {
    return [];
  }
  const objects = await db.rows<ObjectRow>(
    tx,
    "SELECT rendition_id, kind, key, content_type, size_bytes FROM stored_objects WHERE rendition_id IN (:ids) AND state = 'ready' ORDER BY created_at",
    { ids },
  );
  const tasks = rows.every((row) => row.state === 'ready')
    ? []
    : await db.rows<{ rendition_id: string; progress: number }>(
        tx,
        "SELECT rendition_id, progress FROM media_tasks WHERE rendition_id IN (:ids) AND state IN ('leased', 'verifying')",
        { ids },
      );
  const facts = new Map(clips.map((clip) => [clip.id, { title: contentOf(deps, clip).title, cover: clip.cover }]));
  return Promise.all(
    rows.map((row) =>
      presentRendition(
        deps,
        row,
        row.state === 'ready' ? objects.filter((object) => object.rendition_id === row.id) : [],
        row.state === 'ready' ? 1 : Math.min(1, tasks.find((task) => task.rendition_id === row.id)?.progress ?? 0),
        facts.get(row.clipId) ?? { title: 'clip', cover: 1 },
      ),
    ),
  );
}

async function presentRendition(deps: Deps, row: RenditionRow, objects: readonly ObjectRow[], progress: number, { title, cover }: { title: string; cover: CoverChoice }): Promise<Rendition> {
  const find = (kind: ObjectKind) => objects.findLast((object) => object.kind === kind);
  const urlOf = async (kind: ObjectKind, downloadName?: string) => {
    const object = find(kind);
    return object === undefined ? null : mediaUrl(deps, { key: object.key, contentType: object.content_type }, downloadName);
  };
  const name = `${title} ${row.aspect.replace(':', 'x')}`;
  const video = find('video');
  const covers = coverKinds.filter((kind) => find(kind) !== undefined);
  const chosen = covers[cover - 1] ?? covers[0] ?? null;
  const coverUrls = (await Promise.all(covers.map((kind) => urlOf(kind)))).filter((url) => url !== null);
  return {
    id: row.id,
    clipId: row.clipId,
    videoId: row.videoId,
    state: row.state,
    progress,
    aspect: row.aspect,
    captionStyle: row.captionStyle,
    captionOptions: row.captionOptions,
    captionLanguage: row.captionLanguage,
    brandKitId: row.brandKitId,
    width: row.width,
    height: row.height,
    sizeBytes: video === undefined ? null : Number(video.size_bytes),
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
    media: {
      videoUrl: await urlOf('video'),
      downloadUrl: await urlOf('video', `${name}.mp4`),
      coverUrl: chosen && (await urlOf(chosen)),
      coverDownloadUrl: chosen && (await urlOf(chosen, `${name}.jpg`)),
      srtUrl: await urlOf('srt', `${name}.srt`),
      vttUrl: await urlOf('vtt', `${name}.vtt`),
      assUrl: await urlOf('ass', `${name}.ass`),
      wordsUrl: await urlOf('words', `${name}.json`),
      coverUrls,
    },
  };
}
