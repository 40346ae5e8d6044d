import { conflict } from '../core/errors.ts';
import type { Tx } from '../db/database.ts';
import type { Deps } from '../deps.ts';
import { withdrawMails } from '../mail/withdrawMails.ts';

/** What went with an account. */
export interface ErasedAccount {
  userId: string;
  workspaceIds: string[];
  sessions: number;
  apiKeys: number;
  mails: number;
  invitations: number;
}

/**
 * Deletes an account in the caller's transaction. Workspaces that it alone owns and nobody else is in go with everything in them; one with other
 * members needs another owner first. Sessions, keys, tokens, second factors, waiting mails and invitations go at once, the content follows. What it
 * made in other workspaces is theirs and stays, without its name. Throws conflict. Keeps: G3.
 */
export async function eraseAccount(deps: Deps, tx: Tx, userId: string, actorId: string): Promise<ErasedAccount> {
  const { db, clock, appendEvent } = deps;
  const [user] = await db.rows<{ email: string; is_admin: boolean }>(
    tx,
    'SELECT email, is_admin FROM users WHERE id = :userId FOR UPDATE',
    { userId },
  );
  const rows = await db.rows<{ workspace_id: string; name: string; owners: number; people: number; role: string }>(
    tx,
    `SELECT m.workspace_id, w.name, m.role,
       (SELECT count(*)::integer FROM members o WHERE o.workspace_id = m.workspace_id AND o.role = 'owner' AND o.user_id <> m.user_id) AS owners,
       (SELECT count(*)::integer FROM members o JOIN users u ON u.id = o.user_id AND u.kind = 'person'
        WHERE o.workspace_id = m.workspace_id AND o.user_id <> m.user_id) AS people
     FROM members m JOIN workspaces w ON w.id = m.workspace_id WHERE m.user_id = :userId AND w.deleted_at IS NULL FOR UPDATE OF w`,
    { userId },
  );
  const orphaned = rows.find((row) => row.role === 'owner' && row.owners === 0 && row.people > 0);
  if (orphaned !== undefined) {
    throw conflict(`“${orphaned.name}” has no other owner and other members: make one of them the owner first.`);
  }
  const [admins] = await db.rows<{ count: number }>(
    tx,
    "SELECT count(*)::integer AS count FROM users WHERE is_admin AND suspended_at IS NULL AND kind = 'person' AND id <> :userId",
    { userId },
  );
  if (user?.is_admin === true && admins?.count === 0) {
    throw conflict('This is the only administrator of this installation: make somebody else one first.');
  }
  const own = rows.filter((each) => each.people === 0).map((row) => row.workspace_id);
  for (const id of own) {
    await db.change(tx, 'UPDATE workspaces SET deleted_at = :now WHERE id = :id', { id, now: clock.now() });
    await db.change(tx, "DELETE FROM users WHERE kind = 'service' AND id IN (SELECT user_id FROM members WHERE workspace_id = :id)", {
      id,
    });
    await appendEvent(tx, { workspaceId: id, type: 'workspace.deleted', subjectId: id, actorId });
  }
  const email = user?.email ?? '';
  const [counted] = await db.rows<{ sessions: number; api_keys: number }>(
    tx,
    `SELECT (SELECT count(*)::integer FROM sessions WHERE user_id = :userId) AS sessions,
       (SELECT count(*)::integer FROM api_keys WHERE user_id = :userId) AS api_keys`,
    { userId },
  );
  const mails = await withdrawMails(deps, tx, email);
  const invitations = await db.change(tx, 'DELETE FROM invitations WHERE lower(email) = lower(:email)', { email });
  await db.change(tx, 'DELETE FROM users WHERE id = :userId', { userId });
  await appendEvent(tx, { workspaceId: null, type: 'user.deleted', subjectId: userId, actorId });
  return { userId, workspaceIds: own, sessions: counted?.sessions ?? 0, apiKeys: counted?.api_keys ?? 0, mails, invitations };
}
