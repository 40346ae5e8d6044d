/** What is charged inside a company and to it: storage, departments, renderings after the first, seats; refunds and disputes. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { requireSeat } from '../../server/src/accounts/planAllows.ts';
import {
  readLastReconciliation,
  reconcileBilling,
  reconcileBillingDaily,
  startBillingReconciliation,
} from '../../server/src/billing/reconcile.ts';
import { countSeats, sendSeatDays } from '../../server/src/billing/seats.ts';
import { newId } from '../../server/src/core/ids.ts';
import { listPendingMails } from '../../server/src/mail/mail.ts';
import { checkLedger } from '../../server/src/plans/checkLedger.ts';
import { recountStorage } from '../../server/src/plans/quota.ts';
import { reserveRerender, settleEndedRerenders, settleRerender } from '../../server/src/plans/rerenders.ts';
import { reserveMinutes, settleMinutes } from '../../server/src/plans/usage.ts';
import { deliver, mailsTo, openShop, planOf, type Shop, subscribed } from '../support/billing.ts';
import type { Caller } from '../support/instance.ts';
import type { WireIncident } from '../support/stripeIncidents.ts';
import { uploadVideo } from '../support/upload.ts';

let shop: Shop;
const deps = () => shop.instance.server.deps;
const problems = async () => (await deps().db.asSystem((tx) => checkLedger(deps(), tx))).map(({ text }) => text);
const inWorkspace = <T>(who: Caller, work: Parameters<ReturnType<typeof deps>['db']['inWorkspace']>[1]) =>
  deps().db.inWorkspace(who.workspaceId, work) as Promise<T>;
async function at<T>(time: Date, work: () => Promise<T>): Promise<T> {
  const { clock } = deps();
  const { now } = clock;
  clock.now = () => time;
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

test('storage is entered at each change, adds up to what is stored, is metered by the day across months, and a recount corrects it', async () => {
  const who = await shop.instance.createCaller();
  const video = await uploadVideo(who.call, shop.instance.baseUrl, Buffer.alloc(5000, 'v'));
  const entries = () =>
    deps().db.asSystem((tx) =>
      deps().db.rows<{ bytes: string; kind: string }>(tx, 'SELECT bytes, kind FROM storage_entries WHERE video_id = :id ORDER BY id', {
        id: video.id,
      }),
    );
  expect((await entries()).reduce((sum, { bytes }) => sum + Number(bytes), 0)).toBe(5000);
  expect(await problems()).toEqual([]);
  // A video of long ago: ten days of March, all of April, and half a day of May.
  const old = newId();
  const enter = (bytes: number, time: string) =>
    inWorkspace(who, (tx) =>
      deps().db.change(
        tx,
        "INSERT INTO storage_entries (workspace_id, video_id, kind, bytes, created_at) VALUES (:workspaceId, :old, 'change', :bytes, CAST(:time AS timestamptz))",
        { workspaceId: who.workspaceId, old, bytes, time },
      ),
    );
  await enter(1_000_000, '2025-03-22T00:00:00Z');
  await enter(-1_000_000, '2025-05-01T12:00:00Z');
  const byteDays = async (month: string) => {
    const { byteDays: total, lines } = await who.call('getUsage', { query: { month } });
    expect(lines.reduce((sum, line) => sum + line.byteDays, 0)).toBe(total);
    return total;
  };
  expect([await byteDays('2025-03'), await byteDays('2025-04'), await byteDays('2025-05'), await byteDays('2025-06')]).toEqual([
    10_000_000, 30_000_000, 500_000, 0,
  ]);
  // An entry that nothing stands behind is found, and corrected by one more: none is ever changed.
  await enter(777, '2026-01-01T00:00:00Z');
  expect((await problems()).length).toBeGreaterThan(0);
  await deps().db.asSystem((tx) => recountStorage(deps(), tx, who.workspaceId));
  expect(await problems()).toEqual([]);
  for (const sql of ['DELETE FROM storage_entries', 'UPDATE storage_entries SET bytes = 1']) {
    await expect(deps().db.asSystem((tx) => deps().db.change(tx, sql))).rejects.toThrow(/permission denied/);
  }
});

test('a month is stated by department: chosen at upload, by default, moved later, and named after the video and the department are gone', async () => {
  const who = await shop.instance.createCaller();
  const editor = await shop.instance.createCaller({ workspaceId: who.workspaceId, role: 'editor' });
  const sales = await who.call('createDepartment', { body: { name: 'Sales', isDefault: true } });
  const legal = await who.call('createDepartment', { body: { name: 'Legal' } });
  await expect(who.call('createDepartment', { body: { name: 'SALES' } })).rejects.toMatchObject({ code: 'conflict' });
  await expect(editor.call('createDepartment', { body: { name: 'Mine' } })).rejects.toMatchObject({ code: 'forbidden' });
  const create = async (departmentId?: string | null) =>
    (
      await editor.call('createVideo', {
        body: { fileName: 'x.mp4', sizeBytes: 10, ...(departmentId === undefined ? {} : { departmentId }) },
      })
    ).video.id;
  const [byDefault, chosen, none] = [await create(), await create(legal.id), await create(null)];
  await expect(create(newId())).rejects.toMatchObject({ code: 'not_found' });
  for (const [index, id] of [byDefault, chosen, none].entries()) {
    const video = { id, workspaceId: who.workspaceId };
    await inWorkspace(who, (tx) => reserveMinutes(deps(), tx, video, 60 * (index + 1)));
    await inWorkspace(who, (tx) => settleMinutes(deps(), tx, video, 1));
  }
  const stated = async () =>
    (await who.call('getUsage')).byDepartment.map(({ name, usedSeconds, videoCount }) => [name, usedSeconds, videoCount]);
  expect(await stated()).toEqual([
    ['Legal', 120, 1],
    ['Sales', 60, 1],
    [null, 180, 1],
  ]);
  await editor.call('putVideoDepartment', { params: { id: none }, body: { departmentId: sales.id } });
  expect(await editor.call('getVideoDepartment', { params: { id: none } })).toEqual({ departmentId: sales.id });
  await who.call('updateDepartment', { params: { id: legal.id }, body: { name: 'Law', isDefault: true } });
  expect((await who.call('listDepartments')).items).toEqual([
    { id: legal.id, name: 'Law', isDefault: true },
    { id: sales.id, name: 'Sales', isDefault: false },
  ]);
  await who.call('deleteDepartment', { params: { id: legal.id } });
  await who.call('deleteVideo', { params: { id: chosen } });
  expect(await stated()).toEqual([
    ['Sales', 240, 2],
    ['Law', 120, 1],
  ]);
  const { lines, usedSeconds, byDepartment } = await who.call('getUsage');
  expect([lines, byDepartment].map((items) => items.reduce((sum, each) => sum + each.usedSeconds, 0))).toEqual([usedSeconds, usedSeconds]);
  await expect(create(legal.id)).rejects.toMatchObject({ code: 'not_found' });
});

test('a rendering after the first is free, or costs its clip where the plan counts it; what failed or is tried again costs nothing', async () => {
  const who = await shop.instance.createCaller();
  const video = await uploadVideo(who.call, shop.instance.baseUrl, Buffer.from('a video with clips'));
  const { workspaceId } = who;
  const [clipId, first, second] = [newId(), newId(), newId()];
  await inWorkspace(who, async (tx) => {
    await deps().db.change(
      tx,
      `INSERT INTO clips (id, workspace_id, video_id, state, rank, start_seconds, end_seconds, score, content_sealed) VALUES (:clipId, :workspaceId, :videoId, 'kept', 1, 0, 30, 1, '')`,
      { clipId, workspaceId, videoId: video.id },
    );
    for (const [id, state] of [
      [first, 'ready'],
      [second, 'queued'],
    ]) {
      await deps().db.change(
        tx,
        `INSERT INTO renditions (id, workspace_id, video_id, clip_id, state, aspect, caption_style, width, height, spec_hash, edit_version)
         VALUES (:id, :workspaceId, :videoId, :clipId, :state, '9:16', 'none', 2, 2, :id, 1)`,
        { id, state, clipId, workspaceId, videoId: video.id },
      );
    }
  });
  const rendering = { workspaceId, videoId: video.id, clipId, renditionId: second };
  const reserve = () => inWorkspace(who, (tx) => reserveRerender(deps(), tx, rendering, 29.4));
  const settle = (isDelivered: boolean) => inWorkspace(who, (tx) => settleRerender(deps(), tx, rendering, isDelivered));
  const usage = async () => {
    const { reservedSeconds, usedSeconds } = await who.call('getUsage');
    return [reservedSeconds, usedSeconds];
  };
  await reserve();
  await settle(true);
  expect(await usage()).toEqual([0, 0]);
  // Without the feature it is counted.
  await shop.admin.call('assignPlan', {
    params: { id: workspaceId },
    body: { overrides: { features: ['apiKeys'], limits: { processingMinutes: 1 } } },
  });
  await reserve();
  await reserve();
  expect(await usage()).toEqual([30, 0]);
  await settle(false);
  expect(await usage()).toEqual([0, 0]);
  // Tried again, and ended by a person: the sweep ends its reservation.
  await reserve();
  await inWorkspace(who, (tx) => deps().db.change(tx, "UPDATE renditions SET state = 'cancelled' WHERE id = :second", { second }));
  expect(await problems()).toContain('a rendering of it has ended and its reservation is open, or it failed and was charged');
  await settleEndedRerenders(deps());
  expect(await usage()).toEqual([0, 0]);
  expect(await problems()).toEqual([]);
  await inWorkspace(who, (tx) => deps().db.change(tx, "UPDATE renditions SET state = 'queued' WHERE id = :second", { second }));
  await reserve();
  await inWorkspace(who, (tx) => deps().db.change(tx, "UPDATE renditions SET state = 'ready' WHERE id = :second", { second }));
  await settle(true);
  expect(await usage()).toEqual([0, 30]);
  expect((await who.call('getUsage')).lines).toMatchObject([{ usedSeconds: 30, rerenderedSeconds: 30, releasedSeconds: 60 }]);
  const third = { ...rendering, renditionId: newId() };
  await expect(inWorkspace(who, (tx) => reserveRerender(deps(), tx, third, 31))).rejects.toMatchObject({ code: 'quota_exceeded' });
  expect(await problems()).toEqual([]);
});

test('seats beyond the plan are sold by the day: nobody is refused, the fullest moment of a day counts once, and the meter agrees to the last day', async () => {
  shop.stripe.addPrice(shop.monthly.product, 50, { isMetered: true, meter: 'seats' });
  await shop.admin.call('syncCatalogue', { body: { isDryRun: false } });
  const offers = (await shop.admin.call('listOffers')).items;
  expect(offers.find(({ name }) => name === 'Standard')?.prices.find(({ isMetered }) => isMetered)).toMatchObject({
    meter: 'seats',
    amount: 50,
  });
  const who = await subscribed(shop, shop.monthly);
  await shop.admin.call('assignPlan', { params: { id: who.workspaceId }, body: { overrides: { limits: { members: 1 } } } });
  const others: Caller[] = [];
  for (let count = 0; count < 2; count++) {
    await deps().db.inWorkspace(who.workspaceId, (tx) => requireSeat(deps(), tx, who.workspaceId));
    others.push(await shop.instance.createCaller({ workspaceId: who.workspaceId, role: 'editor' }));
  }
  const lastDay = new Date('2026-12-31T08:00:00Z');
  await at(lastDay, () => countSeats(deps()));
  await deps().db.asSystem((tx) => deps().db.change(tx, 'DELETE FROM members WHERE user_id = :id', { id: others[1]?.userId }));
  await at(new Date('2026-12-31T22:00:00Z'), async () => {
    await countSeats(deps());
    await sendSeatDays(deps());
  });
  expect(shop.stripe.meter.events.size).toBe(0);
  shop.stripe.fail('lost', 500, 500, 500);
  await at(new Date('2027-01-01T00:01:00Z'), () => sendSeatDays(deps()));
  await at(new Date('2027-01-01T00:20:00Z'), () => Promise.all([sendSeatDays(deps()), sendSeatDays(deps())]));
  expect([...shop.stripe.meter.events.values()].map(({ payload }) => payload)).toEqual([{ stripe_customer_id: who.customer, value: '2' }]);
  const compare = (hour: number) =>
    at(new Date(`2027-01-02T0${hour}:00:00Z`), async () => {
      const { id } = await startBillingReconciliation(deps());
      await reconcileBilling(deps(), id);
      return (await readLastReconciliation(deps()))?.findings.filter(({ kind }) => kind === 'meter');
    });
  expect(await compare(5)).toEqual([]);
  expect(await who.call('getUsage', { query: { month: '2026-12' } })).toMatchObject({ extraSeatDays: 2, byteDays: 0 });
  shop.stripe.meter.events.clear();
  // What lasts is in every comparison, and mailed when it is new.
  const told = await toldMeanwhile(async () => {
    expect(await compare(6)).toMatchObject([{ subject: who.workspaceId, isRepaired: false }]);
    expect(await compare(7)).toMatchObject([{ subject: who.workspaceId, isRepaired: false }]);
  });
  expect(told).toHaveLength(1);
});

/** What the administrator is told while `work` goes on. */
async function toldMeanwhile(work: () => Promise<unknown>): Promise<string[]> {
  const read = async () =>
    (await deps().db.asSystem((tx) => listPendingMails(deps(), tx))).filter((mail) => mail.to === `${shop.admin.userId}@example.test`);
  const before = new Set((await read()).map(({ id }) => id));
  await work();
  return (await read()).filter(({ id }) => !before.has(id)).map(({ subject }) => subject.replace(/ \(Carmic\)$/, ''));
}

