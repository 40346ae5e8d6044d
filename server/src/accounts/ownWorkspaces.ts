import type { Me } from '@carmic/contract';
import { notFound } from '../core/errors.ts';
import type { Tx } from '../db/database.ts';
import type { Deps } from '../deps.ts';
import type { Person } from '../http/request.ts';
import { createWorkspace } from './createWorkspace.ts';
import { Members } from './model.ts';
import { presentMe } from './present.ts';

interface Row {
  id: string;
  name: string;
  role: Person['role'];
  created_at: Date;
}

/** One workspace as its members see it. Throws not_found. */
export async function presentWorkspace(deps: Deps, tx: Tx, workspaceId: string, role: Person['role']) {
  const [row] = await deps.db.rows<Row>(tx, 'SELECT id, name, created_at FROM workspaces WHERE id = :workspaceId AND deleted_at IS NULL', {
    workspaceId,
  });
  if (row === undefined) {
    throw notFound('workspace');
  }
  return { id: row.id, name: row.name, role, createdAt: row.created_at.toISOString() };
}

/** Makes another workspace of a person, on the default plan. */
export function createOwnWorkspace(deps: Deps, person: Person, name: string) {
  return deps.db.asSystem(async (tx) => {
    const id = await createWorkspace(deps, tx, { name });
    await deps.db.model(Members).create({ workspaceId: id, userId: person.userId, role: 'owner' }, { transaction: tx });
    await deps.appendEvent(tx, { workspaceId: id, type: 'workspace.created', subjectId: id, actorId: person.userId });
    return presentWorkspace(deps, tx, id, 'owner');
  });
}

/** Names a version of a workspace's name, for conditional changes. */
export const workspaceVersion = (workspace: { name: string }): string => Buffer.from(workspace.name).toString('base64url').slice(0, 60);

/** Renames the workspace. */
export function renameWorkspace(deps: Deps, person: Person, name: string, checkMatch: (version: string) => void) {
  const { db } = deps;
  const { workspaceId } = person;
  return db.inWorkspace(workspaceId, async (tx) => {
    await db.rows(tx, 'SELECT 1 FROM workspaces WHERE id = :workspaceId FOR UPDATE', { workspaceId });
    checkMatch(workspaceVersion(await presentWorkspace(deps, tx, workspaceId, person.role)));
    await db.change(tx, 'UPDATE workspaces SET name = :name WHERE id = :workspaceId', { name, workspaceId });
    await deps.appendEvent(tx, { workspaceId, type: 'workspace.updated', subjectId: workspaceId, actorId: person.userId });
    return presentWorkspace(deps, tx, workspaceId, person.role);
  });
}

/** Puts the session into another workspace of the person. Throws not_found when they are no member. */
export function switchWorkspace(deps: Deps, person: Person, workspaceId: string): Promise<Me> {
  const { db } = deps;
  return db.asSystem(async (tx) => {
    const [member] = await db.rows<{ role: Person['role'] }>(
      tx,
      `SELECT m.role FROM members m JOIN workspaces w ON w.id = m.workspace_id AND w.deleted_at IS NULL
       WHERE m.workspace_id = :workspaceId AND m.user_id = :userId`,
      { workspaceId, userId: person.userId },
    );
    if (member === undefined) {
      throw notFound('workspace');
    }
    await db.change(tx, 'UPDATE sessions SET workspace_id = :workspaceId WHERE id = :id', { workspaceId, id: person.sessionId });
    return presentMe(deps, tx, { ...person, workspaceId, role: member.role });
  });
}
