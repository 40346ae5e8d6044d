/** What administrators see and do of accounts: metadata only. */
import type { PersonRow, Role, RouteInput } from '@carmic/contract';
import { conflict, notFound } from '../core/errors.ts';
import type { Tx } from '../db/database.ts';
import { isUniqueViolation } from '../db/database.ts';
import type { Deps } from '../deps.ts';
import type { Person } from '../http/request.ts';
import { createWorkspace } from './createWorkspace.ts';
import { Members, type User, Users } from './model.ts';
import { notifyOfChange } from './notices.ts';
import { endSessions } from './sessions.ts';
import { presentSuspension, suspensionContext } from './suspensions.ts';
import { createResetLink, createUser, findUserByEmail, sendResetLink } from './signUp.ts';

const firstLinkSeconds = 7 * 24 * 3600;

interface Row {
  id: string;
  email: string;
  name: string;
  kind: 'person' | 'service';
  is_admin: boolean;
  is_break_glass: boolean;
  suspended_at: Date | null;
  suspension_reason_sealed: Buffer | null;
  created_at: Date;
  last_seen_at: Date | null;
  has_second_factor: boolean;
  workspaces: { id: string; name: string; role: Role }[];
}

async function findRows(deps: Deps, tx: Tx, where: string, replacements: Record<string, unknown>): Promise<PersonRow[]> {
  const rows = await deps.db.rows<Row>(
    tx,
    `SELECT u.id, u.email, u.name, u.kind, u.is_admin, u.is_break_glass, u.suspended_at, u.suspension_reason_sealed, u.created_at,
       (SELECT max(s.last_seen_at) FROM sessions s WHERE s.user_id = u.id) AS last_seen_at,
       u.totp_confirmed_at IS NOT NULL OR EXISTS (SELECT 1 FROM passkeys p WHERE p.user_id = u.id) AS has_second_factor,
       COALESCE((SELECT jsonb_agg(jsonb_build_object('id', w.id, 'name', w.name, 'role', m.role) ORDER BY w.name)
         FROM members m JOIN workspaces w ON w.id = m.workspace_id WHERE m.user_id = u.id AND w.deleted_at IS NULL), '[]') AS workspaces
     FROM users u ${where}`,
    replacements,
  );
  return rows.map((row) => ({
    id: row.id,
    email: row.email,
    name: row.name,
    kind: row.kind,
    isAdmin: row.is_admin,
    isBreakGlass: row.is_break_glass,
    hasSecondFactor: row.has_second_factor,
    suspendedAt: row.suspended_at?.toISOString() ?? null,
    suspensionReason: presentSuspension(deps, 'users', row)?.reason || null,
    createdAt: row.created_at.toISOString(),
    lastSeenAt: row.last_seen_at?.toISOString() ?? null,
    workspaces: row.workspaces,
  }));
}

async function oneUser(deps: Deps, tx: Tx, id: string): Promise<PersonRow> {
  const [row] = await findRows(deps, tx, 'WHERE u.id = :id', { id });
  if (row === undefined) {
    throw notFound('user');
  }
  return row;
}

/** Accounts, page by page. */
export async function listUsers(deps: Deps, query: RouteInput<'listUsers'>['query']) {
  const rows = await deps.db.asSystem((tx) =>
    findRows(
      deps,
      tx,
      `WHERE (CAST(:cursor AS text) IS NULL OR u.id > CAST(:cursor AS uuid))
         AND (CAST(:search AS text) IS NULL OR u.name ILIKE :search OR u.email ILIKE :search)
       ORDER BY u.id LIMIT :limit`,
      {
        cursor: query.cursor ?? null,
        search: query.search === undefined ? null : `%${query.search.replace(/[\\%_]/g, '\\$&')}%`,
        limit: query.limit + 1,
      },
    ),
  );
  const items = rows.slice(0, query.limit);
  return { items, nextCursor: rows.length > query.limit ? (items.at(-1)?.id ?? null) : null };
}

