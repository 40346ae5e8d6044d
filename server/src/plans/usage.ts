/**
 * The ledger of processing minutes.
 *
 * A video's length is reserved when it is known and before anything is made of it; what was delivered of it is committed, in proportion to the
 * clips that came out, and the rest is released. Failed work costs nothing. Entries are only ever added. Renderings after the first one are
 * reserved one by one where a plan counts them (rerenders.ts). Keeps: C3.
 */
import { AppError } from '../core/errors.ts';
import type { Tx } from '../db/database.ts';
import type { Deps } from '../deps.ts';
import { meterExtra, noteBudget, readMinuteLimits } from './budget.ts';

/** A video, or one rendering of it that is counted by itself. */
interface Subject {
  id: string;
  workspaceId: string;
  renditionId?: string;
}

interface OpenReservation {
  sequence: number;
  seconds: number;
  month: string;
}

/** The first day of a UTC month, as the ledger writes it. */
export function monthOf(date: Date): string {
  return `${date.toISOString().slice(0, 7)}-01`;
}

async function findOpen(deps: Deps, tx: Tx, subject: Subject): Promise<{ open: OpenReservation | null; lastSequence: number }> {
  const rows = await deps.db.rows<{ sequence: number; seconds: number; month: string; is_open: boolean; is_own: boolean }>(
    tx,
    `SELECT r.sequence, r.seconds, CAST(r.month AS text) AS month, r.rendition_id IS NOT DISTINCT FROM CAST(:renditionId AS uuid) AS is_own,
       NOT EXISTS (SELECT 1 FROM usage_entries s WHERE s.video_id = r.video_id AND s.sequence = r.sequence AND s.kind <> 'reserve') AS is_open
     FROM usage_entries r WHERE r.video_id = :id AND r.kind = 'reserve' ORDER BY r.sequence DESC`,
    { id: subject.id, renditionId: subject.renditionId ?? null },
  );
  const last = rows.find((row) => row.is_own);
  return { open: last?.is_open === true ? last : null, lastSequence: rows[0]?.sequence ?? 0 };
}

function addEntry(
  deps: Deps,
  tx: Tx,
  video: Subject,
  entry: OpenReservation & { kind: 'reserve' | 'commit' | 'release' },
): Promise<number> {
  return deps.db.change(
    tx,
    `INSERT INTO usage_entries (workspace_id, video_id, rendition_id, sequence, kind, seconds, month, created_at)
     VALUES (:workspaceId, :videoId, :renditionId, :sequence, :kind, :seconds, CAST(:month AS date), :now) ON CONFLICT DO NOTHING`,
    { ...entry, workspaceId: video.workspaceId, videoId: video.id, renditionId: video.renditionId ?? null, now: deps.clock.now() },
  );
}

/** The seconds a month allows, and what is reserved and used of them. The month's row is locked until the end of the transaction. */
async function lockMonth(deps: Deps, tx: Tx, workspaceId: string, month: string) {
  const { db } = deps;
  await db.change(tx, 'INSERT INTO usage_months (workspace_id, month) VALUES (:workspaceId, CAST(:month AS date)) ON CONFLICT DO NOTHING', {
    workspaceId,
    month,
  });
  const [row] = await db.rows<{ reserved: string; used: string }>(
    tx,
    `SELECT reserved_seconds AS reserved, used_seconds AS used FROM usage_months
     WHERE workspace_id = :workspaceId AND month = CAST(:month AS date) FOR UPDATE`,
    { workspaceId, month },
  );
  return { reserved: Number(row?.reserved ?? 0), used: Number(row?.used ?? 0) };
}

const minutes = (seconds: number) => {
  const rounded = Math.ceil(seconds / 60);
  return `${rounded} ${rounded === 1 ? 'minute' : 'minutes'}`;
};

/**
 * Reserves a video's length in this month. Answers null when it is reserved (once, however often it is asked for), or the sentence that says
 * why the plan does not allow it.
 */
