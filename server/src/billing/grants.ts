import type { PlanGrant, RouteInput } from '@carmic/contract';
import { invalidInput, notFound } from '../core/errors.ts';
import { newId } from '../core/ids.ts';
import type { Tx } from '../db/database.ts';
import type { Deps } from '../deps.ts';
import { moveWorkspace } from '../retention/changePlan.ts';
import { fallbackPlan, findAccount, findGrant } from './accounts.ts';

interface GrantRow {
  id: string;
  workspace_id: string;
  workspace_name: string;
  plan_name: string;
  reason: string;
  granted_by: string | null;
  granted_at: Date;
  ends_at: Date | null;
  ended_at: Date | null;
}

/** The plan that applies when no grant does: what is paid, or that of workspaces that bought none. */
async function planWithoutGrants(deps: Deps, tx: Tx, workspaceId: string): Promise<string> {
  const account = await findAccount(deps, tx, workspaceId);
  return account?.is_entitled === true && account.plan_id !== null ? account.plan_id : fallbackPlan(deps, tx);
}

async function readGrants(deps: Deps, tx: Tx, id: string | null): Promise<PlanGrant[]> {
  const rows = await deps.db.rows<GrantRow>(
    tx,
    `SELECT g.id, g.workspace_id, w.name AS workspace_name, p.name AS plan_name, g.reason, u.name AS granted_by, g.granted_at, g.ends_at, g.ended_at
     FROM plan_grants g JOIN workspaces w ON w.id = g.workspace_id JOIN plans p ON p.id = g.plan_id LEFT JOIN users u ON u.id = g.granted_by
     WHERE CAST(:id AS uuid) IS NULL OR g.id = CAST(:id AS uuid) ORDER BY g.granted_at DESC, g.id DESC LIMIT 200`,
    { id },
  );
  const now = deps.clock.now();
  return rows.map((row) => ({
    id: row.id,
    workspaceId: row.workspace_id,
    workspaceName: row.workspace_name,
    planName: row.plan_name,
    reason: row.reason,
    grantedBy: row.granted_by,
    grantedAt: row.granted_at.toISOString(),
    endsAt: row.ends_at?.toISOString() ?? null,
    isInForce: row.ended_at === null && (row.ends_at === null || row.ends_at > now),
  }));
}

/** Grants, newest first. */
export function listGrants(deps: Deps): Promise<PlanGrant[]> {
  return deps.db.asSystem((tx) => readGrants(deps, tx, null));
}

/** Gives a workspace a plan by hand. It takes the place of an earlier grant. */
export function createGrant(deps: Deps, body: RouteInput<'createGrant'>['body'], actorId: string): Promise<PlanGrant> {
  const { db, clock } = deps;
  return db.asSystem(async (tx) => {
    const { workspaceId, planId, reason } = body;
    const endsAt = body.endsAt === undefined ? null : new Date(body.endsAt);
    const now = clock.now();
    if (endsAt !== null && endsAt <= now) {
      throw invalidInput('A grant ends in the future.');
    }
    const there = await db.rows(tx, 'SELECT 1 FROM workspaces WHERE id = :workspaceId AND deleted_at IS NULL FOR UPDATE', { workspaceId });
    if (there.length === 0) {
      throw notFound('workspace');
    }
    if ((await db.rows(tx, 'SELECT 1 FROM plans WHERE id = :planId AND archived_at IS NULL', { planId })).length === 0) {
      throw invalidInput('There is no such plan, or it is archived: choose another one.');
    }
    await db.change(tx, 'UPDATE plan_grants SET ended_at = :now WHERE workspace_id = :workspaceId AND ended_at IS NULL', {
      workspaceId,
      now,
    });
    const id = newId();
    await db.change(
      tx,
      `INSERT INTO plan_grants (id, workspace_id, plan_id, reason, granted_by, granted_at, ends_at)
       VALUES (:id, :workspaceId, :planId, :reason, :actorId, :now, :endsAt)`,
      { id, workspaceId, planId, reason, actorId, now, endsAt },
    );
    await moveWorkspace(deps, tx, workspaceId, planId, 'grant');
    await deps.appendEvent(tx, { workspaceId, type: 'plan_grant.created', subjectId: id, actorId, data: { planId } });
    const [grant] = await readGrants(deps, tx, id);
    if (grant === undefined) {
      throw notFound('grant');
    }
    return grant;
  });
}

async function endGrant(deps: Deps, tx: Tx, id: string, actorId: string | null): Promise<boolean> {
  const { db, clock } = deps;
  const [ended] = await db.rows<{ workspace_id: string }>(
    tx,
    'UPDATE plan_grants SET ended_at = :now WHERE id = :id AND ended_at IS NULL RETURNING workspace_id',
    { id, now: clock.now() },
  );
  if (ended === undefined) {
    return false;
  }
  const { workspace_id: workspaceId } = ended;
  if ((await findGrant(deps, tx, workspaceId)) === null) {
    await moveWorkspace(deps, tx, workspaceId, await planWithoutGrants(deps, tx, workspaceId), 'grant_ended');
  }
  await deps.appendEvent(tx, { workspaceId, type: 'plan_grant.ended', subjectId: id, ...(actorId === null ? {} : { actorId }) });
  return true;
}

/** Takes a grant back. Throws not_found for one that is not there or over. */
export function deleteGrant(deps: Deps, id: string, actorId: string): Promise<void> {
  return deps.db.asSystem(async (tx) => {
    if (!(await endGrant(deps, tx, id, actorId))) {
      throw notFound('grant');
    }
  });
}

/** Ends the grants whose time is over. */
export async function endGrants(deps: Deps): Promise<void> {
  const { db, clock } = deps;
  const over = await db.asSystem((tx) =>
    db.rows<{ id: string }>(tx, 'SELECT id FROM plan_grants WHERE ended_at IS NULL AND ends_at <= :now LIMIT 200', { now: clock.now() }),
  );
  for (const { id } of over) {
    await db.asSystem((tx) => endGrant(deps, tx, id, null));
  }
}
