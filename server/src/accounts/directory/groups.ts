/** Groups of a directory. What they give is decided by the identity provider’s mappings, by their names. */
import type { DirectoryGroup, RouteInput } from '@carmic/contract';
import { notFound } from '../../core/errors.ts';
import { newId } from '../../core/ids.ts';
import type { Tx } from '../../db/database.ts';
import { isUniqueViolation } from '../../db/database.ts';
import type { Deps } from '../../deps.ts';
import { requirePeople, syncPeople } from './people.ts';
import { pageOfQuery, parseFilter, presentList, readChanges, readText, scimError, scimSchemas } from './scim.ts';

interface Row {
  id: string;
  display_name: string;
  external_id: string | null;
  created_at: Date;
  updated_at: Date;
  members: { value: string; display: string }[];
}

const columns = `g.id, g.display_name, g.external_id, g.created_at, g.updated_at,
  CASE WHEN :withMembers THEN COALESCE((SELECT jsonb_agg(jsonb_build_object('value', u.id, 'display', u.name) ORDER BY u.name, u.id)
    FROM directory_group_members m JOIN users u ON u.id = m.user_id WHERE m.group_id = g.id), '[]') ELSE '[]' END AS members`;
const filters: Readonly<Record<string, string>> = {
  displayName: 'lower(g.display_name) = lower(:value)',
  externalId: 'g.external_id = :value',
  id: 'g.id::text = :value',
};

function present(deps: Deps, row: Row): DirectoryGroup {
  return {
    schemas: [scimSchemas.group],
    id: row.id,
    ...(row.external_id === null ? {} : { externalId: row.external_id }),
    displayName: row.display_name,
    members: row.members,
    meta: {
      resourceType: 'Group',
      created: row.created_at.toISOString(),
      lastModified: row.updated_at.toISOString(),
      location: `${deps.baseUrl()}/scim/v2/Groups/${row.id}`,
    },
  };
}

/** Groups, filtered and in pages. */
export function listGroups(deps: Deps, providerId: string, query: RouteInput<'listDirectoryGroups'>['query']) {
  const filter = parseFilter(query.filter, Object.keys(filters));
  const { offset, limit } = pageOfQuery(query);
  const from = `FROM directory_groups g WHERE g.provider_id = :providerId ${filter === null ? '' : `AND ${filters[filter.attribute] ?? 'false'}`}`;
  const withMembers = !(query.excludedAttributes ?? '').split(/[\s,]+/).includes('members');
  return deps.db.asSystem(async (tx) => {
    const values = { providerId, value: filter?.value ?? null, offset, limit, withMembers };
    const [total] = await deps.db.rows<{ count: number }>(tx, `SELECT count(*)::integer AS count ${from}`, values);
    const rows = await deps.db.rows<Row>(tx, `SELECT ${columns} ${from} ORDER BY g.created_at, g.id LIMIT :limit OFFSET :offset`, values);
    return presentList(
      rows.map((row) => present(deps, row)),
      total?.count ?? 0,
      offset,
    );
  });
}

async function load(deps: Deps, tx: Tx, providerId: string, id: string): Promise<Row> {
  const [row] = await deps.db.rows<Row>(tx, `SELECT ${columns} FROM directory_groups g WHERE g.provider_id = :providerId AND g.id = :id`, {
    providerId,
    id,
    withMembers: true,
  });
  if (row === undefined) {
    throw notFound('group');
  }
  return row;
}

/** One group. Throws not_found. */
export const getGroup = (deps: Deps, providerId: string, id: string): Promise<DirectoryGroup> =>
  deps.db.asSystem(async (tx) => present(deps, await load(deps, tx, providerId, id)));

type Body = RouteInput<'createDirectoryGroup'>['body'];

/** Runs a change of groups; whoever was or is in the group gets what their groups give afterwards. */
async function change(deps: Deps, providerId: string, work: (tx: Tx) => Promise<{ id: string; touched: readonly string[] }>) {
  try {
    return await deps.db.asSystem(async (tx) => {
      await deps.db.rows(tx, 'SELECT 1 FROM identity_providers WHERE id = :providerId FOR UPDATE', { providerId });
      const { id, touched } = await work(tx);
      await syncPeople(deps, tx, providerId, touched);
      return present(deps, await load(deps, tx, providerId, id));
    });
  } catch (error) {
    throw isUniqueViolation(error) ? scimError('uniqueness', 'Another group has this displayName.') : error;
  }
}

/** The first group decides that the directory’s groups count from now on, and no longer the claims: everybody is looked at then. */
async function everybody(deps: Deps, tx: Tx, providerId: string): Promise<string[]> {
  const rows = await deps.db.rows<{ user_id: string }>(tx, 'SELECT user_id FROM identities WHERE provider_id = :providerId', {
    providerId,
  });
  return rows.map((row) => row.user_id);
}

