/** Sessions: a random token in the browser, its hash here, ended by sign-out, expiry, or a change of password. */
import { addSeconds } from '../core/clock.ts';
import { hashSecret } from '../core/crypto.ts';
import { newId, newSecret } from '../core/ids.ts';
import type { Tx } from '../db/database.ts';
import type { Deps } from '../deps.ts';
import type { Person } from '../http/request.ts';
import { Members, Sessions } from './model.ts';

const sessionSeconds = 30 * 24 * 3600;
const seenEverySeconds = 300;
/** Prefix of session tokens, so that secret scanners can name a leaked one. */
export const sessionPrefix = 'carmic_session';

/** Opens a session for a user in their first workspace. Answers the token, which is not stored. */
export async function openSession(deps: Deps, tx: Tx, userId: string): Promise<{ token: string; expiresAt: Date; person: Person }> {
  const { db, clock, appendEvent } = deps;
  const member = await db.model(Members).findOne({ where: { userId }, order: ['workspaceId'], transaction: tx });
  if (member === null) {
    throw new Error('A user without a workspace cannot sign in.');
  }
  const users = await db.rows<{ is_admin: boolean }>(tx, 'SELECT is_admin FROM users WHERE id = :userId', { userId });
  const token = newSecret(sessionPrefix);
  const now = clock.now();
  const session = await db.model(Sessions).create(
    {
      id: newId(),
      userId,
      workspaceId: member.workspaceId,
      tokenHash: hashSecret(token),
      createdAt: now,
      lastSeenAt: now,
      expiresAt: addSeconds(now, sessionSeconds),
    },
    { transaction: tx },
  );
  await appendEvent(tx, { workspaceId: member.workspaceId, type: 'session.created', subjectId: session.id, actorId: userId });
  const person: Person = {
    kind: 'person',
    userId,
    sessionId: session.id,
    workspaceId: member.workspaceId,
    role: member.role,
    isAdmin: users[0]?.is_admin ?? false,
  };
  return { token, expiresAt: session.expiresAt, person };
}

interface ActorRow {
  session_id: string;
  user_id: string;
  workspace_id: string;
  role: Person['role'];
  is_admin: boolean;
  last_seen_at: Date;
}

/** Finds the person a session token belongs to, in the asked workspace or the session's own; null when it opens nothing. */
export function findPerson(deps: Deps, token: string, workspaceId: string | null): Promise<Person | null> {
  const { db, clock } = deps;
  return db.asSystem(async (tx) => {
    const [row] = await db.rows<ActorRow>(
      tx,
      `SELECT s.id AS session_id, s.user_id, m.workspace_id, m.role, u.is_admin, s.last_seen_at
       FROM sessions s JOIN users u ON u.id = s.user_id
       JOIN members m ON m.user_id = s.user_id AND m.workspace_id::text = coalesce(:workspaceId, s.workspace_id::text)
       WHERE s.token_hash = :tokenHash AND s.expires_at > :now`,
      { tokenHash: hashSecret(token), workspaceId, now: clock.now() },
    );
    if (row === undefined) {
      return null;
    }
    if (clock.now().getTime() - row.last_seen_at.getTime() > seenEverySeconds * 1000) {
      await db.change(tx, 'UPDATE sessions SET last_seen_at = :now WHERE id = :id', { now: clock.now(), id: row.session_id });
    }
    return {
      kind: 'person',
      userId: row.user_id,
      sessionId: row.session_id,
      workspaceId: row.workspace_id,
      role: row.role,
      isAdmin: row.is_admin,
    };
  });
}
