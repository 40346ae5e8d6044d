/** Sessions: a random token in the browser, its hash here, ended by sign-out, expiry, or a change of password. */
import type { SessionInfo } from '@carmic/contract';
import { addSeconds } from '../core/clock.ts';
import { hashSecret } from '../core/crypto.ts';
import { notFound, unauthenticated } from '../core/errors.ts';
import { newId, newSecret } from '../core/ids.ts';
import type { Tx } from '../db/database.ts';
import type { Deps } from '../deps.ts';
import type { Person } from '../http/request.ts';
import { createWorkspace } from './createWorkspace.ts';
import { personOfSession, sessionQuestion, type SessionRow } from './findCaller.ts';
import { Members, Sessions, Users } from './model.ts';

const sessionSeconds = 30 * 24 * 3600;
/** Prefix of session tokens, so that secret scanners can name a leaked one. */
export const sessionPrefix = 'carmic_session';

/** Opens a session for a user in their first workspace; one who has none gets one. Answers the token, which is not stored. */
export async function openSession(
  deps: Deps,
  tx: Tx,
  userId: string,
  browser: string | null = null,
  providerId: string | null = null,
): Promise<{ token: string; expiresAt: Date; person: Person }> {
  const { db, clock, appendEvent } = deps;
  const user = await db.model(Users).findByPk(userId, { transaction: tx, rejectOnEmpty: true });
  if (user.suspendedAt !== null || user.kind !== 'person') {
    throw unauthenticated('This account is suspended: ask an administrator of this installation.');
  }
  const workspaceId = (await firstWorkspace(deps, tx, userId)) ?? (await giveWorkspace(deps, tx, user.id, user.name));
  const token = newSecret(sessionPrefix);
  const now = clock.now();
  const session = await db.model(Sessions).create(
    {
      id: newId(),
      userId,
      workspaceId,
      tokenHash: hashSecret(token),
      createdAt: now,
      lastSeenAt: now,
      authenticatedAt: now,
      browser,
      providerId,
      expiresAt: addSeconds(now, sessionSeconds),
    },
    { transaction: tx },
  );
  await appendEvent(tx, { workspaceId, type: 'session.created', subjectId: session.id, actorId: userId });
  const person = await findBySession(deps, tx, hashSecret(token), workspaceId);
  if (person === null) {
    throw new Error('A session that was just made opens.');
  }
  return { token, expiresAt: session.expiresAt, person };
}

async function firstWorkspace(deps: Deps, tx: Tx, userId: string): Promise<string | null> {
  const [row] = await deps.db.rows<{ workspace_id: string }>(
    tx,
    `SELECT m.workspace_id FROM members m JOIN workspaces w ON w.id = m.workspace_id AND w.deleted_at IS NULL
     LEFT JOIN sessions s ON s.user_id = m.user_id AND s.workspace_id = m.workspace_id
     WHERE m.user_id = :userId GROUP BY m.workspace_id ORDER BY max(s.last_seen_at) DESC NULLS LAST, m.workspace_id LIMIT 1`,
    { userId },
  );
  return row?.workspace_id ?? null;
}

async function giveWorkspace(deps: Deps, tx: Tx, userId: string, name: string): Promise<string> {
  const workspaceId = await createWorkspace(deps, tx, { name: `${name}’s workspace`.slice(0, 100) });
  await deps.db.model(Members).create({ workspaceId, userId, role: 'owner' }, { transaction: tx });
  return workspaceId;
}

async function findBySession(deps: Deps, tx: Tx, tokenHash: Buffer, workspaceId: string | null): Promise<Person | null> {
  const { sql, values } = sessionQuestion(tokenHash, workspaceId, deps.clock.now());
  const [row] = await deps.db.rows<SessionRow>(tx, sql, values);
  return row === undefined ? null : personOfSession(row);
}

/** The sessions of a person, newest use first. */
export async function listSessions(deps: Deps, person: Person): Promise<SessionInfo[]> {
  const { db, clock } = deps;
  const rows = await db.asSystem((tx) =>
    db.model(Sessions).findAll({ where: { userId: person.userId }, order: [['lastSeenAt', 'DESC']], limit: 200, transaction: tx }),
  );
  return rows
    .filter((row) => row.expiresAt > clock.now())
    .map((row) => ({
      id: row.id,
      isCurrent: row.id === person.sessionId,
      browser: row.browser,
      workspaceId: row.workspaceId,
      createdAt: row.createdAt.toISOString(),
      lastSeenAt: row.lastSeenAt.toISOString(),
      expiresAt: row.expiresAt.toISOString(),
    }));
}

/** Ends one session of a person. Throws not_found when it is none of theirs. */
export async function endSession(deps: Deps, person: Person, id: string): Promise<void> {
  const { db, appendEvent } = deps;
  await db.asSystem(async (tx) => {
    const count = await db.change(tx, 'DELETE FROM sessions WHERE id = :id AND user_id = :userId', { id, userId: person.userId });
    if (count === 0) {
      throw notFound('session');
    }
    await appendEvent(tx, { workspaceId: person.workspaceId, type: 'session.ended', subjectId: id, actorId: person.userId });
  });
}

/** Ends every session of a user but one. */
export async function endSessions(deps: Deps, tx: Tx, userId: string, exceptId: string | null): Promise<void> {
  await deps.db.change(tx, 'DELETE FROM sessions WHERE user_id = :userId AND id::text IS DISTINCT FROM :exceptId', { userId, exceptId });
}
