import type { RouteInput, SecondFactorStep } from '@carmic/contract';
import { z } from 'zod';
import { addSeconds } from '../core/clock.ts';
import { hashSecret } from '../core/crypto.ts';
import { AppError, unauthenticated } from '../core/errors.ts';
import { newId, newSecret } from '../core/ids.ts';
import type { Tx } from '../db/database.ts';
import type { Deps } from '../deps.ts';
import { createToken, tryToken, useToken } from './accountTokens.ts';
import { createWorkspace } from './createWorkspace.ts';
import { Members, SignInLinks, Users } from './model.ts';
import { notifyOfChange } from './notices.ts';
import { checkPasskey, checkPasskeyAnswer, passkeyOptionsFor } from './passkeys.ts';
import { verifyPassword } from './passwords.ts';
import { useSecondFactorCode } from './secondFactors.ts';
import { openSession } from './sessions.ts';
import { refuseOtherDoors } from './signOn/enforce.ts';
import { findEnforced } from './signOn/providers.ts';
import { findUserByEmail } from './signUp.ts';

const linkSeconds = 24 * 3600;
const recoverySeconds = 900;
const wrongCodeSeconds = 3600;
const maxWrongCodes = 20;
/** Email of the first administrator until they choose their own; `.invalid` is never delivered to (RFC 2606). */
export const firstAdministratorEmail = 'administrator@carmic.invalid';

export type SignedIn = Awaited<ReturnType<typeof openSession>>;

/** What a right password leads to: a session, or a step that asks for a second factor. */
export type SignInResult = { session: SignedIn; step: null } | { session: null; step: SecondFactorStep };

/** Signs in by email and password. The answer is the same for an unknown email and a wrong password. */
export async function signInByPassword(deps: Deps, email: string, password: string, browser: string | null): Promise<SignInResult> {
  const { db } = deps;
  const user = await db.asSystem((tx) => findUserByEmail(deps, tx, email));
  if (!(await verifyPassword(user?.passwordHash ?? null, password)) || user === null) {
    await recordRefusal(deps, user?.id ?? null);
    await db.asSystem((tx) => refuseOtherDoors(deps, tx, email, null));
    throw unauthenticated('This email and password do not belong together.');
  }
  return db.asSystem(async (tx) => {
    await refuseOtherDoors(deps, tx, email, user);
    return continueSignIn(deps, tx, user.id, browser);
  });
}

/** Opens a session, or asks for a second factor when the user has one and no provider has asked for it. */
export async function continueSignIn(
  deps: Deps,
  tx: Tx,
  userId: string,
  browser: string | null,
  provider: { id: string; isSecondFactorTrusted: boolean } | null = null,
): Promise<SignInResult> {
  const user = await deps.db.model(Users).findByPk(userId, { transaction: tx, rejectOnEmpty: true });
  const passkey = await passkeyOptionsFor(deps, tx, user.id);
  if (provider?.isSecondFactorTrusted === true || (user.totpConfirmedAt === null && passkey === null)) {
    return { session: await open(deps, tx, user.id, browser, provider?.id ?? null), step: null };
  }
  await requireFewWrongCodes(deps, tx, user.id);
  const { token } = await createToken(deps, tx, {
    kind: 'second_factor',
    userId: user.id,
    data: { challenge: passkey?.challenge ?? null, providerId: provider?.id ?? null },
  });
  const methods: SecondFactorStep['methods'] = [
    ...(user.totpConfirmedAt === null ? [] : ['totp' as const]),
    ...(passkey === null ? [] : ['passkey' as const]),
    'recovery',
  ];
  return { session: null, step: { token, methods, passkeyOptions: passkey?.options ?? null } };
}

/** Only somebody with the password gets here, so this locks nobody out who did not lose it. */
async function requireFewWrongCodes(deps: Deps, tx: Tx, userId: string): Promise<void> {
  const [row] = await deps.db.rows<{ attempts: number | null }>(
    tx,
    `SELECT sum(attempts)::integer AS attempts FROM account_tokens
     WHERE user_id = :userId AND kind = 'second_factor' AND created_at > :since`,
    { userId, since: addSeconds(deps.clock.now(), -wrongCodeSeconds) },
  );
  if ((row?.attempts ?? 0) >= maxWrongCodes) {
    throw new AppError('rate_limited', 'Too many wrong codes: sign in with a passkey, or try again in an hour.', {
      retryAfterSeconds: wrongCodeSeconds,
    });
  }
}

