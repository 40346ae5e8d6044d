/**
 * The beginning of a deletion: in one transaction the content is gone for every reader, agents have lost their work, and the saga has its
 * items. Rows of tasks are locked before rows of videos, as a lease does it. Keeps: R5.
 */
import type { EventType } from '@carmic/contract';
import { leaseUrlSeconds } from '../../agents/taskSpec.ts';
import { addSeconds } from '../../core/clock.ts';
import { newId } from '../../core/ids.ts';
import type { Tx } from '../../db/database.ts';
import { uuidArray } from '../../db/uuidArray.ts';
import type { Deps } from '../../deps.ts';
import { settleMinutes } from '../../plans/usage.ts';
import { requireNoHold } from '../../library/findHolds.ts';
import { deadlineSeconds, type ErasureCause, type ErasureScope, type ErasureSubject } from './steps.ts';

/** Who deletes, why, and what it is called. */
export interface ErasureWish {
  scope: ErasureScope;
  cause: ErasureCause;
  actorId: string | null;
}

/** With what has no bytes of its own and goes too. */
type NamedWish = ErasureWish & { clipIds?: readonly string[]; kitIds?: readonly string[] };

interface Buried {
  id: string;
  workspace_id: string;
}

/** What a deletion has become: its id, or null when there was nothing left to delete. */
export interface StartedErasure {
  erasureId: string;
  workspaceId: string;
  itemCount: number;
}

const liveStates = "('queued', 'leased', 'verifying')";

/** Starts the work on what was buried once the transaction has committed. */
export function wakeAfterCommit(deps: Deps, tx: Tx): void {
  tx.afterCommit(() => {
    deps.jobs
      .enqueue('erasures.work', {})
      .catch((error: unknown) => deps.log.warn({ err: error }, 'a deletion was not enqueued; the watchdog will'));
  });
}

/** Writes one deletion for each workspace, with its event. */
export async function addErasures(deps: Deps, tx: Tx, wish: NamedWish, counts: ReadonlyMap<string, number>): Promise<StartedErasure[]> {
  const now = deps.clock.now();
  const started = [...counts].map(([workspaceId, itemCount]) => ({ erasureId: newId(), workspaceId, itemCount }));
  await deps.db.change(
    tx,
    `INSERT INTO erasures (id, workspace_id, scope, cause, requested_by, requested_at, deadline_at, clip_ids, kit_ids, item_count)
     SELECT e."erasureId", e."workspaceId", :scope, :cause, :actorId, :now, :deadline, CAST(:clipIds AS uuid[]), CAST(:kitIds AS uuid[]), e."itemCount"
     FROM jsonb_to_recordset(CAST(:started AS jsonb)) AS e("erasureId" uuid, "workspaceId" uuid, "itemCount" integer)`,
    {
      started: JSON.stringify(started),
      scope: wish.scope,
      cause: wish.cause,
      actorId: wish.actorId,
      now,
      deadline: addSeconds(now, deadlineSeconds),
      clipIds: uuidArray(wish.clipIds ?? []),
      kitIds: uuidArray(wish.kitIds ?? []),
    },
  );
  await deps.appendEvent(
    tx,
    started.map(({ erasureId, workspaceId, itemCount }) => ({
      workspaceId,
      type: 'erasure.started' as const,
      subjectId: erasureId,
      actorId: wish.actorId,
      data: { scope: wish.scope, cause: wish.cause, items: itemCount },
    })),
  );
  return started;
}

/**
 * Buries videos of any workspaces; those that are being deleted already are left out. A person's wish that meets a legal hold throws
 * wrong_state; expiry passes over what is held.
 */
