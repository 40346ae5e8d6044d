/** Plans that are sold through Stripe: what is paid applies, whatever the order, number and fate of its events. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { reconcileBilling, readLastReconciliation } from '../../server/src/billing/reconcile.ts';
import { processEvents } from '../../server/src/billing/stripeEvents.ts';
import { closeAccount } from '../../server/src/billing/subscribe.ts';
import { deliver, mailsTo, movesOf, oldSecret, openShop, planOf, post, secret, send, type Shop, subscribed } from '../support/billing.ts';
import type { Caller } from '../support/instance.ts';
import type { WireEvent } from '../support/stripeObjects.ts';
import { uploadVideo } from '../support/upload.ts';

let shop: Shop;
const deps = () => shop.instance.server.deps;
const accountOf = async (who: Caller) => {
  const [row] = await deps().db.asSystem((tx) =>
    deps().db.rows<Record<string, unknown>>(
      tx,
      `SELECT status, is_entitled, price_id, plan_id, subscription_count, cancels_at, lapsed_at IS NOT NULL AS has_lapsed, card_brand, card_last_four
       FROM billing_accounts WHERE workspace_id = :id`,
      { id: who.workspaceId },
    ),
  );
  return row;
};
const tellNobody = () => shop.stripe.events.splice(0);
/** Lets postponed events have their turn now. */
const dueNow = () => deps().db.asSystem((tx) => deps().db.change(tx, 'UPDATE stripe_events SET next_attempt_at = now()'));

beforeAll(async () => {
  shop = await openShop();
  tellNobody();
});
afterAll(() => shop.stop());

