import type { ChangePreview, RouteInput } from '@carmic/contract';
import { invalidInput, wrongState } from '../core/errors.ts';
import type { Deps } from '../deps.ts';
import { Plans } from '../plans/model.ts';
import { measureMove } from '../retention/changePlan.ts';
import { type AccountRow, ensureCustomer, fallbackPlan, findAccount, requireStripe } from './accounts.ts';
import type { PriceRow } from './catalogue.ts';
import { changeItems, type ItemChange } from './changeItems.ts';
import { forgetCustomer } from './forgetCustomer.ts';
import { sendMeterEvents } from './meter.ts';
import { refreshWorkspace } from './refresh.ts';
import { isLiving } from './standing.ts';

/** A price that is for sale. Throws invalid_input for another one. */
async function loadOffered(deps: Deps, priceId: string): Promise<PriceRow> {
  const { isLive } = requireStripe(deps);
  const [price] = await deps.db.asSystem((tx) =>
    deps.db.rows<PriceRow>(
      tx,
      `SELECT p.* FROM plan_prices p JOIN plans ON plans.id = p.plan_id
       WHERE p.id = :priceId AND p.is_live = :isLive AND p.is_offered AND NOT p.is_metered AND plans.archived_at IS NULL`,
      { priceId, isLive },
    ),
  );
  if (price === undefined) {
    throw invalidInput('This price is not for sale: load the plans again.');
  }
  return price;
}

function load(deps: Deps, workspaceId: string): Promise<AccountRow | null> {
  return deps.db.inWorkspace(workspaceId, (tx) => findAccount(deps, tx, workspaceId));
}

/** The subscription that goes on. Throws wrong_state without one. */
async function requireSubscription(deps: Deps, workspaceId: string): Promise<AccountRow & { subscription_id: string; item_id: string }> {
  requireStripe(deps);
  const account = await load(deps, workspaceId);
  const { subscription_id: id, item_id: itemId } = account ?? { subscription_id: null, item_id: null };
  if (account === null || id === null || itemId === null || !isLiving(account.status)) {
    throw wrongState('This workspace has no subscription.');
  }
  return { ...account, subscription_id: id, item_id: itemId };
}

/** The prices by use that belong to a fixed price: of the same plan, currency and rhythm. */
function listExtras(deps: Deps, price: PriceRow): Promise<Pick<PriceRow, 'id' | 'meter'>[]> {
  return deps.db.asSystem((tx) =>
    deps.db.rows<Pick<PriceRow, 'id' | 'meter'>>(
      tx,
      `SELECT id, meter FROM plan_prices WHERE plan_id = :planId AND is_live = :isLive AND currency = :currency AND period = :period AND is_metered
         AND is_offered ORDER BY id`,
      { planId: price.plan_id, isLive: requireStripe(deps).isLive, currency: price.currency, period: price.period },
    ),
  );
}

/** What a change to another price does to the items that the subscription has at Stripe now. */
async function planChange(
  deps: Deps,
  account: AccountRow & { subscription_id: string; item_id: string },
  price: PriceRow,
): Promise<ItemChange> {
  const found = await requireStripe(deps).listSubscriptions(account.customer_id);
  const items = found.find(({ id }) => id === account.subscription_id)?.items ?? [];
  return changeItems(items, account.item_id, price.id, await listExtras(deps, price));
}

/** A page of Stripe on which a workspace subscribes. Nothing is bought before Stripe says that it is paid. */
export async function startCheckout(deps: Deps, workspaceId: string, priceId: string): Promise<string> {
  const stripe = requireStripe(deps);
  const price = await loadOffered(deps, priceId);
  const customerId = await ensureCustomer(deps, workspaceId);
  // A subscription of a minute ago must not get a second one beside it.
  await refreshWorkspace(deps, workspaceId);
  const account = await load(deps, workspaceId);
  if (isLiving(account?.status ?? null)) {
    throw wrongState(
      account?.unpaid_invoice_url == null
        ? 'This workspace has a subscription already: change it instead.'
        : 'This workspace has a subscription that waits for its payment: pay or cancel that one first.',
    );
  }
  const extras = await listExtras(deps, price);
  return stripe.createCheckout({
    customerId,
    workspaceId,
    items: [{ priceId, isMetered: false }, ...extras.map(({ id }) => ({ priceId: id, isMetered: true }))],
    trialDays: account?.subscription_id == null ? deps.env.CARMIC_STRIPE_TRIAL_DAYS : 0,
    successUrl: `${deps.baseUrl()}/#/billing?from=checkout`,
    cancelUrl: `${deps.baseUrl()}/#/billing`,
  });
}

/** A page of Stripe for payment methods and addresses. */
export async function startPortal(deps: Deps, workspaceId: string): Promise<string> {
  const stripe = requireStripe(deps);
  const account = await load(deps, workspaceId);
  if (account === null) {
    throw wrongState('This workspace has never bought anything: there is nothing to manage at Stripe.');
  }
  return stripe.createPortal(account.customer_id, `${deps.baseUrl()}/#/billing`);
}

