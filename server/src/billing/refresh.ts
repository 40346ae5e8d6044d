/**
 * Takes over what Stripe says of one customer now. Whatever woke it (an event in any order, twice, days late; somebody who came back from a
 * page; the nightly comparison), the end is the same, because nothing but the present state at Stripe is read.
 *
 * Two looks can overlap. Each takes a number before it asks, and only the last number writes: what it read is at least as new as the events
 * that woke the others. Plan, grace, mails and event are written in the transaction of the state.
 */
import type { BillingDetail, BillingField, SubscriptionStatus } from '@carmic/contract';
import { unavailable } from '../core/errors.ts';
import type { Tx } from '../db/database.ts';
import type { Deps } from '../deps.ts';
import { moveWorkspace } from '../retention/changePlan.ts';
import { type AccountRow, fallbackPlan, findAccount, findGrant, recordCustomer, requireStripe } from './accounts.ts';
import { learnPrice } from './catalogue.ts';
import { mailBilling } from './mails.ts';
import { chooseSubscription, isLiving, stepBetween } from './standing.ts';
import type { RemoteSubscription } from './stripeGateway.ts';

const maxLooks = 5;

/** What a look found different from what was on record. */
export interface Refreshed {
  workspaceId: string;
  changes: BillingField[];
  /** What an administrator should know and nobody can repair by reading again. */
  oddities: { text: string; detail: BillingDetail }[];
}

/** Asks Stripe about a customer and takes the answer over. Null for a customer who is none of ours. */
export async function refreshCustomer(deps: Deps, customerId: string): Promise<Refreshed | null> {
  const stripe = requireStripe(deps);
  for (let look = 0; look < maxLooks; look++) {
    const begun = await beginLook(deps, customerId);
    if (begun === null) {
      if (look > 0 || !(await adoptCustomer(deps, customerId))) {
        return null;
      }
      continue;
    }
    const found = await stripe.listSubscriptions(customerId);
    for (const { priceId } of found.flatMap((subscription) => subscription.items)) {
      await learnPrice(deps, priceId);
    }
    const written = await deps.db.asSystem((tx) => takeOver(deps, tx, begun, found));
    if (written !== null) {
      return written;
    }
  }
  throw unavailable('Others are reading the same subscription: it is tried again.');
}

/** Asks Stripe about a workspace, when it is a customer. */
export async function refreshWorkspace(deps: Deps, workspaceId: string): Promise<void> {
  const account = await deps.db.inWorkspace(workspaceId, (tx) => findAccount(deps, tx, workspaceId));
  if (account !== null) {
    await refreshCustomer(deps, account.customer_id);
  }
}

async function beginLook(deps: Deps, customerId: string): Promise<{ workspaceId: string; generation: string } | null> {
  const [row] = await deps.db.asSystem((tx) =>
    deps.db.rows<{ workspace_id: string; generation: string }>(
      tx,
      'UPDATE billing_accounts SET generation = generation + 1 WHERE customer_id = :customerId RETURNING workspace_id, generation',
      { customerId },
    ),
  );
  return row === undefined ? null : { workspaceId: row.workspace_id, generation: row.generation };
}

/** A customer that was made here and forgotten, as by a database that was put back. */
async function adoptCustomer(deps: Deps, customerId: string): Promise<boolean> {
  const workspaceId = await requireStripe(deps).workspaceOf(customerId);
  const isId = workspaceId !== null && /^[0-9a-f-]{36}$/.test(workspaceId);
  return isId && (await recordCustomer(deps, workspaceId, customerId)) === customerId;
}

