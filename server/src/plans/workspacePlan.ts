import { notFound } from '../core/errors.ts';
import type { Tx } from '../db/database.ts';
import type { Deps } from '../deps.ts';
import { type InForce, resolveInForce, ruleOf } from './inForce.ts';
import { Plans, type PlanRow, type WorkspacePlan, WorkspacePlans } from './model.ts';

/** A workspace with its plan and what applies to it. */
export interface LoadedPlan {
  workspace: WorkspacePlan;
  plan: PlanRow;
  inForce: InForce;
}

/** Loads the plan of a workspace, optionally holding the workspace's row until the end of the transaction. Throws not_found. */
export async function loadWorkspacePlan(deps: Deps, tx: Tx, workspaceId: string, lock?: 'share' | 'update'): Promise<LoadedPlan> {
  const workspace = await deps.db.model(WorkspacePlans).findByPk(workspaceId, {
    transaction: tx,
    ...(lock === undefined ? {} : { lock: lock === 'share' ? tx.LOCK.SHARE : tx.LOCK.UPDATE }),
  });
  const plan = workspace === null ? null : await deps.db.model(Plans).findByPk(workspace.planId, { transaction: tx });
  if (workspace === null || plan === null) {
    throw notFound('workspace');
  }
  return {
    workspace,
    plan,
    inForce: resolveInForce({ retention: ruleOf(plan), limits: plan.limits, features: plan.features }, workspace.overrides),
  };
}

/** What applies to uploads of a workspace: the stricter of its plan and the installation. */
export async function uploadLimits(
  deps: Deps,
  tx: Tx,
  workspaceId: string,
): Promise<{ uploadBytes: number; durationSeconds: number; framePixels: number }> {
  const { limits } = (await loadWorkspacePlan(deps, tx, workspaceId)).inForce;
  return {
    uploadBytes: Math.min(limits.uploadBytes ?? Infinity, deps.env.CARMIC_MAX_UPLOAD_BYTES),
    durationSeconds: Math.min(limits.durationSeconds ?? Infinity, deps.env.CARMIC_MAX_DURATION_SECONDS),
    framePixels: Math.min(limits.framePixels ?? Infinity, deps.env.CARMIC_MAX_FRAME_PIXELS),
  };
}
