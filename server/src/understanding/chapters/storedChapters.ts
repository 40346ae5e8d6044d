/** Chapters of a video, kept sealed: they are found once for each version of its words. */
import { type Chapter, chapterSchema } from '@carmic/contract';
import { z } from 'zod';
import type { Tx } from '../../db/database.ts';
import type { Deps } from '../../deps.ts';

const contextOf = (videoId: string) => `video_chapters.content:${videoId}`;
const contentSchema = z.array(chapterSchema);

/** The chapters that were found in this version of the words (`madeFrom`), or null. */
export async function findStoredChapters(deps: Deps, tx: Tx, videoId: string, madeFrom: string): Promise<Chapter[] | null> {
  const [row] = await deps.db.rows<{ content_sealed: Buffer }>(
    tx,
    'SELECT content_sealed FROM video_chapters WHERE video_id = :videoId AND made_from = :madeFrom',
    { videoId, madeFrom },
  );
  return row === undefined ? null : contentSchema.parse(JSON.parse(deps.sealer.open(contextOf(videoId), row.content_sealed)));
}

/** Keeps the chapters of a version of the words in the place of older ones. */
export async function storeChapters(
  deps: Deps,
  tx: Tx,
  video: { id: string; workspaceId: string },
  madeFrom: string,
  chapters: readonly Chapter[],
): Promise<void> {
  await deps.db.change(
    tx,
    `INSERT INTO video_chapters (video_id, workspace_id, content_sealed, made_from, updated_at)
     VALUES (:videoId, :workspaceId, :sealed, :madeFrom, :now)
     ON CONFLICT (video_id) DO UPDATE SET content_sealed = EXCLUDED.content_sealed, made_from = EXCLUDED.made_from, updated_at = EXCLUDED.updated_at`,
    {
      videoId: video.id,
      workspaceId: video.workspaceId,
      sealed: deps.sealer.seal(contextOf(video.id), JSON.stringify(chapters)),
      madeFrom,
      now: deps.clock.now(),
    },
  );
}
