/** Customers at Stripe: what goes with a deleted workspace and what stays there, and prices by use that go with their plan. */
import { receiptSchema } from '@carmic/contract';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readLastReconciliation, reconcileBilling, startBillingReconciliation } from '../../server/src/billing/reconcile.ts';
import { closeAccount } from '../../server/src/billing/subscribe.ts';
import { deliver, openShop, planOf, type Shop, subscribed } from '../support/billing.ts';

let shop: Shop;
const deps = () => shop.instance.server.deps;

beforeAll(async () => {
  shop = await openShop();
});
afterAll(() => shop.stop());

const recordOf = async (workspaceId: string) => {
  const [row] = await deps().db.asSystem((tx) =>
    deps().db.rows<{ card_last_four: string | null; customer_deleted_at: Date | null; status: string }>(
      tx,
      'SELECT card_last_four, customer_deleted_at, status FROM billing_accounts WHERE workspace_id = :workspaceId',
      { workspaceId },
    ),
  );
  return row;
};
const deletionsOf = (workspaceId: string) =>
  deps().db.asSystem((tx) =>
    deps().db.rows(tx, "SELECT 1 FROM events WHERE workspace_id = :workspaceId AND type = 'billing.customer_deleted'", { workspaceId }),
  );
async function receiptOf(userId: string) {
  const { items } = await shop.admin.call('listPrivacyRequests', { query: {} });
  return receiptSchema.parse(items.find((each) => each.userId === userId)?.receipt).body;
}

test('who deletes their account is deleted at Stripe too, with cards and subscription; invoices stay there, and the receipt says so (G3)', async () => {
  const who = await subscribed(shop, shop.monthly);
  expect((await recordOf(who.workspaceId))?.card_last_four).toBe('4242');
  await who.call('deleteMe', { body: { confirmation: 'delete my account' } });
  expect(await receiptOf(who.userId)).toMatchObject({
    deletedAtStripe: [{ customer: who.customer }],
    keptByLaw: [{ what: 'Invoices', where: 'Stripe', customer: who.customer }],
  });
  // The answer to the deletion is lost: it is done again.
  shop.stripe.fail('lost');
  await closeAccount(deps(), who.workspaceId).catch(() => undefined);
  shop.stripe.clearFailures();
  await Promise.all([closeAccount(deps(), who.workspaceId), closeAccount(deps(), who.workspaceId)]);
  expect(shop.stripe.subscription(who.subscription).status).toBe('canceled');
  expect(shop.stripe.customer(who.customer)).toEqual({ id: who.customer, object: 'customer', deleted: true });
  expect(await recordOf(who.workspaceId)).toMatchObject({ card_last_four: null, customer_deleted_at: expect.any(Date) as Date });
  expect(await deletionsOf(who.workspaceId)).toHaveLength(1);
  expect((await deps().stripe?.listInvoices(who.customer))?.map(({ status }) => status)).toEqual(['paid']);
  // Events that come afterwards, and the nightly comparison, find nothing to mend.
  await deliver(shop);
  const { id } = await startBillingReconciliation(deps());
  await reconcileBilling(deps(), id);
  expect(
    (await readLastReconciliation(deps()))?.findings.filter(({ subject }) => [who.workspaceId, who.customer].includes(subject)),
  ).toEqual([]);
});

test('a customer whose invoice is still open is deleted once it is paid, or two weeks later', async () => {
  const settling = await subscribed(shop, shop.monthly);
  const owing = await subscribed(shop, shop.monthly);
  for (const who of [settling, owing]) {
    shop.stripe.breakCard(who.customer);
  }
  shop.stripe.advance(32);
  await deliver(shop);
  for (const who of [settling, owing]) {
    await who.call('deleteMe', { body: { confirmation: 'delete my account' } });
    expect(await closeAccount(deps(), who.workspaceId)).toBe(true);
    expect(await recordOf(who.workspaceId)).toMatchObject({ status: 'canceled', customer_deleted_at: null });
  }
  shop.stripe.settleInvoices(settling.customer);
  const compare = async () => {
    const { id } = await startBillingReconciliation(deps());
    await reconcileBilling(deps(), id);
  };
  await compare();
  expect(shop.stripe.customer(settling.customer)).toMatchObject({ deleted: true });
  expect(shop.stripe.customer(owing.customer)).not.toHaveProperty('deleted');
  await deps().db.asSystem((tx) =>
    deps().db.change(tx, "UPDATE workspaces SET deleted_at = deleted_at - interval '14 days' WHERE id = :id", { id: owing.workspaceId }),
  );
  await compare();
  expect(shop.stripe.customer(owing.customer)).toMatchObject({ deleted: true });
});

test('a change of plan takes the prices by use along: one price for each meter, none of the plan before', async () => {
  const { stripe, admin } = shop;
  const minutes = stripe.addPrice(shop.monthly.product, 2, { isMetered: true });
  const minutesPro = stripe.addPrice(shop.professional.product, 1, { isMetered: true });
  const seatsPro = stripe.addPrice(shop.professional.product, 50, { isMetered: true, meter: 'seats' });
  await admin.call('syncCatalogue', { body: { isDryRun: false } });
  const who = await subscribed(shop, shop.monthly);
  const pricesOf = () =>
    stripe
      .subscription(who.subscription)
      .items.data.map(({ price }) => price.id)
      .toSorted();
  expect(pricesOf()).toEqual([shop.monthly.id, minutes.id].toSorted());
  const change = async (priceId: string) => {
    const { prorationAt } = await who.call('previewSubscription', { body: { priceId } });
    return who.call('changeSubscription', { body: { priceId, prorationAt } });
  };
  await change(shop.professional.id);
  expect(pricesOf()).toEqual([shop.professional.id, minutesPro.id, seatsPro.id].toSorted());
  expect(await planOf(who)).toBe('professional');
  await change(shop.monthly.id);
  expect(pricesOf()).toEqual([shop.monthly.id, minutes.id].toSorted());
  // The year sells nothing by use: a cap of minutes is one again.
  await change(shop.yearly.id);
  expect(pricesOf()).toEqual([shop.yearly.id]);
  // A change that waits for its payment changes nothing.
  stripe.breakCard(who.customer);
  await change(shop.professional.id);
  expect(pricesOf()).toEqual([shop.yearly.id]);
  expect(await planOf(who)).toBe('standard');
});
