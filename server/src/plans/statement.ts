/** What a month is made of, for those who pay for it inside a company: minutes and storage by video and by department. */
import type { UsageStatement } from '@carmic/contract';
import type { Tx } from '../db/database.ts';
import type { Deps } from '../deps.ts';
import { readMinuteLimits } from './budget.ts';
import { parseStatementCursor, type StatementPlace, writeStatementCursor } from './statementCursor.ts';
import { monthOf, monthTotals } from './usage.ts';

const daySeconds = 24 * 3600;

interface LineRow {
  video_id: string;
  department_id: string | null;
  department: string | null;
  reserved: string;
  used: string;
  rerendered: string;
  released: string;
  byte_days: string;
  began: Date;
}

/** A line without the title of its video, which is sealed content. */
export type StatementLine = Omit<UsageStatement['lines'][number], 'title'> & { department: string | null };
export type Statement = Omit<UsageStatement, 'lines'> & { lines: StatementLine[] };

/** A month of a workspace, its storage counted until a moment: pages that share it count the same. */
export interface StatementSpan {
  workspaceId: string;
  /** First day. */
  month: string;
  until: Date;
}

/** First and last moment of a month as the ledger writes it; the one that is running ends now. */
function boundsOf(deps: Deps, month: string): { from: Date; until: Date } {
  const from = beginningOf(month);
  const next = new Date(Date.UTC(from.getUTCFullYear(), from.getUTCMonth() + 1, 1));
  const now = deps.clock.now();
  const until = now < next ? now : next;
  return { from, until: until > from ? until : from };
}

/** The span of a month (`2026-03`; this one by default) as it is now. */
export function openSpan(deps: Deps, workspaceId: string, wanted: string | undefined): StatementSpan {
  const month = wanted === undefined ? monthOf(deps.clock.now()) : `${wanted}-01`;
  return { workspaceId, month, until: boundsOf(deps, month).until };
}

/**
 * A page of the statement of one month: lines per video, and with every page the sums of all of them, per department and altogether.
 * Byte-days are what was stored, times how long: each line is rounded to whole ones, and every sum is one of lines. All pages count storage
 * until the moment of the first. Throws invalid_input for a cursor of another month.
 */
export async function readStatement(
  deps: Deps,
  tx: Tx,
  workspaceId: string,
  { month: wanted, cursor, limit }: { month?: string | undefined; cursor?: string | undefined; limit: number },
): Promise<Statement> {
  const place = cursor === undefined ? null : parseStatementCursor(cursor, wanted);
  const span = openSpan(deps, workspaceId, place?.month ?? wanted);
  if (place !== null && place.until < span.until) {
    span.until = place.until;
  }
  const { month } = span;
  const limits = await readMinuteLimits(deps, tx, workspaceId);
  const [extra] = await deps.db.rows<{ seconds: string }>(
    tx,
    `SELECT COALESCE(sum(m.seconds), 0) AS seconds FROM meter_events m JOIN usage_entries e ON e.id = m.entry_id
     WHERE m.workspace_id = :workspaceId AND e.month = CAST(:month AS date)`,
    { workspaceId, month },
  );
  const [seats] = await deps.db.rows<{ extra: string }>(
    tx,
    `SELECT COALESCE(sum(extra), 0) AS extra FROM seat_days WHERE workspace_id = :workspaceId
       AND day >= CAST(:month AS date) AND day < CAST(:month AS date) + interval '1 month'`,
    { workspaceId, month },
  );
  const groups = await readGroups(deps, tx, span);
  const { lines, next } = await readLines(deps, tx, span, { after: place, limit });
  return {
    month: month.slice(0, 7),
    limitMinutes: limits.included,
    capMinutes: limits.cap,
    extraSeconds: Number(extra?.seconds ?? 0),
    extraSeatDays: Number(seats?.extra ?? 0),
    ...(await monthTotals(deps, tx, workspaceId, month)),
    byteDays: groups.reduce((sum, group) => sum + group.byteDays, 0),
    videoCount: groups.reduce((sum, group) => sum + group.videoCount, 0),
    byDepartment: groups,
    lines,
    nextCursor: next === null ? null : writeStatementCursor(next),
  };
}

/**
 * Names `lines`: each video's, and one without a video for what belongs to none, as objects of brand kits. Departments are found by their
 * key, the video, alone: asked for the workspace too, PostgreSQL reads all of a workspace's for each line.
 */
