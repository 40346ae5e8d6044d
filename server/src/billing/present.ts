import {
  type Billing,
  type BillingOverview,
  type BillingReconciliation,
  idSchema,
  type Offer,
  type PlanPrice,
  routes,
} from '@carmic/contract';
import type { Tx } from '../db/database.ts';
import { uuidArray } from '../db/uuidArray.ts';
import type { Deps } from '../deps.ts';
import { ruleOf } from '../plans/inForce.ts';
import { type AccountRow, findAccount, findGrant, requireStripe } from './accounts.ts';
import type { PriceRow } from './catalogue.ts';
import { readLastReconciliation } from './reconcile.ts';
import type { listOffers } from './subscribe.ts';

const timeOf = (date: Date | null) => date?.toISOString() ?? null;

function presentPrice(row: PriceRow): PlanPrice {
  const amount = row.unit_amount === null ? null : Number(row.unit_amount);
  return { id: row.id, currency: row.currency, amount, period: row.period, isMetered: row.is_metered, meter: row.meter };
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
    paymentAttempts: account.payment_attempts,
    nextAttemptAt: timeOf(account.next_attempt_at),
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
    const incidents = await readIncidents(deps, tx, isLive);
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
      incidents,
      lastReconciliation: lastReconciliation === null ? null : await nameFindings(deps, tx, lastReconciliation),
    };
  });
}

/** Says which workspaces the findings of a comparison are about. */
async function nameFindings(deps: Deps, tx: Tx, report: BillingReconciliation): Promise<BillingOverview['lastReconciliation']> {
  const ids = report.findings.map(({ subject }) => subject).filter((subject) => idSchema.safeParse(subject).success);
  const rows = await deps.db.rows<{ id: string; name: string }>(
    tx,
    'SELECT id, name FROM workspaces WHERE id = ANY(CAST(:ids AS uuid[]))',
    { ids: uuidArray(ids) },
  );
  const names = new Map(rows.map(({ id, name }) => [id, name]));
  return { ...report, findings: report.findings.map((finding) => ({ ...finding, workspaceName: names.get(finding.subject) ?? null })) };
}

interface IncidentRow {
  id: string;
  kind: 'refund' | 'dispute';
  workspace_id: string | null;
  name: string | null;
  status: string;
  reason: string | null;
  amount: string;
  currency: string;
  due_at: Date | null;
  created_at: Date;
}

async function readIncidents(deps: Deps, tx: Tx, isLive: boolean): Promise<BillingOverview['incidents']> {
  const rows = await deps.db.rows<IncidentRow>(
    tx,
    `SELECT i.*, w.name FROM billing_incidents i LEFT JOIN workspaces w ON w.id = i.workspace_id WHERE i.is_live = :isLive
     ORDER BY i.status LIKE '%needs_response' DESC, i.created_at DESC, i.id LIMIT 50`,
    { isLive },
  );
  return rows.map((row) => ({
    id: row.id,
    kind: row.kind,
    workspaceId: row.workspace_id,
    workspaceName: row.name,
    status: row.status,
    reason: row.reason,
    amount: Number(row.amount),
    currency: row.currency,
    dueAt: timeOf(row.due_at),
    createdAt: row.created_at.toISOString(),
  }));
}

/** The last invoices of a workspace, as Stripe has them now, and what was given back of them. */
export async function presentInvoices(deps: Deps, workspaceId: string) {
  const stripe = requireStripe(deps);
  const { account, refunds } = await deps.db.inWorkspace(workspaceId, async (tx) => ({
    account: await findAccount(deps, tx, workspaceId),
    refunds: await deps.db.rows<IncidentRow>(
      tx,
      `SELECT * FROM billing_incidents WHERE workspace_id = :workspaceId AND is_live = :isLive AND kind = 'refund' ORDER BY created_at DESC LIMIT 100`,
      { workspaceId, isLive: stripe.isLive },
    ),
  }));
  const invoices = account === null ? [] : await stripe.listInvoices(account.customer_id);
  return {
    items: invoices.map((invoice) => ({ ...invoice, createdAt: invoice.createdAt.toISOString() })),
    refunds: refunds.map(({ id, status, amount, currency, created_at: at }) => ({
      id,
      status,
      amount: Number(amount),
      currency,
      createdAt: at.toISOString(),
    })),
  };
}