/** Comparisons at other times than now are no part of the next test. */
const forgetComparisons = () => deps().db.asSystem((tx) => deps().db.change(tx, 'DELETE FROM billing_reconciliations'));

test('refunds and disputes are fetched, told to whom they concern, found again when their events were lost, and end no plan', async () => {
  await forgetComparisons();
  const who = await subscribed(shop, shop.monthly);
  const now = Math.floor(Date.now() / 1000);
  const base = { charge: { id: 'ch_1', object: 'charge' as const, customer: who.customer }, amount: 1900, currency: 'eur', created: now };
  const dispute: WireIncident = {
    ...base,
    id: 'dp_1',
    object: 'dispute',
    status: 'needs_response',
    reason: 'product_not_received',
    evidence_details: { due_by: now + 7 * 86_400 },
  };
  const refund: WireIncident = {
    ...base,
    id: 're_1',
    object: 'refund',
    status: 'pending',
    reason: null,
    evidence_details: { due_by: null },
  };
  shop.stripe.incidents.all.set('dp_1', dispute).set('re_1', refund);
  // What the event says is not believed.
  const event = shop.stripe.emit('charge.dispute.created', { ...dispute, charge: 'ch_1', status: 'won', amount: 1 });
  const told = await toldMeanwhile(async () => {
    await deliver(shop);
    await Promise.all([deliver(shop, [event]), deliver(shop, [{ ...event, id: 'evt_again' }])]);
  });
  expect(told).toEqual(['A payment is disputed']);
  shop.stripe.emit('charge.refunded', { ...base.charge, customer: who.customer });
  await deliver(shop);
  refund.status = 'succeeded';
  shop.stripe.emit('refund.updated', { id: 're_1', object: 'refund', charge: 'ch_1' });
  await deliver(shop);
  const incidents = async () =>
    (await shop.admin.call('getBillingOverview')).incidents.map(({ id, status, amount, workspaceId }) => [id, status, amount, workspaceId]);
  expect(await incidents()).toEqual([
    ['dp_1', 'needs_response', 1900, who.workspaceId],
    ['re_1', 'succeeded', 1900, who.workspaceId],
  ]);
  expect(await mailsTo(shop, who)).toEqual(['Your plan has started', 'Money was given back to you']);
  expect((await who.call('listInvoices')).refunds).toMatchObject([{ id: 're_1', status: 'succeeded', amount: 1900 }]);
  dispute.status = 'lost';
  const { id } = await startBillingReconciliation(deps());
  const toldAgain = await toldMeanwhile(() => reconcileBilling(deps(), id));
  expect(
    (await shop.admin.call('getBillingOverview')).lastReconciliation?.findings.find(({ subject }) => subject === 'dp_1'),
  ).toMatchObject({ kind: 'dispute', isRepaired: true });
  expect((await incidents()).find(([found]) => found === 'dp_1')).toEqual(['dp_1', 'lost', 1900, who.workspaceId]);
  expect(toldAgain.toSorted()).toEqual(['A dispute is now: lost', 'Stripe and this installation differed, and agree again']);
  expect(await planOf(who)).toBe('standard');
  // Stripe's own setting ends the subscription of a lost dispute: that is what counts.
  shop.stripe.setStatus(who.subscription, 'canceled');
  await deliver(shop);
  expect(await planOf(who)).toBe('free');
});