async function setMembers(deps: Deps, tx: Tx, providerId: string, groupId: string, ids: readonly string[]): Promise<void> {
  await requirePeople(deps, tx, providerId, ids);
  await deps.db.change(tx, 'DELETE FROM directory_group_members WHERE group_id = :groupId', { groupId });
  await addMembers(deps, tx, providerId, groupId, ids);
}

async function addMembers(deps: Deps, tx: Tx, providerId: string, groupId: string, ids: readonly string[]): Promise<void> {
  await deps.db.change(
    tx,
    `INSERT INTO directory_group_members (provider_id, group_id, user_id)
     SELECT :providerId, :groupId, CAST(jsonb_array_elements_text(CAST(:ids AS jsonb)) AS uuid) ON CONFLICT DO NOTHING`,
    { providerId, groupId, ids: JSON.stringify([...new Set(ids)]) },
  );
}

/** Makes a group. */
export function createGroup(deps: Deps, providerId: string, body: Body): Promise<DirectoryGroup> {
  return change(deps, providerId, async (tx) => {
    const id = newId();
    await deps.db.change(
      tx,
      `INSERT INTO directory_groups (id, provider_id, display_name, external_id, created_at, updated_at)
       VALUES (:id, :providerId, :name, :externalId, :now, :now)`,
      { id, providerId, name: readText(body.displayName, 'displayName', 200), externalId: body.externalId ?? null, now: deps.clock.now() },
    );
    await setMembers(
      deps,
      tx,
      providerId,
      id,
      body.members.map(({ value }) => value),
    );
    return { id, touched: await everybody(deps, tx, providerId) };
  });
}

async function rename(deps: Deps, tx: Tx, id: string, name: string, externalId: string | null): Promise<void> {
  await deps.db.change(
    tx,
    'UPDATE directory_groups SET display_name = :name, external_id = :externalId, updated_at = :now WHERE id = :id',
    {
      id,
      name,
      externalId,
      now: deps.clock.now(),
    },
  );
}

const idsOf = (row: Row): string[] => row.members.map(({ value }) => value);

/** Replaces a group. */
export function putGroup(deps: Deps, providerId: string, id: string, body: Body): Promise<DirectoryGroup> {
  return change(deps, providerId, async (tx) => {
    const before = await load(deps, tx, providerId, id);
    const members = body.members.map(({ value }) => value);
    await rename(deps, tx, id, readText(body.displayName, 'displayName', 200), body.externalId ?? null);
    await setMembers(deps, tx, providerId, id, members);
    return { id, touched: [...idsOf(before), ...members] };
  });
}

/** Adds and removes members, or renames. */
export function patchGroup(deps: Deps, providerId: string, id: string, body: RouteInput<'patchDirectoryGroup'>['body']) {
  const changes = readChanges(body.Operations);
  return change(deps, providerId, async (tx) => {
    const before = await load(deps, tx, providerId, id);
    let members = idsOf(before);
    let name = before.display_name;
    let externalId = before.external_id;
    for (const { op, attribute, selected, value } of changes) {
      if (attribute === 'members') {
        const named = selected === null ? readMembers(value) : [selected];
        if (op === 'add') {
          members = [...members, ...named];
        } else if (op === 'replace') {
          members = named;
        } else {
          // Without a list and without a choice, all of them go (RFC 7644, section 3.5.2.2).
          members = selected === null && value === undefined ? [] : members.filter((each) => !named.includes(each));
        }
      } else if (attribute === 'displayname') {
        name = readText(value, 'displayName', 200);
      } else if (attribute === 'externalid') {
        externalId = op === 'remove' ? null : readText(value, 'externalId', 200);
      }
    }
    await rename(deps, tx, id, name, externalId);
    await setMembers(deps, tx, providerId, id, [...new Set(members)]);
    return { id, touched: [...idsOf(before), ...members] };
  });
}

function readMembers(value: unknown): string[] {
  const list = value === undefined || value === null ? [] : Array.isArray(value) ? value : [value];
  return list.map((each: unknown) => readText((each as { value?: unknown } | null)?.value, 'A member’s value', 100));
}

/** Removes a group; the roles that it gave go. */
export async function deleteGroup(deps: Deps, providerId: string, id: string): Promise<void> {
  await deps.db.asSystem(async (tx) => {
    await deps.db.rows(tx, 'SELECT 1 FROM identity_providers WHERE id = :providerId FOR UPDATE', { providerId });
    const before = await load(deps, tx, providerId, id);
    await deps.db.change(tx, 'DELETE FROM directory_groups WHERE id = :id', { id });
    await syncPeople(deps, tx, providerId, idsOf(before));
  });
}
