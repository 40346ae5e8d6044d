/** Passkeys (W3C Web Authentication, level 3). Challenges are tokens that work once; the browser's answer is checked by SimpleWebAuthn. */
import { isIP } from 'node:net';
import {
  type AuthenticationResponseJSON,
  generateAuthenticationOptions,
  generateRegistrationOptions,
  type RegistrationResponseJSON,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
} from '@simplewebauthn/server';
import { forbidden, invalidInput, notFound, unauthenticated, wrongState } from '../core/errors.ts';
import { newId } from '../core/ids.ts';
import type { Tx } from '../db/database.ts';
import type { Deps } from '../deps.ts';
import type { Person } from '../http/request.ts';
import { createToken, useToken } from './accountTokens.ts';
import { Users } from './model.ts';
import { dropCodesOfNobody, makeRecoveryCodes, presentSecondFactors, recordChange } from './secondFactors.ts';
import { endSessions } from './sessions.ts';

interface PasskeyRow {
  id: string;
  user_id: string;
  credential_id: string;
  public_key: Buffer;
  counter: string;
  transports: string[];
}

type Json = Record<string, unknown>;

/** Who we are to a browser: the host of the base URL. Throws wrong_state where browsers take no passkeys. */
function relyingParty(deps: Deps): { origin: string; rpId: string } {
  const url = new URL(deps.baseUrl());
  if (isIP(url.hostname.replace(/^\[|\]$/g, '')) !== 0) {
    throw wrongState('Passkeys need a host name instead of an IP address: set CARMIC_BASE_URL and open the console by it.');
  }
  return { origin: url.origin, rpId: url.hostname };
}

/** Begins to add a passkey. */
export async function createPasskeyRegistration(deps: Deps, person: Person): Promise<{ token: string; options: Json }> {
  const { db, env } = deps;
  const { rpId } = relyingParty(deps);
  return db.asSystem(async (tx) => {
    const user = await db.model(Users).findByPk(person.userId, { transaction: tx, rejectOnEmpty: true });
    const rows = await passkeysOf(deps, tx, user.id);
    const options = await generateRegistrationOptions({
      rpName: env.CARMIC_INSTANCE_NAME,
      rpID: rpId,
      userName: user.email,
      userDisplayName: user.name,
      userID: new Uint8Array(Buffer.from(user.id.replaceAll('-', ''), 'hex')),
      attestationType: 'none',
      excludeCredentials: rows.map((row) => ({ id: row.credential_id })),
      authenticatorSelection: { residentKey: 'preferred', userVerification: 'required' },
    });
    const { token } = await createToken(deps, tx, {
      kind: 'passkey_registration',
      userId: user.id,
      data: { challenge: options.challenge },
    });
    return { token, options: options as unknown as Json };
  });
}

/** Adds the passkey that the browser made; the first second factor comes with recovery codes. */
export async function createPasskey(deps: Deps, person: Person, body: { token: string; name: string; response: Json }) {
  const { db, clock } = deps;
  const { origin, rpId } = relyingParty(deps);
  const { userId, data } = await db.asSystem((tx) => useToken(deps, tx, 'passkey_registration', body.token));
  if (userId !== person.userId) {
    throw forbidden('This set-up was begun by somebody else.');
  }
  const { verified, registrationInfo } = await verifyRegistrationResponse({
    response: body.response as unknown as RegistrationResponseJSON,
    expectedChallenge: String(data['challenge']),
    expectedOrigin: origin,
    expectedRPID: rpId,
    requireUserVerification: true,
  }).catch((error: unknown) => {
    throw invalidInput(`This passkey was not accepted: ${error instanceof Error ? error.message : 'it has another form'}.`);
  });
  if (!verified) {
    throw invalidInput('This passkey was not accepted: its signature does not fit.');
  }
  const { credential } = registrationInfo;
  return db.asSystem(async (tx) => {
    const before = await presentSecondFactors(deps, tx, person);
    const id = newId();
    const now = clock.now();
    await db.change(
      tx,
      `INSERT INTO passkeys (id, user_id, credential_id, public_key, counter, transports, name, created_at)
       VALUES (:id, :userId, :credentialId, :publicKey, :counter, CAST(:transports AS jsonb), :name, :now)`,
      {
        id,
        userId: person.userId,
        credentialId: credential.id,
        publicKey: Buffer.from(credential.publicKey),
        counter: credential.counter,
        transports: JSON.stringify(credential.transports ?? []),
        name: body.name,
        now,
      },
    );
    await recordChange(deps, tx, person, 'passkey_added');
    await endSessions(deps, tx, person.userId, person.sessionId);
    const isFirst = !before.hasTotp && before.passkeys.length === 0;
    return {
      id,
      name: body.name,
      createdAt: now.toISOString(),
      lastUsedAt: null,
      recoveryCodes: isFirst ? await makeRecoveryCodes(deps, tx, person.userId) : [],
    };
  });
}

