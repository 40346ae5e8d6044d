/** What a month is made of, for those who pay for it inside a company: minutes and storage by video and by department. */
import type { UsageStatement } from '@carmic/contract';
import type { Tx } from '../db/database.ts';
import type { Deps } from '../deps.ts';
import { readMinuteLimits } from './budget.ts';
import { monthOf, monthTotals } from './usage.ts';

const maxLines = 1000;
const daySeconds = 24 * 3600;

interface LineRow {
  /** Null: objects of no video, as those of brand kits. */
  video_id: string | null;
  department_id: string | null;
  department: string | null;
  reserved: string;
  used: string;
  rerendered: string;
  released: string;
  byte_days: string;
  at: Date;
}

type Line = Omit<UsageStatement['lines'][number], 'title'>;
/** Without the titles of videos, which are sealed content. */
export type Statement = Omit<UsageStatement, 'lines'> & { lines: Line[] };

/** First and last moment of a month as the ledger writes it; the one that is running ends now. */
function boundsOf(deps: Deps, month: string): { from: Date; until: Date } {
  const from = new Date(`${month}T00:00:00Z`);
  const next = new Date(Date.UTC(from.getUTCFullYear(), from.getUTCMonth() + 1, 1));
  const now = deps.clock.now();
  const until = now < next ? now : next;
  return { from, until: until > from ? until : from };
}

/**
 * The statement of one month (`2026-03`; this one by default): a line per video, sums per department, and totals. Byte-days are what was
 * stored, times how long: each line is rounded to whole ones, and every sum is one of lines.
 */
export async function readStatement(deps: Deps, tx: Tx, workspaceId: string, wanted: string | undefined): Promise<Statement> {
  const month = wanted === undefined ? monthOf(deps.clock.now()) : `${wanted}-01`;
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
  const rows = await readLines(deps, tx, workspaceId, month);
  const lines = rows.flatMap((row): Line[] => (row.video_id === null ? [] : [{ ...presentLine(row), videoId: row.video_id }]));
  return {
    month: month.slice(0, 7),
    limitMinutes: limits.included,
    capMinutes: limits.cap,
    extraSeconds: Number(extra?.seconds ?? 0),
    extraSeatDays: Number(seats?.extra ?? 0),
    ...(await monthTotals(deps, tx, workspaceId, month)),
    byteDays: rows.reduce((sum, row) => sum + Number(row.byte_days), 0),
    byDepartment: groupByDepartment(rows),
    lines: lines.slice(0, maxLines),
  };
}

function presentLine(row: LineRow): Omit<Line, 'videoId'> {
  return {
    departmentId: row.department_id,
    reservedSeconds: Number(row.reserved),
    usedSeconds: Number(row.used),
    rerenderedSeconds: Number(row.rerendered),
    releasedSeconds: Number(row.released),
    byteDays: Number(row.byte_days),
    at: row.at.toISOString(),
  };
}

/** Sums of lines by department, those with the most minutes first; what has none comes last. */
function groupByDepartment(rows: readonly LineRow[]): UsageStatement['byDepartment'] {
  const groups = new Map<string | null, UsageStatement['byDepartment'][number]>();
  for (const row of rows) {
    const group = groups.get(row.department_id) ?? {
      departmentId: row.department_id,
      name: row.department,
      videoCount: 0,
      usedSeconds: 0,
      byteDays: 0,
    };
    group.videoCount += row.video_id === null ? 0 : 1;
    group.usedSeconds += Number(row.used);
    group.byteDays += Number(row.byte_days);
    groups.set(row.department_id, group);
  }
  return [...groups.values()].sort(
    (a, b) => Number(a.departmentId === null) - Number(b.departmentId === null) || b.usedSeconds - a.usedSeconds || b.byteDays - a.byteDays,
  );
}

function readLines(deps: Deps, tx: Tx, workspaceId: string, month: string): Promise<LineRow[]> {
  const { from, until } = boundsOf(deps, month);
  return deps.db.rows<LineRow>(
    tx,
    `WITH used AS (
       SELECT video_id, sum(seconds) FILTER (WHERE kind = 'reserve') AS reserved, sum(seconds) FILTER (WHERE kind = 'commit') AS used,
         sum(seconds) FILTER (WHERE kind = 'commit' AND rendition_id IS NOT NULL) AS rerendered,
         sum(seconds) FILTER (WHERE kind = 'release') AS released, min(created_at) AS at
       FROM usage_entries WHERE workspace_id = :workspaceId AND month = CAST(:month AS date) GROUP BY video_id
     ), stored AS (
       SELECT video_id, round(sum(bytes * extract(epoch FROM CAST(:until AS timestamptz) - GREATEST(created_at, CAST(:from AS timestamptz)))) / :daySeconds) AS byte_days,
         GREATEST(min(created_at), CAST(:from AS timestamptz)) AS at
       FROM storage_entries WHERE workspace_id = :workspaceId AND created_at < :until GROUP BY video_id
     )
     SELECT COALESCE(u.video_id, s.video_id) AS video_id, d.id AS department_id, d.name AS department, COALESCE(u.reserved, 0) AS reserved,
       COALESCE(u.used, 0) AS used, COALESCE(u.rerendered, 0) AS rerendered, COALESCE(u.released, 0) AS released,
       COALESCE(s.byte_days, 0) AS byte_days, COALESCE(u.at, s.at) AS at
     FROM used u FULL JOIN stored s ON s.video_id = u.video_id
       LEFT JOIN video_departments c ON c.video_id = COALESCE(u.video_id, s.video_id) AND c.workspace_id = :workspaceId
       LEFT JOIN departments d ON d.id = c.department_id
     WHERE u.video_id IS NOT NULL OR s.byte_days <> 0 ORDER BY at DESC, video_id`,
    { workspaceId, month, from, until, daySeconds },
  );
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
