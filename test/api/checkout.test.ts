/** What is asked of Stripe where somebody subscribes: a trial once, coupons, taxes, currencies, the portal; and the operator's two commands. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { deliver, openShop, planOf, secret, type Shop } from '../support/billing.ts';
import { carmic, environmentOf } from '../support/carmicCommand.ts';
import type { WirePrice } from '../support/stripeObjects.ts';

let shop: Shop;
let dollars: WirePrice;
let dollarMinutes: WirePrice;
let euroMinutes: WirePrice;
const command = (...argv: string[]) =>
  carmic(
    {
      ...environmentOf(shop.instance),
      CARMIC_STRIPE_SECRET_KEY: 'sk_test_carmic',
      CARMIC_STRIPE_WEBHOOK_SECRETS: secret,
      CARMIC_STRIPE_API_URL: shop.stripe.url,
    },
    ...argv,
  );
const lastCheckout = () => shop.stripe.requests.findLast(({ method, path }) => method === 'POST' && path === '/v1/checkout/sessions')?.form;

beforeAll(async () => {
  shop = await openShop({ CARMIC_STRIPE_TRIAL_DAYS: '14', CARMIC_STRIPE_TAX: 'on' });
  const { product } = shop.monthly;
  dollars = shop.stripe.addPrice(product, 2100, { currency: 'usd' });
  dollarMinutes = shop.stripe.addPrice(product, 14, { currency: 'usd', isMetered: true });
  euroMinutes = shop.stripe.addPrice(product, 12, { isMetered: true });
});
afterAll(() => shop.stop());

test('the operator’s command shows what differs at Stripe, takes it over when told to, and a second look finds nothing', async () => {
  const shown = await command('sync-prices');
  expect(shown.code).toBe(0);
  expect(shown.out).toContain('$21.00 a month is new');
  // To look is not to take.
  expect((await command('sync-prices')).out).toContain('$21.00 a month is new');
  expect((await command('sync-prices', '--apply')).code).toBe(0);
  const after = await command('sync-prices');
  expect(after.out).not.toContain('is new');
  expect(after.code).toBe(0);
});

test('a first subscription begins with the trial, in the currency that was chosen, with coupons and taxes; a second has no trial', async () => {
  const who = await shop.instance.createCaller();
  const { url } = await who.call('createCheckout', { body: { priceId: dollars.id } });
  const form = lastCheckout();
  expect(form).toMatchObject({
    mode: 'subscription',
    allow_promotion_codes: 'true',
    automatic_tax: { enabled: 'true' },
    tax_id_collection: { enabled: 'true' },
    subscription_data: { trial_period_days: '14' },
  });
  // What is sold by use goes along in the same currency.
  expect(JSON.stringify(form?.['line_items'])).toContain(dollarMinutes.id);
  expect(JSON.stringify(form?.['line_items'])).not.toContain(euroMinutes.id);
  const { id } = shop.stripe.completeCheckout(url);
  await deliver(shop);
  expect((await who.call('getBilling')).subscription).toMatchObject({ status: 'trialing', isEntitled: true });
  expect(await planOf(who)).toBe('standard');
  expect((await who.call('listInvoices')).items).toEqual([]);
  shop.stripe.advance(15);
  await deliver(shop);
  expect((await who.call('getBilling')).subscription).toMatchObject({ status: 'active', isEntitled: true });
  expect((await who.call('listInvoices')).items).toHaveLength(1);

  expect((await who.call('createPortalSession')).url).toBe('https://billing.stripe.com/p/session/1');
  shop.stripe.setStatus(id, 'canceled');
  await deliver(shop);
  expect(await planOf(who)).toBe('free');
  await who.call('createCheckout', { body: { priceId: shop.yearly.id } });
  expect(lastCheckout()).not.toHaveProperty('subscription_data.trial_period_days');
  const nobody = await shop.instance.createCaller();
  await expect(nobody.call('createPortalSession')).rejects.toMatchObject({ code: 'wrong_state' });
});

test('the operator’s check of the ledger is silent while it adds up, and names what does not', async () => {
  expect(await command('check-ledger')).toMatchObject({ code: 0 });
  const { db } = shop.instance.server.deps;
  const { workspaceId } = await shop.instance.createCaller();
  await db.asSystem((tx) =>
    db.change(tx, "INSERT INTO usage_months (workspace_id, month, used_seconds) VALUES (:workspaceId, '2026-01-01', 60)", { workspaceId }),
  );
  const found = await command('check-ledger');
  expect(found.code).not.toBe(0);
  expect(found.out + found.err).toContain(workspaceId);
});