async function takeOver(
  deps: Deps,
  tx: Tx,
  begun: { workspaceId: string; generation: string },
  found: readonly RemoteSubscription[],
): Promise<Refreshed | null> {
  const { db, clock } = deps;
  const { workspaceId } = begun;
  const { isLive } = requireStripe(deps);
  const [before] = await db.rows<AccountRow>(
    tx,
    'SELECT * FROM billing_accounts WHERE workspace_id = :workspaceId AND is_live = :isLive AND generation = :generation FOR UPDATE',
    { ...begun, isLive },
  );
  if (before === undefined) {
    return null;
  }
  const oddities: Refreshed['oddities'] = found
    .filter((each) => each.status === null)
    .map(({ id }) => ({ text: `${id} is in a state that this release does not know.`, detail: { code: 'unknown_state', values: [id] } }));
  const chosen = chooseSubscription(found);
  const step = stepBetween(before.status, chosen?.status ?? null);
  if (step.lapses && oddities.length > 0) {
    // Nobody loses a plan to a word that is not understood.
    return { workspaceId, changes: [], oddities };
  }
  const after = await describe(deps, tx, chosen, found);
  const changes = listChanges(before, after);
  await db.change(
    tx,
    `UPDATE billing_accounts SET subscription_id = :subscription_id, status = :status, is_entitled = :isEntitled, item_id = :item_id,
       price_id = :price_id, plan_id = COALESCE(:plan_id, plan_id), has_extra_minutes = :has_extra_minutes,
       has_extra_seats = :has_extra_seats, payment_attempts = :payment_attempts, next_attempt_at = :next_attempt_at, subscription_count = :subscription_count,
       period_ends_at = :period_ends_at, cancels_at = :cancels_at, trial_ends_at = :trial_ends_at, card_brand = :card_brand,
       card_last_four = :card_last_four, unpaid_invoice_url = :unpaid_invoice_url, fetched_at = :now,
       lapsed_at = CASE WHEN :isEntitled THEN NULL WHEN :lapses THEN :now ELSE lapsed_at END
     WHERE workspace_id = :workspaceId AND is_live = :isLive`,
    { ...after, isEntitled: step.isEntitled, lapses: step.lapses, workspaceId, isLive, now: clock.now() },
  );
  const isGranted = (await findGrant(deps, tx, workspaceId)) !== null;
  const planId = step.isEntitled ? after.plan_id : step.lapses ? await fallbackPlan(deps, tx) : null;
  if (planId !== null && !isGranted && (await moveWorkspace(deps, tx, workspaceId, planId, 'subscription'))) {
    changes.push('plan');
  }
  if (step.isEntitled && after.plan_id === null) {
    const text = `${after.price_id ?? 'Its price'} belongs to no plan: the workspace keeps the plan it is on.`;
    oddities.push({ text, detail: { code: 'price_without_plan', values: [after.price_id ?? ''] } });
  }
  if (after.subscription_count > 1) {
    const text = `${after.subscription_count} subscriptions of one workspace are running: end all but one at Stripe.`;
    oddities.push({ text, detail: { code: 'several_subscriptions', values: [String(after.subscription_count)] } });
  }
  const isTriedAgain = before.status === 'past_due' && after.status === 'past_due' && after.payment_attempts > before.payment_attempts;
  const mail = step.mail ?? (isTriedAgain ? 'payment_failed' : null);
  if (mail !== null) {
    await mailBilling(deps, tx, workspaceId, mail, { invoiceUrl: after.unpaid_invoice_url, nextAttemptAt: after.next_attempt_at });
  }
  if (changes.length > 0) {
    await deps.appendEvent(tx, { workspaceId, type: 'billing.changed', data: { status: after.status, changes } });
  }
  return { workspaceId, changes, oddities };
}

type Described = Omit<
  AccountRow,
  'workspace_id' | 'customer_id' | 'generation' | 'is_entitled' | 'lapsed_at' | 'fetched_at' | 'customer_deleted_at'
>;

async function describe(
  deps: Deps,
  tx: Tx,
  chosen: (RemoteSubscription & { status: SubscriptionStatus }) | null,
  found: readonly RemoteSubscription[],
): Promise<Described> {
  const items = chosen?.items ?? [];
  const main = items.find((item) => item.meter === null) ?? items[0];
  const [price] =
    main === undefined
      ? []
      : await deps.db.rows<{ plan_id: string }>(tx, 'SELECT plan_id FROM plan_prices WHERE id = :id', { id: main.priceId });
  return {
    subscription_id: chosen?.id ?? null,
    status: chosen?.status ?? null,
    item_id: main?.id ?? null,
    price_id: main?.priceId ?? null,
    plan_id: price?.plan_id ?? null,
    has_extra_minutes: items.some((item) => item.meter === 'minutes'),
    has_extra_seats: items.some((item) => item.meter === 'seats'),
    subscription_count: found.filter((each) => isLiving(each.status)).length,
    period_ends_at: chosen?.periodEndsAt ?? null,
    cancels_at: chosen?.cancelsAt ?? null,
    trial_ends_at: chosen?.trialEndsAt ?? null,
    card_brand: chosen?.card?.brand ?? null,
    card_last_four: chosen?.card?.lastFour ?? null,
    unpaid_invoice_url: chosen?.unpaidInvoiceUrl ?? null,
    payment_attempts: chosen?.paymentAttempts ?? 0,
    next_attempt_at: chosen?.nextAttemptAt ?? null,
  };
}

function listChanges(before: AccountRow, after: Described): BillingField[] {
  const plain = (value: unknown) => (value instanceof Date ? value.getTime() : value);
  return (Object.keys(after) as (keyof Described)[]).filter(
    (name) => plain(before[name]) !== plain(after[name]) && !(name === 'plan_id' && after.plan_id === null),
  );
}
