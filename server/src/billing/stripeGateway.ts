/**
 * All of Stripe that this program uses, behind one narrow interface. Keeps: C2, T2. Payment happens on Stripe's own pages; what comes back
 * here are ids, states, amounts, brand and last four digits. Every call goes through the way out, which knows Stripe's address only.
 */
import type { PriceMeter, SubscriptionStatus } from '@carmic/contract';
import Stripe from 'stripe';
import type { Env } from '../core/env.ts';
import { AppError, invalidInput, unavailable } from '../core/errors.ts';
import type { Egress, Party } from '../egress/egress.ts';
import type { ItemChange } from './changeItems.ts';
import { parseStatus } from './standing.ts';
import { dateOf, nullIfMissing, secondsOf, speaking } from './stripeErrors.ts';
import { type StripeIncidents, stripeIncidents } from './stripeIncidents.ts';
import { type StripeMeters, stripeMeters } from './stripeMeters.ts';

export interface RemoteSubscription {
  id: string;
  /** Null for a status that this release does not know. */
  status: SubscriptionStatus | null;
  createdAt: Date;
  items: { id: string; priceId: string; meter: PriceMeter | null }[];
  periodEndsAt: Date | null;
  cancelsAt: Date | null;
  trialEndsAt: Date | null;
  card: { brand: string; lastFour: string } | null;
  unpaidInvoiceUrl: string | null;
  /** Tries of the open invoice so far, and when Stripe tries again; none and null without an open one. */
  paymentAttempts: number;
  nextAttemptAt: Date | null;
}

export interface RemotePrice {
  id: string;
  productId: string;
  /** `carmic_plan` in the product's metadata: the slug of the plan it sells. */
  planSlug: string | null;
  productName: string;
  currency: string;
  unitAmount: number | null;
  period: 'month' | 'year';
  /** What is counted, for a price by use; null for a fixed one. */
  meter: PriceMeter | null;
  isActive: boolean;
}

export interface RemoteEvent {
  id: string;
  type: string;
  createdAt: Date;
  objectId: string | null;
  customerId: string | null;
}

export interface RemoteInvoice {
  id: string;
  number: string | null;
  status: string;
  currency: string;
  total: number;
  paid: number;
  credited: number;
  createdAt: Date;
  pageUrl: string | null;
  pdfUrl: string | null;
}

export interface CheckoutWish {
  customerId: string;
  workspaceId: string;
  items: readonly { priceId: string; isMetered: boolean }[];
  trialDays: number;
  successUrl: string;
  cancelUrl: string;
}

/** Methods throw AppError: `unavailable` for what may succeed later, `wrong_state` or `invalid_input` with Stripe's sentence otherwise. */
export interface StripeGateway extends StripeMeters, StripeIncidents {
  readonly isLive: boolean;
  createCustomer(workspaceId: string): Promise<string>;
  /** Deletes a customer with cards and addresses; one that is gone already is fine. Finished invoices stay at Stripe. */
  deleteCustomer(customerId: string): Promise<void>;
  /** The workspace a customer was made for; null when it is none of ours or deleted. */
  workspaceOf(customerId: string): Promise<string | null>;
  listSubscriptions(customerId: string): Promise<RemoteSubscription[]>;
  /** Customers with any subscription, of the whole account. */
  listSubscribers(): Promise<string[]>;
  createCheckout(wish: CheckoutWish): Promise<string>;
  createPortal(customerId: string, returnUrl: string): Promise<string>;
  previewChange(
    subscriptionId: string,
    items: ItemChange['changed'],
    at: Date,
  ): Promise<{ currency: string; dueNow: number; lines: { text: string; amount: number }[] }>;
  changePrice(subscriptionId: string, items: ItemChange['changed'], when: { at: Date; generation: string }): Promise<void>;
  /** Takes items by use out of a subscription; what they counted is charged. */
  removeItems(subscriptionId: string, itemIds: readonly string[]): Promise<void>;
  setCancelAtPeriodEnd(subscriptionId: string, isCancelled: boolean): Promise<void>;
  /** Ends a subscription; one that has ended already is fine. */
  cancelNow(subscriptionId: string): Promise<void>;
  listInvoices(customerId: string): Promise<RemoteInvoice[]>;
  listPrices(): Promise<RemotePrice[]>;
  getPrice(priceId: string): Promise<RemotePrice | null>;
  /** Checks a webhook's signature over its raw body. Throws invalid_input for a false, old or foreign one and for the other mode. */
  verifyEvent(rawBody: string, signature: string): RemoteEvent;
}

