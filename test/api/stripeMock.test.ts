/** The shapes of what is sent to Stripe and read from it, against Stripe's own stripe-mock, which knows its OpenAPI document and has no memory. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createStripeGateway, type StripeGateway } from '../../server/src/billing/stripeGateway.ts';
import { readEnv } from '../../server/src/core/env.ts';
import { createLog } from '../../server/src/core/log.ts';
import { createEgress } from '../../server/src/egress/egress.ts';
import { fetchStripeMock, findStripeMock } from '../../scripts/fetchStripeMock.mjs';
import { until } from '../support/instance.ts';

let mock: ChildProcess | null = null;
let gateway: StripeGateway | null = null;

beforeAll(async () => {
  const path = process.env['CI'] === 'true' ? await fetchStripeMock() : findStripeMock();
  if (path === null) {
    return;
  }
  const port = await new Promise<number>((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
  mock = spawn(path, ['-http-addr', `127.0.0.1:${port}`], { stdio: 'ignore' });
  const url = `http://127.0.0.1:${port}`;
  await until('stripe-mock', () => fetch(url).catch(() => null));
  const env = readEnv({
    CARMIC_DATABASE_URL: 'postgres://nobody@localhost/none',
    CARMIC_DATA_DIR: '/nowhere',
    CARMIC_STRIPE_SECRET_KEY: 'sk_test_123',
    CARMIC_STRIPE_API_URL: url,
    CARMIC_STRIPE_TAX: 'on',
  });
  gateway = createStripeGateway(env, createEgress([{ name: 'stripe', baseUrl: url }], createLog({ level: 'silent' })));
}, 540_000);
beforeEach((context) => {
  if (gateway === null) {
    context.skip('stripe-mock is not here; `node scripts/fetchStripeMock.mjs` builds it with Go');
  }
});
afterAll(async () => {
  if (mock !== null) {
    mock.kill();
    await once(mock, 'exit');
  }
});

const stripe = (): StripeGateway => {
  if (gateway === null) {
    throw new Error('stripe-mock did not start.');
  }
  return gateway;
};

test('what is asked of customers, pages and invoices is what Stripe documents', async () => {
  expect(await stripe().createCustomer('6f1f1f1f-0000-4000-8000-00000000abcd')).toMatch(/^cus_/);
  await stripe().workspaceOf('cus_123');
  await stripe().deleteCustomer('cus_123');
  const pages = { successUrl: 'https://carmic.example/#/billing?from=checkout', cancelUrl: 'https://carmic.example/#/billing' };
  const items = [
    { priceId: 'price_1', isMetered: false },
    { priceId: 'price_2', isMetered: true },
  ];
  const url = await stripe().createCheckout({ customerId: 'cus_123', workspaceId: 'w', items, trialDays: 14, ...pages });
  expect(url).toMatch(/^https:/);
  expect(await stripe().createPortal('cus_123', pages.cancelUrl)).toMatch(/^https:/);
  for (const invoice of await stripe().listInvoices('cus_123')) {
    expect(invoice.id).not.toBe('');
    expect(invoice.currency).toMatch(/^[a-z]{3}$/);
  }
});

test('what is asked of subscriptions is what Stripe documents, and what it answers is read', async () => {
  const [subscription] = await stripe().listSubscriptions('cus_123');
  expect(subscription?.id).toMatch(/^sub_/);
  expect(subscription?.status).not.toBeNull();
  expect(subscription?.items[0]?.id).toMatch(/^si_/);
  expect(subscription?.periodEndsAt).toBeInstanceOf(Date);
  const items = [{ id: 'si_123', priceId: 'price_1' }, { priceId: 'price_2' }];
  const preview = await stripe().previewChange('sub_123', items, new Date());
  expect(preview.currency).toMatch(/^[a-z]{3}$/);
  await stripe().changePrice('sub_123', items, { at: new Date(), generation: '1' });
  await stripe().removeItems('sub_123', ['si_124']);
  await stripe().setCancelAtPeriodEnd('sub_123', true);
  await stripe().cancelNow('sub_123');
  expect((await stripe().listSubscribers()).length).toBeGreaterThan(0);
});

test('prices and meters are asked for as Stripe documents', async () => {
  await stripe().listPrices();
  await stripe().getPrice('price_123');
  await stripe().countUsage({ meter: 'minutes', identifier: 'carmic-minutes-1', customerId: 'cus_123', value: 61, at: new Date() });
  const [from, end] = [new Date('2026-11-01T00:00:00Z'), new Date('2026-11-02T00:00:00Z')];
  const counted = await stripe().readMeter('seats', 'cus_123', from, end);
  expect(counted === null || Number.isFinite(counted)).toBe(true);
});

test('refunds and disputes are asked for as Stripe documents', async () => {
  const [dispute, refund] = [await stripe().getDispute('dp_123'), await stripe().getRefund('re_123')];
  for (const incident of [dispute, refund, ...(await stripe().listRefundsOf('ch_123')), ...(await stripe().listIncidents(new Date(0)))]) {
    expect(incident?.id).not.toBe('');
    expect(incident?.status).not.toBe('');
    expect(incident?.currency).toMatch(/^[a-z]{3}$/);
  }
});
