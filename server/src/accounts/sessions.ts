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
import { Members, Sessions, Users } from './model.ts';

const sessionSeconds = 30 * 24 * 3600;
/** A session that nobody used for this long ends (OWASP ASVS 5, 7.3.1). */
const idleSeconds = 14 * 24 * 3600;
const seenEverySeconds = 300;
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

interface ActorRow {
  session_id: string;
  user_id: string;
  workspace_id: string;
  role: Person['role'];
  is_admin: boolean;
  last_seen_at: Date;
  authenticated_at: Date;
  has_second_factor: boolean;
  second_factor_for: string[] | null;
}

/** Without a transaction it is asked by one way to the database and back: every request does. */
async function findBySession(deps: Deps, tx: Tx | null, tokenHash: Buffer, workspaceId: string | null): Promise<Person | null> {
  const { db, clock } = deps;
  const now = clock.now();
  const ask = (sql: string, values: Record<string, unknown>) =>
    tx === null ? db.systemRows<ActorRow>(sql, values) : db.rows<ActorRow>(tx, sql, values);
  const [row] = await ask(
    `SELECT s.id AS session_id, s.user_id, w.workspace_id, w.role, u.is_admin, s.last_seen_at, s.authenticated_at,
       u.totp_confirmed_at IS NOT NULL OR EXISTS (SELECT 1 FROM passkeys p WHERE p.user_id = u.id)
         OR EXISTS (SELECT 1 FROM identity_providers i WHERE i.id = s.provider_id AND i.is_second_factor_trusted) AS has_second_factor,
       (SELECT value->'secondFactorFor' FROM instance_settings WHERE name = 'accounts') AS second_factor_for
     FROM sessions s JOIN users u ON u.id = s.user_id AND u.suspended_at IS NULL
     JOIN LATERAL (
       SELECT m.workspace_id, m.role FROM members m JOIN workspaces x ON x.id = m.workspace_id AND x.deleted_at IS NULL
       WHERE m.user_id = s.user_id AND (CAST(:workspaceId AS text) IS NULL OR m.workspace_id::text = :workspaceId)
       UNION ALL
       SELECT v.workspace_id, 'viewer' FROM media_visits v
       WHERE v.user_id = s.user_id AND u.is_admin AND v.workspace_id::text = :workspaceId AND v.expires_at > :now
       ORDER BY 2, 1
     ) w ON true
     WHERE s.token_hash = :tokenHash AND s.expires_at > :now AND s.last_seen_at > :idleSince
     ORDER BY w.workspace_id = s.workspace_id DESC LIMIT 1`,
    { tokenHash, workspaceId, now, idleSince: addSeconds(now, -idleSeconds) },
  );
  if (row === undefined) {
    return null;
  }
  if (now.getTime() - row.last_seen_at.getTime() > seenEverySeconds * 1000) {
    await db.asSystem((own) => db.change(own, 'UPDATE sessions SET last_seen_at = :now WHERE id = :id', { now, id: row.session_id }));
  }
  const demanded = row.second_factor_for ?? [];
  return {
    kind: 'person',
    userId: row.user_id,
    sessionId: row.session_id,
    workspaceId: row.workspace_id,
    role: row.role,
    isAdmin: row.is_admin,
    scopes: null,
    authenticatedAt: row.authenticated_at,
    needsSecondFactor: !row.has_second_factor && (demanded.includes(row.role) || (row.is_admin && demanded.includes('admin'))),
  };
}

/** Finds the person a session token belongs to, in the asked workspace or the session's own; null when it opens nothing. */
export function findPerson(deps: Deps, token: string, workspaceId: string | null): Promise<Person | null> {
  return findBySession(deps, null, hashSecret(token), workspaceId);
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
