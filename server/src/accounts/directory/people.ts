/** People of a directory: accounts here that an identity provider’s directory made or took over, and no others. */
import type { DirectoryPerson, RouteInput } from '@carmic/contract';
import { z } from 'zod';
import { notFound } from '../../core/errors.ts';
import type { Tx } from '../../db/database.ts';
import { isUniqueViolation } from '../../db/database.ts';
import type { Deps } from '../../deps.ts';
import { createUser, findUserByEmail } from '../signUp.ts';
import { effectiveGroups, syncMemberships } from '../signOn/memberships.ts';
import { domainOf, loadProvider, type Provider } from '../signOn/providers.ts';
import { setSuspended } from '../users.ts';
import { pageOfQuery, parseFilter, presentList, readChanges, readText, readTruth, scimError, scimSchemas } from './scim.ts';

interface Row {
  id: string;
  email: string;
  name: string;
  suspended_at: Date | null;
  user_name: string | null;
  external_id: string | null;
  created_at: Date;
  updated_at: Date;
  groups: { value: string; display: string }[];
}

const columns = `u.id, u.email, u.name, u.suspended_at, i.user_name, i.external_id, i.created_at, i.updated_at,
  COALESCE((SELECT jsonb_agg(jsonb_build_object('value', g.id, 'display', g.display_name) ORDER BY g.display_name)
    FROM directory_group_members m JOIN directory_groups g ON g.id = m.group_id
    WHERE m.provider_id = i.provider_id AND m.user_id = i.user_id), '[]') AS groups`;
const from = 'FROM identities i JOIN users u ON u.id = i.user_id WHERE i.provider_id = :providerId';
const filters: Readonly<Record<string, string>> = {
  userName: 'lower(COALESCE(i.user_name, u.email)) = lower(:value)',
  externalId: 'i.external_id = :value',
  id: 'u.id::text = :value',
};

function present(deps: Deps, row: Row): DirectoryPerson {
  return {
    schemas: [scimSchemas.user],
    id: row.id,
    ...(row.external_id === null ? {} : { externalId: row.external_id }),
    userName: row.user_name ?? row.email,
    displayName: row.name,
    name: { formatted: row.name },
    emails: [{ value: row.email, primary: true, type: 'work' }],
    active: row.suspended_at === null,
    groups: row.groups,
    meta: {
      resourceType: 'User',
      created: row.created_at.toISOString(),
      lastModified: row.updated_at.toISOString(),
      location: `${deps.baseUrl()}/scim/v2/Users/${row.id}`,
    },
  };
}

/** People, filtered and in pages. */
export function listPeople(deps: Deps, providerId: string, query: RouteInput<'listDirectoryPeople'>['query']) {
  const filter = parseFilter(query.filter, Object.keys(filters));
  const { offset, limit } = pageOfQuery(query);
  const where = filter === null ? '' : `AND ${filters[filter.attribute] ?? 'false'}`;
  return deps.db.asSystem(async (tx) => {
    const values = { providerId, value: filter?.value ?? null, offset, limit };
    const [total] = await deps.db.rows<{ count: number }>(tx, `SELECT count(*)::integer AS count ${from} ${where}`, values);
    const rows = await deps.db.rows<Row>(
      tx,
      `SELECT ${columns} ${from} ${where} ORDER BY i.created_at, u.id LIMIT :limit OFFSET :offset`,
      values,
    );
    return presentList(
      rows.map((row) => present(deps, row)),
      total?.count ?? 0,
      offset,
    );
  });
}

async function load(deps: Deps, tx: Tx, providerId: string, id: string): Promise<Row> {
  const [row] = await deps.db.rows<Row>(tx, `SELECT ${columns} ${from} AND u.id = :id`, { providerId, id });
  if (row === undefined) {
    throw notFound('user');
  }
  return row;
}

/** One person. Throws not_found. */
export const getPerson = (deps: Deps, providerId: string, id: string): Promise<DirectoryPerson> =>
  deps.db.asSystem(async (tx) => present(deps, await load(deps, tx, providerId, id)));

type Body = RouteInput<'createDirectoryPerson'>['body'];

interface Wish {
  email: string;
  userName: string;
  name: string;
  externalId: string | null;
  isActive: boolean;
}

