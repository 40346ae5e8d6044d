/**
 * The page of a video's clips: what the console asks for most, again at every live event. So it is read by one message to the database and
 * without models; what is shown is composed by the same presenter as everywhere. Rows are read each time, and a clip whose rows are the
 * versions of before (`xmin`, the transaction that wrote a row) is not opened, composed and checked once more: its text is remembered.
 */
import { clipSchema, type Span } from '@carmic/contract';
import { notFound } from '../core/errors.ts';
import type { Reading, Readings } from '../db/reader.ts';
import type { Deps } from '../deps.ts';
import { createRemember, type Remember } from '../core/remember.ts';
import { readProven } from '../http/proof.ts';
import { CheckedReply, type Person } from '../http/request.ts';
import { openStanding, type ClipStanding } from '../understanding/safety/clipStandings.ts';
import { mediaUrlTime } from '../library/mediaUrls.ts';
import { type ClipFacts, composeClips, groupBy, type ObjectRow, type ProgressRow, type RenditionFacts } from './present.ts';

/** A row with the transaction that wrote it: another content has another version. */
type Versioned<R> = R & { version: string };
type PageRows = [
  { expires_at: Date | null },
  Versioned<ClipFacts & { segments: Span[] | null; undoVersion: number | null; redoVersion: number | null; standing: ClipStanding['state'] | null; standingSealed: Buffer | null }>,
  Versioned<RenditionFacts>,
  Versioned<ObjectRow>,
  ProgressRow,
];

const ofVideo = 'workspace_id = :workspaceId AND video_id = :videoId';

/** The statements of the page, in the order of `PageRows`. Names in quotes are those of the models. */
const statements = [
  `SELECT expires_at FROM videos
   WHERE workspace_id = :workspaceId AND id = :videoId AND deleted_at IS NULL AND (expires_at IS NULL OR expires_at > :now)`,
  `SELECT c.id, c.video_id AS "videoId", c.state, c.rank, c.start_seconds AS "startSeconds", c.end_seconds AS "endSeconds", c.score,
     c.content_sealed AS "contentSealed", c.edit_version AS "editVersion", c.cover, c.created_at AS "createdAt", e.segments,
     coalesce(e.base_version, nullif(c.edit_version - 1, 0)) AS "undoVersion",
     (SELECT max(n.version) FROM clip_edits n
      WHERE n.clip_id = c.id AND n.version > 1 AND coalesce(n.base_version, n.version - 1) = c.edit_version) AS "redoVersion",
     s.state AS standing, s.content_sealed AS "standingSealed",
     c.xmin::text || ' ' || coalesce(e.xmin::text, '') || ' ' || coalesce(s.xmin::text, '') AS version
   FROM clips c LEFT JOIN clip_edits e ON e.clip_id = c.id AND e.version = c.edit_version
     LEFT JOIN clip_safety s ON s.clip_id = c.id
   WHERE c.workspace_id = :workspaceId AND c.video_id = :videoId ORDER BY c.rank`,
  // The record of the framing is large and has an answer of its own.
  `SELECT id, video_id AS "videoId", clip_id AS "clipId", state, aspect, caption_style AS "captionStyle", caption_options AS "captionOptions",
     caption_language AS "captionLanguage", codec, framing, brand_kit_id AS "brandKitId", width, height, edit_version AS "editVersion",
     result - 'framing' AS result, failure, created_at AS "createdAt", xmin::text AS version
   FROM renditions WHERE ${ofVideo} ORDER BY created_at, id`,
  `SELECT rendition_id, kind, key, content_type, size_bytes, xmin::text AS version FROM stored_objects
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

/** Clips of which the text is kept: some ten megabytes. */
const mostRemembered = 1000;
/** By server: several may run in one process. */
const memories = new WeakMap<Deps, Remember>();

function memoryOf(deps: Deps): Remember {
  const remember = memories.get(deps) ?? createRemember(mostRemembered);
  memories.set(deps, remember);
  return remember;
}

/** The clips of a video, best first. Throws not_found when the workspace has no such video, or its content has ended. */
export async function readClipPage(deps: Deps, person: Person, videoId: string): Promise<CheckedReply> {
  const readings = clipPageReadings(person.workspaceId, videoId, deps.clock.now());
  const [[video], clips, renditions, objects, tasks] = await readProven<PageRows>(deps, person, readings);
  if (video === undefined) {
    throw notFound('video');
  }
  const remember = memoryOf(deps);
  const renditionsOf = groupBy(renditions, ({ clipId }) => clipId);
  const objectsOf = groupBy(objects, (object) => object.rendition_id);
  const progressOf = new Map(tasks.map((task) => [task.rendition_id, task.progress]));
  const ofAll = `${mediaUrlTime(deps)} ${video.expires_at?.getTime() ?? ''}`;
  const texts = clips.map((clip) => {
    const own = renditionsOf.get(clip.id) ?? [];
    const versions = own.map(
      ({ id, version }) => `${id} ${version} ${progressOf.get(id) ?? ''} ${(objectsOf.get(id) ?? []).map((object) => `${object.key} ${object.version}`).join(' ')}`,
    );
    return remember(`${ofAll} ${clip.id} ${clip.version} ${versions.join(' ')}`, () => {
      const [composed] = composeClips(deps, {
        clips: [clip],
        renditions: own,
        objects: own.flatMap(({ id }) => objectsOf.get(id) ?? []),
        tasks,
        editOf: ({ startSeconds, endSeconds }) => ({ ...clip, segments: clip.segments ?? [{ startSeconds, endSeconds }] }),
        expiryOf: () => video.expires_at,
        standingOf: ({ id }) =>
          clip.standing === null || clip.standingSealed === null ? undefined : openStanding(deps, id, clip.standing, clip.standingSealed),
      });
      return JSON.stringify(clipSchema.parse(composed));
    });
  });
  return new CheckedReply(`{"items":[${texts.join(',')}]}`);
}
