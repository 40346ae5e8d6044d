/**
 * How far a workspace may go in a month: the plan's minutes, those that are bought by use beyond them, and the cap that its owners set.
 * A budget warns once a month and a cap refuses; neither touches work that has begun.
 */
import type { UsageBudget } from '@carmic/contract';
import type { Tx } from '../db/database.ts';
import type { Deps } from '../deps.ts';
import { loadWorkspacePlan } from './workspacePlan.ts';

/** Minutes of a month; null is no limit. */
export interface MinuteLimits {
  /** What the plan includes. */
  included: number | null;
  /** What is allowed at all. */
  allowed: number | null;
  /** Whether minutes beyond the plan are bought by use. */
  hasExtra: boolean;
  alert: number | null;
  cap: number | null;
}

/** The limits of a workspace now. */
export async function readMinuteLimits(deps: Deps, tx: Tx, workspaceId: string): Promise<MinuteLimits> {
  const included = (await loadWorkspacePlan(deps, tx, workspaceId)).inForce.limits.processingMinutes;
  const { alertMinutes: alert, capMinutes: cap } = await readBudget(deps, tx, workspaceId);
  const hasExtra = await buysExtra(deps, tx, workspaceId);
  const ofPlan = hasExtra ? null : included;
  return { included, allowed: ofPlan === null ? cap : cap === null ? ofPlan : Math.min(ofPlan, cap), hasExtra, alert, cap };
}

async function buysExtra(deps: Deps, tx: Tx, workspaceId: string): Promise<boolean> {
  if (deps.stripe === null) {
    return false;
  }
  const found = await deps.db.rows(
    tx,
    'SELECT 1 FROM billing_accounts WHERE workspace_id = :workspaceId AND is_live = :isLive AND is_entitled AND has_extra_minutes',
    { workspaceId, isLive: deps.stripe.isLive },
  );
  return found.length > 0;
}

/** The budget that the owners of a workspace set. */
export async function readBudget(deps: Deps, tx: Tx, workspaceId: string): Promise<UsageBudget> {
  const [row] = await deps.db.rows<{ alert_minutes: number | null; cap_minutes: number | null }>(
    tx,
    'SELECT alert_minutes, cap_minutes FROM usage_budgets WHERE workspace_id = :workspaceId',
    { workspaceId },
  );
  return { alertMinutes: row?.alert_minutes ?? null, capMinutes: row?.cap_minutes ?? null };
}

/** Names a budget, for conditional changes. */
export const budgetVersion = ({ alertMinutes, capMinutes }: UsageBudget): string => `${alertMinutes ?? 'none'}-${capMinutes ?? 'none'}`;

/** Sets the budget of a workspace; a new alert may be given in the same month again. Throws precondition_failed. */
export async function writeBudget(
  deps: Deps,
  { workspaceId, userId: actorId }: { workspaceId: string; userId: string },
  budget: UsageBudget,
  checkMatch: (version: string) => void,
): Promise<UsageBudget> {
  await deps.db.inWorkspace(workspaceId, async (tx) => {
    await deps.db.rows(tx, 'SELECT 1 FROM workspaces WHERE id = :workspaceId FOR UPDATE', { workspaceId });
    checkMatch(budgetVersion(await readBudget(deps, tx, workspaceId)));
    await deps.db.change(
      tx,
      `INSERT INTO usage_budgets (workspace_id, alert_minutes, cap_minutes) VALUES (:workspaceId, :alertMinutes, :capMinutes)
       ON CONFLICT (workspace_id) DO UPDATE SET alert_minutes = EXCLUDED.alert_minutes, cap_minutes = EXCLUDED.cap_minutes,
         alerted_month = NULL, mailed_month = NULL`,
      { workspaceId, ...budget },
    );
    await deps.appendEvent(tx, { workspaceId, type: 'usage.budget_changed', actorId, data: { ...budget } });
  });
  return budget;
}

/** Says once in a month that the budget is reached: an event, which webhooks carry on. A mail follows. */
export async function noteBudget(deps: Deps, tx: Tx, workspaceId: string, month: string, seconds: number): Promise<void> {
  const reached = await deps.db.change(
    tx,
    `UPDATE usage_budgets SET alerted_month = CAST(:month AS date) WHERE workspace_id = :workspaceId AND alert_minutes * 60 <= :seconds
       AND alerted_month IS DISTINCT FROM CAST(:month AS date)`,
    { workspaceId, month, seconds },
  );
  if (reached === 1) {
    await deps.appendEvent(tx, { workspaceId, type: 'usage.budget_reached', data: { month: month.slice(0, 7), seconds } });
  }
}

/** Queues the part of a commit that was beyond the plan for Stripe's meter. `usedBefore` are the month's seconds before it. */
export async function meterExtra(
  deps: Deps,
  tx: Tx,
  commit: { workspaceId: string; videoId: string; sequence: number; seconds: number; usedBefore: number },
): Promise<void> {
  if (deps.stripe === null) {
    return;
  }
  const { hasExtra, included } = await readMinuteLimits(deps, tx, commit.workspaceId);
  if (!hasExtra || included === null) {
    return;
  }
  const seconds = commit.usedBefore + commit.seconds - Math.max(included * 60, commit.usedBefore);
  if (seconds > 0) {
    await deps.db.change(
      tx,
      `INSERT INTO meter_events (entry_id, workspace_id, seconds, happened_at, next_attempt_at)
       SELECT id, workspace_id, :extra, :now, :now FROM usage_entries WHERE video_id = :videoId AND sequence = :sequence AND kind = 'commit'
       ON CONFLICT DO NOTHING`,
      { ...commit, extra: seconds, now: deps.clock.now() },
    );
  }
}