function readBody(provider: Provider, body: Body): Wish {
  const chosen = (body.emails ?? []).find(({ primary }) => primary === true) ?? body.emails?.[0];
  const userName = readText(body.userName, 'userName');
  const email = readEmail(provider, chosen?.value ?? userName);
  const parts = [body.name?.givenName, body.name?.familyName].filter((part) => typeof part === 'string' && part !== '').join(' ');
  const name = [body.displayName, body.name?.formatted, parts].find((each) => typeof each === 'string' && each.trim() !== '') ?? email;
  return {
    email,
    userName,
    name: readText(name, 'displayName', 200).slice(0, 100),
    externalId: body.externalId ?? null,
    isActive: body.active,
  };
}

/** An address that this provider may speak for. */
function readEmail(provider: Provider, value: unknown): string {
  const email = readText(value, 'An email address');
  if (!z.email().safeParse(email).success) {
    throw scimError('invalidValue', 'userName, or the primary one of emails, must be an email address.');
  }
  if (!provider.domains.includes(domainOf(email))) {
    throw scimError(
      'invalidValue',
      `Addresses at ${domainOf(email)} do not belong to this identity provider: an administrator can add the domain.`,
    );
  }
  return email;
}

const taken = () => scimError('uniqueness', 'Another person has this userName or email address.');

/** Makes somebody, or takes over the account with their address. */
export async function createPerson(deps: Deps, providerId: string, body: Body): Promise<DirectoryPerson> {
  const { db, clock } = deps;
  try {
    return await db.asSystem(async (tx) => {
      const provider = await loadProvider(deps, tx, providerId);
      const wish = readBody(provider, body);
      const there = await findUserByEmail(deps, tx, wish.email);
      if (there !== null && there.kind !== 'person') {
        throw taken();
      }
      const user = there ?? (await createUser(deps, tx, { email: wish.email, name: wish.name }));
      const now = clock.now();
      const count = await db.change(
        tx,
        `INSERT INTO identities (provider_id, user_id, user_name, external_id, created_at, updated_at)
         VALUES (:providerId, :userId, :userName, :externalId, :now, :now)
         ON CONFLICT (provider_id, user_id) DO UPDATE SET user_name = excluded.user_name, external_id = excluded.external_id,
           updated_at = excluded.updated_at WHERE identities.user_name IS NULL`,
        { providerId, userId: user.id, userName: wish.userName, externalId: wish.externalId, now },
      );
      if (count === 0) {
        throw taken();
      }
      const data = { providerId, by: 'directory' };
      await deps.appendEvent(tx, { workspaceId: null, type: 'user.identity_linked', subjectId: user.id, data });
      await setActive(deps, tx, user.id, wish.isActive);
      return present(deps, await load(deps, tx, providerId, user.id));
    });
  } catch (error) {
    throw isUniqueViolation(error) ? taken() : error;
  }
}

/** Ends every session at once, or lets somebody in again. Who keeps the installation reachable cannot be shut out from afar. */
async function setActive(deps: Deps, tx: Tx, userId: string, isActive: boolean): Promise<void> {
  await deps.db.rows(tx, 'SELECT pg_advisory_xact_lock(723404)');
  const [row] = await deps.db.rows<{ is_suspended: boolean; is_kept: boolean }>(
    tx,
    `SELECT u.suspended_at IS NOT NULL AS is_suspended, u.is_break_glass OR (u.is_admin AND NOT EXISTS (
       SELECT 1 FROM users o WHERE o.is_admin AND o.suspended_at IS NULL AND o.kind = 'person' AND o.id <> u.id)) AS is_kept
     FROM users u WHERE u.id = :userId FOR UPDATE`,
    { userId },
  );
  if (row === undefined || row.is_suspended === !isActive) {
    return;
  }
  if (!isActive && row.is_kept) {
    throw scimError('mutability', 'This is the last or a break-glass administrator of the installation: change that here first.');
  }
  await setSuspended(deps, tx, userId, { isSuspended: !isActive, actorId: null, reason: 'Switched off by the directory.' });
}

