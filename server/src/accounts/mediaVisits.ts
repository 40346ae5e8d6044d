import type { MediaVisit } from '@carmic/contract';
import { addSeconds } from '../core/clock.ts';
import { notFound } from '../core/errors.ts';
import { newId } from '../core/ids.ts';
import type { Tx } from '../db/database.ts';
import type { Deps } from '../deps.ts';
import type { Person } from '../http/request.ts';

const visitSeconds = 3600;

interface Row {
  id: string;
  reason: string;
  administrator: string | null;
  created_at: Date;
  expires_at: Date;
}

async function findVisits(deps: Deps, tx: Tx, workspaceId: string): Promise<MediaVisit[]> {
  const rows = await deps.db.rows<Row>(
    tx,
    `SELECT v.id, v.reason, u.name AS administrator, v.created_at, v.expires_at FROM media_visits v
     LEFT JOIN users u ON u.id = v.user_id WHERE v.workspace_id = :workspaceId ORDER BY v.created_at DESC, v.id LIMIT 200`,
    { workspaceId },
  );
  return rows.map((row) => ({
    id: row.id,
    reason: row.reason,
    administrator: row.administrator,
    createdAt: row.created_at.toISOString(),
    expiresAt: row.expires_at.toISOString(),
  }));
}

/** Lets an administrator see a customer's workspace as a viewer for an hour. The customer sees the event with its reason. */
export function createMediaVisit(deps: Deps, person: Person, workspaceId: string, reason: string): Promise<MediaVisit> {
  const { db, clock } = deps;
  return db.asSystem(async (tx) => {
    const found = await db.rows(tx, 'SELECT 1 FROM workspaces WHERE id = :workspaceId AND deleted_at IS NULL', { workspaceId });
    if (found.length === 0) {
      throw notFound('workspace');
    }
    const id = newId();
    const now = clock.now();
    await db.change(
      tx,
      `INSERT INTO media_visits (id, workspace_id, user_id, reason, created_at, expires_at)
       VALUES (:id, :workspaceId, :userId, :reason, :now, :expiresAt)`,
      { id, workspaceId, userId: person.userId, reason, now, expiresAt: addSeconds(now, visitSeconds) },
    );
    await deps.appendEvent(tx, { workspaceId, type: 'workspace.media_opened', subjectId: id, actorId: person.userId });
    const visit = (await findVisits(deps, tx, workspaceId)).find((each) => each.id === id);
    if (visit === undefined) {
      throw new Error('A visit that was just written is found.');
    }
    return visit;
  });
}

/** When administrators opened the media of a workspace, and why. */
export function listMediaVisits(deps: Deps, person: Person): Promise<MediaVisit[]> {
  return deps.db.inWorkspace(person.workspaceId, (tx) => findVisits(deps, tx, person.workspaceId));
}
