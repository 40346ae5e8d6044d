import type { Entitlements, Plan, WorkspaceAccount } from '@carmic/contract';
import type { Tx } from '../db/database.ts';
import type { Deps } from '../deps.ts';
import { presentSuspension } from '../accounts/suspensions.ts';
import { resolveInForce, ruleOf } from './inForce.ts';
import { type PlanRow, Plans, type WorkspacePlan } from './model.ts';
import { loadWorkspacePlan } from './workspacePlan.ts';

/** Plans as administrators see them. */
export async function presentPlans(deps: Deps, tx: Tx, plans: readonly PlanRow[]): Promise<Plan[]> {
  const counts = await deps.db.rows<{ plan_id: string; count: string }>(
    tx,
    'SELECT plan_id, count(*) AS count FROM workspaces WHERE NOT is_canary GROUP BY plan_id',
  );
  return plans.map((plan) => ({
    id: plan.id,
    slug: plan.slug,
    name: plan.name,
    retention: ruleOf(plan),
    limits: plan.limits,
    features: plan.features,
    isDefault: plan.isDefault,
    isArchived: plan.archivedAt !== null,
    version: plan.version,
    workspaceCount: Number(counts.find((row) => row.plan_id === plan.id)?.count ?? 0),
    createdAt: plan.createdAt.toISOString(),
    updatedAt: plan.updatedAt.toISOString(),
  }));
}

interface Figures {
  id: string;
  used_bytes: string;
  videos: string;
  members: string;
  suspended_at: Date | null;
  suspension_reason_sealed: Buffer | null;
}

/** Workspaces as the administrator of the installation sees them: figures, no content. */
export async function presentWorkspaces(deps: Deps, tx: Tx, workspaces: readonly WorkspacePlan[]): Promise<WorkspaceAccount[]> {
  const ids = workspaces.map((workspace) => workspace.id);
  if (ids.length === 0) {
    return [];
  }
  const figures = await deps.db.rows<Figures>(
    tx,
    `SELECT w.id, w.suspended_at, w.suspension_reason_sealed, COALESCE(u.used_bytes, 0) AS used_bytes,
       (SELECT count(*) FROM videos v WHERE v.workspace_id = w.id AND v.deleted_at IS NULL AND (v.expires_at IS NULL OR v.expires_at > :now)) AS videos,
       (SELECT count(*) FROM members m WHERE m.workspace_id = w.id) AS members
     FROM workspaces w LEFT JOIN storage_usage u ON u.workspace_id = w.id WHERE w.id IN (:ids)`,
    { ids, now: deps.clock.now() },
  );
  const plans = await deps.db.model(Plans).findAll({ where: { id: [...new Set(workspaces.map((each) => each.planId))] }, transaction: tx });
  return workspaces.map((workspace) => {
    const plan = plans.find((candidate) => candidate.id === workspace.planId);
    const own = figures.find((row) => row.id === workspace.id);
    if (plan === undefined || own === undefined) {
      throw new Error('A workspace is without its plan.');
    }
    return {
      id: workspace.id,
      name: workspace.name,
      plan: { id: plan.id, slug: plan.slug, name: plan.name },
      overrides: workspace.overrides,
      retention: resolveInForce({ retention: ruleOf(plan), limits: plan.limits, features: plan.features }, workspace.overrides).retention,
      storage: { usedBytes: Number(own.used_bytes), limitBytes: workspace.storageLimitBytes },
      videoCount: Number(own.videos),
      memberCount: Number(own.members),
      graceUntil: graceOf(workspace, deps.clock.now()),
      suspension: presentSuspension(deps, 'workspaces', own),
      createdAt: workspace.createdAt.toISOString(),
    };
  });
}

function graceOf(workspace: WorkspacePlan, now: Date): string | null {
  return workspace.graceUntil !== null && workspace.graceUntil > now ? workspace.graceUntil.toISOString() : null;
}

/** The plan of a workspace with what is used of it, for its members. */
export async function presentEntitlements(deps: Deps, tx: Tx, workspaceId: string): Promise<Entitlements> {
  const { workspace, plan, inForce } = await loadWorkspacePlan(deps, tx, workspaceId);
  const now = deps.clock.now();
  const kinds = await deps.db.rows<{ kind: string; bytes: string; reserved: string }>(
    tx,
    `SELECT o.kind, sum(o.size_bytes) AS bytes, sum(o.size_bytes) FILTER (WHERE o.state = 'pending' AND o.kind = 'source') AS reserved
     FROM stored_objects o WHERE o.workspace_id = :workspaceId GROUP BY o.kind ORDER BY bytes DESC`,
    { workspaceId },
  );
  const [people] = await deps.db.rows<{ count: string }>(
    tx,
    "SELECT count(*) AS count FROM members m JOIN users u ON u.id = m.user_id AND u.kind = 'person' WHERE m.workspace_id = :workspaceId",
    { workspaceId },
  );
  const byKind = kinds.map((row) => ({ kind: row.kind, bytes: Number(row.bytes) }));
  const usedBytes = byKind.reduce((sum, row) => sum + row.bytes, 0);
  const limitBytes = workspace.storageLimitBytes;
  const graceUntil = graceOf(workspace, now);
  return {
    plan: { id: plan.id, slug: plan.slug, name: plan.name },
    retention: inForce.retention,
    limits: inForce.limits,
    features: inForce.features,
    memberCount: Number(people?.count ?? 0),
    storage: { usedBytes, limitBytes, reservedBytes: kinds.reduce((sum, row) => sum + Number(row.reserved ?? 0), 0), byKind },
    graceUntil,
    notices: [
      ...(limitBytes !== null && usedBytes > limitBytes
        ? ['The storage of this workspace is full: new uploads are refused, and nothing is deleted.']
        : []),
      ...(limitBytes !== null && usedBytes <= limitBytes && usedBytes > 0.9 * limitBytes
        ? ['Over nine tenths of the storage of this workspace are used.']
        : []),
      ...(graceUntil === null || inForce.retention.kind !== 'expires'
        ? []
        : [
            `The plan has changed: earlier videos that are over its ${inForce.retention.days} days stay until ${graceUntil} at the longest.`,
          ]),
    ],
  };
}