/** Makes an account with a workspace of its own, and a link that sets its password. */
export async function inviteUser(deps: Deps, person: Person, body: RouteInput<'createUser'>['body']) {
  try {
    return await deps.db.asSystem(async (tx) => {
      const user = await createUser(deps, tx, { ...body, actorId: person.userId });
      const workspaceId = await createWorkspace(deps, tx, { name: `${body.name}’s workspace`.slice(0, 100) });
      await deps.db.model(Members).create({ workspaceId, userId: user.id, role: 'owner' }, { transaction: tx });
      const { link } = await createResetLink(deps, tx, user, firstLinkSeconds);
      return { user: await oneUser(deps, tx, user.id), link };
    });
  } catch (error) {
    throw isUniqueViolation(error) ? conflict('Another account uses this email.') : error;
  }
}

/** Suspends somebody (every session ends, every key and link is refused), lets them in again, or changes who administrates. */
export function updateUser(deps: Deps, person: Person, id: string, body: RouteInput<'updateUser'>['body']): Promise<PersonRow> {
  const { db, appendEvent } = deps;
  return db.asSystem(async (tx) => {
    await db.rows(tx, 'SELECT pg_advisory_xact_lock(723404)');
    const before = await oneUser(deps, tx, id);
    const isLosing = before.isAdmin && (body.isSuspended === true || body.isAdmin === false);
    if (isLosing && before.isBreakGlass) {
      throw conflict('This is a break-glass administrator: take that role from them first.');
    }
    if (isLosing && (await countAdmins(deps, tx, id)) === 0) {
      throw conflict('This is the only administrator of this installation: make somebody else one first.');
    }
    if (body.isSuspended !== undefined && body.isSuspended !== (before.suspendedAt !== null)) {
      await setSuspended(deps, tx, id, { isSuspended: body.isSuspended, actorId: person.userId, reason: body.reason });
    }
    if (body.isBreakGlass !== undefined && body.isBreakGlass !== before.isBreakGlass) {
      await setBreakGlass(deps, tx, person, before, body.isBreakGlass);
    }
    if (body.isAdmin !== undefined && body.isAdmin !== before.isAdmin) {
      if (before.kind === 'service') {
        throw conflict('A service account cannot administrate the installation.');
      }
      await db.model(Users).update({ isAdmin: body.isAdmin }, { where: { id }, transaction: tx });
      await appendEvent(tx, {
        workspaceId: null,
        type: 'user.updated',
        subjectId: id,
        actorId: person.userId,
        data: { fields: ['isAdmin'] },
      });
    }
    return oneUser(deps, tx, id);
  });
}

/** Shuts an account (every session and running step ends, keys and links are refused) or opens it again. */
export async function setSuspended(
  deps: Deps,
  tx: Tx,
  id: string,
  { isSuspended, actorId, reason }: { isSuspended: boolean; actorId: string | null; reason?: string | undefined },
): Promise<void> {
  const { db, clock, sealer } = deps;
  await db.change(tx, 'UPDATE users SET suspended_at = :suspendedAt, suspension_reason_sealed = :reason WHERE id = :id', {
    id,
    suspendedAt: isSuspended ? clock.now() : null,
    reason: isSuspended && reason !== undefined ? sealer.seal(suspensionContext('users', id), reason) : null,
  });
  if (isSuspended) {
    await endSessions(deps, tx, id, null);
    await db.change(tx, 'DELETE FROM account_tokens WHERE user_id = :id', { id });
  }
  const type = isSuspended ? 'user.suspended' : 'user.reinstated';
  await deps.appendEvent(tx, { workspaceId: null, type, subjectId: id, actorId });
}

/** Names an administrator who can come in when the identity provider cannot; the last one stays while a provider is enforced. */
async function setBreakGlass(deps: Deps, tx: Tx, person: Person, user: PersonRow, isWanted: boolean): Promise<void> {
  const { db } = deps;
  const [facts] = await db.rows<{ has_password: boolean; is_needed: boolean }>(
    tx,
    `SELECT u.password_hash IS NOT NULL AS has_password,
       EXISTS (SELECT 1 FROM identity_providers WHERE is_enabled AND is_enforced)
         AND NOT EXISTS (SELECT 1 FROM users o WHERE o.is_admin AND o.is_break_glass AND o.suspended_at IS NULL
           AND o.password_hash IS NOT NULL AND o.id <> u.id) AS is_needed
     FROM users u WHERE u.id = :id`,
    { id: user.id },
  );
  if (isWanted && (!user.isAdmin || facts?.has_password !== true)) {
    throw conflict('Only an administrator who has a password can be the break-glass administrator.');
  }
  if (!isWanted && facts?.is_needed === true) {
    throw conflict('This is the last break-glass administrator, and an identity provider is enforced: name another one first.');
  }
  await db.change(tx, 'UPDATE users SET is_break_glass = :isWanted WHERE id = :id', { id: user.id, isWanted });
  const data = { fields: ['isBreakGlass'] };
  await deps.appendEvent(tx, { workspaceId: null, type: 'user.updated', subjectId: user.id, actorId: person.userId, data });
}