const party = 'stripe';
const timeoutMs = 20_000;
const toleranceSeconds = 300;
const pageSize = 100;

/** The party that the way out must know; none without a key. */
export function billingParties(env: Env): Party[] {
  return env.CARMIC_STRIPE_SECRET_KEY === undefined ? [] : [{ name: party, baseUrl: env.CARMIC_STRIPE_API_URL }];
}

/** Builds the client from the environment; null when nothing is sold here. */
export function createStripeGateway(env: Env, egress: Egress): StripeGateway | null {
  const key = env.CARMIC_STRIPE_SECRET_KEY;
  if (key === undefined) {
    return null;
  }
  const url = new URL(env.CARMIC_STRIPE_API_URL);
  const stripe = new Stripe(key, {
    host: url.hostname,
    ...(url.port === '' ? {} : { port: url.port }),
    protocol: url.protocol === 'http:' ? 'http' : 'https',
    telemetry: false,
    timeout: timeoutMs,
    // The SDK sends each POST with an idempotency key of its own, so that a second try after a lost answer has one effect.
    maxNetworkRetries: 2,
    httpClient: Stripe.createFetchHttpClient(egress.fetchFor(party)),
  });
  const isLive = /^(sk|rk)_live_/.test(key);
  const secrets = env.CARMIC_STRIPE_WEBHOOK_SECRETS ?? [];
  return {
    isLive,
    ...customers(stripe),
    ...pages(stripe, env.CARMIC_STRIPE_TAX === 'on'),
    ...subscriptions(stripe),
    ...catalogue(stripe),
    ...stripeMeters(stripe),
    ...stripeIncidents(stripe),
    verifyEvent: (rawBody, signature) => verifyEvent(stripe, { rawBody, signature, secrets, isLive }),
  };
}

function customers(stripe: Stripe) {
  return {
    createCustomer: (workspaceId: string) =>
      speaking(async () => {
        // Nothing about people: Stripe's page asks for the address of receipts itself.
        const options = { idempotencyKey: `carmic-customer-${workspaceId}` };
        return (await stripe.customers.create({ metadata: { workspace_id: workspaceId } }, options)).id;
      }),
    deleteCustomer: (customerId: string) =>
      speaking(async () => {
        await stripe.customers.del(customerId).catch(nullIfMissing);
      }),
    workspaceOf: (customerId: string) =>
      speaking(async () => {
        const customer = await stripe.customers.retrieve(customerId).catch(nullIfMissing);
        return customer === null || customer.deleted === true ? null : (customer.metadata['workspace_id'] ?? null);
      }),
    listInvoices: (customerId: string) =>
      speaking(async () => (await stripe.invoices.list({ customer: customerId, limit: pageSize })).data.map(readInvoice)),
  };
}

function pages(stripe: Stripe, hasTax: boolean) {
  return {
    createCheckout: (wish: CheckoutWish) =>
      speaking(async () => {
        const session = await stripe.checkout.sessions.create({
          mode: 'subscription',
          customer: wish.customerId,
          client_reference_id: wish.workspaceId,
          line_items: wish.items.map(({ priceId, isMetered }) => (isMetered ? { price: priceId } : { price: priceId, quantity: 1 })),
          allow_promotion_codes: true,
          ...(hasTax
            ? {
                automatic_tax: { enabled: true },
                customer_update: { address: 'auto', name: 'auto' },
                tax_id_collection: { enabled: true },
              }
            : {}),
          subscription_data: {
            metadata: { workspace_id: wish.workspaceId },
            ...(wish.trialDays > 0 ? { trial_period_days: wish.trialDays } : {}),
          },
          success_url: wish.successUrl,
          cancel_url: wish.cancelUrl,
        });
        return requireUrl(session.url);
      }),
    createPortal: (customerId: string, returnUrl: string) =>
      speaking(async () => requireUrl((await stripe.billingPortal.sessions.create({ customer: customerId, return_url: returnUrl })).url)),
  };
}