/** Removes a passkey. Throws forbidden when the role demands a second factor and this is the last one. */
export async function deletePasskey(deps: Deps, person: Person, id: string): Promise<void> {
  const { db } = deps;
  await db.asSystem(async (tx) => {
    const factors = await presentSecondFactors(deps, tx, person);
    if (factors.isRequired && !factors.hasTotp && factors.passkeys.length <= 1) {
      throw forbidden('Your role demands a second factor: set up another one before you remove this.');
    }
    const count = await db.change(tx, 'DELETE FROM passkeys WHERE id = :id AND user_id = :userId', { id, userId: person.userId });
    if (count === 0) {
      throw notFound('passkey');
    }
    await dropCodesOfNobody(deps, tx, person.userId);
    await recordChange(deps, tx, person, 'passkey_removed');
  });
}

async function passkeysOf(deps: Deps, tx: Tx, userId: string): Promise<PasskeyRow[]> {
  return deps.db.rows<PasskeyRow>(tx, 'SELECT * FROM passkeys WHERE user_id = :userId', { userId });
}

/** Options for a second factor by passkey; null when the person has none or browsers take none here. */
export async function passkeyOptionsFor(deps: Deps, tx: Tx, userId: string): Promise<{ challenge: string; options: Json } | null> {
  const rows = await passkeysOf(deps, tx, userId);
  if (rows.length === 0) {
    return null;
  }
  const { rpId } = relyingParty(deps);
  const options = await generateAuthenticationOptions({
    rpID: rpId,
    allowCredentials: rows.map((row) => ({ id: row.credential_id })),
    userVerification: 'required',
  });
  return { challenge: options.challenge, options: options as unknown as Json };
}

/** Begins a sign-in with a passkey that names its owner by itself. */
export async function createPasskeyChallenge(deps: Deps): Promise<{ token: string; options: Json }> {
  const { rpId } = relyingParty(deps);
  const options = await generateAuthenticationOptions({ rpID: rpId, userVerification: 'required' });
  const { token } = await deps.db.asSystem((tx) =>
    createToken(deps, tx, { kind: 'passkey_sign_in', userId: null, data: { challenge: options.challenge } }),
  );
  return { token, options: options as unknown as Json };
}

/** Checks the answer to `createPasskeyChallenge` and tells whose passkey it is. Throws unauthenticated when it does not fit. */
export async function checkPasskeyAnswer(deps: Deps, token: string, response: Json): Promise<string> {
  const { data } = await deps.db.asSystem((tx) => useToken(deps, tx, 'passkey_sign_in', token));
  return checkPasskey(deps, String(data['challenge']), response);
}

/** Checks a browser's answer to a challenge and tells whose passkey it is. Throws unauthenticated when it does not fit. */
export async function checkPasskey(deps: Deps, challenge: string, response: Json): Promise<string> {
  const { db, clock } = deps;
  const { origin, rpId } = relyingParty(deps);
  const refusal = () => unauthenticated('This passkey is not known here, or its answer does not fit.');
  const [row] = await db.asSystem((tx) =>
    db.rows<PasskeyRow>(tx, 'SELECT * FROM passkeys WHERE credential_id = :id', { id: String(response['id']) }),
  );
  if (row === undefined) {
    throw refusal();
  }
  const { verified, authenticationInfo } = await verifyAuthenticationResponse({
    response: response as unknown as AuthenticationResponseJSON,
    expectedChallenge: challenge,
    expectedOrigin: origin,
    expectedRPID: rpId,
    requireUserVerification: true,
    credential: { id: row.credential_id, publicKey: new Uint8Array(row.public_key), counter: Number(row.counter) },
  }).catch(() => {
    throw refusal();
  });
  if (!verified) {
    throw refusal();
  }
  await db.asSystem((tx) =>
    db.change(tx, 'UPDATE passkeys SET counter = :counter, last_used_at = :now WHERE id = :id', {
      id: row.id,
      counter: authenticationInfo.newCounter,
      now: clock.now(),
    }),
  );
  return row.user_id;
}
