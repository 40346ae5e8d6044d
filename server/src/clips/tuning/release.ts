/**
 * Once a day, in the last hour of the day (UTC), its reports become figures and are deleted. A day is released once and never changed. Reports that
 * are a day old are deleted, released or not. Keeps: A3.
 */
import type { TunedEncoder } from '@carmic/contract';
import type { Deps } from '../../deps.ts';
import type { Tx } from '../../db/database.ts';
import { lastHour, reportLifeMs } from './reports.ts';
import { readCompression } from './settings.ts';
import { type CellKey, type Contribution, releaseDay } from './suppress.ts';

/** Releases the days that are over, and deletes reports that are too old. Runs again safely. */
export async function releaseStatistics(deps: Deps): Promise<void> {
  const { db, clock } = deps;
  const now = clock.now();
  const today = now.toISOString().slice(0, 10);
  const days = await db.asSystem(async (tx) => {
    await db.change(
      tx,
      `DELETE FROM encoding_reports r WHERE created_at <= :oldest OR EXISTS (SELECT 1 FROM encoding_releases s WHERE s.day = r.day)`,
      { oldest: new Date(now.getTime() - reportLifeMs) },
    );
    return db.rows<{ day: string }>(
      tx,
      `SELECT DISTINCT CAST(day AS text) AS day FROM encoding_reports WHERE day < CAST(:today AS date) OR (day = CAST(:today AS date) AND :isLastHour) ORDER BY day`,
      { today, isLastHour: now.getUTCHours() >= lastHour },
    );
  });
  for (const { day } of days) {
    await db.asSystem((tx) => releaseOne(deps, tx, day));
  }
}

async function releaseOne(deps: Deps, tx: Tx, day: string): Promise<void> {
  const { db, clock } = deps;
  const { statistics, minimumGroup } = await readCompression(deps, tx);
  const isFirst = await db.change(
    tx,
    'INSERT INTO encoding_releases (day, released_at, minimum_group) VALUES (CAST(:day AS date), :now, :minimumGroup) ON CONFLICT DO NOTHING',
    { day, now: clock.now(), minimumGroup },
  );
  if (isFirst === 1 && statistics === 'on') {
    const cells = releaseDay(await readContributions(deps, tx, day), minimumGroup);
    for (const { key, ...figures } of cells) {
      await db.change(
        tx,
        `INSERT INTO encoding_statistics (day, encoder, resolution, frame_rate, duration, preset, rate, contributors, score, deviation, bits_per_pixel)
         VALUES (CAST(:day AS date), :encoder, :resolution, :frameRate, :duration, :preset, :rate, :contributors, :score, :deviation, :bitsPerPixel)`,
        { day, ...key, ...figures },
      );
    }
  }
  await db.change(tx, 'DELETE FROM encoding_reports WHERE day = CAST(:day AS date)', { day });
}

interface Row {
  encoder: TunedEncoder;
  resolution: CellKey['resolution'];
  frame_rate: CellKey['frameRate'];
  duration: CellKey['duration'];
  preset: string;
  rate: number;
  contributor: string;
  clips: string;
  score: number;
  square: number;
  bits: number;
}

/** Means by contributor: whoever owns several workspaces is one. */
async function readContributions(deps: Deps, tx: Tx, day: string): Promise<Contribution[]> {
  const rows = await deps.db.rows<Row>(
    tx,
    `SELECT r.encoder, r.resolution, r.frame_rate, r.duration, r.preset, r.rate, o.contributor, count(*) AS clips,
       avg(r.score) AS score, avg(CAST(r.score AS double precision) * r.score) AS square, avg(r.bits_per_pixel) AS bits
     FROM encoding_reports r CROSS JOIN LATERAL (
       SELECT COALESCE(min(CAST(m.user_id AS text)), CAST(r.workspace_id AS text)) AS contributor
       FROM members m WHERE m.workspace_id = r.workspace_id AND m.role = 'owner') o
     WHERE r.day = CAST(:day AS date)
       AND NOT EXISTS (SELECT 1 FROM person_rights p WHERE p.user_id = r.user_id AND p.statistics_objected_at IS NOT NULL)
     GROUP BY 1, 2, 3, 4, 5, 6, 7`,
    { day },
  );
  return rows.map(({ encoder, resolution, frame_rate: frameRate, duration, preset, rate, ...row }) => ({
    key: { encoder, resolution, frameRate, duration, preset, rate },
    contributor: row.contributor,
    clips: Number(row.clips),
    score: row.score,
    scoreSquare: row.square,
    bitsPerPixel: row.bits,
  }));
}
