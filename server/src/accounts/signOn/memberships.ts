/** From groups to roles. Memberships that a provider gave follow its groups; what people gave by hand is theirs and stays. */
import type { Role, SignOnTrial } from '@carmic/contract';
import type { Tx } from '../../db/database.ts';
import { freeSeats } from '../planAllows.ts';
import type { Deps } from '../../deps.ts';
import type { Provider } from './providers.ts';

const strength: Record<Role, number> = { viewer: 1, editor: 2, owner: 3 };

/** The strongest role in each workspace that these groups give. */
export function grantsOf(provider: Pick<Provider, 'mappings'>, groups: readonly string[]): Map<string, Role> {
  const grants = new Map<string, Role>();
  for (const { group, workspaceId, role } of provider.mappings) {
    const before = grants.get(workspaceId);
    if (groups.includes(group) && (before === undefined || strength[role] > strength[before])) {
      grants.set(workspaceId, role);
    }
  }
  return grants;
}

/** The groups that count for a person: the directory’s when it provisions any here, otherwise what the sign-on said; null when neither did. */
export async function effectiveGroups(
  deps: Deps,
  tx: Tx,
  providerId: string,
  userId: string,
  claimed: readonly string[] | null,
): Promise<readonly string[] | null> {
  const rows = await deps.db.rows<{ display_name: string; is_in: boolean }>(
    tx,
    `SELECT g.display_name, m.user_id IS NOT NULL AS is_in FROM directory_groups g
     LEFT JOIN directory_group_members m ON m.group_id = g.id AND m.user_id = :userId WHERE g.provider_id = :providerId`,
    { providerId, userId },
  );
  return rows.length === 0 ? claimed : rows.filter((row) => row.is_in).map((row) => row.display_name);
}

interface MemberRow {
  workspace_id: string;
  role: Role;
  provider_id: string | null;
  has_other_owner: boolean;
}

/** Makes a person’s memberships what their groups give. A workspace keeps its last owner, and the installation its last administrator. */
export async function syncMemberships(deps: Deps, tx: Tx, provider: Provider, userId: string, groups: readonly string[]): Promise<void> {
  const { db } = deps;
  const wanted = grantsOf(provider, groups);
  const rows = await db.rows<MemberRow>(
    tx,
    `SELECT m.workspace_id, m.role, m.provider_id, EXISTS (SELECT 1 FROM members o JOIN users u ON u.id = o.user_id AND u.kind = 'person'
       WHERE o.workspace_id = m.workspace_id AND o.role = 'owner' AND o.user_id <> m.user_id) AS has_other_owner
     FROM members m WHERE m.user_id = :userId FOR UPDATE OF m`,
    { userId },
  );
  const present = new Map(rows.map((row) => [row.workspace_id, row]));
  for (const [workspaceId, role] of wanted) {
    const row = present.get(workspaceId);
    if (row === undefined) {
      await add(deps, tx, { providerId: provider.id, userId, workspaceId, role });
    } else if (row.provider_id === provider.id && row.role !== role && (row.role !== 'owner' || row.has_other_owner)) {
      await change(deps, tx, { userId, workspaceId, role });
    }
  }
  for (const row of rows) {
    const isLost = row.provider_id === provider.id && !wanted.has(row.workspace_id);
    if (isLost && (row.role !== 'owner' || row.has_other_owner)) {
      await remove(deps, tx, userId, row.workspace_id);
    }
  }
  if (provider.administratorGroup !== null) {
    await setAdministrator(deps, tx, userId, groups.includes(provider.administratorGroup));
  }
}

interface Grant {
  userId: string;
  workspaceId: string;
  role: Role;
}

async function add(deps: Deps, tx: Tx, { providerId, userId, workspaceId, role }: Grant & { providerId: string }): Promise<void> {
  if ((await freeSeats(deps, tx, workspaceId)) < 1) {
    deps.log.warn({ workspaceId, userId }, 'the identity provider names a member for whom the plan of the workspace has no seat');
    return;
  }
  const count = await deps.db.change(
    tx,
    `INSERT INTO members (workspace_id, user_id, role, provider_id)
     SELECT w.id, :userId, :role, :providerId FROM workspaces w WHERE w.id = :workspaceId AND w.deleted_at IS NULL`,
    { workspaceId, userId, role, providerId },
  );
  if (count === 1) {
    await deps.appendEvent(tx, { workspaceId, type: 'member.added', subjectId: userId, data: { role, by: 'identity_provider' } });
  }
}

async function change(deps: Deps, tx: Tx, { userId, workspaceId, role }: Grant): Promise<void> {
  await deps.db.change(tx, 'UPDATE members SET role = :role WHERE workspace_id = :workspaceId AND user_id = :userId', {
    role,
    workspaceId,
    userId,
  });
  await deps.appendEvent(tx, { workspaceId, type: 'member.role_changed', subjectId: userId, data: { role, by: 'identity_provider' } });
}

async function remove(deps: Deps, tx: Tx, userId: string, workspaceId: string): Promise<void> {
  await deps.db.change(tx, 'DELETE FROM members WHERE workspace_id = :workspaceId AND user_id = :userId', { workspaceId, userId });
  await deps.appendEvent(tx, { workspaceId, type: 'member.removed', subjectId: userId, data: { by: 'identity_provider' } });
}

async function setAdministrator(deps: Deps, tx: Tx, userId: string, isWanted: boolean): Promise<void> {
  await deps.db.rows(tx, 'SELECT pg_advisory_xact_lock(723404)');
  const count = await deps.db.change(
    tx,
    `UPDATE users u SET is_admin = :isWanted WHERE u.id = :userId AND u.is_admin <> :isWanted AND NOT u.is_break_glass
       AND (:isWanted OR EXISTS (SELECT 1 FROM users o WHERE o.is_admin AND o.suspended_at IS NULL AND o.kind = 'person' AND o.id <> u.id))`,
    { userId, isWanted },
  );
  if (count === 1) {
    const data = { fields: ['isAdmin'], by: 'identity_provider' };
    await deps.appendEvent(tx, { workspaceId: null, type: 'user.updated', subjectId: userId, data });
  }
}

/** What these groups would give, in words for the set-up page. */
export async function describeGrants(
  deps: Deps,
  tx: Tx,
  provider: Provider,
  groups: readonly string[],
): Promise<Pick<SignOnTrial, 'grants' | 'isAdministrator'>> {
  const grants = grantsOf(provider, groups);
  const ids = [...grants.keys()];
  const rows =
    ids.length === 0
      ? []
      : await deps.db.rows<{ id: string; name: string }>(tx, 'SELECT id, name FROM workspaces WHERE id IN (:ids) AND deleted_at IS NULL', {
          ids,
        });
  return {
    grants: rows.map(({ id, name }) => ({ workspaceId: id, workspaceName: name, role: grants.get(id) ?? 'viewer' })),
    isAdministrator: provider.administratorGroup !== null && groups.includes(provider.administratorGroup),
  };
}
