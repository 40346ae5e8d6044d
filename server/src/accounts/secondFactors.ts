/** Authenticator apps and recovery codes. A code works once; the secret is sealed in its row. */
import { randomBytes } from 'node:crypto';
import type { SecondFactors } from '@carmic/contract';
import { hashSecret } from '../core/crypto.ts';
import { AppError, forbidden, invalidInput, wrongState } from '../core/errors.ts';
import { newId } from '../core/ids.ts';
import { matchTotp, toBase32 } from '../core/totp.ts';
import type { Tx } from '../db/database.ts';
import type { Deps } from '../deps.ts';
import type { Person } from '../http/request.ts';
import { type User, Users } from './model.ts';
import { notifyOfChange } from './notices.ts';
import { endSessions } from './sessions.ts';

const recoveryCodeCount = 10;
/** No letters that look like others (Crockford's Base32). */
const codeAlphabet = '0123456789abcdefghjkmnpqrstvwxyz';

const totpContext = (userId: string) => `users.totp:${userId}`;
const loadUser = (deps: Deps, tx: Tx, userId: string): Promise<User> =>
  deps.db.model(Users).findByPk(userId, { transaction: tx, rejectOnEmpty: true });

/** Everything a person has as second factors. */
export async function presentSecondFactors(deps: Deps, tx: Tx, person: Person): Promise<SecondFactors> {
  const { db } = deps;
  const user = await loadUser(deps, tx, person.userId);
  const passkeys = await db.rows<{ id: string; name: string; created_at: Date; last_used_at: Date | null }>(
    tx,
    'SELECT id, name, created_at, last_used_at FROM passkeys WHERE user_id = :userId ORDER BY created_at, id',
    { userId: user.id },
  );
  const [codes] = await db.rows<{ count: number }>(
    tx,
    'SELECT count(*)::integer AS count FROM recovery_codes WHERE user_id = :userId AND used_at IS NULL',
    { userId: user.id },
  );
  const [demand] = await db.rows<{ roles: string[] | null }>(
    tx,
    "SELECT value->'secondFactorFor' AS roles FROM instance_settings WHERE name = 'accounts'",
  );
  const roles = demand?.roles ?? [];
  return {
    hasTotp: user.totpConfirmedAt !== null,
    passkeys: passkeys.map((row) => ({
      id: row.id,
      name: row.name,
      createdAt: row.created_at.toISOString(),
      lastUsedAt: row.last_used_at?.toISOString() ?? null,
    })),
    recoveryCodesLeft: codes?.count ?? 0,
    isRequired: roles.includes(person.role) || (person.isAdmin && roles.includes('admin')),
  };
}

/** Begins the set-up of an authenticator app; nothing is asked for until it is confirmed. */
export function createTotp(deps: Deps, person: Person): Promise<{ secret: string; uri: string }> {
  const { db, env, sealer } = deps;
  return db.asSystem(async (tx) => {
    const user = await loadUser(deps, tx, person.userId);
    if (user.totpConfirmedAt !== null) {
      throw wrongState('An authenticator app is set up already: remove it first.');
    }
    const bytes = randomBytes(20);
    await db
      .model(Users)
      .update(
        { totpSealed: sealer.seal(totpContext(user.id), bytes.toString('base64')), totpLastStep: 0 },
        { where: { id: user.id }, transaction: tx },
      );
    const secret = toBase32(bytes);
    const issuer = encodeURIComponent(env.CARMIC_INSTANCE_NAME);
    return { secret, uri: `otpauth://totp/${issuer}:${encodeURIComponent(user.email)}?secret=${secret}&issuer=${issuer}` };
  });
}

/** Uses a code of the authenticator app up; false when it is wrong or was used. */
async function useTotp(deps: Deps, tx: Tx, user: User, code: string): Promise<boolean> {
  if (user.totpSealed === null || !/^\d{6}$/.test(code)) {
    return false;
  }
  const secret = Buffer.from(deps.sealer.open(totpContext(user.id), user.totpSealed), 'base64');
  const step = matchTotp(secret, code, deps.clock.now(), user.totpLastStep);
  if (step === null) {
    return false;
  }
  const changed = await deps.db.change(tx, 'UPDATE users SET totp_last_step = :step WHERE id = :id AND totp_last_step < :step', {
    id: user.id,
    step,
  });
  return changed === 1;
}

async function useRecoveryCode(deps: Deps, tx: Tx, userId: string, code: string): Promise<boolean> {
  const changed = await deps.db.change(
    tx,
    'UPDATE recovery_codes SET used_at = :now WHERE user_id = :userId AND code_hash = :hash AND used_at IS NULL',
    { userId, hash: hashSecret(`${userId}:${normalise(code)}`), now: deps.clock.now() },
  );
  return changed > 0;
}

