import type { Me, RouteInput } from '@carmic/contract';
import { conflict, forbidden } from '../core/errors.ts';
import { isUniqueViolation } from '../db/database.ts';
import type { Tx } from '../db/database.ts';
import type { Deps } from '../deps.ts';
import type { Person } from '../http/request.ts';
import { isMailOn, queueMail } from '../mail/mail.ts';
import { createToken, tokenSeconds } from './accountTokens.ts';
import { type User, Users } from './model.ts';
import { notifyOfChange } from './notices.ts';
import { hashPassword, requireUncommonPassword, verifyPassword } from './passwords.ts';
import { presentMe } from './present.ts';
import { requireFresh } from './reauthenticate.ts';
import { endSessions } from './sessions.ts';
import { firstAdministratorEmail } from './signIn.ts';

type Body = RouteInput<'updateMe'>['body'];

/**
 * Changes name, email or password. Email and password need the current password or a fresh proof. A new password ends every other
 * session, every printed link and every token; a new email is confirmed by a link to it when a mail server is set.
 */
export async function updateMe(deps: Deps, person: Person, body: Body): Promise<Me> {
  const { db } = deps;
  const user = await db.asSystem((tx) => db.model(Users).findByPk(person.userId, { transaction: tx, rejectOnEmpty: true }));
  if (body.email !== undefined || body.newPassword !== undefined) {
    await requireProof(deps, person, user, body);
  }
  if (body.newPassword !== undefined) {
    requireUncommonPassword(body.newPassword, { email: body.email ?? user.email, name: body.name ?? user.name });
  }
  const passwordHash = body.newPassword === undefined ? undefined : await hashPassword(body.newPassword);
  try {
    return await db.asSystem(async (tx) => {
      await save(deps, tx, person, user, body, passwordHash);
      return presentMe(deps, tx, person);
    });
  } catch (error) {
    throw isUniqueViolation(error) ? conflict('Another account uses this email.') : error;
  }
}

async function requireProof(deps: Deps, person: Person, user: User, body: Body): Promise<void> {
  if (body.currentPassword === undefined || user.passwordHash === null) {
    requireFresh(deps, person);
  } else if (!(await verifyPassword(user.passwordHash, body.currentPassword))) {
    throw forbidden('The current password is not right.');
  }
}

async function save(deps: Deps, tx: Tx, person: Person, user: User, body: Body, passwordHash: string | undefined): Promise<void> {
  const { db, clock, appendEvent } = deps;
  const isNewEmail = body.email !== undefined && body.email.toLowerCase() !== user.email.toLowerCase();
  // The first administrator's placeholder receives no mail, and they have nobody else to ask.
  const isConfirmed = isNewEmail && isMailOn(deps) && user.email !== firstAdministratorEmail;
  await db.model(Users).update(
    {
      updatedAt: clock.now(),
      ...(body.name === undefined ? {} : { name: body.name }),
      ...(body.email === undefined || isConfirmed ? {} : { email: body.email }),
      ...(passwordHash === undefined ? {} : { passwordHash }),
    },
    { where: { id: user.id }, transaction: tx },
  );
  if (isConfirmed && body.email !== undefined) {
    await sendConfirmation(deps, tx, user, body.email);
  }
  if (passwordHash !== undefined) {
    await endSessions(deps, tx, user.id, person.sessionId);
    await db.change(tx, 'DELETE FROM sign_in_links WHERE user_id = :userId', { userId: user.id });
    await db.change(tx, "DELETE FROM account_tokens WHERE user_id = :userId AND kind <> 'change_email'", { userId: user.id });
    await notifyOfChange(deps, tx, user.id, 'password_changed');
  }
  await appendEvent(tx, {
    workspaceId: person.workspaceId,
    type: 'user.updated',
    subjectId: user.id,
    actorId: user.id,
    data: { fields: Object.keys(body).filter((name) => name !== 'currentPassword') },
  });
}

async function sendConfirmation(deps: Deps, tx: Tx, user: User, email: string): Promise<void> {
  const { token } = await createToken(deps, tx, { kind: 'change_email', userId: user.id, data: { email } });
  const link = `${deps.baseUrl()}/#/confirm-email?token=${token}`;
  await queueMail(deps, tx, {
    template: 'change_email',
    data: { link },
    to: { email, name: user.name, userId: user.id },
    validSeconds: tokenSeconds.change_email,
  });
}
