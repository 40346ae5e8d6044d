/** Legal holds: content that must not be deleted, whoever asks. What has expired stays refused to readers; its bytes stay until the hold ends. */
import type { LegalHold, PlaceHoldBody } from '@carmic/contract';
import { invalidInput, notFound } from '../core/errors.ts';
import { newId } from '../core/ids.ts';
import type { Deps } from '../deps.ts';

/** A row of `legal_holds`. */
interface HoldRow {
  id: string;
  workspace_id: string;
  workspace_name: string;
  video_id: string | null;
  reason_sealed: Buffer;
  placed_by_name: string | null;
  placed_at: Date;
  ends_at: Date | null;
  released_at: Date | null;
}

const reasonContext = (id: string) => `legal_holds.reason:${id}`;

function presentHold(deps: Deps, row: HoldRow): LegalHold {
  const now = deps.clock.now();
  return {
    id: row.id,
    workspaceId: row.workspace_id,
    workspaceName: row.workspace_name,
    videoId: row.video_id,
    reason: deps.sealer.open(reasonContext(row.id), row.reason_sealed),
    placedBy: row.placed_by_name,
    placedAt: row.placed_at.toISOString(),
    endsAt: row.ends_at?.toISOString() ?? null,
    releasedAt: row.released_at?.toISOString() ?? null,
    isInForce: row.released_at === null && (row.ends_at === null || row.ends_at > now),
  };
}

/** Holds, those in force first. */
export async function listHolds(deps: Deps, id?: string): Promise<LegalHold[]> {
  const rows = await deps.db.asSystem((tx) =>
    deps.db.rows<HoldRow>(
      tx,
      `SELECT h.*, w.name AS workspace_name, u.name AS placed_by_name
       FROM legal_holds h JOIN workspaces w ON w.id = h.workspace_id LEFT JOIN users u ON u.id = h.placed_by
       ${id === undefined ? '' : 'WHERE h.id = :id'} ORDER BY h.released_at IS NOT NULL, h.placed_at DESC LIMIT 500`,
      { id },
    ),
  );
  return rows.map((row) => presentHold(deps, row));
}

async function oneHold(deps: Deps, id: string): Promise<LegalHold> {
  const [hold] = await listHolds(deps, id);
  if (hold === undefined) {
    throw notFound('legal hold');
  }
  return hold;
}

/** Places a hold on a workspace or on one of its videos. Throws not_found when there is no such thing. */
export async function placeHold(deps: Deps, body: PlaceHoldBody, actorId: string): Promise<LegalHold> {
  const { db, clock, sealer, appendEvent } = deps;
  const id = newId();
  const now = clock.now();
  if (body.endsAt !== undefined && new Date(body.endsAt) <= now) {
    throw invalidInput('The end of the hold is over already: choose a later one, or leave it out.');
  }
  await db.asSystem(async (tx) => {
    const found = await db.rows(
      tx,
      body.videoId === undefined
        ? 'SELECT 1 FROM workspaces WHERE id = :workspaceId'
        : 'SELECT 1 FROM videos WHERE id = :videoId AND workspace_id = :workspaceId AND deleted_at IS NULL FOR SHARE',
      { workspaceId: body.workspaceId, videoId: body.videoId },
    );
    if (found.length === 0) {
      throw notFound(body.videoId === undefined ? 'workspace' : 'video');
    }
    await db.change(
      tx,
      `INSERT INTO legal_holds (id, workspace_id, video_id, reason_sealed, placed_by, placed_at, ends_at)
       VALUES (:id, :workspaceId, :videoId, :reason, :actorId, :now, :endsAt)`,
      {
        id,
        workspaceId: body.workspaceId,
        videoId: body.videoId ?? null,
        reason: sealer.seal(reasonContext(id), body.reason),
        actorId,
        now,
        endsAt: body.endsAt ?? null,
      },
    );
    await appendEvent(tx, {
      workspaceId: body.workspaceId,
      type: 'hold.placed',
      videoId: body.videoId ?? null,
      subjectId: id,
      actorId,
      data: { endsAt: body.endsAt ?? null },
    });
  });
  return oneHold(deps, id);
}

/** Ends a hold now; what has expired meanwhile is swept. */
export async function releaseHold(deps: Deps, id: string, actorId: string): Promise<LegalHold> {
  const { db, clock, appendEvent } = deps;
  const hold = await oneHold(deps, id);
  await db.asSystem(async (tx) => {
    const changed = await db.change(tx, 'UPDATE legal_holds SET released_at = :now WHERE id = :id AND released_at IS NULL', {
      id,
      now: clock.now(),
    });
    if (changed === 1) {
      await appendEvent(tx, { workspaceId: hold.workspaceId, type: 'hold.released', videoId: hold.videoId, subjectId: id, actorId });
    }
  });
  return oneHold(deps, id);
}