/** Finishes a sign-in with a code or a passkey; five wrong ones end the step. */
export async function signInBySecondFactor(
  deps: Deps,
  body: RouteInput<'createSecondFactorSession'>['body'],
  browser: string | null,
): Promise<SignedIn> {
  const { db } = deps;
  const { userId, data } = await tryToken(deps, 'second_factor', body.token);
  if (userId === null) {
    throw new Error('A sign-in step belongs to a user.');
  }
  const isRight =
    body.passkey !== undefined && typeof data['challenge'] === 'string'
      ? (await checkPasskey(deps, data['challenge'], body.passkey)) === userId
      : await db.asSystem((tx) => useSecondFactorCode(deps, tx, userId, body.code ?? ''));
  if (!isRight) {
    await recordRefusal(deps, userId);
    throw unauthenticated('This code does not fit: enter the newest one, or a recovery code that you have not used.');
  }
  return db.asSystem(async (tx) => {
    await useToken(deps, tx, 'second_factor', body.token);
    await db.change(tx, "DELETE FROM account_tokens WHERE user_id = :userId AND kind = 'second_factor'", { userId });
    return open(
      deps,
      tx,
      userId,
      browser,
      z
        .string()
        .nullable()
        .parse(data['providerId'] ?? null),
    );
  });
}

/** Signs in by a passkey alone, which proves possession and presence of mind at once. */
export async function signInByPasskey(
  deps: Deps,
  token: string,
  response: Record<string, unknown>,
  browser: string | null,
): Promise<SignedIn> {
  const userId = await checkPasskeyAnswer(deps, token, response);
  return deps.db.asSystem(async (tx) => {
    const user = await deps.db.model(Users).findByPk(userId, { transaction: tx, rejectOnEmpty: true });
    await refuseOtherDoors(deps, tx, user.email, user);
    return open(deps, tx, userId, browser, null);
  });
}

/** Opens a session; that somebody broke the glass is an event, and the other administrators are told. */
async function open(deps: Deps, tx: Tx, userId: string, browser: string | null, providerId: string | null): Promise<SignedIn> {
  const signedIn = await openSession(deps, tx, userId, browser, providerId);
  const user = await deps.db.model(Users).findByPk(userId, { transaction: tx, rejectOnEmpty: true });
  if (providerId === null && user.isBreakGlass && (await findEnforced(deps, tx, user.email)) !== null) {
    await deps.appendEvent(tx, { workspaceId: null, type: 'session.break_glass', subjectId: userId, actorId: userId });
    const others = await deps.db.rows<{ id: string }>(
      tx,
      "SELECT id FROM users WHERE is_admin AND suspended_at IS NULL AND kind = 'person' AND id <> :userId",
      { userId },
    );
    for (const { id } of others) {
      await notifyOfChange(deps, tx, id, 'break_glass');
    }
  }
  return signedIn;
}

/** A refused sign-in is an event; unknown addresses have no subject, so that the log is no list of guesses. */
async function recordRefusal(deps: Deps, userId: string | null): Promise<void> {
  await deps.db.asSystem((tx) => deps.appendEvent(tx, { workspaceId: null, type: 'session.refused', subjectId: userId }));
}

/** Signs in by a printed link, which opens once. */
export function signInByLink(deps: Deps, token: string, browser: string | null) {
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
    return openSession(deps, tx, row.user_id, browser);
  });
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

/** A one-time link for an administrator who cannot sign in any more: made on the machine itself, without mail, password or second factor. */
export async function createRecoveryLink(deps: Deps): Promise<string> {
  const { db, clock } = deps;
  const userId = await ensureAdministrator(deps);
  return db.asSystem(async (tx) => {
    const token = newSecret('carmic_link');
    await db
      .model(SignInLinks)
      .create(
        { id: newId(), userId, tokenHash: hashSecret(token), expiresAt: addSeconds(clock.now(), recoverySeconds) },
        { transaction: tx },
      );
    await deps.appendEvent(tx, { workspaceId: null, type: 'user.password_reset', subjectId: userId, data: { by: 'recovery_command' } });
    return token;
  });
}

/** A session of the first administrator for the launcher on the same machine. */
export async function createLocalSession(deps: Deps): Promise<string> {
  const userId = await ensureAdministrator(deps);
  return (await deps.db.asSystem((tx) => openSession(deps, tx, userId))).token;
}