export async function reserveMinutes(deps: Deps, tx: Tx, video: Subject, durationSeconds: number): Promise<string | null> {
  const { db, clock } = deps;
  // The canary's minutes are nobody's: there is no entry, and so nothing to settle.
  if (
    (await db.rows(tx, 'SELECT 1 FROM workspaces WHERE id = :workspaceId AND is_canary', { workspaceId: video.workspaceId })).length > 0
  ) {
    return null;
  }
  const month = monthOf(clock.now());
  const seconds = Math.ceil(durationSeconds);
  const { alert, allowed, cap } = await readMinuteLimits(deps, tx, video.workspaceId);
  const { reserved, used } = await lockMonth(deps, tx, video.workspaceId, month);
  const { open, lastSequence } = await findOpen(deps, tx, video);
  if (open !== null) {
    return null;
  }
  if (allowed !== null && reserved + used + seconds > allowed * 60) {
    const whose = allowed === cap ? 'that the owners of this workspace allow in a month' : 'of this month';
    const what = video.renditionId === undefined ? 'This video' : 'This rendering';
    return `${what} needs ${minutes(seconds)} of processing, and ${minutes(Math.max(0, allowed * 60 - reserved - used))} of the ${allowed} ${whose} are left.`;
  }
  await addEntry(deps, tx, video, { sequence: lastSequence + 1, seconds, month, kind: 'reserve' });
  await db.change(
    tx,
    'UPDATE usage_months SET reserved_seconds = reserved_seconds + :seconds WHERE workspace_id = :workspaceId AND month = CAST(:month AS date)',
    { seconds, month, workspaceId: video.workspaceId },
  );
  if (alert !== null && reserved + used + seconds >= alert * 60) {
    await noteBudget(deps, tx, video.workspaceId, month, reserved + used + seconds);
  }
  return null;
}

/** Ends a video's reservation: `share` of it (0 to 1) was delivered and is used, the rest is free again. Without one it does nothing. */
export async function settleMinutes(deps: Deps, tx: Tx, video: Subject, share: number): Promise<void> {
  const { db } = deps;
  const before = await findOpen(deps, tx, video);
  if (before.open === null) {
    return;
  }
  const { used: usedBefore } = await lockMonth(deps, tx, video.workspaceId, before.open.month);
  const { open } = await findOpen(deps, tx, video);
  if (open === null) {
    return;
  }
  const used = Math.ceil(open.seconds * Math.min(1, Math.max(0, share)));
  if (used > 0) {
    await addEntry(deps, tx, video, { ...open, seconds: used, kind: 'commit' });
    const { sequence } = open;
    await meterExtra(deps, tx, { workspaceId: video.workspaceId, videoId: video.id, sequence, seconds: used, usedBefore });
  }
  if (used < open.seconds) {
    await addEntry(deps, tx, video, { ...open, seconds: open.seconds - used, kind: 'release' });
  }
  await db.change(
    tx,
    `UPDATE usage_months SET reserved_seconds = reserved_seconds - :reserved, used_seconds = used_seconds + :used
     WHERE workspace_id = :workspaceId AND month = CAST(:month AS date)`,
    { reserved: open.seconds, used, month: open.month, workspaceId: video.workspaceId },
  );
}

/** Whole processing minutes that this month still allows; null without a limit. */
export async function readMinutesLeft(deps: Deps, tx: Tx, workspaceId: string): Promise<number | null> {
  const { allowed: limit } = await readMinuteLimits(deps, tx, workspaceId);
  if (limit === null) {
    return null;
  }
  const { reservedSeconds, usedSeconds } = await monthTotals(deps, tx, workspaceId, monthOf(deps.clock.now()));
  return Math.max(0, Math.floor((limit * 60 - reservedSeconds - usedSeconds) / 60));
}

/** Throws quota_exceeded when a workspace has no processing minute left this month, before anything is uploaded. */
export async function requireMinutes(deps: Deps, tx: Tx, workspaceId: string): Promise<void> {
  const { allowed: limit, cap } = await readMinuteLimits(deps, tx, workspaceId);
  if (limit === null) {
    return;
  }
  const { reservedSeconds, usedSeconds } = await monthTotals(deps, tx, workspaceId, monthOf(deps.clock.now()));
  if (reservedSeconds + usedSeconds >= limit * 60) {
    throw new AppError(
      'quota_exceeded',
      limit === cap
        ? `All ${limit} processing minutes that the owners of this workspace allow in a month are used or reserved. They can raise their cap.`
        : `All ${limit} processing minutes of this month are used or reserved. Wait for the next month, or ask for a larger plan.`,
      { details: { limitMinutes: limit, usedSeconds, reservedSeconds } },
    );
  }
}

/** What is reserved and used of a month (its first day). */
export async function monthTotals(deps: Deps, tx: Tx, workspaceId: string, month: string) {
  const [row] = await deps.db.rows<{ reserved: string; used: string }>(
    tx,
    `SELECT COALESCE(sum(CASE kind WHEN 'reserve' THEN seconds ELSE -seconds END), 0) AS reserved,
       COALESCE(sum(seconds) FILTER (WHERE kind = 'commit'), 0) AS used
     FROM usage_entries WHERE workspace_id = :workspaceId AND month = CAST(:month AS date)`,
    { workspaceId, month },
  );
  return { reservedSeconds: Number(row?.reserved ?? 0), usedSeconds: Number(row?.used ?? 0) };
}