/** Replaces or changes a person’s attributes. */
async function update(
  deps: Deps,
  providerId: string,
  id: string,
  decide: (provider: Provider, row: Row) => Wish,
): Promise<DirectoryPerson> {
  const { db, clock } = deps;
  try {
    return await db.asSystem(async (tx) => {
      const provider = await loadProvider(deps, tx, providerId);
      const row = await load(deps, tx, providerId, id);
      const wish = decide(provider, row);
      const now = clock.now();
      await db.change(
        tx,
        'UPDATE users SET email = :email, name = :name, updated_at = :now WHERE id = :id AND (email <> :email OR name <> :name)',
        {
          id,
          email: wish.email,
          name: wish.name,
          now,
        },
      );
      await db.change(
        tx,
        'UPDATE identities SET user_name = :userName, external_id = :externalId, updated_at = :now WHERE provider_id = :providerId AND user_id = :id',
        { providerId, id, userName: wish.userName, externalId: wish.externalId, now },
      );
      if (wish.email !== row.email || wish.name !== row.name) {
        const data = { fields: ['email', 'name'], by: 'directory' };
        await deps.appendEvent(tx, { workspaceId: null, type: 'user.updated', subjectId: id, data });
      }
      await setActive(deps, tx, id, wish.isActive);
      return present(deps, await load(deps, tx, providerId, id));
    });
  } catch (error) {
    throw isUniqueViolation(error) ? taken() : error;
  }
}

/** Replaces a person’s attributes. */
export const putPerson = (deps: Deps, providerId: string, id: string, body: Body): Promise<DirectoryPerson> =>
  update(deps, providerId, id, (provider) => readBody(provider, body));

/** Changes some attributes. */
export function patchPerson(deps: Deps, providerId: string, id: string, body: RouteInput<'patchDirectoryPerson'>['body']) {
  const changes = readChanges(body.Operations);
  return update(deps, providerId, id, (provider, row) => {
    const wish: Wish = {
      email: row.email,
      userName: row.user_name ?? row.email,
      name: row.name,
      externalId: row.external_id,
      isActive: row.suspended_at === null,
    };
    for (const { op, attribute, value } of changes) {
      apply(provider, wish, attribute, op === 'remove' ? null : value);
    }
    return wish;
  });
}

function apply(provider: Provider, wish: Wish, attribute: string, value: unknown): void {
  switch (attribute) {
    case 'active':
      wish.isActive = readTruth(value);
      return;
    case 'username':
      wish.userName = readText(value, 'userName');
      if (z.email().safeParse(wish.userName).success) {
        wish.email = readEmail(provider, wish.userName);
      }
      return;
    case 'emails':
      wish.email = readEmail(provider, Array.isArray(value) ? (value[0] as { value?: unknown } | undefined)?.value : value);
      return;
    case 'displayname':
    case 'name.formatted':
      wish.name = readText(value, 'displayName', 200).slice(0, 100);
      return;
    case 'externalid':
      wish.externalId = value === null ? null : readText(value, 'externalId', 200);
      return;
    case 'name':
      if (typeof value === 'object' && value !== null && 'formatted' in value) {
        wish.name = readText(value.formatted, 'name.formatted', 200).slice(0, 100);
      }
      return;
    default:
    // Attributes that are not kept here are taken and forgotten, as those of a POST.
  }
}

/** Deprovisions: the account is suspended, its roles by group go, and the directory does not see it any more. Content stays. */
export async function deletePerson(deps: Deps, providerId: string, id: string): Promise<void> {
  await deps.db.asSystem(async (tx) => {
    const provider = await loadProvider(deps, tx, providerId);
    await load(deps, tx, providerId, id);
    await setActive(deps, tx, id, false);
    await syncMemberships(deps, tx, provider, id, []);
    await deps.db.change(tx, 'DELETE FROM identities WHERE provider_id = :providerId AND user_id = :id', { providerId, id });
  });
}

/** Gives people what their groups give now. */
export async function syncPeople(deps: Deps, tx: Tx, providerId: string, userIds: readonly string[]): Promise<void> {
  const provider = await loadProvider(deps, tx, providerId);
  for (const userId of new Set(userIds)) {
    await syncMemberships(deps, tx, provider, userId, (await effectiveGroups(deps, tx, providerId, userId, [])) ?? []);
  }
}

/** Throws invalidValue unless every one of these is a person of this directory. */
export async function requirePeople(deps: Deps, tx: Tx, providerId: string, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) {
    return;
  }
  const rows = await deps.db.rows(tx, 'SELECT 1 FROM identities WHERE provider_id = :providerId AND user_id::text IN (:ids)', {
    providerId,
    ids,
  });
  if (rows.length < new Set(ids).size) {
    throw scimError('invalidValue', 'A member is no person of this directory.');
  }
}
