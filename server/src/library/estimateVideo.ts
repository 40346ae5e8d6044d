import type { RouteInput, VideoEstimate } from '@carmic/contract';
import type { Tx } from '../db/database.ts';
import type { Deps } from '../deps.ts';
import type { Person } from '../http/request.ts';
import { readRoom } from '../plans/quota.ts';
import { readMinutesLeft } from '../plans/usage.ts';
import { findSameSource } from './duplicates.ts';

/** How many of the last videos tell how long the next one takes. */
const sampleSize = 20;

/** What a video would cost, by the rules that hold when it comes. Reserves nothing. */
export function estimateVideo(deps: Deps, { workspaceId }: Person, query: RouteInput<'getVideoEstimate'>['query']): Promise<VideoEstimate> {
  const { sizeBytes, durationSeconds, sourceSha256 } = query;
  return deps.db.inWorkspace(workspaceId, async (tx) => {
    const freeBytes = await readRoom(deps, tx, workspaceId);
    const left = await readMinutesLeft(deps, tx, workspaceId);
    const charged = durationSeconds === undefined ? null : Math.ceil(durationSeconds / 60);
    const pace = await readPace(deps, tx, workspaceId);
    return {
      storage: { neededBytes: sizeBytes, freeBytes, fits: freeBytes === null || sizeBytes <= freeBytes },
      minutes: { charged, left, fits: left === null || (charged === null ? left > 0 : charged <= left) },
      wallSeconds: pace === null || durationSeconds === undefined ? null : Math.round(durationSeconds * pace.factor),
      basedOnVideos: pace?.count ?? 0,
      duplicateOf: sourceSha256 === undefined ? null : await findSameSource(deps, tx, workspaceId, { sha256: sourceSha256, sizeBytes }),
    };
  });
}

/** Seconds of work for one second of video: the median over the last videos that came out in one go. */
async function readPace(deps: Deps, tx: Tx, workspaceId: string): Promise<{ factor: number; count: number } | null> {
  const [row] = await deps.db.rows<{ factor: number | null; count: string }>(
    tx,
    `SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY factor) AS factor, count(*) AS count FROM (
       SELECT extract(epoch FROM (CAST(stage_times->'render'->>'finishedAt' AS timestamptz)
           - CAST(stage_times->'inspect'->>'startedAt' AS timestamptz))) / CAST(probe->>'durationSeconds' AS float) AS factor
       FROM videos WHERE workspace_id = :workspaceId AND state = 'ready' AND CAST(probe->>'durationSeconds' AS float) > 0
         AND stage_times->'render'->>'finishedAt' IS NOT NULL AND stage_times->'inspect'->>'startedAt' IS NOT NULL
       ORDER BY created_at DESC LIMIT :sampleSize) AS last`,
    { workspaceId, sampleSize },
  );
  return row === undefined || row.factor === null ? null : { factor: Number(row.factor), count: Number(row.count) };
}