export async function buryVideos(deps: Deps, tx: Tx, wish: ErasureWish, videoIds: readonly string[]): Promise<StartedErasure[]> {
  const { db, clock } = deps;
  const now = clock.now();
  const ids = uuidArray(videoIds);
  if (wish.cause === 'request') {
    await requireNoHold(deps, tx, videoIds);
  }
  // URLs for writing that were given to agents before stay good for a while where the storage does not ask us.
  const warm = await db.rows<{ video_id: string }>(
    tx,
    `UPDATE media_tasks t SET state = 'cancelled', finished_at = :now, lease_expires_at = NULL FROM videos v
     WHERE v.id = ANY(CAST(:ids AS uuid[])) AND t.workspace_id = v.workspace_id AND t.video_id = v.id AND t.state IN ${liveStates}
     RETURNING t.video_id`,
    { ids, now },
  );
  const buried = await db.rows<Buried>(
    tx,
    `UPDATE videos SET state = 'deleting', deleted_at = :now, updated_at = :now, nudges = 0
     WHERE id = ANY(CAST(:ids AS uuid[])) AND deleted_at IS NULL RETURNING id, workspace_id`,
    { ids, now },
  );
  const uploads = await db.rows<{ id: string; workspace_id: string; video_id: string }>(
    tx,
    `UPDATE uploads u SET state = 'aborted' FROM videos v
     WHERE v.id = ANY(CAST(:ids AS uuid[])) AND u.workspace_id = v.workspace_id AND u.video_id = v.id AND u.state = 'open'
     RETURNING u.id, u.workspace_id, u.video_id`,
    { ids, now },
  );
  if (buried.length === 0) {
    return [];
  }
  await releaseMinutes(deps, tx, buried);
  const started = await addItems(deps, tx, wish, {
    subject: 'video',
    rows: buried,
    warm: new Set(warm.map((row) => row.video_id)),
  });
  await deps.appendEvent(tx, [
    // First, so that nobody who follows the events asks for it once more.
    ...buried.map((video) => ({
      workspaceId: video.workspace_id,
      type: 'video.deleted' as EventType,
      videoId: video.id,
      subjectId: video.id,
      actorId: wish.actorId,
      data: { to: 'deleting', cause: wish.cause },
    })),
    ...uploads.map((upload) => ({
      workspaceId: upload.workspace_id,
      type: 'upload.aborted' as EventType,
      videoId: upload.video_id,
      subjectId: upload.id,
      actorId: wish.actorId,
    })),
  ]);
  return started;
}

/** Work that a deletion interrupts has delivered nothing. */
async function releaseMinutes(deps: Deps, tx: Tx, buried: readonly Buried[]): Promise<void> {
  const reserved = await deps.db.rows<Buried>(
    tx,
    `SELECT video_id AS id, workspace_id FROM usage_entries WHERE video_id = ANY(CAST(:ids AS uuid[])) GROUP BY video_id, workspace_id
     HAVING sum(CASE kind WHEN 'reserve' THEN seconds ELSE -seconds END) > 0 ORDER BY workspace_id, video_id`,
    { ids: uuidArray(buried.map((row) => row.id)) },
  );
  for (const { id, workspace_id: workspaceId } of reserved) {
    await settleMinutes(deps, tx, { id, workspaceId }, 0);
  }
}

/** Writes the items of a deletion. */
export async function addItems(
  deps: Deps,
  tx: Tx,
  wish: NamedWish,
  items: { subject: ErasureSubject; rows: readonly Buried[]; warm: ReadonlySet<string> },
): Promise<StartedErasure[]> {
  const { db, clock, store } = deps;
  const now = clock.now();
  const quietAfter = store.checksEveryWrite === true ? null : addSeconds(now, leaseUrlSeconds + 60);
  const counts = new Map<string, number>();
  for (const row of items.rows) {
    counts.set(row.workspace_id, (counts.get(row.workspace_id) ?? 0) + 1);
  }
  const started = await addErasures(deps, tx, wish, counts);
  const erasureOf = new Map(started.map((each) => [each.workspaceId, each.erasureId]));
  const time = now.toISOString();
  await db.change(
    tx,
    `INSERT INTO erasure_items (id, erasure_id, workspace_id, subject, subject_id, times, quiet_after, run_after)
     SELECT gen_random_uuid(), i.erasure_id, i.workspace_id, :subject, i.id, CAST(:times AS jsonb), i.quiet_after, :now
     FROM jsonb_to_recordset(CAST(:items AS jsonb)) AS i(id uuid, workspace_id uuid, erasure_id uuid, quiet_after timestamptz)`,
    {
      subject: items.subject,
      times: JSON.stringify({ tombstoned: time, cancelled: time }),
      now,
      items: JSON.stringify(
        items.rows.map((row) => ({
          ...row,
          erasure_id: erasureOf.get(row.workspace_id),
          quiet_after: items.warm.has(row.id) ? quietAfter : null,
        })),
      ),
    },
  );
  wakeAfterCommit(deps, tx);
  return started;
}

