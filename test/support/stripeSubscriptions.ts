/** Subscriptions of our stand-in for Stripe: they begin, change, renew, fail, are tried again and end as a clock is turned, and tell of it by events. */
import { itemsAfter } from './stripeChanges.ts';
import { newInvoice, type WireEvent, type WireInvoice, type WirePrice, type WireStatus, type WireSubscription } from './stripeObjects.ts';
import { type Form, missing, textOf } from './stripeWire.ts';

type Json = Record<string, unknown>;
const daySeconds = 86_400;
const retryDays = 3;
const retries = 3;

/** What is remembered, and what happens to subscriptions; the wire around it is StripeStandIn's. */
export class SubscriptionsStandIn {
  /** Seconds since 1970; turned by `advance`. */
  now = Math.floor(Date.now() / 1000);
  isLive = false;
  /** What happens after the last failed try of a renewal, as the account's settings say. */
  afterRetries: 'unpaid' | 'canceled' = 'unpaid';
  readonly events: WireEvent[] = [];
  protected readonly objects = new Map<string, Json>();
  /** Customers whose cards are refused. */
  readonly #broke = new Set<string>();
  readonly #tries = new Map<string, { left: number; at: number }>();
  #count = 0;

  subscription(id: string): WireSubscription {
    return this.find<WireSubscription>(id, 'subscription');
  }

  subscriptionsOf(customer: string): WireSubscription[] {
    return this.listOf<WireSubscription>('subscription').filter((each) => each.customer === customer);
  }

  /** A person at Checkout enters a card, which works, is refused at once, or whose bank wants a confirmation. */
  completeCheckout(sessionUrl: string, card: 'works' | 'needs_confirmation' = 'works'): WireSubscription {
    const session = this.find<Json>(sessionUrl.slice(sessionUrl.lastIndexOf('/') + 1), 'checkout session');
    const subscription = this.subscribe(String(session['customer']), session['prices'] as string[], {
      trialDays: Number(session['trialDays']),
      isConfirmed: card === 'works',
    });
    this.emit('checkout.session.completed', { ...session, subscription: subscription.id });
    return subscription;
  }

  subscribe(customer: string, prices: readonly string[], options: { trialDays?: number; isConfirmed?: boolean } = {}): WireSubscription {
    const id = this.newId('sub');
    const isTrial = (options.trialDays ?? 0) > 0;
    const trialEnd = isTrial ? this.now + (options.trialDays ?? 0) * daySeconds : null;
    const subscription: WireSubscription = {
      id,
      object: 'subscription',
      customer,
      status: isTrial ? 'trialing' : options.isConfirmed === false ? 'incomplete' : 'active',
      cancel_at: null,
      cancel_at_period_end: false,
      created: this.now,
      currency: 'eur',
      default_payment_method: null,
      latest_invoice: null,
      trial_end: trialEnd,
      livemode: this.isLive,
      items: {
        object: 'list',
        has_more: false,
        url: `/v1/subscription_items?subscription=${id}`,
        data: prices.map((price) => ({
          id: this.newId('si'),
          object: 'subscription_item',
          price: this.find<WirePrice>(price, 'price'),
          current_period_end: trialEnd ?? this.#nextEnd(this.find<WirePrice>(price, 'price'), this.now),
        })),
      },
    };
    this.objects.set(id, subscription);
    const method = this.newId('pm');
    this.objects.set(method, { id: method, object: 'payment_method', card: { brand: 'visa', last4: '4242' }, customer });
    subscription['default_payment_method'] = method;
    this.emit('customer.subscription.created', subscription);
    if (!isTrial) {
      this.#invoice(subscription, options.isConfirmed !== false);
    }
    return subscription;
  }

  /** The person confirms at the bank, or pays an open invoice on its page. */
  pay(subscriptionId: string): void {
    const subscription = this.subscription(subscriptionId);
    const invoice = this.find<WireInvoice>(subscription.latest_invoice ?? '', 'invoice');
    this.#broke.delete(subscription.customer);
    this.#tries.delete(subscriptionId);
    invoice.status = 'paid';
    invoice.amount_paid = invoice.total;
    this.emit('invoice.paid', invoice);
    this.setStatus(subscriptionId, 'active');
  }

  /** Somebody pays what is open on its page, after the subscription has ended. */
  settleInvoices(customer: string): void {
    for (const invoice of this.listOf<WireInvoice>('invoice').filter((each) => each.customer === customer && each.status === 'open')) {
      invoice.status = 'paid';
      this.emit('invoice.paid', invoice);
    }
  }

  breakCard(customer: string): void {
    this.#broke.add(customer);
  }

  setStatus(id: string, status: WireStatus): void {
    const subscription = this.subscription(id);
    subscription.status = status;
    this.emit(status === 'canceled' ? 'customer.subscription.deleted' : 'customer.subscription.updated', subscription);
  }