describe('subscribing', () => {
  test('a plan follows the paid state and never the way back from Checkout; Stripe is told no name and no address (C2)', async () => {
    const who = await shop.instance.createCaller();
    const offers = (await who.call('listOffers')).items;
    expect(offers.map(({ name, prices }) => [name, prices.map((price) => price.amount)])).toEqual([
      ['Free', []],
      ['Standard', [1900, 19_000]],
      ['Professional', [4900]],
    ]);
    const { url } = await who.call('createCheckout', { body: { priceId: shop.monthly.id } });
    expect(await who.call('refreshBilling')).toMatchObject({ isOn: true, subscription: null });
    expect(await planOf(who)).toBe('free');
    shop.stripe.completeCheckout(url);
    await deliver(shop);
    expect(await planOf(who)).toBe('standard');
    expect((await who.call('getBilling')).subscription).toMatchObject({
      status: 'active',
      isEntitled: true,
      planName: 'Standard',
      price: { amount: 1900, currency: 'eur', period: 'month' },
      card: { brand: 'visa', lastFour: '4242' },
      cancelsAt: null,
    });
    expect(await mailsTo(shop, who)).toEqual(['Your plan has started']);
    const sent = shop.stripe.requests.filter(({ path }) => path === '/v1/customers').at(-1)?.form;
    expect(sent).toEqual({ metadata: { workspace_id: who.workspaceId } });
    expect(JSON.stringify(shop.stripe.requests)).not.toContain('example.test');
    expect((await who.call('listInvoices')).items).toMatchObject([{ status: 'paid', total: 1900, paid: 1900, currency: 'eur' }]);
    await expect(who.call('createCheckout', { body: { priceId: shop.yearly.id } })).rejects.toMatchObject({ code: 'wrong_state' });
  });

  test('a payment that waits for the bank buys nothing until it is confirmed, and nothing ever when it is not', async () => {
    const [one, other] = await Promise.all([shop.instance.createCaller(), shop.instance.createCaller()]);
    for (const who of [one, other]) {
      const { url } = await who.call('createCheckout', { body: { priceId: shop.monthly.id } });
      const subscription = shop.stripe.completeCheckout(url, 'needs_confirmation');
      await deliver(shop);
      const billing = await who.call('getBilling');
      expect(billing.subscription).toMatchObject({ status: 'incomplete', isEntitled: false });
      expect(billing.subscription?.unpaidInvoiceUrl).toMatch(/^https:\/\/invoice\.stripe\.com\//);
      expect(await planOf(who)).toBe('free');
      if (who === one) {
        shop.stripe.pay(subscription.id);
      } else {
        shop.stripe.setStatus(subscription.id, 'incomplete_expired');
      }
      await deliver(shop);
    }
    expect([await planOf(one), await planOf(other)]).toEqual(['standard', 'free']);
    expect(await mailsTo(shop, one)).toEqual(['A payment waits for your confirmation', 'Your plan has started']);
    expect(await mailsTo(shop, other)).toEqual(['A payment waits for your confirmation']);
    // Who never paid may begin anew.
    expect((await other.call('createCheckout', { body: { priceId: shop.monthly.id } })).url).toContain('checkout.stripe.com');
  });

  test('only prices that are for sale can be bought', async () => {
    const who = await shop.instance.createCaller();
    for (const priceId of ['price_made_up', shop.stripe.addPrice(shop.monthly.product, 1).id]) {
      await expect(who.call('createCheckout', { body: { priceId } })).rejects.toMatchObject({ code: 'invalid_input' });
    }
    tellNobody();
  });
});

test('the number of a card is refused in whatever field it is typed, and kept nowhere (C2)', async () => {
  const who = await shop.instance.createCaller();
  const card = '4242 4242 4242 4242';
  const tries = [
    who.call('createBrandKit', { body: { name: `Ours ${card}` } }),
    who.call('createVideo', { body: { fileName: `${card}.mp4`, sizeBytes: 1 } }),
    who.call('updateMe', { body: { name: card } }),
    who.call('search', { query: { q: card } }),
    shop.admin.call('createGrant', { body: { workspaceId: who.workspaceId, planId: shop.plans['free'] ?? '', reason: card } }),
  ];
  for (const result of await Promise.allSettled(tries)) {
    expect(result).toMatchObject({ status: 'rejected', reason: { code: 'invalid_input' } });
    expect(JSON.stringify((result as PromiseRejectedResult).reason)).not.toContain('4242');
  }
  // Every row of every table, as text.
  const { db } = deps();
  const tables = await db.asSystem((tx) =>
    db.rows<{ name: string }>(tx, "SELECT quote_ident(tablename) AS name FROM pg_tables WHERE schemaname = 'public'"),
  );
  const rowsWith = async (text: string) => {
    const counts = tables.map(({ name }) => `SELECT count(*)::int AS n FROM ${name} t WHERE t::text LIKE :text`);
    const found = await db.asSystem((tx) => db.rows<{ n: number }>(tx, counts.join(' UNION ALL '), { text: `%${text}%` }));
    return found.reduce((sum, { n }) => sum + n, 0);
  };
  expect(tables.length).toBeGreaterThan(50);
  expect(await rowsWith(who.userId), 'what is kept is found').toBeGreaterThan(0);
  expect(await rowsWith(card)).toBe(0);
  expect(await rowsWith(card.replaceAll(' ', ''))).toBe(0);
});

describe('the door for events', () => {
  let event: WireEvent;
  beforeAll(() => {
    event = shop.stripe.emit('customer.updated', { id: 'cus_nobody', object: 'customer' });
    tellNobody();
  });

  test('takes the present secret and the one before, each event once, and answers under a second without asking Stripe', async () => {
    const asked = shop.stripe.requests.length;
    const from = performance.now();
    expect(await send(shop, event)).toBe(200);
    expect(performance.now() - from).toBeLessThan(1000);
    // The answer waits for the store only: Stripe gives up on a slow one.
    expect(shop.stripe.requests).toHaveLength(asked);
    expect(await send(shop, event, { secret: oldSecret })).toBe(200);
    const rows = await deps().db.asSystem((tx) => deps().db.rows(tx, 'SELECT * FROM stripe_events WHERE id = :id', { id: event.id }));
    expect(rows).toHaveLength(1);
  });

  test('refuses a false signature, none, an altered body, an old one, and the other mode', async () => {
    const now = Math.floor(Date.now() / 1000);
    const fresh = { ...event, id: 'evt_never' };
    const { body, signature } = shop.stripe.signed(fresh, secret);
    expect(await send(shop, fresh, { secret: 'whsec_somebody_else' })).toBe(400);
    expect(await post(shop, body, null)).toBe(400);
    expect(await post(shop, body.replace('cus_nobody', 'cus_000001'), signature)).toBe(400);
    // The same JSON in other bytes is another body.
    expect(await post(shop, JSON.stringify(JSON.parse(body)), signature)).toBe(400);
    expect(await send(shop, fresh, { at: now - 301 })).toBe(400);
    expect(await send(shop, { ...fresh, livemode: true })).toBe(400);
    const rows = await deps().db.asSystem((tx) => deps().db.rows(tx, "SELECT 1 FROM stripe_events WHERE id = 'evt_never'"));
    expect(rows).toHaveLength(0);
  });

  test('50 deliveries of one event at the same time have one effect', async () => {
    const who = await shop.instance.createCaller();
    const { url } = await who.call('createCheckout', { body: { priceId: shop.monthly.id } });
    shop.stripe.completeCheckout(url);
    const paid = tellNobody().find(({ type }) => type === 'customer.subscription.created');
    const answers = await Promise.all(Array.from({ length: 50 }, () => send(shop, paid ?? event)));
    expect(new Set(answers)).toEqual(new Set([200]));
    await Promise.all(Array.from({ length: 5 }, () => processEvents(deps())));
    expect([await planOf(who), await movesOf(shop, who), await mailsTo(shop, who)]).toEqual(['standard', 1, ['Your plan has started']]);
  });
});

function permutations<T>(items: readonly T[]): T[][] {
  return items.length < 2 ? [[...items]] : items.flatMap((item, at) => permutations(items.toSpliced(at, 1)).map((rest) => [item, ...rest]));
}

test('the events of a life end in the same state in each of their 24 orders, with gaps, twice and late', { timeout: 180_000 }, async () => {
  const ends = new Set<string>();
  const lives: { who: Caller; events: WireEvent[] }[] = [];
  for (let index = 0; index < 3; index++) {
    const who = await subscribed(shop, shop.monthly);
    tellNobody();
    shop.stripe.setStatus(who.subscription, 'past_due');
    shop.stripe.pay(who.subscription);
    shop.stripe.setStatus(who.subscription, 'canceled');
    const events = tellNobody();
    expect(events.map(({ type }) => type)).toEqual([
      'customer.subscription.updated',
      'invoice.paid',
      'customer.subscription.updated',
      'customer.subscription.deleted',
    ]);
    lives.push({ who, events });
  }
  const orders = permutations([0, 1, 2, 3]);
  expect(orders).toHaveLength(24);
  for (const [index, order] of orders.entries()) {
    const life = lives[index % lives.length];
    // Each order comes as events of its own; some are lost, and some come again days later.
    const chosen = order.slice(index % 4 === 3 ? 1 : 0).map((at) => ({ ...life?.events[at], id: `evt_order_${index}_${at}` }) as WireEvent);
    for (const event of index % 3 === 0 ? [...chosen, ...chosen] : chosen) {
      expect(await send(shop, event)).toBe(200);
    }
    if (index % 10 === 0) {
      await processEvents(deps());
    }
  }
  await processEvents(deps());
  for (const { who } of lives) {
    ends.add(JSON.stringify(await accountOf(who)));
    expect([await planOf(who), await movesOf(shop, who)]).toEqual(['free', 2]);
  }
  expect([...ends]).toHaveLength(1);
  expect([...ends][0]).toContain('"status":"canceled"');
});

describe('when Stripe stumbles', () => {
  test('an event whose customer cannot be fetched waits and is worked on later', async () => {
    const who = await shop.instance.createCaller();
    const { url } = await who.call('createCheckout', { body: { priceId: shop.monthly.id } });
    shop.stripe.completeCheckout(url);
    shop.stripe.fail(500, 503, 500);
    await deliver(shop);
    expect(await planOf(who)).toBe('free');
    const overview = await shop.admin.call('getBillingOverview');
    expect(overview.events.failing.length).toBeGreaterThan(0);
    await dueNow();
    await processEvents(deps());
    expect(await planOf(who)).toBe('standard');
    expect((await shop.admin.call('getBillingOverview')).events).toMatchObject({ waiting: 0, failing: [] });
  });

  test('an answer that is lost after the work was done leaves one customer and one change', async () => {
    const who = await shop.instance.createCaller();
    const customers = () => shop.stripe.requests.filter(({ path, method }) => path === '/v1/customers' && method === 'POST');
    const before = customers().length;
    shop.stripe.fail('lost');
    const { url } = await who.call('createCheckout', { body: { priceId: shop.monthly.id } });
    expect(
      new Set(
        customers()
          .slice(before)
          .map(({ key }) => key),
      ).size,
    ).toBe(1);
    expect(customers().length - before).toBe(2);
    const { customer, id } = shop.stripe.completeCheckout(url);
    await who.call('refreshBilling');
    const preview = await who.call('previewSubscription', { body: { priceId: shop.professional.id } });
    expect(preview).toMatchObject({ currency: 'eur', dueNow: 3000, impact: { videos: 0 } });
    shop.stripe.fail('lost');
    const body = { priceId: shop.professional.id, prorationAt: preview.prorationAt };
    await who.call('changeSubscription', { body });
    await who.call('changeSubscription', { body });
    expect(await planOf(who)).toBe('professional');
    expect((await who.call('listInvoices')).items).toHaveLength(2);
    expect(shop.stripe.subscriptionsOf(customer).map((each) => each.id)).toEqual([id]);
    tellNobody();
  });
});

describe('the life of a subscription', () => {
  test('a change that is not paid changes nothing; cancelling and taking it back, at the end of the period and at once', async () => {
    const who = await subscribed(shop, shop.monthly);
    const { prorationAt } = await who.call('previewSubscription', { body: { priceId: shop.professional.id } });
    shop.stripe.breakCard(who.customer);
    const waiting = await who.call('changeSubscription', { body: { priceId: shop.professional.id, prorationAt } });
    expect(waiting.subscription).toMatchObject({ planName: 'Standard', status: 'active' });
    expect(waiting.subscription?.unpaidInvoiceUrl).not.toBeNull();
    await expect(
      who.call('changeSubscription', { body: { priceId: shop.professional.id, prorationAt: new Date(Date.now() - 7.2e6).toISOString() } }),
    ).rejects.toMatchObject({ code: 'wrong_state' });
    const ending = await who.call('cancelSubscription', { body: {} });
    expect(ending.subscription).toMatchObject({ isEntitled: true, cancelsAt: ending.subscription?.periodEndsAt });
    expect((await who.call('resumeSubscription')).subscription).toMatchObject({ cancelsAt: null });
    await expect(who.call('resumeSubscription')).rejects.toMatchObject({ code: 'wrong_state' });
    expect(await planOf(who)).toBe('standard');
    const ended = await who.call('cancelSubscription', { body: { when: 'now' } });
    expect(ended.subscription).toMatchObject({ status: 'canceled', isEntitled: false });
    expect(await planOf(who)).toBe('free');
    await expect(who.call('cancelSubscription', { body: {} })).rejects.toMatchObject({ code: 'wrong_state' });
    tellNobody();
  });

  test('what a lapsed plan kept is readable and stays for 14 days, and a plan that is paid in time rescues it', async () => {
    const who = await subscribed(shop, shop.professional);
    const video = await uploadVideo(who.call, shop.instance.baseUrl, Buffer.from('a paid video'));
    await deps().db.asSystem((tx) =>
      deps().db.change(tx, "UPDATE videos SET kept_from = now() - interval '200 days' WHERE id = :id", { id: video.id }),
    );
    shop.stripe.setStatus(who.subscription, 'unpaid');
    await deliver(shop);
    const { plan, graceUntil } = await who.call('getEntitlements');
    expect(plan.slug).toBe('free');
    const days = (Date.parse(graceUntil ?? '') - Date.now()) / 86_400_000;
    expect(days).toBeGreaterThan(13.9);
    expect(days).toBeLessThanOrEqual(14);
    const kept = await who.call('getVideo', { params: { id: video.id } });
    expect(kept.expiresAt).toBe(graceUntil);
    expect(await mailsTo(shop, who)).toEqual([
      'Your plan has started',
      'Your videos will be kept for a shorter time',
      'Your plan has ended',
    ]);
    shop.stripe.pay(who.subscription);
    await deliver(shop);
    expect(await planOf(who)).toBe('professional');
    expect((await who.call('getVideo', { params: { id: video.id } })).expiresAt).toBeNull();
  });

  test(
    'a year of renewals, failed cards and retries, with the clock turned and events lost every third month',
    { timeout: 180_000 },
    async () => {
      const [good, late, lost] = [
        await subscribed(shop, shop.monthly),
        await subscribed(shop, shop.monthly),
        await subscribed(shop, shop.yearly),
      ];
      tellNobody();
      const customers = [good, late, lost].map(({ customer }) => customer);
      const isOurs = (event: WireEvent) => customers.includes(String((event['data'] as { object: { customer?: string } }).object.customer));
      const seen: string[] = [];
      for (let month = 1; month <= 12; month++) {
        if (month === 4 || month === 8) {
          shop.stripe.breakCard(late.customer);
        }
        shop.stripe.advance(31);
        if (month === 4) {
          // Three retries in nine days, and then it is paid on the page of the invoice.
          shop.stripe.pay(late.subscription);
        }
        const events = tellNobody();
        if (month % 3 !== 0) {
          await deliver(shop, events.filter(isOurs));
        }
        await late.call('refreshBilling');
        seen.push((await late.call('getBilling')).subscription?.status ?? '');
      }
      await good.call('refreshBilling');
      expect(await planOf(good)).toBe('standard');
      expect(seen.slice(0, 7)).toEqual(Array.from({ length: 7 }, () => 'active'));
      expect(seen.at(-1)).toBe('unpaid');
      expect(await planOf(late)).toBe('free');
      expect(await planOf(lost)).toBe('standard');
      expect((await good.call('listInvoices')).items.length).toBeGreaterThanOrEqual(12);
      expect(await movesOf(shop, good)).toBe(1);
      tellNobody();
    },
  );

  test('nobody pays for a workspace that was deleted', async () => {
    const who = await subscribed(shop, shop.monthly);
    await deps().db.asSystem((tx) =>
      deps().db.change(tx, 'UPDATE workspaces SET deleted_at = now() WHERE id = :id', { id: who.workspaceId }),
    );
    expect(await closeAccount(deps(), who.workspaceId)).toBe(true);
    expect(shop.stripe.subscription(who.subscription).status).toBe('canceled');
    expect(await closeAccount(deps(), who.workspaceId)).toBe(false);
    tellNobody();
  });
});

describe('the comparison with Stripe', () => {
  const compare = async () => {
    const { id } = await shop.admin.call('createBillingReconciliation');
    await reconcileBilling(deps(), id);
    return readLastReconciliation(deps());
  };

  test('repairs what lost events left behind, takes back in who was forgotten, and reports both; a second one finds nothing', async () => {
    const [drifted, forgotten] = [await subscribed(shop, shop.monthly), await subscribed(shop, shop.professional)];
    shop.stripe.setStatus(drifted.subscription, 'canceled');
    shop.stripe.subscribe(shop.stripe.emit('x', { id: 'cus_x' })['id'] as string, [shop.monthly.id]);
    await deps().db.asSystem((tx) =>
      deps().db.change(tx, 'DELETE FROM billing_accounts WHERE workspace_id = :id', { id: forgotten.workspaceId }),
    );
    tellNobody();
    const report = await compare();
    const about = (subject: string) => report?.findings.find((finding) => finding.subject === subject);
    expect(about(drifted.workspaceId)).toMatchObject({
      kind: 'drift',
      detail: { code: 'fields', values: ['status', 'subscription_count', 'plan'] },
      isRepaired: true,
    });
    expect(about(forgotten.workspaceId)).toMatchObject({ kind: 'missing', isRepaired: true });
    expect(report?.findings.some(({ kind }) => kind === 'stranger')).toBe(true);
    expect([await planOf(drifted), await planOf(forgotten)]).toEqual(['free', 'professional']);
    const second = await compare();
    expect(second?.findings.filter(({ kind }) => kind !== 'stranger')).toEqual([]);
    expect((await shop.admin.call('getBillingOverview')).lastReconciliation).toMatchObject(second ?? {});
  });

  test('a price that vanished is offered no more, and whoever pays it keeps the plan', async () => {
    const price = shop.stripe.addPrice(shop.monthly.product, 2900);
    const shown = await shop.admin.call('syncCatalogue', { body: {} });
    expect(shown.differences.find(({ priceId }) => priceId === price.id)).toMatchObject({ kind: 'new', planName: 'Standard' });
    expect((await shop.admin.call('syncCatalogue', { body: {} })).differences).toEqual(shown.differences);
    await shop.admin.call('syncCatalogue', { body: { isDryRun: false } });
    const who = await subscribed(shop, price);
    shop.stripe.removePrice(price.id);
    const gone = await shop.admin.call('syncCatalogue', { body: { isDryRun: false } });
    expect(gone.differences.find(({ priceId }) => priceId === price.id)).toMatchObject({ kind: 'gone' });
    await who.call('refreshBilling');
    expect(await planOf(who)).toBe('standard');
    expect((await who.call('getBilling')).subscription).toMatchObject({ isEntitled: true, price: { amount: 2900 } });
    const other = await shop.instance.createCaller();
    expect((await other.call('listOffers')).items.flatMap(({ prices }) => prices.map(({ id }) => id))).not.toContain(price.id);
    await expect(other.call('createCheckout', { body: { priceId: price.id } })).rejects.toMatchObject({ code: 'invalid_input' });
    tellNobody();
  });
});

test('a plan given by hand wins over a subscription while it runs, names its reason, and gives way to what is paid', async () => {
  const who = await subscribed(shop, shop.monthly);
  const give = (planId: string | undefined) =>
    shop.admin.call('createGrant', { body: { workspaceId: who.workspaceId, planId: planId ?? '', reason: 'A pilot for three months' } });
  const grant = await give(shop.plans['business']);
  expect(grant).toMatchObject({ planName: 'Business', reason: 'A pilot for three months', isInForce: true });
  expect(await planOf(who)).toBe('business');
  await who.call('cancelSubscription', { body: { when: 'now' } });
  expect(await planOf(who)).toBe('business');
  const { url } = await who.call('createCheckout', { body: { priceId: shop.professional.id } });
  shop.stripe.completeCheckout(url);
  await who.call('refreshBilling');
  expect((await who.call('getBilling')).grant).toEqual({ planName: 'Business', endsAt: null });
  await shop.admin.call('deleteGrant', { params: { id: grant.id } });
  expect(await planOf(who)).toBe('professional');
  await expect(shop.admin.call('deleteGrant', { params: { id: grant.id } })).rejects.toMatchObject({ code: 'not_found' });
  // By hand is not past what is paid for.
  await expect(
    shop.admin.call('assignPlan', { params: { id: who.workspaceId }, body: { planId: shop.plans['free'] ?? '' } }),
  ).rejects.toMatchObject({ code: 'wrong_state' });
  tellNobody();
});
