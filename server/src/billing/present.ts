import { type Billing, type BillingOverview, type Offer, type PlanPrice, routes } from '@carmic/contract';
import type { Tx } from '../db/database.ts';
import type { Deps } from '../deps.ts';
import { ruleOf } from '../plans/inForce.ts';
import { type AccountRow, findAccount, findGrant, requireStripe } from './accounts.ts';
import type { PriceRow } from './catalogue.ts';
import { readLastReconciliation } from './reconcile.ts';
import type { listOffers } from './subscribe.ts';

const timeOf = (date: Date | null) => date?.toISOString() ?? null;

function presentPrice(row: PriceRow): PlanPrice {
  const amount = row.unit_amount === null ? null : Number(row.unit_amount);
  return { id: row.id, currency: row.currency, amount, period: row.period, isMetered: row.is_metered };
}

async function nameOfPlan(deps: Deps, tx: Tx, planId: string | null): Promise<string | null> {
  if (planId === null) {
    return null;
  }
  const [plan] = await deps.db.rows<{ name: string }>(tx, 'SELECT name FROM plans WHERE id = :planId', { planId });
  return plan?.name ?? null;
}

/** Where the money of a workspace stands, for its owners. */
export function presentBilling(deps: Deps, workspaceId: string): Promise<Billing> {
  const { db, env, stripe } = deps;
  return db.asSystem(async (tx) => {
    const account = await findAccount(deps, tx, workspaceId);
    const grant = await findGrant(deps, tx, workspaceId);
    return {
      isOn: stripe !== null,
      trialDays: stripe !== null && account?.subscription_id == null ? env.CARMIC_STRIPE_TRIAL_DAYS : 0,
      subscription: account === null ? null : await presentSubscription(deps, tx, account),
      grant: grant === null ? null : { planName: (await nameOfPlan(deps, tx, grant.plan_id)) ?? '', endsAt: timeOf(grant.ends_at) },
      fetchedAt: timeOf(account?.fetched_at ?? null),
    };
  });
}

async function presentSubscription(deps: Deps, tx: Tx, account: AccountRow): Promise<Billing['subscription']> {
  if (account.status === null) {
    return null;
  }
  const [price] = await deps.db.rows<PriceRow>(tx, 'SELECT * FROM plan_prices WHERE id = :id', { id: account.price_id });
  return {
    status: account.status,
    isEntitled: account.is_entitled,
    planName: await nameOfPlan(deps, tx, account.plan_id),
    price: price === undefined ? null : presentPrice(price),
    periodEndsAt: timeOf(account.period_ends_at),
    cancelsAt: timeOf(account.cancels_at),
    trialEndsAt: timeOf(account.trial_ends_at),
    card:
      account.card_brand === null || account.card_last_four === null
        ? null
        : { brand: account.card_brand, lastFour: account.card_last_four },
    unpaidInvoiceUrl: account.unpaid_invoice_url,
  };
}

/** Plans for sale, with what they allow. */
export function presentOffers(offers: Awaited<ReturnType<typeof listOffers>>): Offer[] {
  return offers.map(({ plan, prices, isCurrent }) => ({
    planId: plan.id,
    name: plan.name,
    retention: ruleOf(plan),
    limits: plan.limits,
    features: plan.features,
    prices: prices.map(presentPrice),
    isCurrent,
  }));
}

/** The money of the installation for its administrators: states and counts, no sums. */
export async function presentOverview(deps: Deps): Promise<BillingOverview> {
  const { db, env, stripe } = deps;
  const isLive = stripe?.isLive ?? false;
  const lastReconciliation = await readLastReconciliation(deps);
  return db.asSystem(async (tx) => {
    const byStatus = await db.rows<{ status: BillingOverview['byStatus'][number]['status']; count: number }>(
      tx,
      `SELECT status, count(*)::integer AS count FROM billing_accounts WHERE is_live = :isLive AND status IS NOT NULL GROUP BY status ORDER BY count DESC, status`,
      { isLive },
    );
    const failed = await db.rows<{
      workspace_id: string;
      name: string;
      status: BillingOverview['byStatus'][number]['status'];
      fetched_at: Date | null;
    }>(
      tx,
      `SELECT a.workspace_id, w.name, a.status, a.fetched_at FROM billing_accounts a JOIN workspaces w ON w.id = a.workspace_id
       WHERE a.is_live = :isLive AND a.status IN ('past_due', 'unpaid', 'incomplete', 'paused') ORDER BY a.fetched_at DESC LIMIT 100`,
      { isLive },
    );
    const [last] = await db.rows<{ at: Date | null; waiting: number }>(
      tx,
      'SELECT max(received_at) AS at, (count(*) FILTER (WHERE processed_at IS NULL))::integer AS waiting FROM stripe_events',
    );
    const failing = await db.rows<{ id: string; type: string; attempts: number; failure: string }>(
      tx,
      `SELECT id, type, attempts, failure FROM stripe_events WHERE processed_at IS NULL AND failure IS NOT NULL ORDER BY received_at LIMIT 20`,
    );
    const disputes = await db.rows<{ id: string; object_id: string | null; type: string; happened_at: Date }>(
      tx,
      `SELECT id, object_id, type, happened_at FROM stripe_events WHERE type LIKE 'charge.dispute.%' OR type = 'charge.refunded'
       ORDER BY received_at DESC LIMIT 20`,
    );
    return {
      isOn: stripe !== null,
      isLive,
      webhookUrl: `${deps.baseUrl()}${routes.receiveStripeEvent.path}`,
      hasWebhookSecret: env.CARMIC_STRIPE_WEBHOOK_SECRETS !== undefined,
      byStatus,
      failedPayments: failed.map((row) => ({
        workspaceId: row.workspace_id,
        workspaceName: row.name,
        status: row.status,
        fetchedAt: timeOf(row.fetched_at),
      })),
      events: { lastReceivedAt: timeOf(last?.at ?? null), waiting: last?.waiting ?? 0, failing },
      disputes: disputes.map((row) => ({ eventId: row.id, objectId: row.object_id, type: row.type, at: row.happened_at.toISOString() })),
      lastReconciliation,
    };
  });
}

/** The last invoices of a workspace, as Stripe has them now. */
export async function presentInvoices(deps: Deps, workspaceId: string) {
  const stripe = requireStripe(deps);
  const account = await deps.db.inWorkspace(workspaceId, (tx) => findAccount(deps, tx, workspaceId));
  const invoices = account === null ? [] : await stripe.listInvoices(account.customer_id);
  return invoices.map((invoice) => ({ ...invoice, createdAt: invoice.createdAt.toISOString() }));
}