const linesOfSpan = `
  WITH used AS (
    SELECT video_id, sum(seconds) FILTER (WHERE kind = 'reserve') AS reserved, sum(seconds) FILTER (WHERE kind = 'commit') AS used,
      sum(seconds) FILTER (WHERE kind = 'commit' AND rendition_id IS NOT NULL) AS rerendered,
      sum(seconds) FILTER (WHERE kind = 'release') AS released, min(created_at) AS at
    FROM usage_entries WHERE workspace_id = :workspaceId AND month = CAST(:month AS date) GROUP BY video_id
  ), stored AS (
    SELECT video_id, round(sum(bytes * extract(epoch FROM CAST(:until AS timestamptz) - GREATEST(created_at, CAST(:from AS timestamptz)))) / :daySeconds) AS byte_days,
      min(created_at) AS at
    FROM storage_entries WHERE workspace_id = :workspaceId AND created_at < :until GROUP BY video_id
  ), lines AS (
    SELECT COALESCE(u.video_id, s.video_id) AS video_id, d.id AS department_id, d.name AS department, COALESCE(u.reserved, 0) AS reserved,
      COALESCE(u.used, 0) AS used, COALESCE(u.rerendered, 0) AS rerendered, COALESCE(u.released, 0) AS released,
      COALESCE(s.byte_days, 0) AS byte_days, date_trunc('milliseconds', LEAST(u.at, s.at)) AS began
    FROM used u FULL JOIN stored s ON s.video_id = u.video_id
      LEFT JOIN video_departments c ON c.video_id = COALESCE(u.video_id, s.video_id)
      LEFT JOIN departments d ON d.id = c.department_id
    WHERE u.video_id IS NOT NULL OR s.byte_days <> 0
  )`;
const beginningOf = (month: string) => new Date(`${month}T00:00:00Z`);
const valuesOf = (span: StatementSpan) => ({ ...span, from: beginningOf(span.month), daySeconds });

/**
 * Lines after a place, newest video first. A video stands where its first entry stands. Entries are only added, and later, so that a line
 * stays in its place while pages are read: none comes twice, none is left out.
 */
export async function readLines(
  deps: Deps,
  tx: Tx,
  span: StatementSpan,
  { after, limit }: { after: Pick<StatementPlace, 'began' | 'videoId'> | null; limit: number },
): Promise<{ lines: StatementLine[]; next: StatementPlace | null }> {
  const rows = await deps.db.rows<LineRow>(
    tx,
    `${linesOfSpan} SELECT * FROM lines WHERE video_id IS NOT NULL
       ${after === null ? '' : 'AND (began < :began OR (began = :began AND video_id > CAST(:videoId AS uuid)))'}
     ORDER BY began DESC, video_id LIMIT :limit`,
    { ...valuesOf(span), limit: limit + 1, began: after?.began ?? null, videoId: after?.videoId ?? null },
  );
  const page = rows.slice(0, limit);
  const last = rows.length > limit ? page.at(-1) : undefined;
  return {
    lines: page.map((row) => presentLine(row, span.month)),
    next: last === undefined ? null : { month: span.month.slice(0, 7), until: span.until, began: last.began, videoId: last.video_id },
  };
}

function presentLine(row: LineRow, month: string): StatementLine {
  const from = beginningOf(month);
  return {
    videoId: row.video_id,
    departmentId: row.department_id,
    department: row.department,
    reservedSeconds: Number(row.reserved),
    usedSeconds: Number(row.used),
    rerenderedSeconds: Number(row.rerendered),
    releasedSeconds: Number(row.released),
    byteDays: Number(row.byte_days),
    at: (row.began > from ? row.began : from).toISOString(),
  };
}

/** Byte-days of what belongs to no video. */
export async function readOtherByteDays(deps: Deps, tx: Tx, span: StatementSpan): Promise<number> {
  const [row] = await deps.db.rows<{ byte_days: string }>(
    tx,
    `${linesOfSpan} SELECT byte_days FROM lines WHERE video_id IS NULL`,
    valuesOf(span),
  );
  return Number(row?.byte_days ?? 0);
}

/** Sums of lines by department, those with the most minutes first; what has none comes last. */
async function readGroups(deps: Deps, tx: Tx, span: StatementSpan): Promise<UsageStatement['byDepartment']> {
  const rows = await deps.db.rows<{ department_id: string | null; name: string | null; videos: string; used: string; byte_days: string }>(
    tx,
    `${linesOfSpan} SELECT department_id, department AS name, count(video_id) AS videos, sum(used) AS used, sum(byte_days) AS byte_days
     FROM lines GROUP BY department_id, department ORDER BY department_id IS NULL, sum(used) DESC, sum(byte_days) DESC, department_id`,
    valuesOf(span),
  );
  return rows.map((row) => ({
    departmentId: row.department_id,
    name: row.name,
    videoCount: Number(row.videos),
    usedSeconds: Number(row.used),
    byteDays: Number(row.byte_days),
  }));
}

/**
 * Minutes of a month by day (UTC), without days on which nothing ended. What ended after the month counts on its last day, as its
 * reservation counts in the month.
 */
