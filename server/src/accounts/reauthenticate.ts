import type { RouteInput } from '@carmic/contract';
import { forbidden, invalidInput, reauthenticationNeeded } from '../core/errors.ts';
import type { Deps } from '../deps.ts';
import type { Person } from '../http/request.ts';
import { Users } from './model.ts';
import { checkPasskeyAnswer } from './passkeys.ts';
import { verifyPassword } from './passwords.ts';
import { useSecondFactorCode } from './secondFactors.ts';

const freshSeconds = 600;

/** Throws reauthentication_needed unless the person proved who they are within the last ten minutes. */
export function requireFresh(deps: Deps, person: Person): void {
  if (person.scopes !== null || deps.clock.now().getTime() - person.authenticatedAt.getTime() > freshSeconds * 1000) {
    throw reauthenticationNeeded();
  }
}

/** Takes a proof that the person is there, and makes their session fresh. Throws forbidden when it does not hold. */
export async function reauthenticate(deps: Deps, person: Person, proof: RouteInput<'createReauthentication'>['body']): Promise<void> {
  const { db, clock } = deps;
  if (!(await holds(deps, person, proof))) {
    throw forbidden('That is not right: try again.');
  }
  await db.asSystem((tx) =>
    db.change(tx, 'UPDATE sessions SET authenticated_at = :now WHERE id = :id', { id: person.sessionId, now: clock.now() }),
  );
}

async function holds(deps: Deps, person: Person, proof: RouteInput<'createReauthentication'>['body']): Promise<boolean> {
  const { db } = deps;
  if (proof.passkey !== undefined) {
    return (await checkPasskeyAnswer(deps, proof.passkey.token, proof.passkey.response)) === person.userId;
  }
  if (proof.password !== undefined) {
    const user = await db.asSystem((tx) => db.model(Users).findByPk(person.userId, { transaction: tx, rejectOnEmpty: true }));
    return verifyPassword(user.passwordHash, proof.password);
  }
  const { code } = proof;
  if (code === undefined) {
    throw invalidInput('Send a password, a code or a passkey.');
  }
  return db.asSystem((tx) => useSecondFactorCode(deps, tx, person.userId, code));
}