/** What a change to another price costs and ends, without making it. */
export async function previewSubscription(deps: Deps, workspaceId: string, priceId: string): Promise<ChangePreview> {
  const stripe = requireStripe(deps);
  const account = await requireSubscription(deps, workspaceId);
  const price = await loadOffered(deps, priceId);
  if (price.id === account.price_id) {
    throw wrongState('This is the price that this workspace pays already.');
  }
  const at = new Date(Math.floor(deps.clock.now().getTime() / 1000) * 1000);
  const { changed } = await planChange(deps, account, price);
  const preview = await stripe.previewChange(account.subscription_id, changed, at);
  const impact = await measureMove(deps, workspaceId, price.plan_id);
  return { ...preview, prorationAt: at.toISOString(), impact: { ...impact.expiring, firstExpiryAt: impact.firstExpiryAt } };
}

const previewSeconds = 3600;

/** Changes to another price at the moment of the preview, so that what was shown is what is charged. */
export async function changeSubscription(deps: Deps, workspaceId: string, body: RouteInput<'changeSubscription'>['body']): Promise<void> {
  const stripe = requireStripe(deps);
  const account = await requireSubscription(deps, workspaceId);
  const price = await loadOffered(deps, body.priceId);
  const at = new Date(body.prorationAt);
  const ageSeconds = (deps.clock.now().getTime() - at.getTime()) / 1000;
  if (ageSeconds < -60 || ageSeconds > previewSeconds) {
    throw wrongState('This preview is over an hour old: look at a new one first.');
  }
  const { changed, removed } = await planChange(deps, account, price);
  // Asked for twice, the second finds the change in force: it must not be charged again.
  if (changed.length > 0) {
    await stripe.changePrice(account.subscription_id, changed, { at, generation: account.generation });
  }
  await refreshWorkspace(deps, workspaceId);
  if (removed.length > 0 && (await load(deps, workspaceId))?.price_id === price.id) {
    await stripe.removeItems(account.subscription_id, removed);
    await refreshWorkspace(deps, workspaceId);
  }
}

/** Cancels a subscription at the end of what is paid, or at once. */
export async function cancelSubscription(deps: Deps, workspaceId: string, when: 'period_end' | 'now'): Promise<void> {
  const stripe = requireStripe(deps);
  const account = await requireSubscription(deps, workspaceId);
  if (when === 'now') {
    await stripe.cancelNow(account.subscription_id);
  } else {
    await stripe.setCancelAtPeriodEnd(account.subscription_id, true);
  }
  await refreshWorkspace(deps, workspaceId);
}

/** Takes a cancellation back that has not come into force. */
export async function resumeSubscription(deps: Deps, workspaceId: string): Promise<void> {
  const stripe = requireStripe(deps);
  const account = await requireSubscription(deps, workspaceId);
  if (account.cancels_at === null) {
    throw wrongState('This subscription is not cancelled.');
  }
  await stripe.setCancelAtPeriodEnd(account.subscription_id, false);
  await refreshWorkspace(deps, workspaceId);
}

/**
 * Ends the subscription of a workspace that was deleted, since nobody pays for what is gone, and deletes the customer. Answers whether there was a
 * subscription.
 */
export async function closeAccount(deps: Deps, workspaceId: string): Promise<boolean> {
  const { stripe } = deps;
  if (stripe === null) {
    return false;
  }
  const account = await deps.db.asSystem((tx) => findAccount(deps, tx, workspaceId));
  if (account === null || account.customer_deleted_at !== null) {
    return false;
  }
  // What was used until now is on the last invoice.
  await sendMeterEvents(deps);
  const living = (await stripe.listSubscriptions(account.customer_id)).filter(({ status }) => status === null || isLiving(status));
  for (const { id } of living) {
    await stripe.cancelNow(id);
  }
  await refreshWorkspace(deps, workspaceId);
  await forgetCustomer(deps, workspaceId, account.customer_id);
  return living.length > 0;
}

/** Plans side by side, that of workspaces without a subscription first. */
export async function listOffers(deps: Deps, workspaceId: string) {
  const { db, stripe } = deps;
  if (stripe === null) {
    return [];
  }
  return db.asSystem(async (tx) => {
    const prices = await db.rows<PriceRow>(
      tx,
      'SELECT * FROM plan_prices WHERE is_live = :isLive AND is_offered ORDER BY is_metered, currency, unit_amount, id',
      { isLive: stripe.isLive },
    );
    const [workspace] = await db.rows<{ plan_id: string }>(tx, 'SELECT plan_id FROM workspaces WHERE id = :workspaceId', { workspaceId });
    const freeId = await fallbackPlan(deps, tx);
    const plans = await db.model(Plans).findAll({ where: { archivedAt: null }, order: ['createdAt', 'slug'], transaction: tx });
    const cheapest = (planId: string) =>
      Math.min(...prices.filter((price) => price.plan_id === planId && !price.is_metered).map((price) => Number(price.unit_amount ?? 0)));
    return plans
      .filter((plan) => plan.id === freeId || prices.some((price) => price.plan_id === plan.id && !price.is_metered))
      .sort((a, b) => (a.id === freeId ? -1 : b.id === freeId ? 1 : cheapest(a.id) - cheapest(b.id)))
      .map((plan) => ({ plan, prices: prices.filter((price) => price.plan_id === plan.id), isCurrent: plan.id === workspace?.plan_id }));
  });
}
