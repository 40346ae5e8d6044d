/** An instance that sells plans at a Stripe of ours, and what tests do with it. */
import { listPendingMails } from '../../server/src/mail/mail.ts';
import { processEvents } from '../../server/src/billing/stripeEvents.ts';
import { type Caller, startInstance, type TestInstance } from './instance.ts';
import type { WireEvent, WirePrice } from './stripeObjects.ts';
import { StripeStandIn } from './stripeStandIn.ts';

export const secret = 'whsec_the_present_one';
export const oldSecret = 'whsec_the_one_before';

export interface Shop {
  instance: TestInstance;
  stripe: StripeStandIn;
  admin: Caller;
  plans: Record<string, string>;
  monthly: WirePrice;
  yearly: WirePrice;
  professional: WirePrice;
  stop(): Promise<void>;
}

/** Standard by the month and the year, Professional by the month; without a worker, so that tests say when something happens. */
export async function openShop(env: Record<string, string> = {}): Promise<Shop> {
  const stripe = await new StripeStandIn().start();
  const instance = await startInstance({
    processes: ['web'],
    env: {
      CARMIC_STRIPE_SECRET_KEY: 'sk_test_carmic',
      CARMIC_STRIPE_WEBHOOK_SECRETS: `${secret}, ${oldSecret}`,
      CARMIC_STRIPE_API_URL: stripe.url,
      // Never called: mails wait in their rows.
      CARMIC_SMTP_URL: 'smtp://127.0.0.1:9',
      CARMIC_WATCHDOG_SECONDS: '86400',
      ...env,
    },
  });
  const admin = await instance.createCaller({ isAdmin: true });
  const [standard, pro] = [stripe.addPlan('standard', 'Standard'), stripe.addPlan('professional', 'Professional')];
  const shop = {
    monthly: stripe.addPrice(standard, 1900),
    yearly: stripe.addPrice(standard, 19_000, { interval: 'year' }),
    professional: stripe.addPrice(pro, 4900),
  };
  await admin.call('syncCatalogue', { body: { isDryRun: false } });
  const plans = Object.fromEntries((await admin.call('listPlans')).items.map((plan) => [plan.slug, plan.id]));
  return {
    instance,
    stripe,
    admin,
    plans,
    ...shop,
    async stop() {
      await instance.stop();
      await stripe.close();
    },
  };
}

/** Sends an event to the instance's door as Stripe does; answers the status. */
export async function send(shop: Shop, event: WireEvent, by: { secret?: string; at?: number } = {}): Promise<number> {
  const { body, signature } = shop.stripe.signed(event, by.secret ?? secret, by.at);
  return post(shop, body, signature);
}

export async function post(shop: Shop, body: string, signature: string | null): Promise<number> {
  const response = await fetch(new URL('/api/v1/billing/stripe-events', shop.instance.baseUrl), {
    method: 'POST',
    headers: { 'content-type': 'application/json; charset=utf-8', ...(signature === null ? {} : { 'stripe-signature': signature }) },
    body,
  });
  await response.text();
  return response.status;
}

/** Delivers every event since the last time, in the given order, and works on them. */
export async function deliver(shop: Shop, events: readonly WireEvent[] = shop.stripe.events.splice(0)): Promise<void> {
  for (const event of events) {
    const status = await send(shop, event);
    if (status !== 200) {
      throw new Error(`The event ${event.type} was answered with ${status}.`);
    }
  }
  await processEvents(shop.instance.server.deps);
}

/** A workspace that has paid for a price. */
export async function subscribed(shop: Shop, price: WirePrice): Promise<Caller & { customer: string; subscription: string }> {
  const who = await shop.instance.createCaller();
  const { url } = await who.call('createCheckout', { body: { priceId: price.id } });
  const { id, customer } = shop.stripe.completeCheckout(url);
  await who.call('refreshBilling');
  return { ...who, customer, subscription: id };
}

/** The plan a workspace is on. */
export async function planOf(who: Caller): Promise<string> {
  return (await who.call('getEntitlements')).plan.slug;
}

/** Subjects of the mails that were written to a person, in order. */
export async function mailsTo(shop: Shop, who: Caller): Promise<string[]> {
  const { deps } = shop.instance.server;
  const mails = await deps.db.asSystem((tx) => listPendingMails(deps, tx));
  return mails
    .filter((mail) => mail.to === `${who.userId}@example.test`)
    .sort((a, b) => a.createdAt.getTime() - b.createdAt.getTime())
    .map((mail) => mail.subject.replace(/ \(Carmic\)$/, ''));
}

/** How often a workspace was moved to another plan. */
export async function movesOf(shop: Shop, who: Caller): Promise<number> {
  const { db } = shop.instance.server.deps;
  const rows = await db.asSystem((tx) =>
    db.rows(tx, "SELECT 1 FROM events WHERE type = 'workspace.plan_changed' AND workspace_id = :id", { id: who.workspaceId }),
  );
  return rows.length;
}