const writeItems = (items: ItemChange['changed']) =>
  items.map(({ id, priceId }) => (id === undefined ? { price: priceId } : { id, price: priceId }));

function subscriptions(stripe: Stripe) {
  return {
    listSubscriptions: (customerId: string) =>
      speaking(async () => {
        const found = await stripe.subscriptions
          .list({
            customer: customerId,
            status: 'all',
            limit: pageSize,
            expand: ['data.latest_invoice', 'data.default_payment_method', 'data.customer.invoice_settings.default_payment_method'],
          })
          .catch(nullIfMissing);
        return (found?.data ?? []).map(readSubscription);
      }),
    listSubscribers: () =>
      speaking(async () => {
        const found = new Set<string>();
        for await (const { customer } of stripe.subscriptions.list({ status: 'all', limit: pageSize })) {
          found.add(typeof customer === 'string' ? customer : customer.id);
        }
        return [...found];
      }),
    previewChange: (subscriptionId: string, items: ItemChange['changed'], at: Date) =>
      speaking(async () => {
        const invoice = await stripe.invoices.createPreview({
          subscription: subscriptionId,
          subscription_details: {
            items: writeItems(items),
            proration_behavior: 'always_invoice',
            proration_date: secondsOf(at),
          },
        });
        return {
          currency: invoice.currency,
          dueNow: invoice.total,
          lines: invoice.lines.data.map((line) => ({ text: line.description ?? '', amount: line.amount })),
        };
      }),
    changePrice: (subscriptionId: string, items: ItemChange['changed'], { at, generation }: { at: Date; generation: string }) =>
      speaking(async () => {
        // Not in force before it is paid: until then the subscription stays as it is at Stripe, and so does the plan here.
        await stripe.subscriptions.update(
          subscriptionId,
          {
            items: writeItems(items),
            proration_behavior: 'always_invoice',
            proration_date: secondsOf(at),
            payment_behavior: 'pending_if_incomplete',
          },
          // Asked again after a lost answer it is the same change; after our record has moved on it is another, within the same second too.
          { idempotencyKey: `carmic-change-${subscriptionId}-${items[0]?.priceId ?? ''}-${secondsOf(at)}-${generation}` },
        );
      }),
    removeItems: (subscriptionId: string, itemIds: readonly string[]) =>
      speaking(async () => {
        await stripe.subscriptions.update(subscriptionId, {
          items: itemIds.map((id) => ({ id, deleted: true })),
          proration_behavior: 'none',
        });
      }),
    setCancelAtPeriodEnd: (subscriptionId: string, isCancelled: boolean) =>
      speaking(async () => {
        await stripe.subscriptions.update(subscriptionId, { cancel_at_period_end: isCancelled });
      }),
    cancelNow: (subscriptionId: string) =>
      speaking(async () => {
        await stripe.subscriptions.cancel(subscriptionId, { invoice_now: true, prorate: false }).catch(nullIfMissing);
      }),
  };
}

function catalogue(stripe: Stripe) {
  return {
    listPrices: () =>
      speaking(async () => {
        const found: RemotePrice[] = [];
        for await (const price of stripe.prices.list({ active: true, type: 'recurring', limit: pageSize, expand: ['data.product'] })) {
          found.push(...readPrice(price));
        }
        return found;
      }),
    getPrice: (priceId: string) =>
      speaking(async () => {
        const price = await stripe.prices.retrieve(priceId, { expand: ['product'] }).catch(nullIfMissing);
        return price === null ? null : (readPrice(price)[0] ?? null);
      }),
  };
}

