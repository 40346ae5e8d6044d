/**
 * A Stripe on loopback for what stripe-mock cannot do: it has a memory. Customers, prices, Checkout, subscriptions that renew, fail, are tried again
 * and end as a clock is turned; idempotency keys; events with signatures, kept in order so that tests can deliver them in any other; refusals
 * and answers that are lost after the work was done.
 */
import { createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { WireEvent, WireInvoice, WirePrice, WireSubscription } from './stripeObjects.ts';
import { previewOf } from './stripeChanges.ts';
import { IncidentsStandIn } from './stripeIncidents.ts';
import { MeterStandIn } from './stripeMeter.ts';
import { SubscriptionsStandIn } from './stripeSubscriptions.ts';
import { createGate, expand, failed, type Form, missing, parseForm, partsOf, textOf, WireError } from './stripeWire.ts';

type Json = Record<string, unknown>;

export class StripeStandIn extends SubscriptionsStandIn {
  readonly requests: { method: string; path: string; form: Form; key: string | undefined }[] = [];
  readonly meter = new MeterStandIn();
  readonly incidents = new IncidentsStandIn();
  readonly #answers = new Map<string, { body: string; status: number; answer: string }>();
  readonly #failures: (number | 'lost')[] = [];
  #held: Promise<void> = Promise.resolve();
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
    const id = this.newId('prod');
    this.objects.set(id, { id, object: 'product', name, active: true, metadata: { carmic_plan: slug }, livemode: this.isLive });
    return id;
  }

  addPrice(
    product: string,
    unitAmount: number,
    more: { interval?: 'month' | 'year'; currency?: string; isMetered?: boolean; meter?: 'seats' } = {},
  ): WirePrice {
    const id = this.newId('price');
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
    this.objects.set(id, price);
    this.emit('price.created', price);
    return price;
  }

  /** Removes a price wholly, which the dashboard allows while nobody has used it. */
  removePrice(id: string): void {
    this.objects.delete(id);
  }

  /** Headers and body of an event as Stripe sends it. */
  signed(event: WireEvent, secret: string, at = Math.floor(Date.now() / 1000)): { body: string; signature: string } {
    const body = JSON.stringify(event, null, 2);
    return { body, signature: `t=${at},v1=${createHmac('sha256', secret).update(`${at}.${body}`).digest('hex')}` };
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
    response.writeHead(reply.status, { 'content-type': 'application/json', 'request-id': this.newId('req') });
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
        (object, wish) => expand(object, wish.split('.'), (id) => this.objects.get(id)),
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
        return this.find(id, 'customer');
      case 'DELETE /v1/customers/:id':
        return this.#deleteCustomer(this.find(id, 'customer'));
      case 'GET /v1/prices':
        return this.#page(
          this.listOf<WirePrice>('price').filter((price) => price.active),
          form,
          path,
        );
      case 'GET /v1/prices/:id':
        return this.find(id, 'price');
      case 'GET /v1/subscriptions': {
        const customer = textOf(form['customer']);
        if (customer !== undefined) {
          this.#customer(customer);
        }
        return this.#page(
          this.listOf<WireSubscription>('subscription').filter((each) => customer === undefined || each.customer === customer),
          form,
          path,
        );
      }
      case 'POST /v1/subscriptions/:id':
        return this.updateSubscription(this.subscription(id), form);
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
          this.listOf<WireInvoice>('invoice').filter((each) => each.customer === form['customer']),
          form,
          path,
        );
      case 'POST /v1/invoices/create_preview':
        return previewOf(this.subscription(textOf(form['subscription']) ?? ''), form, (price) => this.find<WirePrice>(price, 'price'));
      default:
        throw new WireError(404, 'invalid_request_error', 'url_invalid', `Unrecognized request URL (${method}: ${path}).`);
    }
  }

  /** A customer who is there; a deleted one can be read, and nothing else. */
  #customer(id: string): Json {
    const found = this.find(id, 'customer');
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
    this.objects.set(String(id), { id, object: 'customer', deleted: true });
    this.emit('customer.deleted', customer);
    return { id, object: 'customer', deleted: true };
  }

  /** What is there of a customer. */
  readonly customer = (id: string): Json => this.find(id, 'customer');

  #add(prefix: string, fields: Json): Json {
    const id = this.newId(prefix);
    const object = { id, created: this.now, livemode: this.isLive, ...fields };
    this.objects.set(id, object);
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
    const id = this.newId('cs_test');
    const session = {
      id,
      object: 'checkout.session',
      customer,
      mode: textOf(form['mode']),
      prices: partsOf(form['line_items']).map((item) => this.find<WirePrice>(textOf(item['price']) ?? '', 'price').id),
      trialDays: Number(textOf(data['trial_period_days']) ?? 0),
      url: `https://checkout.stripe.com/c/pay/${id}`,
      livemode: this.isLive,
    };
    this.objects.set(id, session);
    return session;
  }
}