async function countAdmins(deps: Deps, tx: Tx, exceptId: string): Promise<number> {
  const [row] = await deps.db.rows<{ count: number }>(
    tx,
    "SELECT count(*)::integer AS count FROM users WHERE is_admin AND suspended_at IS NULL AND kind = 'person' AND id <> :exceptId",
    { exceptId },
  );
  return row?.count ?? 0;
}

/** A link that sets a new password; optionally the second factors go, for somebody who lost them all. */
export function resetUser(deps: Deps, person: Person, id: string, removeSecondFactors: boolean) {
  const { db } = deps;
  return db.asSystem(async (tx) => {
    const user: User | null = await db.model(Users).findByPk(id, { transaction: tx });
    if (user?.kind !== 'person') {
      throw notFound('user');
    }
    if (removeSecondFactors) {
      await dropSecondFactors(deps, tx, id, { actorId: person.userId, change: 'removed_by_administrator' });
    }
    const { link, expiresAt } = await sendResetLink(deps, tx, user);
    return { link, expiresAt: expiresAt.toISOString() };
  });
}

async function dropSecondFactors(
  deps: Deps,
  tx: Tx,
  id: string,
  { actorId, change }: { actorId: string | null; change: string },
): Promise<void> {
  const { db } = deps;
  await db.change(tx, 'UPDATE users SET totp_sealed = NULL, totp_confirmed_at = NULL WHERE id = :id', { id });
  await db.change(tx, 'DELETE FROM passkeys WHERE user_id = :id', { id });
  await db.change(tx, 'DELETE FROM recovery_codes WHERE user_id = :id', { id });
  await deps.appendEvent(tx, { workspaceId: null, type: 'user.second_factor_changed', subjectId: id, actorId, data: { change } });
  await notifyOfChange(deps, tx, id, 'second_factors_removed');
}

/** The same from the machine itself, for an administrator who lost theirs. Every session of that account ends. */
export function dropSecondFactorsOf(deps: Deps, email: string): Promise<void> {
  return deps.db.asSystem(async (tx) => {
    const user = await findUserByEmail(deps, tx, email);
    if (user?.kind !== 'person') {
      throw notFound('account');
    }
    await dropSecondFactors(deps, tx, user.id, { actorId: null, change: 'removed_by_operator' });
    await endSessions(deps, tx, user.id, null);
  });
}

/** Ends every session of one account, or of everybody: for an operator, after something was stolen. Answers how many. Throws not_found. */
export function endSessionsByOperator(deps: Deps, email: string | null): Promise<number> {
  return deps.db.asSystem(async (tx) => {
    const user = email === null ? null : await findUserByEmail(deps, tx, email);
    if (email !== null && user === null) {
      throw notFound('account');
    }
    const count = await deps.db.change(tx, 'DELETE FROM sessions WHERE CAST(:userId AS uuid) IS NULL OR user_id = :userId', {
      userId: user?.id ?? null,
    });
    await deps.appendEvent(tx, { workspaceId: null, type: 'session.ended', subjectId: user?.id ?? null, actorId: null, data: { count } });
    return count;
  });
}

/** Makes an administrator from the machine itself. Answers the link that sets their password. */
export async function createAdministrator(deps: Deps, { email, name }: { email: string; name: string }): Promise<string> {
  try {
    return await deps.db.asSystem(async (tx) => {
      const user = await createUser(deps, tx, { email, name, isAdmin: true });
      const workspaceId = await createWorkspace(deps, tx, { name: `${name}’s workspace`.slice(0, 100) });
      await deps.db.model(Members).create({ workspaceId, userId: user.id, role: 'owner' }, { transaction: tx });
      return (await createResetLink(deps, tx, user, firstLinkSeconds)).link;
    });
  } catch (error) {
    throw isUniqueViolation(error) ? conflict('Another account uses this email.') : error;
  }
}