const normalise = (code: string) => code.toLowerCase().replace(/[^0-9a-z]/g, '');

/** Uses up a code of the app or a recovery code of a user whose app is confirmed; false when it is neither. */
export async function useSecondFactorCode(deps: Deps, tx: Tx, userId: string, code: string): Promise<boolean> {
  const user = await loadUser(deps, tx, userId);
  const isTotp = user.totpConfirmedAt !== null && (await useTotp(deps, tx, user, code));
  return isTotp || useRecoveryCode(deps, tx, userId, code);
}

/** Finishes the set-up of an authenticator app, ends the other sessions and answers recovery codes. */
export function confirmTotp(deps: Deps, person: Person, code: string): Promise<string[]> {
  const { db, clock } = deps;
  return db.asSystem(async (tx) => {
    const user = await loadUser(deps, tx, person.userId);
    if (user.totpSealed === null || user.totpConfirmedAt !== null) {
      throw wrongState('No set-up of an authenticator app is running: begin one first.');
    }
    if (!(await useTotp(deps, tx, user, code))) {
      throw invalidInput('This code does not fit: check the clock of your device, and enter the newest code.');
    }
    await db.change(tx, 'UPDATE users SET totp_confirmed_at = :now WHERE id = :id', { id: user.id, now: clock.now() });
    await endSessions(deps, tx, user.id, person.sessionId);
    await recordChange(deps, tx, person, 'totp_added');
    return makeRecoveryCodes(deps, tx, user.id);
  });
}

/** Removes the authenticator app. Throws forbidden when the role demands a second factor and this is the last one. */
export async function deleteTotp(deps: Deps, person: Person): Promise<void> {
  const { db } = deps;
  await db.asSystem(async (tx) => {
    const factors = await presentSecondFactors(deps, tx, person);
    if (factors.isRequired && factors.passkeys.length === 0) {
      throw forbidden('Your role demands a second factor: add a passkey before you remove the app.');
    }
    await db.change(tx, 'UPDATE users SET totp_sealed = NULL, totp_confirmed_at = NULL WHERE id = :id', { id: person.userId });
    await dropCodesOfNobody(deps, tx, person.userId);
    await recordChange(deps, tx, person, 'totp_removed');
  });
}

/** Recovery codes go when nothing is left that they recover. */
export async function dropCodesOfNobody(deps: Deps, tx: Tx, userId: string): Promise<void> {
  await deps.db.change(
    tx,
    `DELETE FROM recovery_codes WHERE user_id = :userId AND NOT EXISTS (SELECT 1 FROM passkeys WHERE user_id = :userId)
       AND NOT EXISTS (SELECT 1 FROM users WHERE id = :userId AND totp_confirmed_at IS NOT NULL)`,
    { userId },
  );
}

/** Makes new recovery codes; the old ones end. They are answered once and stored as hashes. */
export async function makeRecoveryCodes(deps: Deps, tx: Tx, userId: string): Promise<string[]> {
  await deps.db.change(tx, 'DELETE FROM recovery_codes WHERE user_id = :userId', { userId });
  const codes = Array.from({ length: recoveryCodeCount }, () => {
    // 120 bits, so that a plain hash keeps them (OWASP ASVS 5, 6.5.2).
    const letters = Array.from(randomBytes(24), (byte) => codeAlphabet.charAt(byte & 31)).join('');
    return letters.replace(/(.{4})(?=.)/g, '$1-');
  });
  for (const code of codes) {
    await deps.db.change(tx, 'INSERT INTO recovery_codes (id, user_id, code_hash) VALUES (:id, :userId, :hash)', {
      id: newId(),
      userId,
      hash: hashSecret(`${userId}:${normalise(code)}`),
    });
  }
  return codes;
}

/** New recovery codes for a person who has a second factor. */
export function renewRecoveryCodes(deps: Deps, person: Person): Promise<string[]> {
  return deps.db.asSystem(async (tx) => {
    const factors = await presentSecondFactors(deps, tx, person);
    if (!factors.hasTotp && factors.passkeys.length === 0) {
      throw new AppError('wrong_state', 'Set up an authenticator app or a passkey first.');
    }
    await recordChange(deps, tx, person, 'recovery_codes_made');
    return makeRecoveryCodes(deps, tx, person.userId);
  });
}

/** Writes the event of a changed second factor and tells the person by mail. */
export async function recordChange(deps: Deps, tx: Tx, person: Person, change: string): Promise<void> {
  await deps.appendEvent(tx, {
    workspaceId: person.workspaceId,
    type: 'user.second_factor_changed',
    subjectId: person.userId,
    actorId: person.userId,
    data: { change },
  });
  await notifyOfChange(deps, tx, person.userId, 'second_factors_changed');
}