function readSubscription(subscription: Stripe.Subscription): RemoteSubscription {
  const items = subscription.items.data;
  const periodEnds = items.map((item) => item.current_period_end);
  const periodEndsAt = periodEnds.length === 0 ? null : dateOf(Math.min(...periodEnds));
  const invoice = typeof subscription.latest_invoice === 'string' ? null : subscription.latest_invoice;
  return {
    id: subscription.id,
    status: parseStatus(subscription.status),
    createdAt: new Date(subscription.created * 1000),
    items: items.map((item) => ({ id: item.id, priceId: item.price.id, meter: meterOf(item.price) })),
    periodEndsAt,
    cancelsAt: dateOf(subscription.cancel_at) ?? (subscription.cancel_at_period_end ? periodEndsAt : null),
    trialEndsAt: dateOf(subscription.trial_end),
    card: cardOf(subscription),
    unpaidInvoiceUrl: invoice?.status === 'open' ? (invoice.hosted_invoice_url ?? null) : null,
    paymentAttempts: invoice?.status === 'open' ? invoice.attempt_count : 0,
    nextAttemptAt: invoice?.status === 'open' ? dateOf(invoice.next_payment_attempt) : null,
  };
}

function cardOf({ default_payment_method: own, customer }: Stripe.Subscription): RemoteSubscription['card'] {
  const general =
    typeof customer === 'string' || customer.deleted === true ? null : (customer.invoice_settings.default_payment_method ?? null);
  for (const method of [own, general]) {
    if (method !== null && typeof method !== 'string' && method.card != null) {
      return { brand: method.card.brand, lastFour: method.card.last4 };
    }
  }
  return null;
}

/** A price by use says what it counts by `carmic_meter` in its metadata; minutes without it. */
function meterOf(price: Stripe.Price): PriceMeter | null {
  return price.recurring?.usage_type !== 'metered' ? null : price.metadata['carmic_meter'] === 'seats' ? 'seats' : 'minutes';
}

/** Nothing for prices of other rhythms, which are not sold here. */
function readPrice(price: Stripe.Price): RemotePrice[] {
  const { product, recurring } = price;
  const isRhythm =
    recurring !== null && recurring.interval_count === 1 && (recurring.interval === 'month' || recurring.interval === 'year');
  if (!isRhythm || typeof product === 'string') {
    return [];
  }
  const isProductThere = product.deleted !== true;
  return [
    {
      id: price.id,
      productId: product.id,
      planSlug: isProductThere ? (product.metadata['carmic_plan'] ?? null) : null,
      productName: isProductThere ? product.name : '',
      currency: price.currency,
      unitAmount: price.unit_amount,
      period: recurring.interval === 'year' ? 'year' : 'month',
      meter: meterOf(price),
      isActive: price.active && isProductThere && product.active,
    },
  ];
}

function readInvoice(invoice: Stripe.Invoice): RemoteInvoice {
  return {
    id: invoice.id ?? '',
    number: invoice.number,
    status: invoice.status ?? 'draft',
    currency: invoice.currency,
    total: invoice.total,
    paid: invoice.amount_paid,
    credited: invoice.post_payment_credit_notes_amount,
    createdAt: new Date(invoice.created * 1000),
    pageUrl: invoice.hosted_invoice_url ?? null,
    pdfUrl: invoice.invoice_pdf ?? null,
  };
}

function verifyEvent(
  stripe: Stripe,
  { rawBody, signature, secrets, isLive }: { rawBody: string; signature: string; secrets: readonly string[]; isLive: boolean },
): RemoteEvent {
  for (const secret of secrets) {
    try {
      return readEvent(stripe.webhooks.constructEvent(rawBody, signature, secret, toleranceSeconds), isLive);
    } catch (error) {
      if (error instanceof AppError) {
        throw error;
      }
    }
  }
  throw invalidInput('The signature of this event is false, or older than five minutes.');
}

function readEvent(event: Stripe.Event, isLive: boolean): RemoteEvent {
  if (event.livemode !== isLive) {
    throw invalidInput(`This is an event of ${event.livemode ? 'live' : 'test'} mode, and the key is one of the other mode.`);
  }
  const object = event.data.object as unknown as Record<string, unknown>;
  const idOf = (value: unknown) =>
    typeof value === 'string' ? value : typeof (value as { id?: unknown } | null)?.id === 'string' ? (value as { id: string }).id : null;
  const objectId = idOf(object);
  return {
    id: event.id,
    type: event.type,
    createdAt: new Date(event.created * 1000),
    objectId,
    customerId: object['object'] === 'customer' ? objectId : idOf(object['customer']),
  };
}

function requireUrl(url: string | null): string {
  if (url === null) {
    throw unavailable('Stripe answered without a page: try again.');
  }
  return url;
}
