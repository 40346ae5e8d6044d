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
import { createRememberedPeople } from './rememberedPeople.ts';

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

function questionOf(tokenHash: Buffer, workspaceId: string | null, now: Date) {
  return {
    sql: 'SELECT * FROM session_actor(:tokenHash, :workspaceId, :now, :idleSince)',
    values: { tokenHash, workspaceId, now, idleSince: addSeconds(now, -idleSeconds) },
  };
}

async function findBySession(deps: Deps, tx: Tx, tokenHash: Buffer, workspaceId: string | null): Promise<Person | null> {
  const { sql, values } = questionOf(tokenHash, workspaceId, deps.clock.now());
  const [row] = await deps.db.rows<ActorRow>(tx, sql, values);
  return row === undefined ? null : toPerson(row);
}

function toPerson(row: ActorRow): Person {
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

/** What the database says of a person, but for the time of the last use. */
const saying = ({ last_seen_at: _, ...row }: ActorRow) => JSON.stringify(row);

const isSeenLately = (lastSeenAt: Date, now: Date) => now.getTime() - lastSeenAt.getTime() <= seenEverySeconds * 1000;

/** Finds the person a session token belongs to, in the asked workspace or the session's own; null when it opens nothing. */
export type FindPerson = (token: string, workspaceId: string | null, isProvenLater: boolean) => Promise<Person | null>;

/** Builds it. With `isProvenLater` the person may come from memory, with the proof that is due before anything is answered. */
export function createFindPerson(deps: Deps): FindPerson {
  const { db, clock } = deps;
  const people = createRememberedPeople();
  return async (token, workspaceId, isProvenLater) => {
    const tokenHash = hashSecret(token);
    const now = clock.now();
    const question = questionOf(tokenHash, workspaceId, now);
    const known = isProvenLater ? people.find(tokenHash, workspaceId) : null;
    if (known !== null && isSeenLately(known.lastSeenAt, now)) {
      const holds = (rows: readonly object[]) => rows[0] !== undefined && saying(rows[0] as ActorRow) === known.said;
      return { ...known.person, proof: { reading: { workspaceId: null, ...question }, holds, isProven: false } };
    }
    const [row] = await db.systemRows<ActorRow>(question.sql, question.values);
    if (row === undefined) {
      people.forget(tokenHash, workspaceId);
      return null;
    }
    const isLately = isSeenLately(row.last_seen_at, now);
    if (!isLately) {
      await db.asSystem((own) => db.change(own, 'UPDATE sessions SET last_seen_at = :now WHERE id = :id', { now, id: row.session_id }));
    }
    const person = toPerson(row);
    people.keep(tokenHash, workspaceId, { person, said: saying(row), lastSeenAt: isLately ? row.last_seen_at : now });
    return person;
  };
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