test('the comparison runs once a day and not oftener, and tells administrators of drift once', async () => {
  const { jobs } = deps();
  await forgetComparisons();
  const started: string[] = [];
  const { enqueue } = jobs;
  jobs.enqueue = (name, payload, ...rest) => {
    if (name === 'billing.reconcile') {
      started.push((payload as { id: string }).id);
    }
    return enqueue(name, payload, ...rest);
  };
  try {
    const day = (count: number, hours = 0) => new Date(Date.now() + count * 86_400_000 + hours * 3_600_000);
    const round = (time: Date) => at(time, () => reconcileBillingDaily(deps()));
    await round(day(2));
    await round(day(2, 1));
    await round(day(2, 23.9));
    expect(started).toHaveLength(1);
    await round(day(3, 0.1));
    await round(day(3, 0.2));
    expect(started).toHaveLength(2);
    const drifted = await subscribed(shop, shop.monthly);
    shop.stripe.setStatus(drifted.subscription, 'canceled');
    shop.stripe.events.splice(0);
    const [first = '', second = ''] = started;
    const told = await toldMeanwhile(async () => {
      await reconcileBilling(deps(), first);
      await reconcileBilling(deps(), first);
      await reconcileBilling(deps(), second);
    });
    expect(told).toEqual(['Stripe and this installation differed, and agree again']);
  } finally {
    jobs.enqueue = enqueue;
  }
});

test('events are answered while Stripe itself hangs: 50 at once, each stored once, and worked on when it answers again', async () => {
  const who = await shop.instance.createCaller();
  const { url } = await who.call('createCheckout', { body: { priceId: shop.monthly.id } });
  shop.stripe.completeCheckout(url);
  const events = shop.stripe.events.splice(0);
  const release = shop.stripe.hold();
  const work = deliver(shop, [...events, ...Array.from({ length: 50 }, () => events[0] ?? events)].flat());
  // Every answer is there before the first answer of Stripe.
  await expect.poll(async () => (await shop.admin.call('getBillingOverview')).events.waiting, { timeout: 60_000 }).toBe(events.length);
  expect(await planOf(who)).toBe('free');
  release();
  await work;
  expect(await planOf(who)).toBe('standard');
});
