/**
 * Making an account, and links for a forgotten password. What is asked for is answered before anything is looked up: a job does the
 * rest, so that known and unknown addresses get the same answer after the same time.
 */
import { mailLanguageSchema, marketingCategories, type RouteInput } from '@carmic/contract';
import { col, fn, where } from 'sequelize';
import { z } from 'zod';
import { AppError, conflict, forbidden } from '../core/errors.ts';
import { newId } from '../core/ids.ts';
import { isUniqueViolation } from '../db/database.ts';
import type { Tx } from '../db/database.ts';
import type { Deps } from '../deps.ts';
import { queueMail } from '../mail/mail.ts';
import { agree, readMailSettings } from '../mail/mailSettings.ts';
import { createToken, tokenSeconds, useToken } from './accountTokens.ts';
import { createWorkspace } from './createWorkspace.ts';
import { Members, type User, Users } from './model.ts';
import { notifyOfChange } from './notices.ts';
import { hashPassword, requireUncommonPassword } from './passwords.ts';
import { endSessions, openSession } from './sessions.ts';
import { readSettings } from './settings.ts';
import { refuseOtherDoors } from './signOn/enforce.ts';
import { findEnforced } from './signOn/providers.ts';

const sealedContext = 'jobs.account_request:1';
const requestSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('sign_up'),
    email: z.string(),
    name: z.string(),
    passwordHash: z.string(),
    wantsNews: z.boolean().default(false),
    language: mailLanguageSchema.default('en'),
  }),
  z.object({ kind: z.literal('reset_password'), email: z.string() }),
]);

/** Said to everybody who asks, whether or not there is such an account. */
export const sameForAll = 'If that can be done, a link is on its way to this address. Look for it within a few minutes.';

async function enqueue(deps: Deps, request: z.infer<typeof requestSchema>): Promise<void> {
  const sealed = deps.sealer.seal(sealedContext, JSON.stringify(request)).toString('base64');
  await deps.jobs.enqueue('accounts.request', { sealed });
}

/** Takes a wish for an account. Throws forbidden when nobody may make one here, invalid_input for a password from a breach. */
export async function requestSignUp(deps: Deps, body: RouteInput<'createSignUp'>['body']): Promise<void> {
  const settings = await deps.db.asSystem((tx) => readSettings(deps, tx));
  const domain = body.email.split('@').at(-1)?.toLowerCase() ?? '';
  if (settings.signUp === 'closed' || settings.signUp === 'invitation') {
    throw forbidden('Accounts are made by invitation here: ask an administrator or the owner of a workspace.');
  }
  if (settings.signUp === 'domain' && !settings.allowedDomains.includes(domain)) {
    throw forbidden('Accounts are made here with addresses of some organisations only: ask an administrator.');
  }
  await deps.db.asSystem((tx) => refuseOtherDoors(deps, tx, body.email, null));
  requireUncommonPassword(body.password, body);
  const passwordHash = await hashPassword(body.password);
  const { email, name, wantsNews, language } = body;
  await enqueue(deps, { kind: 'sign_up', email, name, passwordHash, wantsNews, language });
}

/** Takes a wish for a new password. */
export async function requestPasswordReset(deps: Deps, email: string): Promise<void> {
  await enqueue(deps, { kind: 'reset_password', email });
}

/** The user with this email, whatever its case: one statement, whether or not there is one. */
export function findUserByEmail(deps: Deps, tx: Tx, email: string): Promise<User | null> {
  return deps.db.model(Users).findOne({ where: where(fn('lower', col('email')), fn('lower', email)), transaction: tx });
}

async function handleRequest(deps: Deps, sealed: string): Promise<void> {
  const { db, sealer } = deps;
  const request = requestSchema.parse(JSON.parse(sealer.open(sealedContext, Buffer.from(sealed, 'base64'))));
  await db.asSystem(async (tx) => {
    const user = await findUserByEmail(deps, tx, request.email);
    if (request.kind === 'reset_password') {
      if (user?.suspendedAt === null && user.kind === 'person') {
        await sendLinkOrHint(deps, tx, user);
      }
      return;
    }
    if (user !== null) {
      await notifyOfChange(deps, tx, user.id, 'account_exists');
      return;
    }
    const { token } = await createToken(deps, tx, { kind: 'sign_up', userId: null, data: request });
    const link = `${deps.baseUrl()}/#/confirm?token=${token}`;
    await queueMail(deps, tx, {
      template: 'sign_up',
      data: { link },
      to: { email: request.email, name: request.name, userId: null },
      language: request.language,
      validSeconds: tokenSeconds.sign_up,
    });
  });
}

/** A link, or for somebody who signs in with an identity provider the hint to do so. */
async function sendLinkOrHint(deps: Deps, tx: Tx, user: User): Promise<void> {
  const provider = user.isBreakGlass ? null : await findEnforced(deps, tx, user.email);
  if (provider === null) {
    await sendResetLink(deps, tx, user);
  } else {
    await notifyOfChange(deps, tx, user.id, 'use_provider', { detail: provider.name });
  }
}

/** Makes a link that sets a new password and queues it as a mail. */
export async function sendResetLink(deps: Deps, tx: Tx, user: User): Promise<{ link: string; expiresAt: Date }> {
  const made = await createResetLink(deps, tx, user);
  await queueMail(deps, tx, {
    template: 'reset_password',
    data: { link: made.link },
    to: { email: user.email, name: user.name, userId: user.id },
    validSeconds: tokenSeconds.reset_password,
  });
  return made;
}