/** Buries renditions of one workspace, with the clips that are named; their files and rows are gone for every reader at once. */
export async function buryRenditions(
  deps: Deps,
  tx: Tx,
  wish: ErasureWish,
  doomed: { workspaceId: string; clipIds: readonly string[]; renditionIds: readonly string[] },
): Promise<StartedErasure[]> {
  const { db, clock } = deps;
  const now = clock.now();
  const clipIds = uuidArray(doomed.clipIds);
  const found = await db.rows<Buried & { video_id: string }>(
    tx,
    `SELECT id, workspace_id, video_id FROM renditions WHERE workspace_id = :workspaceId
       AND (id = ANY(CAST(:ids AS uuid[])) OR clip_id = ANY(CAST(:clipIds AS uuid[])))`,
    { workspaceId: doomed.workspaceId, ids: uuidArray(doomed.renditionIds), clipIds },
  );
  if (wish.cause === 'request') {
    // A clip that was never rendered is content too.
    const clipVideos = await db.rows<{ video_id: string }>(
      tx,
      'SELECT video_id FROM clips WHERE workspace_id = :workspaceId AND id = ANY(CAST(:clipIds AS uuid[]))',
      { workspaceId: doomed.workspaceId, clipIds },
    );
    await requireNoHold(deps, tx, [...new Set([...found, ...clipVideos].map((row) => row.video_id))]);
  }
  const ids = uuidArray(found.map((row) => row.id));
  const warm = await db.rows<{ rendition_id: string }>(
    tx,
    `UPDATE media_tasks SET state = 'cancelled', finished_at = :now, lease_expires_at = NULL
     WHERE rendition_id = ANY(CAST(:ids AS uuid[])) AND state IN ${liveStates} RETURNING rendition_id`,
    { ids, now },
  );
  await db.change(
    tx,
    "UPDATE stored_objects SET state = 'deleting' WHERE rendition_id = ANY(CAST(:ids AS uuid[])) AND state IN ('pending', 'ready')",
    { ids },
  );
  await db.change(tx, 'DELETE FROM renditions WHERE id = ANY(CAST(:ids AS uuid[]))', { ids });
  const clips = await db.rows<{ id: string; video_id: string }>(
    tx,
    'DELETE FROM clips WHERE workspace_id = :workspaceId AND id = ANY(CAST(:clipIds AS uuid[])) RETURNING id, video_id',
    { workspaceId: doomed.workspaceId, clipIds },
  );
  if (found.length === 0 && clips.length === 0) {
    return [];
  }
  const event = (type: EventType) => (row: { id: string; video_id: string }) => ({
    workspaceId: doomed.workspaceId,
    type,
    videoId: row.video_id,
    subjectId: row.id,
    actorId: wish.actorId,
  });
  await deps.appendEvent(tx, [...found.map(event('rendition.deleted')), ...clips.map(event('clip.deleted'))]);
  const withClips = { ...wish, clipIds: clips.map((clip) => clip.id) };
  if (found.length === 0) {
    wakeAfterCommit(deps, tx);
    return addErasures(deps, tx, withClips, new Map([[doomed.workspaceId, 0]]));
  }
  return addItems(deps, tx, withClips, { subject: 'rendition', rows: found, warm: new Set(warm.map((row) => row.rendition_id)) });
}
