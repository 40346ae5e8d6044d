import { conflictOf } from './members.ts';
import type { Deps } from '../deps.ts';
import type { Person } from '../http/request.ts';
import { requireFresh } from './reauthenticate.ts';

/**
 * Deletes an account. Workspaces that it alone owns and nobody else is in go with everything in them; one with other members needs
 * another owner first. Sessions, keys, tokens and second factors go at once, the content follows.
 */
export async function deleteMe(deps: Deps, person: Person): Promise<void> {
  const { db, clock, appendEvent } = deps;
  requireFresh(deps, person);
  await db.asSystem(async (tx) => {
    const rows = await db.rows<{ workspace_id: string; name: string; owners: number; people: number; role: string }>(
      tx,
      `SELECT m.workspace_id, w.name, m.role,
         (SELECT count(*)::integer FROM members o WHERE o.workspace_id = m.workspace_id AND o.role = 'owner' AND o.user_id <> m.user_id) AS owners,
         (SELECT count(*)::integer FROM members o JOIN users u ON u.id = o.user_id AND u.kind = 'person'
          WHERE o.workspace_id = m.workspace_id AND o.user_id <> m.user_id) AS people
       FROM members m JOIN workspaces w ON w.id = m.workspace_id WHERE m.user_id = :userId AND w.deleted_at IS NULL FOR UPDATE OF w`,
      { userId: person.userId },
    );
    const orphaned = rows.find((row) => row.role === 'owner' && row.owners === 0 && row.people > 0);
    if (orphaned !== undefined) {
      throw conflictOf(`You are the only owner of “${orphaned.name}”, which has other members: make one of them the owner first.`);
    }
    const [admins] = await db.rows<{ count: number }>(
      tx,
      "SELECT count(*)::integer AS count FROM users WHERE is_admin AND suspended_at IS NULL AND kind = 'person' AND id <> :userId",
      { userId: person.userId },
    );
    if (person.isAdmin && admins?.count === 0) {
      throw conflictOf('You are the only administrator of this installation: make somebody else one first.');
    }
    for (const row of rows.filter((each) => each.people === 0)) {
      await db.change(tx, 'UPDATE workspaces SET deleted_at = :now WHERE id = :id', { id: row.workspace_id, now: clock.now() });
      await db.change(tx, "DELETE FROM users WHERE kind = 'service' AND id IN (SELECT user_id FROM members WHERE workspace_id = :id)", {
        id: row.workspace_id,
      });
      await appendEvent(tx, {
        workspaceId: row.workspace_id,
        type: 'workspace.deleted',
        subjectId: row.workspace_id,
        actorId: person.userId,
      });
    }
    await db.change(tx, 'DELETE FROM users WHERE id = :userId', { userId: person.userId });
    await appendEvent(tx, { workspaceId: null, type: 'user.deleted', subjectId: person.userId, actorId: person.userId });
  });
}
