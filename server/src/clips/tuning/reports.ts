/**
 * Reports of encodes: a row for each finished clip, with nothing of what is to be seen in it, for less than a day. Keeps: A3.
 */
import { type RenderResult, tunedEncoderSchema } from '@carmic/contract';
import type { Tx } from '../../db/database.ts';
import type { Deps } from '../../deps.ts';
import { bandOf } from './bands.ts';
import { readCompression } from './settings.ts';

/** Reports of the last hour of a day (UTC) are not taken: in it the day is released, and its first reports are not yet a day old. */
export const lastHour = 23;
/** The oldest that a report gets, whatever else happens. */
export const reportLifeMs = 24 * 3600 * 1000;

/** The day that reports of now belong to; null when none are taken. */
export function reportDay(now: Date): string | null {
  return now.getUTCHours() >= lastHour ? null : now.toISOString().slice(0, 10);
}

/**
 * Notes how a clip was encoded. Nothing is noted where statistics are off, where whoever uploaded the video objects, and of encoders that cannot say
 * how similar their picture is. It is the first try that counts: the others are there because it failed.
 */
export async function recordEncoding(deps: Deps, tx: Tx, workspaceId: string, videoId: string, result: RenderResult): Promise<void> {
  const { db, clock } = deps;
  const now = clock.now();
  const day = reportDay(now);
  const encoder = tunedEncoderSchema.safeParse(result.encoder);
  const first = result.encoding?.tries[0];
  if (day === null || !encoder.success || first?.score == null || first.preset === null) {
    return;
  }
  if ((await readCompression(deps, tx)).statistics === 'off') {
    return;
  }
  await db.change(
    tx,
    `INSERT INTO encoding_reports (workspace_id, user_id, day, encoder, resolution, frame_rate, duration, preset, rate, score, bits_per_pixel, created_at)
     SELECT v.workspace_id, v.created_by, CAST(:day AS date), :encoder, :resolution, :frameRate, :duration, :preset, :rate, :score, :bitsPerPixel, :now
     FROM videos v JOIN workspaces w ON w.id = v.workspace_id AND NOT w.is_canary WHERE v.id = :videoId AND v.workspace_id = :workspaceId
       AND NOT EXISTS (SELECT 1 FROM person_rights r WHERE r.user_id = v.created_by AND r.statistics_objected_at IS NOT NULL)`,
    { ...bandOf(result), ...first, encoder: encoder.data, workspaceId, videoId, day, now },
  );
}

/** Takes back what is there of a person who objects. */
export async function forgetReports(deps: Deps, tx: Tx, userId: string): Promise<void> {
  await deps.db.change(tx, 'DELETE FROM encoding_reports WHERE user_id = :userId', { userId });
}
