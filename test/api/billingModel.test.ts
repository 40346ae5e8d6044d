/**
 * Subscriptions and the ledger against a model, through thousands of random steps when asked for: `CARMIC_MODEL_STEPS=3000 CARMIC_MODEL_SEED=7`. The
 * model knows what Stripe has and which minutes were delivered; the instance hears of it by events that come late, twice, in disorder or never.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readLastReconciliation, reconcileBilling } from '../../server/src/billing/reconcile.ts';
import { isEntitled } from '../../server/src/billing/standing.ts';
import { processEvents } from '../../server/src/billing/stripeEvents.ts';
import { newId } from '../../server/src/core/ids.ts';
import { checkLedger } from '../../server/src/plans/checkLedger.ts';
import { readStatement } from '../../server/src/plans/statement.ts';
import { reserveMinutes, settleMinutes } from '../../server/src/plans/usage.ts';
import { openShop, planOf, send, type Shop } from '../support/billing.ts';
import type { Caller } from '../support/instance.ts';
import { createRandom } from '../support/random.ts';
import type { WireEvent } from '../support/stripeObjects.ts';

const steps = Number(process.env['CARMIC_MODEL_STEPS'] ?? 120);
const seed = Number(process.env['CARMIC_MODEL_SEED'] ?? 20261127);

interface Subject {
  who: Caller;
  customer: string | null;
  open: Map<string, number>;
  used: number;
}
let shop: Shop;
beforeAll(async () => {
  shop = await openShop();
});
afterAll(() => shop.stop());

test(
  `${steps} random steps (seed ${seed}) end in what Stripe says, with a ledger that adds up`,
  { timeout: 60_000 + steps * 500 },
  async () => {
    const { deps } = shop.instance.server;
    const { stripe } = shop;
    const random = createRandom(seed);
    const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T;
    const chance = (share: number) => random() < share;
    const subjects: Subject[] = [];
    for (let index = 0; index < 4; index++) {
      subjects.push({ who: await shop.instance.createCaller(), customer: null, open: new Map(), used: 0 });
    }
    const pending: WireEvent[] = [];
    const living = (subject: Subject) =>
      subject.customer === null
        ? []
        : stripe.subscriptionsOf(subject.customer).filter((each) => !['canceled', 'incomplete_expired'].includes(each.status));

    const acts: ((subject: Subject) => Promise<void>)[] = [
      async (subject) => {
        if (living(subject).length > 0) {
          return;
        }
        const { url } = await subject.who.call('createCheckout', {
          body: { priceId: pick([shop.monthly, shop.yearly, shop.professional]).id },
        });
        if (chance(0.8)) {
          subject.customer = stripe.completeCheckout(url, chance(0.7) ? 'works' : 'needs_confirmation').customer;
        }
      },
      (subject) => {
        const [own] = living(subject);
        if (own !== undefined) {
          stripe.setStatus(own.id, pick(['active', 'past_due', 'unpaid', 'canceled', 'paused', 'trialing'] as const));
        }
        return Promise.resolve();
      },
      (subject) => {
        if (subject.customer !== null && chance(0.3)) {
          stripe.breakCard(subject.customer);
        }
        stripe.advance(pick([1, 10, 40]));
        return Promise.resolve();
      },
      async (subject) => {
        const [own] = living(subject);
        if (own !== undefined && isEntitled(own.status === 'active' ? 'active' : null)) {
          await subject.who.call('refreshBilling');
          await subject.who.call('cancelSubscription', { body: { when: pick(['now', 'period_end'] as const) } });
        }
      },
      async () => {
        for (let count = Math.ceil(random() * 6); count > 0 && pending.length > 0; count--) {
          const [event] = pending.splice(Math.floor(random() * pending.length), 1);
          if (event !== undefined && chance(0.85)) {
            await Promise.all(Array.from({ length: chance(0.2) ? 4 : 1 }, () => send(shop, event)));
          }
        }
        if (chance(0.1)) {
          stripe.fail(500, 500, 500);
        }
        await processEvents(deps);
        stripe.clearFailures();
      },
      async (subject) => {
        const id = newId();
        const seconds = 1 + Math.floor(random() * 500);
        const { workspaceId } = subject.who;
        expect(await deps.db.inWorkspace(workspaceId, (tx) => reserveMinutes(deps, tx, { id, workspaceId }, seconds))).toBeNull();
        subject.open.set(id, seconds);
      },
      async (subject) => {
        const [entry] = subject.open;
        if (entry === undefined) {
          return;
        }
        const [id, seconds] = entry;
        const share = pick([0, 0.25, 0.5, 1]);
        const { workspaceId } = subject.who;
        await deps.db.inWorkspace(workspaceId, (tx) => settleMinutes(deps, tx, { id, workspaceId }, share));
        subject.open.delete(id);
        subject.used += Math.ceil(seconds * share);
      },
    ];

    for (let step = 1; step <= steps; step++) {
      await pick(acts)(pick(subjects));
      pending.push(...stripe.events.splice(0));
      if (step % 60 === 0 || step === steps) {
        const { id } = await shop.admin.call('createBillingReconciliation');
        await reconcileBilling(deps, id);
        await check(step);
      }
    }

    async function check(step: number): Promise<void> {
      const report = await readLastReconciliation(deps);
      expect(
        report?.findings.filter(({ kind }) => kind === 'ledger' || kind === 'stranger'),
        `step ${step}`,
      ).toEqual([]);
      expect(await deps.db.asSystem((tx) => checkLedger(deps, tx)), `step ${step}`).toEqual([]);
      for (const { who, customer, open, used } of subjects) {
        const paying = customer === null ? [] : stripe.subscriptionsOf(customer).filter(({ status }) => isEntitled(status));
        const product = paying[0]?.items.data[0]?.price.product;
        const expected = product === undefined ? 'free' : product === shop.professional.product ? 'professional' : 'standard';
        expect(await planOf(who), `plan after step ${step}`).toBe(expected);
        const statement = await deps.db.inWorkspace(who.workspaceId, (tx) => readStatement(deps, tx, who.workspaceId, { limit: 100 }));
        expect(statement.usedSeconds, `used after step ${step}`).toBe(used);
        expect(statement.reservedSeconds, `reserved after step ${step}`).toBe([...open.values()].reduce((sum, each) => sum + each, 0));
      }
    }
  },
);