export async function readDays(
  deps: Deps,
  tx: Tx,
  workspaceId: string,
  wanted: string | undefined,
): Promise<{ day: string; firstSeconds: number; rerenderedSeconds: number; releasedSeconds: number }[]> {
  const { month } = openSpan(deps, workspaceId, wanted);
  const rows = await deps.db.rows<{ day: string; first: string; rerendered: string; released: string }>(
    tx,
    `SELECT CAST(GREATEST(month, LEAST(CAST(created_at AT TIME ZONE 'UTC' AS date), CAST(month + interval '1 month' - interval '1 day' AS date))) AS text) AS day,
       COALESCE(sum(seconds) FILTER (WHERE kind = 'commit' AND rendition_id IS NULL), 0) AS first,
       COALESCE(sum(seconds) FILTER (WHERE kind = 'commit' AND rendition_id IS NOT NULL), 0) AS rerendered,
       COALESCE(sum(seconds) FILTER (WHERE kind = 'release'), 0) AS released
     FROM usage_entries WHERE workspace_id = :workspaceId AND month = CAST(:month AS date) AND kind <> 'reserve' GROUP BY 1 ORDER BY 1`,
    { workspaceId, month },
  );
  return rows.map((row) => ({
    day: row.day,
    firstSeconds: Number(row.first),
    rerenderedSeconds: Number(row.rerendered),
    releasedSeconds: Number(row.released),
  }));
}

/** Byte-days of each of the given months (first days), oldest first. */
async function readByteDays(deps: Deps, tx: Tx, workspaceId: string, months: readonly string[]): Promise<number[]> {
  const bounds = months.map((month) => boundsOf(deps, month));
  const rows = await deps.db.rows<{ byte_days: string }>(
    tx,
    `SELECT COALESCE((SELECT round(sum(e.bytes * extract(epoch FROM m.until - GREATEST(e.created_at, m.since))) / :daySeconds)
         FROM storage_entries e WHERE e.workspace_id = :workspaceId AND e.created_at < m.until), 0) AS byte_days
     FROM jsonb_to_recordset(CAST(:bounds AS jsonb)) AS m(since timestamptz, until timestamptz) ORDER BY m.since`,
    { workspaceId, daySeconds, bounds: JSON.stringify(bounds.map(({ from, until }) => ({ since: from, until }))) },
  );
  return rows.map((row) => Number(row.byte_days));
}

/** The last twelve months in which anything was used or stored, oldest first, without gaps. */
export async function readMonths(
  deps: Deps,
  tx: Tx,
  workspaceId: string,
): Promise<{ month: string; usedSeconds: number; byteDays: number }[]> {
  const used = await deps.db.rows<{ month: string; used: string }>(
    tx,
    `SELECT CAST(month AS text) AS month, used_seconds AS used FROM usage_months WHERE workspace_id = :workspaceId ORDER BY month DESC LIMIT 12`,
    { workspaceId },
  );
  const [first] = await deps.db.rows<{ at: Date | null }>(
    tx,
    'SELECT min(created_at) AS at FROM storage_entries WHERE workspace_id = :workspaceId',
    { workspaceId },
  );
  const now = deps.clock.now();
  const begins = [...used.map((row) => row.month), ...(first?.at == null ? [] : [monthOf(first.at)])].sort()[0];
  const months = Array.from({ length: 12 }, (_, back) =>
    monthOf(new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - 11 + back, 1))),
  );
  const shown = begins === undefined ? [] : months.filter((month) => month >= begins);
  const stored = await readByteDays(deps, tx, workspaceId, shown);
  return shown.map((month, index) => ({
    month: month.slice(0, 7),
    usedSeconds: Number(used.find((row) => row.month === month)?.used ?? 0),
    byteDays: stored[index] ?? 0,
  }));
}

/** What stands in the ledger of storage and in the rows it is about, where they differ; `filter` is a condition on both. Sums are bytes. */
export const storageDifferences = (filter: string): string => `
  SELECT COALESCE(e.workspace_id, o.workspace_id) AS workspace_id, COALESCE(e.video_id, o.video_id) AS video_id,
    COALESCE(o.bytes, 0) - COALESCE(e.bytes, 0) AS bytes
  FROM (SELECT workspace_id, COALESCE(video_id, workspace_id) AS subject, video_id, sum(bytes) AS bytes FROM storage_entries WHERE ${filter} GROUP BY 1, 2, 3) e
  FULL JOIN (SELECT workspace_id, COALESCE(video_id, workspace_id) AS subject, video_id, sum(size_bytes) AS bytes FROM stored_objects WHERE ${filter} GROUP BY 1, 2, 3) o
    ON o.workspace_id = e.workspace_id AND o.subject = e.subject
  WHERE COALESCE(o.bytes, 0) <> COALESCE(e.bytes, 0)`;

/** Corrects the ledger of a workspace by entries of their own where it is not what its rows say. Answers bytes corrected, without signs. */
export async function correctStorageLedger(deps: Deps, tx: Tx, workspaceId: string): Promise<number> {
  const corrected = await deps.db.rows<{ bytes: string }>(
    tx,
    `INSERT INTO storage_entries (workspace_id, video_id, kind, bytes, created_at)
       SELECT d.workspace_id, d.video_id, 'correction', d.bytes, :now FROM (${storageDifferences('workspace_id = :workspaceId')}) d
     RETURNING bytes`,
    { workspaceId, now: deps.clock.now() },
  );
  return corrected.reduce((sum, row) => sum + Math.abs(Number(row.bytes)), 0);
}
