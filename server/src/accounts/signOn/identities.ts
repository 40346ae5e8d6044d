/**
 * Whose account a sign-on opens. The provider’s subject decides; an address alone opens an account only when the provider vouches for it and
 * an administrator has said that its domain belongs to this provider, so that no provider can speak for other people’s accounts.
 */
import { hashSecret } from '../../core/crypto.ts';
import { AppError } from '../../core/errors.ts';
import type { Tx } from '../../db/database.ts';
import type { Deps } from '../../deps.ts';
import { type User, Users } from '../model.ts';
import { notifyOfChange } from '../notices.ts';
import { createUser, findUserByEmail } from '../signUp.ts';
import { effectiveGroups, syncMemberships } from './memberships.ts';
import type { Claims } from './openId.ts';
import { domainOf, type Provider } from './providers.ts';

const refused = (message: string) => new AppError('sign_on_failed', message);

/** The hash under which a subject of a provider is known. */
const subjectHash = (provider: Provider, subject: string): Buffer => hashSecret(`${provider.issuer}\n${subject}`);

/** Finds, links or makes the account of a person, and gives it what their groups give. Throws sign_on_failed in words. */
export async function resolveIdentity(deps: Deps, tx: Tx, provider: Provider, claims: Claims): Promise<User> {
  const user = (await findBySubject(deps, tx, provider, claims.subject)) ?? (await takeByEmail(deps, tx, provider, claims));
  if (user.suspendedAt !== null || user.kind !== 'person') {
    throw refused('This account is suspended: ask an administrator of this installation.');
  }
  const groups = await effectiveGroups(deps, tx, provider.id, user.id, claims.groups);
  if (groups !== null) {
    await syncMemberships(deps, tx, provider, user.id, groups);
  }
  return user;
}

/** The address of a person when it may speak for an account here. Throws sign_on_failed. */
export function requireOwnAddress(provider: Provider, claims: Claims): string {
  const { email } = claims;
  if (email === null) {
    throw refused(`${provider.name} did not say an email address: ask your administrator to release the email claim.`);
  }
  if (!claims.isEmailVerified && !provider.isEmailTrusted) {
    throw refused(`${provider.name} does not vouch for your email address (email_verified): ask your administrator.`);
  }
  if (!provider.domains.includes(domainOf(email))) {
    throw refused(`Addresses at ${domainOf(email)} do not belong to ${provider.name} here: ask your administrator.`);
  }
  return email;
}

async function findBySubject(deps: Deps, tx: Tx, provider: Provider, subject: string): Promise<User | null> {
  const [row] = await deps.db.rows<{ user_id: string }>(
    tx,
    'UPDATE identities SET updated_at = :now WHERE provider_id = :providerId AND subject_hash = :hash RETURNING user_id',
    { providerId: provider.id, hash: subjectHash(provider, subject), now: deps.clock.now() },
  );
  return row === undefined ? null : deps.db.model(Users).findByPk(row.user_id, { transaction: tx });
}

async function takeByEmail(deps: Deps, tx: Tx, provider: Provider, claims: Claims): Promise<User> {
  const email = requireOwnAddress(provider, claims);
  const found = await findUserByEmail(deps, tx, email);
  if (found === null && !provider.createsAccounts) {
    throw refused('There is no account for you here yet: ask an administrator of this installation.');
  }
  const user = found ?? (await createUser(deps, tx, { email, name: (claims.name ?? email).slice(0, 100) }));
  const count = await deps.db.change(
    tx,
    `INSERT INTO identities (provider_id, user_id, subject_hash, created_at, updated_at) VALUES (:providerId, :userId, :hash, :now, :now)
     ON CONFLICT (provider_id, user_id) DO UPDATE SET subject_hash = excluded.subject_hash, updated_at = excluded.updated_at
       WHERE identities.subject_hash IS NULL`,
    { providerId: provider.id, userId: user.id, hash: subjectHash(provider, claims.subject), now: deps.clock.now() },
  );
  if (count === 0) {
    throw refused(`Another person at ${provider.name} uses this account: ask an administrator of this installation.`);
  }
  await deps.appendEvent(tx, {
    workspaceId: null,
    type: 'user.identity_linked',
    subjectId: user.id,
    actorId: user.id,
    data: { providerId: provider.id },
  });
  if (found !== null) {
    await notifyOfChange(deps, tx, user.id, 'identity_linked', { detail: provider.name });
  }
  return user;
}
