import { addSeconds } from '../core/clock.ts';
import { hashSecret } from '../core/crypto.ts';
import { AppError, unauthenticated } from '../core/errors.ts';
import { newId, newSecret } from '../core/ids.ts';
import type { Tx } from '../db/database.ts';
import type { Deps } from '../deps.ts';
import { createWorkspace } from './createWorkspace.ts';
import { Members, SignInLinks, Users } from './model.ts';
import { verifyPassword } from './passwords.ts';
import { openSession } from './sessions.ts';

const linkSeconds = 24 * 3600;
/** Email of the first administrator until they choose their own; `.invalid` is never delivered to (RFC 2606). */
export const firstAdministratorEmail = 'administrator@carmic.invalid';

/** Signs in by email and password. The answer is the same for an unknown email and a wrong password. */
export async function signInByPassword(deps: Deps, email: string, password: string) {
  const { db } = deps;
  const user = await db.asSystem((tx) => findUserByEmail(deps, tx, email));
  if (!(await verifyPassword(user?.passwordHash ?? null, password)) || user === null) {
    throw unauthenticated('This email and password do not belong together.');
  }
  return db.asSystem((tx) => openSession(deps, tx, user.id));
}

/** Signs in by a printed link, which opens once. */
export function signInByLink(deps: Deps, token: string) {
  const { db, clock } = deps;
  return db.asSystem(async (tx) => {
    const [row] = await db.rows<{ user_id: string }>(
      tx,
      'UPDATE sign_in_links SET used_at = :now WHERE token_hash = :tokenHash AND used_at IS NULL AND expires_at > :now RETURNING user_id',
      { tokenHash: hashSecret(token), now: clock.now() },
    );
    if (row === undefined) {
      throw new AppError(
        'gone',
        'This link was used or has expired: sign in with your password, or restart the server to print a new link.',
      );
    }
    return openSession(deps, tx, row.user_id);
  });
}

async function findUserByEmail(deps: Deps, tx: Tx, email: string) {
  const [row] = await deps.db.rows<{ id: string }>(tx, 'SELECT id FROM users WHERE lower(email) = lower(:email)', { email });
  return row === undefined ? null : deps.db.model(Users).findByPk(row.id, { transaction: tx });
}

/** Creates the first administrator with a workspace of their own, unless there is one. Answers the administrator's id. */
export function ensureAdministrator(deps: Deps): Promise<string> {
  const { db } = deps;
  return db.asSystem(async (tx) => {
    await db.rows(tx, 'SELECT pg_advisory_xact_lock(723402)');
    const admin = await db.model(Users).findOne({ where: { isAdmin: true }, order: ['createdAt'], transaction: tx });
    if (admin !== null) {
      return admin.id;
    }
    const user = await db
      .model(Users)
      .create({ id: newId(), email: firstAdministratorEmail, name: 'Administrator', isAdmin: true }, { transaction: tx });
    // The operator's own content ends when they say so; the default plan is for those who come later.
    const workspaceId = await createWorkspace(deps, tx, { name: 'My workspace', slug: 'enterprise' });
    await db.model(Members).create({ workspaceId, userId: user.id, role: 'owner' }, { transaction: tx });
    return user.id;
  });
}

/** A one-time sign-in token for the first administrator; null once they have a password. Earlier unused ones end. */
export async function createSignInLink(deps: Deps): Promise<string | null> {
  const { db, clock } = deps;
  const userId = await ensureAdministrator(deps);
  return db.asSystem(async (tx) => {
    const user = await db.model(Users).findByPk(userId, { transaction: tx });
    if (user === null || user.passwordHash !== null) {
      return null;
    }
    const token = newSecret('carmic_link');
    await db.model(SignInLinks).destroy({ where: { userId }, transaction: tx });
    await db
      .model(SignInLinks)
      .create({ id: newId(), userId, tokenHash: hashSecret(token), expiresAt: addSeconds(clock.now(), linkSeconds) }, { transaction: tx });
    return token;
  });
}

/** A session of the first administrator for the launcher on the same machine. */
export async function createLocalSession(deps: Deps): Promise<string> {
  const userId = await ensureAdministrator(deps);
  return (await deps.db.asSystem((tx) => openSession(deps, tx, userId))).token;
}
