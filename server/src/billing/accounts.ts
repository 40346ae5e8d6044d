import type { SubscriptionStatus } from '@carmic/contract';
import { wrongState } from '../core/errors.ts';
import type { Tx } from '../db/database.ts';
import type { Deps } from '../deps.ts';
import type { StripeGateway } from './stripeGateway.ts';

/** What is on record of a workspace at Stripe. */
export interface AccountRow {
  workspace_id: string;
  customer_id: string;
  generation: string;
  subscription_id: string | null;
  status: SubscriptionStatus | null;
  is_entitled: boolean;
  item_id: string | null;
  price_id: string | null;
  plan_id: string | null;
  has_extra_minutes: boolean;
  has_extra_seats: boolean;
  subscription_count: number;
  period_ends_at: Date | null;
  cancels_at: Date | null;
  trial_ends_at: Date | null;
  lapsed_at: Date | null;
  card_brand: string | null;
  card_last_four: string | null;
  unpaid_invoice_url: string | null;
  payment_attempts: number;
  next_attempt_at: Date | null;
  fetched_at: Date | null;
  customer_deleted_at: Date | null;
}

/** Stripe, where it is switched on. Throws wrong_state where nothing is sold. */
export function requireStripe(deps: Deps): StripeGateway {
  if (deps.stripe === null) {
    throw wrongState('This installation sells no plans: its administrator assigns them.');
  }
  return deps.stripe;
}

/** The account of a workspace in the present mode; null without one. */
export async function findAccount(deps: Deps, tx: Tx, workspaceId: string): Promise<AccountRow | null> {
  if (deps.stripe === null) {
    return null;
  }
  const [row] = await deps.db.rows<AccountRow>(
    tx,
    'SELECT * FROM billing_accounts WHERE workspace_id = :workspaceId AND is_live = :isLive',
    {
      workspaceId,
      isLive: deps.stripe.isLive,
    },
  );
  return row ?? null;
}

/** Records that a customer of Stripe is this workspace. Answers the customer on record, which is another one when somebody was faster. */
export async function recordCustomer(deps: Deps, workspaceId: string, customerId: string): Promise<string> {
  const { isLive } = requireStripe(deps);
  return deps.db.asSystem(async (tx) => {
    await deps.db.change(
      tx,
      `INSERT INTO billing_accounts (workspace_id, is_live, customer_id, created_at) SELECT id, :isLive, :customerId, :now FROM workspaces
       WHERE id = :workspaceId ON CONFLICT DO NOTHING`,
      { workspaceId, isLive, customerId, now: deps.clock.now() },
    );
    return (await findAccount(deps, tx, workspaceId))?.customer_id ?? customerId;
  });
}

/** The customer of a workspace, made at Stripe when there is none yet. */
export async function ensureCustomer(deps: Deps, workspaceId: string): Promise<string> {
  const stripe = requireStripe(deps);
  const known = await deps.db.inWorkspace(workspaceId, (tx) => findAccount(deps, tx, workspaceId));
  return known?.customer_id ?? recordCustomer(deps, workspaceId, await stripe.createCustomer(workspaceId));
}

/** The newest grant of a workspace that is in force; null without one. */
export async function findGrant(deps: Deps, tx: Tx, workspaceId: string): Promise<{ plan_id: string; ends_at: Date | null } | null> {
  const [row] = await deps.db.rows<{ plan_id: string; ends_at: Date | null }>(
    tx,
    `SELECT plan_id, ends_at FROM plan_grants WHERE workspace_id = :workspaceId AND ended_at IS NULL AND (ends_at IS NULL OR ends_at > :now)
     ORDER BY granted_at DESC, id DESC LIMIT 1`,
    { workspaceId, now: deps.clock.now() },
  );
  return row ?? null;
}

/** The plan of workspaces that bought none. */
export async function fallbackPlan(deps: Deps, tx: Tx): Promise<string> {
  const [row] = await deps.db.rows<{ id: string }>(tx, 'SELECT id FROM plans WHERE is_default', {});
  if (row === undefined) {
    throw new Error('There is no plan for new workspaces.');
  }
  return row.id;
}