/** A link that sets a new password; `validSeconds` longer for somebody who has none yet. */
export async function createResetLink(deps: Deps, tx: Tx, user: User, validSeconds?: number): Promise<{ link: string; expiresAt: Date }> {
  const { token, expiresAt } = await createToken(deps, tx, {
    kind: 'reset_password',
    userId: user.id,
    ...(validSeconds === undefined ? {} : { validSeconds }),
  });
  return { link: `${deps.baseUrl()}/#/reset?token=${token}`, expiresAt };
}

/** Makes the account that a confirmed address asked for, with a workspace, and opens a session. */
export async function confirmSignUp(deps: Deps, token: string, browser: string | null) {
  const { db } = deps;
  try {
    return await db.asSystem(async (tx) => {
      const { data } = await useToken(deps, tx, 'sign_up', token);
      const request = requestSchema.parse(data);
      if (request.kind !== 'sign_up') {
        throw new Error('A sign-up token carries a sign-up.');
      }
      const user = await createUser(deps, tx, { email: request.email, name: request.name, passwordHash: request.passwordHash });
      const workspaceId = await createWorkspace(deps, tx, { name: `${request.name}’s workspace`.slice(0, 100) });
      await db.model(Members).create({ workspaceId, userId: user.id, role: 'owner' }, { transaction: tx });
      await db.model(Users).update({ mailLanguage: request.language }, { where: { id: user.id }, transaction: tx });
      await agreeAtSignUp(deps, tx, user, request);
      return openSession(deps, tx, user.id, browser);
    });
  } catch (error) {
    throw isUniqueViolation(error) ? new AppError('gone', 'This address has an account by now: sign in.') : error;
  }
}

/** Somebody who ticked the box agreed; where the policy of the operator says so, everybody who saw its wording did. */
async function agreeAtSignUp(deps: Deps, tx: Tx, user: User, { wantsNews, language }: { wantsNews: boolean; language: 'en' | 'de' }) {
  const { marketing } = await readMailSettings(deps, tx);
  if (marketing === 'off' || (marketing === 'opt_in' && !wantsNews)) {
    return;
  }
  const source = marketing === 'registration' ? 'registration' : 'sign_up';
  await agree(deps, tx, { user, categories: marketingCategories, source, language });
}

/** Adds a user and its event. Throws a unique violation for a taken email. */
export async function createUser(
  deps: Deps,
  tx: Tx,
  fields: { email: string; name: string; passwordHash?: string | null; isAdmin?: boolean; kind?: 'person' | 'service'; actorId?: string },
): Promise<User> {
  const { db, clock, appendEvent } = deps;
  const now = clock.now();
  const user = await db.model(Users).create(
    {
      id: newId(),
      email: fields.email,
      name: fields.name,
      passwordHash: fields.passwordHash ?? null,
      isAdmin: fields.isAdmin ?? false,
      kind: fields.kind ?? 'person',
      suspendedAt: null,
      isBreakGlass: false,
      totpSealed: null,
      totpConfirmedAt: null,
      createdAt: now,
      updatedAt: now,
    },
    { transaction: tx },
  );
  await appendEvent(tx, { workspaceId: null, type: 'user.created', subjectId: user.id, actorId: fields.actorId ?? user.id });
  return user;
}

/** Sets a new password by link: every session, link and running step of the account ends. Second factors stay. */
export async function completePasswordReset(deps: Deps, token: string, password: string): Promise<void> {
  const { db, clock, appendEvent } = deps;
  // Hashed first, so that a used link and a good one take the same time.
  const passwordHash = await hashPassword(password);
  await db.asSystem(async (tx) => {
    const { userId } = await useToken(deps, tx, 'reset_password', token);
    const user = userId === null ? null : await db.model(Users).findByPk(userId, { transaction: tx });
    if (user === null) {
      throw new AppError('gone', 'This account is gone.');
    }
    requireUncommonPassword(password, user);
    await db.change(tx, 'UPDATE users SET password_hash = :passwordHash, updated_at = :now WHERE id = :id', {
      id: user.id,
      passwordHash,
      now: clock.now(),
    });
    await endSessions(deps, tx, user.id, null);
    await db.change(tx, 'DELETE FROM sign_in_links WHERE user_id = :id', { id: user.id });
    await db.change(tx, 'DELETE FROM account_tokens WHERE user_id = :id', { id: user.id });
    await appendEvent(tx, { workspaceId: null, type: 'user.password_reset', subjectId: user.id, actorId: user.id });
    await notifyOfChange(deps, tx, user.id, 'password_reset');
  });
}

/** Puts a confirmed address in place of the old one, which is told. */
export async function confirmEmail(deps: Deps, token: string): Promise<void> {
  const { db, clock, appendEvent } = deps;
  try {
    await db.asSystem(async (tx) => {
      const { userId, data } = await useToken(deps, tx, 'change_email', token);
      const user = await db.model(Users).findByPk(userId ?? '', { transaction: tx, rejectOnEmpty: true });
      await notifyOfChange(deps, tx, user.id, 'email_changed', { email: user.email });
      await db.change(tx, 'UPDATE users SET email = :email, updated_at = :now WHERE id = :id', {
        id: user.id,
        email: z.string().parse(data['email']),
        now: clock.now(),
      });
      await db.change(tx, "DELETE FROM account_tokens WHERE user_id = :id AND kind = 'reset_password'", { id: user.id });
      await appendEvent(tx, { workspaceId: null, type: 'user.updated', subjectId: user.id, actorId: user.id, data: { fields: ['email'] } });
    });
  } catch (error) {
    throw isUniqueViolation(error) ? conflict('Another account uses this email.') : error;
  }
}

/** Tells the job runner how requests for accounts and links are handled. */
export function defineAccountJobs(deps: Deps): void {
  deps.jobs.define({
    name: 'accounts.request',
    payload: z.object({ sealed: z.string() }),
    run: ({ sealed }) => handleRequest(deps, sealed),
  });
}
