/**
 * A Stripe on loopback for what stripe-mock cannot do: it has a memory. Customers, prices, Checkout, subscriptions that renew, fail, are tried again
 * and end as a clock is turned; idempotency keys; events with signatures, kept in order so that tests can deliver them in any other; refusals
 * and answers that are lost after the work was done.
 */
import { createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { newInvoice, type WireEvent, type WireInvoice, type WirePrice, type WireStatus, type WireSubscription } from './stripeObjects.ts';
import { itemsAfter, previewOf } from './stripeChanges.ts';
import { IncidentsStandIn } from './stripeIncidents.ts';
import { MeterStandIn } from './stripeMeter.ts';
import { createGate, expand, failed, type Form, missing, parseForm, partsOf, textOf, WireError } from './stripeWire.ts';

type Json = Record<string, unknown>;
const daySeconds = 86_400;
const retryDays = 3;
const retries = 3;

export class StripeStandIn {
  /** Seconds since 1970; turned by `advance`. */
  now = Math.floor(Date.now() / 1000);
  isLive = false;
  /** What happens after the last failed try of a renewal, as the account's settings say. */
  afterRetries: 'unpaid' | 'canceled' = 'unpaid';
  readonly events: WireEvent[] = [];
  readonly requests: { method: string; path: string; form: Form; key: string | undefined }[] = [];
  readonly meter = new MeterStandIn();
  readonly incidents = new IncidentsStandIn();
  readonly #objects = new Map<string, Json>();
  readonly #answers = new Map<string, { body: string; status: number; answer: string }>();
  readonly #failures: (number | 'lost')[] = [];
  /** Customers whose cards are refused. */
  readonly #broke = new Set<string>();
  readonly #tries = new Map<string, { left: number; at: number }>();
  #held: Promise<void> = Promise.resolve();
  #count = 0;
  #close: () => Promise<void> = () => Promise.resolve();
  url = '';

  async start(): Promise<this> {
    const server = createServer((request, response) => void this.#serve(request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    this.#close = () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    };
    return this;
  }

  readonly close = (): Promise<void> => this.#close();

  /** The next requests are answered with these instead; `lost` does the work and drops the connection. */
  fail(...failures: (number | 'lost')[]): void {
    this.#failures.push(...failures);
  }

  /** Answers nothing until the returned function is called. */
  hold(): () => void {
    const { opened, open } = createGate();
    this.#held = opened;
    return open;
  }

  clearFailures(): void {
    this.#failures.length = 0;
  }

  addPlan(slug: string, name: string): string {
    const id = this.#id('prod');
    this.#objects.set(id, { id, object: 'product', name, active: true, metadata: { carmic_plan: slug }, livemode: this.isLive });
    return id;
  }

  addPrice(
    product: string,
    unitAmount: number,
    more: { interval?: 'month' | 'year'; currency?: string; isMetered?: boolean; meter?: 'seats' } = {},
  ): WirePrice {
    const id = this.#id('price');
    const price: WirePrice = {
      id,
      object: 'price',
      product,
      currency: more.currency ?? 'eur',
      unit_amount: unitAmount,
      active: true,
      metadata: more.meter === undefined ? {} : { carmic_meter: more.meter },
      type: 'recurring',
      recurring: { interval: more.interval ?? 'month', interval_count: 1, usage_type: more.isMetered === true ? 'metered' : 'licensed' },
      livemode: this.isLive,
    };
    this.#objects.set(id, price);
    this.#emit('price.created', price);
    return price;
  }

  /** Removes a price wholly, which the dashboard allows while nobody has used it. */
  removePrice(id: string): void {
    this.#objects.delete(id);
  }

  subscription(id: string): WireSubscription {
    return this.#get<WireSubscription>(id, 'subscription');
  }

  subscriptionsOf(customer: string): WireSubscription[] {
    return this.#list<WireSubscription>('subscription').filter((each) => each.customer === customer);
  }

  /** A person at Checkout enters a card, which works, is refused at once, or whose bank wants a confirmation. */
  completeCheckout(sessionUrl: string, card: 'works' | 'needs_confirmation' = 'works'): WireSubscription {
    const session = this.#get<Json>(sessionUrl.slice(sessionUrl.lastIndexOf('/') + 1), 'checkout session');
    const subscription = this.subscribe(String(session['customer']), session['prices'] as string[], {
      trialDays: Number(session['trialDays']),
      isConfirmed: card === 'works',
    });
    this.#emit('checkout.session.completed', { ...session, subscription: subscription.id });
    return subscription;
  }

  subscribe(customer: string, prices: readonly string[], options: { trialDays?: number; isConfirmed?: boolean } = {}): WireSubscription {
    const id = this.#id('sub');
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
          id: this.#id('si'),
          object: 'subscription_item',
          price: this.#get<WirePrice>(price, 'price'),
          current_period_end: trialEnd ?? this.#nextEnd(this.#get<WirePrice>(price, 'price'), this.now),
        })),
      },
    };
    this.#objects.set(id, subscription);
    const method = this.#id('pm');
    this.#objects.set(method, { id: method, object: 'payment_method', card: { brand: 'visa', last4: '4242' }, customer });
    subscription['default_payment_method'] = method;
    this.#emit('customer.subscription.created', subscription);
    if (!isTrial) {
      this.#invoice(subscription, options.isConfirmed !== false);
    }
    return subscription;
  }

  /** The person confirms at the bank, or pays an open invoice on its page. */
  pay(subscriptionId: string): void {
    const subscription = this.subscription(subscriptionId);
    const invoice = this.#get<WireInvoice>(subscription.latest_invoice ?? '', 'invoice');
    this.#broke.delete(subscription.customer);
    this.#tries.delete(subscriptionId);
    invoice.status = 'paid';
    invoice.amount_paid = invoice.total;
    this.#emit('invoice.paid', invoice);
    this.setStatus(subscriptionId, 'active');
  }

  /** Somebody pays what is open on its page, after the subscription has ended. */
  settleInvoices(customer: string): void {
    for (const invoice of this.#list<WireInvoice>('invoice').filter((each) => each.customer === customer && each.status === 'open')) {
      invoice.status = 'paid';
      this.#emit('invoice.paid', invoice);
    }
  }

  breakCard(customer: string): void {
    this.#broke.add(customer);
  }

  setStatus(id: string, status: WireStatus): void {
    const subscription = this.subscription(id);
    subscription.status = status;
    this.#emit(status === 'canceled' ? 'customer.subscription.deleted' : 'customer.subscription.updated', subscription);
  }

  readonly emit = (type: string, object: Json): WireEvent => this.#emit(type, object);

  /** Turns the clock, hour by hour where something is due: renewals, retries, ends. */
  advance(days: number): void {
    const end = this.now + days * daySeconds;
    for (;;) {
      const due = this.#list<WireSubscription>('subscription')
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

  /** Headers and body of an event as Stripe sends it. */
  signed(event: WireEvent, secret: string, at = Math.floor(Date.now() / 1000)): { body: string; signature: string } {
    const body = JSON.stringify(event, null, 2);
    return { body, signature: `t=${at},v1=${createHmac('sha256', secret).update(`${at}.${body}`).digest('hex')}` };
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
    Object.assign(this.#get(subscription.latest_invoice ?? '', 'invoice'), {
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
    const id = this.#id('in');
    const nextTry = isPaid ? null : this.now + retryDays * daySeconds;
    const invoice = newInvoice(subscription, { id, number: `CARMIC-${this.#count}`, at: this.now, isLive: this.isLive, isPaid, nextTry });
    this.#objects.set(id, invoice);
    subscription.latest_invoice = id;
    this.#emit(isPaid ? 'invoice.paid' : 'invoice.payment_failed', invoice);
  }

  #emit(type: string, object: Json): WireEvent {
    const event: WireEvent = {
      id: this.#id('evt'),
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

  #id(prefix: string): string {
    this.#count += 1;
    return `${prefix}_${String(this.#count).padStart(6, '0')}`;
  }

  #get<T extends Json>(id: string, what: string): T {
    const found = this.#objects.get(id);
    if (found === undefined) {
      throw missing(what, id);
    }
    return found as T;
  }

  #list<T extends Json>(kind: string): T[] {
    return [...this.#objects.values()].filter((each): each is T => each['object'] === kind).reverse();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request);
    await this.#held;
    const url = new URL(request.url ?? '', 'http://stripe');
    const method = request.method ?? 'GET';
    const key = request.headers['idempotency-key'] as string | undefined;
    const form = parseForm(method === 'GET' ? url.search.slice(1) : body);
    this.requests.push({ method, path: url.pathname, form, key });
    const failure = this.#failures.shift();
    let reply = typeof failure === 'number' ? failed(failure) : this.#once(method, url.pathname, form, body, key);
    if (request.headers.authorization?.startsWith('Bearer sk_test_') !== true) {
      reply = failed(401);
    }
    if (failure === 'lost') {
      request.socket.destroy();
      return;
    }
    response.writeHead(reply.status, { 'content-type': 'application/json', 'request-id': this.#id('req') });
    response.end(reply.answer);
  }

  /** A second request with a key answers what the first one did, and a different request with it is refused. */
  #once(method: string, path: string, form: Form, body: string, key: string | undefined): { status: number; answer: string } {
    const before = method === 'POST' && key !== undefined ? this.#answers.get(key) : undefined;
    if (before !== undefined) {
      return before.body === path + body ? before : failed(400, 'idempotency_error');
    }
    let reply: { status: number; answer: string };
    try {
      const expansions = Object.values((form['expand'] as Form | undefined) ?? {}).map(String);
      const answer = expansions.reduce<unknown>(
        (object, wish) => expand(object, wish.split('.'), (id) => this.#objects.get(id)),
        this.#answer(method, path, form),
      );
      reply = { status: 200, answer: JSON.stringify(answer) };
    } catch (error) {
      if (!(error instanceof WireError)) {
        throw error;
      }
      reply = { status: error.status, answer: JSON.stringify(error.body) };
    }
    if (method === 'POST' && key !== undefined) {
      this.#answers.set(key, { body: path + body, ...reply });
    }
    return reply;
  }

  #answer(method: string, path: string, form: Form): unknown {
    const [, , resource = '', id = ''] = path.split('/');
    const part = path.startsWith('/v1/billing/meter') ? this.meter : /^\/v1\/(disputes|refunds)/.test(path) ? this.incidents : null;
    if (part !== null) {
      return part.answer(path, form);
    }
    switch (`${method} ${path.split('/').length > 3 && !/create_preview|sessions/.test(path) ? `/v1/${resource}/:id` : path}`) {
      case 'POST /v1/customers':
        return this.#add('cus', {
          object: 'customer',
          metadata: form['metadata'] ?? {},
          invoice_settings: { default_payment_method: null },
        });
      case 'GET /v1/customers/:id':
        return this.#get(id, 'customer');
      case 'DELETE /v1/customers/:id':
        return this.#deleteCustomer(this.#get(id, 'customer'));
      case 'GET /v1/prices':
        return this.#page(
          this.#list<WirePrice>('price').filter((price) => price.active),
          form,
          path,
        );
      case 'GET /v1/prices/:id':
        return this.#get(id, 'price');
      case 'GET /v1/subscriptions': {
        const customer = textOf(form['customer']);
        if (customer !== undefined) {
          this.#customer(customer);
        }
        return this.#page(
          this.#list<WireSubscription>('subscription').filter((each) => customer === undefined || each.customer === customer),
          form,
          path,
        );
      }
      case 'POST /v1/subscriptions/:id':
        return this.#update(this.subscription(id), form);
      case 'DELETE /v1/subscriptions/:id':
        if (this.subscription(id).status === 'canceled') {
          throw missing('subscription', id);
        }
        this.setStatus(id, 'canceled');
        return this.subscription(id);
      case 'POST /v1/checkout/sessions':
        return this.#openCheckout(form);
      case 'POST /v1/billing_portal/sessions':
        this.#customer(textOf(form['customer']) ?? '');
        return this.#add('bps', { object: 'billing_portal.session', url: 'https://billing.stripe.com/p/session/1' });
      case 'GET /v1/invoices':
        return this.#page(
          this.#list<WireInvoice>('invoice').filter((each) => each.customer === form['customer']),
          form,
          path,
        );
      case 'POST /v1/invoices/create_preview':
        return previewOf(this.subscription(textOf(form['subscription']) ?? ''), form, (price) => this.#get<WirePrice>(price, 'price'));
      default:
        throw new WireError(404, 'invalid_request_error', 'url_invalid', `Unrecognized request URL (${method}: ${path}).`);
    }
  }

  /** A customer who is there; a deleted one can be read, and nothing else. */
  #customer(id: string): Json {
    const found = this.#get(id, 'customer');
    if (found['deleted'] === true) {
      throw missing('customer', id);
    }
    return found;
  }

  #deleteCustomer({ id }: Json): Json {
    const customer = this.#customer(String(id));
    for (const { id: subscription, status } of this.subscriptionsOf(String(id))) {
      if (status !== 'canceled') {
        this.setStatus(subscription, 'canceled');
      }
    }
    this.#objects.set(String(id), { id, object: 'customer', deleted: true });
    this.#emit('customer.deleted', customer);
    return { id, object: 'customer', deleted: true };
  }

  /** What is there of a customer. */
  readonly customer = (id: string): Json => this.#get(id, 'customer');

  #add(prefix: string, fields: Json): Json {
    const id = this.#id(prefix);
    const object = { id, created: this.now, livemode: this.isLive, ...fields };
    this.#objects.set(id, object);
    return object;
  }

  #page(all: readonly Json[], form: Form, url: string): Json {
    const after = textOf(form['starting_after']);
    const from = after === undefined ? 0 : all.findIndex((each) => each['id'] === after) + 1;
    const limit = Number(textOf(form['limit']) ?? 10);
    return { object: 'list', url, data: all.slice(from, from + limit), has_more: from + limit < all.length };
  }

  #openCheckout(form: Form): Json {
    const customer = textOf(form['customer']) ?? '';
    this.#customer(customer);
    const data = form['subscription_data'] as Form;
    const id = this.#id('cs_test');
    const session = {
      id,
      object: 'checkout.session',
      customer,
      mode: textOf(form['mode']),
      prices: partsOf(form['line_items']).map((item) => this.#get<WirePrice>(textOf(item['price']) ?? '', 'price').id),
      trialDays: Number(textOf(data['trial_period_days']) ?? 0),
      url: `https://checkout.stripe.com/c/pay/${id}`,
      livemode: this.isLive,
    };
    this.#objects.set(id, session);
    return session;
  }

  #update(subscription: WireSubscription, form: Form): WireSubscription {
    const cancel = textOf(form['cancel_at_period_end']);
    if (cancel !== undefined) {
      subscription.cancel_at_period_end = cancel === 'true';
    }
    if (form['items'] !== undefined) {
      const items = itemsAfter(subscription, form, {
        priceOf: (id) => this.#get<WirePrice>(id, 'price'),
        newItemId: () => this.#id('si'),
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
    this.#emit('customer.subscription.updated', subscription);
    return subscription;
  }
}
