/**
 * The page of a video's clips: what the console asks for most, again at every live event. So it is read by one message to the database and
 * without models; what is shown is composed by the same presenter as everywhere.
 */
import type { Clip, Span } from '@carmic/contract';
import { notFound } from '../core/errors.ts';
import type { Reading, Readings } from '../db/reader.ts';
import type { Deps } from '../deps.ts';
import { readProven } from '../http/proof.ts';
import type { Person } from '../http/request.ts';
import { type ClipFacts, composeClips, type ObjectRow, type ProgressRow, type RenditionFacts } from './present.ts';

type PageRows = [{ expires_at: Date | null }, ClipFacts & { segments: Span[] | null }, RenditionFacts, ObjectRow, ProgressRow];

const ofVideo = 'workspace_id = :workspaceId AND video_id = :videoId';

/** The statements of the page, in the order of `PageRows`. Names in quotes are those of the models. */
const statements = [
  `SELECT expires_at FROM videos
   WHERE workspace_id = :workspaceId AND id = :videoId AND deleted_at IS NULL AND (expires_at IS NULL OR expires_at > :now)`,
  `SELECT c.id, c.video_id AS "videoId", c.state, c.rank, c.start_seconds AS "startSeconds", c.end_seconds AS "endSeconds", c.score,
     c.content_sealed AS "contentSealed", c.edit_version AS "editVersion", c.cover, c.created_at AS "createdAt", e.segments
   FROM clips c LEFT JOIN clip_edits e ON e.clip_id = c.id AND e.version = c.edit_version
   WHERE c.workspace_id = :workspaceId AND c.video_id = :videoId ORDER BY c.rank`,
  // The record of the framing is large and has an answer of its own.
  `SELECT id, video_id AS "videoId", clip_id AS "clipId", state, aspect, caption_style AS "captionStyle", caption_options AS "captionOptions",
     caption_language AS "captionLanguage", codec, framing, brand_kit_id AS "brandKitId", width, height, edit_version AS "editVersion",
     result - 'framing' AS result, failure, created_at AS "createdAt"
   FROM renditions WHERE ${ofVideo} ORDER BY created_at, id`,
  `SELECT rendition_id, kind, key, content_type, size_bytes FROM stored_objects
   WHERE ${ofVideo} AND rendition_id IS NOT NULL AND state = 'ready' ORDER BY created_at`,
  `SELECT rendition_id, progress FROM media_tasks
   WHERE ${ofVideo} AND rendition_id IS NOT NULL AND state IN ('leased', 'verifying')`,
] as const;

/** What is read for the page of a video. */
export function clipPageReadings(workspaceId: string, videoId: string, now: Date): Readings<PageRows> {
  const values = { workspaceId, videoId, now };
  const [video, clips, renditions, objects, tasks] = statements;
  const of = (sql: string): Reading => ({ workspaceId, sql, values });
  return [of(video), of(clips), of(renditions), of(objects), of(tasks)];
}

/** The clips of a video, best first. Throws not_found when the workspace has no such video, or its content has ended. */
export async function readClipPage(deps: Deps, person: Person, videoId: string): Promise<Clip[]> {
  const readings = clipPageReadings(person.workspaceId, videoId, deps.clock.now());
  const [[video], clips, renditions, objects, tasks] = await readProven<PageRows>(deps, person, readings);
  if (video === undefined) {
    throw notFound('video');
  }
  const segments = new Map(clips.map((clip) => [clip.id, clip.segments ?? [{ startSeconds: clip.startSeconds, endSeconds: clip.endSeconds }]]));
  return composeClips(deps, {
    clips,
    renditions,
    objects,
    tasks,
    segmentsOf: (clip) => segments.get(clip.id) ?? [],
    expiryOf: () => video.expires_at,
  });
}
