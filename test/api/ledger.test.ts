/** Minutes beyond the plan, budgets and caps, and a ledger that proves itself. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { mailBudgets } from '../../server/src/billing/mails.ts';
import { sendMeterEvents } from '../../server/src/billing/meter.ts';
import { readLastReconciliation, reconcileBilling } from '../../server/src/billing/reconcile.ts';
import { newId } from '../../server/src/core/ids.ts';
import { checkLedger } from '../../server/src/plans/checkLedger.ts';
import { reserveMinutes, settleMinutes } from '../../server/src/plans/usage.ts';
import { mailsTo, openShop, type Shop, subscribed } from '../support/billing.ts';
import type { Caller } from '../support/instance.ts';

let shop: Shop;
const deps = () => shop.instance.server.deps;
const reserve = (who: Caller, id: string, seconds: number) =>
  deps().db.inWorkspace(who.workspaceId, (tx) => reserveMinutes(deps(), tx, { id, workspaceId: who.workspaceId }, seconds));
const settle = (who: Caller, id: string, share: number) =>
  deps().db.inWorkspace(who.workspaceId, (tx) => settleMinutes(deps(), tx, { id, workspaceId: who.workspaceId }, share));
const problems = () => deps().db.asSystem((tx) => checkLedger(deps(), tx));
const limitTo = (who: Caller, processingMinutes: number) =>
  shop.admin.call('assignPlan', { params: { id: who.workspaceId }, body: { overrides: { limits: { processingMinutes } } } });
async function inDays<T>(days: number, work: () => Promise<T>): Promise<T> {
  const { clock } = deps();
  const { now } = clock;
  clock.now = () => new Date(Date.now() + days * 86_400_000);
  try {
    return await work();
  } finally {
    clock.now = now;
  }
}

beforeAll(async () => {
  shop = await openShop();
});
afterAll(() => shop.stop());

test('an owner’s cap refuses what the plan would allow, and a budget warns once a month by event and mail', async () => {
  const who = await shop.instance.createCaller();
  const viewer = await shop.instance.createCaller({ workspaceId: who.workspaceId, role: 'viewer' });
  const budget = { alertMinutes: 2, capMinutes: 3 };
  await expect(viewer.call('putUsageBudget', { body: budget })).rejects.toMatchObject({ code: 'forbidden' });
  expect(await who.call('putUsageBudget', { body: budget })).toEqual(budget);
  expect(await viewer.call('getUsageBudget')).toEqual(budget);
  const [one, two, three] = [newId(), newId(), newId()];
  expect(await reserve(who, one, 60)).toBeNull();
  await mailBudgets(deps());
  expect(await mailsTo(shop, who)).toEqual([]);
  expect(await reserve(who, two, 90)).toBeNull();
  expect(await reserve(who, three, 60)).toContain('1 minute of the 3 that the owners of this workspace allow');
  // What failed is free again, and the warning is not given twice.
  await settle(who, two, 0);
  expect(await reserve(who, three, 120)).toBeNull();
  await Promise.all([mailBudgets(deps()), mailBudgets(deps())]);
  expect(await mailsTo(shop, who)).toEqual(['Your budget of minutes is reached']);
  await settle(who, one, 1);
  await settle(who, three, 1);
  await expect(who.call('createVideo', { body: { fileName: 'x.mp4', sizeBytes: 1 } })).rejects.toMatchObject({ code: 'quota_exceeded' });
  expect(await who.call('getUsage')).toMatchObject({ usedSeconds: 180, capMinutes: 3, limitMinutes: null, extraSeconds: 0 });
  expect((await who.call('listUsageMonths')).items).toEqual([
    { month: new Date().toISOString().slice(0, 7), usedSeconds: 180, byteDays: 0 },
  ]);
  expect(await problems()).toEqual([]);
});

test('minutes beyond the plan are bought where its price has a meter: exactly those, once, whatever Stripe does meanwhile', async () => {
  shop.stripe.addPrice(shop.monthly.product, 5, { isMetered: true });
  await shop.admin.call('syncCatalogue', { body: { isDryRun: false } });
  const who = await subscribed(shop, shop.monthly);
  await limitTo(who, 2);
  const ids = [newId(), newId(), newId()];
  for (const id of ids) {
    expect(await reserve(who, id, 90)).toBeNull();
  }
  // 120 seconds are included: the first is within, the second half beyond it, the third failed by a third.
  await settle(who, ids[0] ?? '', 1);
  await settle(who, ids[1] ?? '', 1);
  await settle(who, ids[2] ?? '', 2 / 3);
  expect(await who.call('getUsage')).toMatchObject({ limitMinutes: 2, usedSeconds: 240, extraSeconds: 120 });
  shop.stripe.fail('lost', 500, 500, 500);
  await sendMeterEvents(deps());
  await inDays(1, () => sendMeterEvents(deps()));
  await inDays(2, () => sendMeterEvents(deps()));
  const values = [...shop.stripe.meter.events.values()].map((event) => Number((event['payload'] as Record<string, string>)['value']));
  expect(values.sort((a, b) => a - b)).toEqual([60, 60]);
  // Tomorrow the sums are held against the meter, which agrees, and does not after something was lost there.
  const compare = () =>
    inDays(1, async () => {
      const { id } = await shop.admin.call('createBillingReconciliation');
      await reconcileBilling(deps(), id);
      return (await readLastReconciliation(deps()))?.findings.filter(({ kind }) => kind === 'meter' || kind === 'ledger');
    });
  if (new Date(Date.now() + 86_400_000).getUTCDate() !== 1) {
    expect(await compare()).toEqual([]);
    shop.stripe.meter.events.delete([...shop.stripe.meter.events.keys()][0] ?? '');
    expect(await compare()).toMatchObject([{ kind: 'meter', subject: who.workspaceId, isRepaired: false }]);
  }
});

test('the check finds a sum, a settlement and a charge that do not add up', async () => {
  const who = await shop.instance.createCaller();
  const id = newId();
  await reserve(who, id, 100);
  await settle(who, id, 0.5);
  expect(await problems()).toEqual([]);
  const { db } = deps();
  const { workspaceId } = who;
  await db.asSystem((tx) =>
    db.change(tx, 'UPDATE usage_months SET used_seconds = used_seconds + 1 WHERE workspace_id = :workspaceId', { workspaceId }),
  );
  expect((await problems()).map(({ subject }) => subject)).toEqual([workspaceId]);
  await db.asSystem((tx) =>
    db.change(
      tx,
      `INSERT INTO usage_entries (workspace_id, video_id, sequence, kind, seconds, month, created_at)
       VALUES (:workspaceId, :id, 2, 'commit', 5, date_trunc('month', now()), now())`,
      { workspaceId, id },
    ),
  );
  expect((await problems()).map(({ subject }) => subject)).toContain(id);
  // Entries are only ever added: the application may not change one.
  await expect(db.asSystem((tx) => db.change(tx, 'DELETE FROM usage_entries WHERE video_id = :id', { id }))).rejects.toThrow(
    /permission denied/,
  );
});