  /** Turns the clock, hour by hour where something is due: renewals, retries, ends. */
  advance(days: number): void {
    const end = this.now + days * daySeconds;
    for (;;) {
      const due = this.listOf<WireSubscription>('subscription')
        .filter((each) => !['canceled', 'incomplete_expired', 'unpaid', 'paused'].includes(each.status))
        .map((subscription) => ({ subscription, at: this.#dueAt(subscription) }))
        .sort((a, b) => a.at - b.at)[0];
      if (due === undefined || due.at > end) {
        break;
      }
      this.now = Math.max(this.now, due.at);
      this.#renew(due.subscription);
    }
    this.now = end;
  }

  #dueAt(subscription: WireSubscription): number {
    const pending = this.#tries.get(subscription.id);
    return subscription.status === 'incomplete'
      ? Number(subscription['created']) + 23 * 3600
      : (pending?.at ?? Math.min(...subscription.items.data.map((item) => item.current_period_end)));
  }

  #renew(subscription: WireSubscription): void {
    const { id, customer, status } = subscription;
    if (status === 'incomplete') {
      this.setStatus(id, 'incomplete_expired');
      return;
    }
    const pending = this.#tries.get(id);
    if (pending === undefined && subscription.cancel_at_period_end) {
      this.setStatus(id, 'canceled');
      return;
    }
    if (pending === undefined) {
      for (const item of subscription.items.data) {
        item.current_period_end = this.#nextEnd(item.price, item.current_period_end);
      }
    }
    const works = !this.#broke.has(customer);
    if (pending === undefined) {
      this.#invoice(subscription, works);
    }
    if (works) {
      if (pending !== undefined) {
        this.pay(id);
      } else {
        this.setStatus(id, 'active');
      }
      return;
    }
    const left = (pending?.left ?? retries + 1) - 1;
    const next = left <= 1 ? null : this.now + retryDays * daySeconds;
    Object.assign(this.find(subscription.latest_invoice ?? '', 'invoice'), {
      attempt_count: retries + 1 - left,
      next_payment_attempt: next,
    });
    if (left === 0) {
      this.#tries.delete(id);
      this.setStatus(id, this.afterRetries);
      return;
    }
    this.#tries.set(id, { left, at: this.now + retryDays * daySeconds });
    this.setStatus(id, 'past_due');
  }

  #nextEnd(price: WirePrice, from: number): number {
    const date = new Date(from * 1000);
    date.setUTCMonth(date.getUTCMonth() + (price.recurring.interval === 'year' ? 12 : 1));
    return Math.floor(date.getTime() / 1000);
  }

  #invoice(subscription: WireSubscription, isPaid: boolean): void {
    const id = this.newId('in');
    const nextTry = isPaid ? null : this.now + retryDays * daySeconds;
    const invoice = newInvoice(subscription, { id, number: `CARMIC-${this.#count}`, at: this.now, isLive: this.isLive, isPaid, nextTry });
    this.objects.set(id, invoice);
    subscription.latest_invoice = id;
    this.emit(isPaid ? 'invoice.paid' : 'invoice.payment_failed', invoice);
  }

  emit(type: string, object: Json): WireEvent {
    const event: WireEvent = {
      id: this.newId('evt'),
      object: 'event',
      api_version: '2026-10-28.endive',
      created: this.now,
      type,
      livemode: this.isLive,
      data: { object: structuredClone(object) },
    };
    this.events.push(event);
    return event;
  }

  protected newId(prefix: string): string {
    this.#count += 1;
    return `${prefix}_${String(this.#count).padStart(6, '0')}`;
  }

  protected find<T extends Json>(id: string, what: string): T {
    const found = this.objects.get(id);
    if (found === undefined) {
      throw missing(what, id);
    }
    return found as T;
  }

  protected listOf<T extends Json>(kind: string): T[] {
    return [...this.objects.values()].filter((each): each is T => each['object'] === kind).reverse();
  }

  protected updateSubscription(subscription: WireSubscription, form: Form): WireSubscription {
    const cancel = textOf(form['cancel_at_period_end']);
    if (cancel !== undefined) {
      subscription.cancel_at_period_end = cancel === 'true';
    }
    if (form['items'] !== undefined) {
      const items = itemsAfter(subscription, form, {
        priceOf: (id) => this.find<WirePrice>(id, 'price'),
        newItemId: () => this.newId('si'),
        nextEnd: (price) => this.#nextEnd(price, this.now),
      });
      if (this.#broke.has(subscription.customer)) {
        // pending_if_incomplete: the change waits for its payment, and the subscription stays what it was.
        this.#invoice(subscription, false);
        return subscription;
      }
      subscription.items.data = items;
      this.#invoice(subscription, true);
    }
    this.emit('customer.subscription.updated', subscription);
    return subscription;
  }
}
