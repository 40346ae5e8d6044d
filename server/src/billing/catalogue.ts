/**
 * Plans here are the truth for what is allowed, prices at Stripe for what it costs. A product at Stripe says which plan it sells by
 * `carmic_plan` in its metadata (the plan's slug). A price that is gone is offered no more, and whoever pays it keeps its plan.
 */
import type { CatalogueSync, PriceMeter } from '@carmic/contract';
import type { Tx } from '../db/database.ts';
import type { Deps } from '../deps.ts';
import { Plans, type PlanRow } from '../plans/model.ts';
import { requireStripe } from './accounts.ts';
import { formatAmount } from '../core/formatAmount.ts';
import type { RemotePrice } from './stripeGateway.ts';

type Difference = CatalogueSync['differences'][number];

export interface PriceRow {
  id: string;
  plan_id: string;
  currency: string;
  unit_amount: string | null;
  period: 'month' | 'year';
  is_metered: boolean;
  meter: PriceMeter | null;
  is_offered: boolean;
}

function named({ unitAmount, currency, period, meter }: RemotePrice): string {
  const amount = unitAmount === null ? `by quantity in ${currency.toUpperCase()}` : formatAmount(unitAmount, currency);
  return `${amount} a ${period}${meter === null ? '' : `, metered by ${meter === 'seats' ? 'people and days' : 'minutes'}`}`;
}

/** Compares the prices on record with those at Stripe, and takes over what differs unless it is only to be shown. */
export async function syncCatalogue(deps: Deps, isDryRun: boolean): Promise<CatalogueSync> {
  const stripe = requireStripe(deps);
  const remote = await stripe.listPrices();
  const { db } = deps;
  const differences = await db.asSystem(async (tx) => {
    const plans = await db.model(Plans).findAll({ order: ['createdAt', 'slug'], transaction: tx });
    const known = await db.rows<PriceRow>(tx, 'SELECT * FROM plan_prices WHERE is_live = :isLive ORDER BY id FOR UPDATE', {
      isLive: stripe.isLive,
    });
    const found: Difference[] = [];
    for (const price of remote.filter((each) => each.planSlug !== null)) {
      const plan = plans.find((each) => each.slug === price.planSlug);
      if (plan === undefined) {
        const text = `The product ${price.productName} names the plan ${price.planSlug ?? ''}, which does not exist.`;
        found.push({ kind: 'unknown_plan', planName: null, priceId: price.id, price: presentRemote(price), text });
        continue;
      }
      const row = known.find((each) => each.id === price.id);
      found.push(...compare(plan, price, row));
      if (!isDryRun) {
        await writePrice(deps, tx, plan.id, price);
      }
    }
    const gone = known.filter((row) => row.is_offered && !remote.some((price) => price.id === row.id && price.planSlug !== null));
    for (const row of gone) {
      const planName = plans.find((plan) => plan.id === row.plan_id)?.name ?? null;
      found.push({
        kind: 'gone',
        planName,
        priceId: row.id,
        price: null,
        text: `${row.id} is gone: it is offered no more, and who pays it keeps the plan.`,
      });
      if (!isDryRun) {
        await db.change(tx, 'UPDATE plan_prices SET is_offered = false, updated_at = :now WHERE id = :id', {
          id: row.id,
          now: deps.clock.now(),
        });
      }
    }
    const sold = new Set(remote.filter((price) => price.isActive && price.meter === null).map((price) => price.planSlug));
    for (const plan of plans.filter((each) => each.archivedAt === null && !each.isDefault && !sold.has(each.slug))) {
      const text = `${plan.name} has no price: give its product at Stripe the metadata carmic_plan=${plan.slug}.`;
      found.push({ kind: 'not_sold', planName: plan.name, priceId: null, price: null, text });
    }
    return found;
  });
  return { isDryRun, differences };
}

const presentRemote = ({ id, currency, unitAmount: amount, period, meter }: RemotePrice) => ({
  ...{ id, currency, amount, period, meter },
  isMetered: meter !== null,
});

function compare(plan: PlanRow, price: RemotePrice, row: PriceRow | undefined): Difference[] {
  const base = { planName: plan.name, priceId: price.id, price: presentRemote(price) };
  if (row === undefined) {
    return price.isActive ? [{ ...base, kind: 'new', text: `${plan.name}: ${named(price)} is new.` }] : [];
  }
  const isSame =
    row.plan_id === plan.id &&
    row.currency === price.currency &&
    (row.unit_amount === null ? null : Number(row.unit_amount)) === price.unitAmount &&
    row.period === price.period &&
    row.meter === price.meter &&
    row.is_offered === price.isActive;
  return isSame
    ? []
    : [
        {
          ...base,
          kind: 'changed',
          text: `${plan.name}: ${price.id} is now ${named(price)}${price.isActive ? '' : ', no longer offered'}.`,
        },
      ];
}

function writePrice(deps: Deps, tx: Tx, planId: string, price: RemotePrice): Promise<number> {
  return deps.db.change(
    tx,
    `INSERT INTO plan_prices (id, is_live, plan_id, product_id, currency, unit_amount, period, is_metered, meter, is_offered, updated_at)
     VALUES (:id, :isLive, :planId, :productId, :currency, :unitAmount, :period, :isMetered, :meter, :isActive, :now)
     ON CONFLICT (id) DO UPDATE SET plan_id = EXCLUDED.plan_id, product_id = EXCLUDED.product_id, currency = EXCLUDED.currency,
       unit_amount = EXCLUDED.unit_amount, period = EXCLUDED.period, is_metered = EXCLUDED.is_metered, meter = EXCLUDED.meter, is_offered = EXCLUDED.is_offered,
       updated_at = EXCLUDED.updated_at`,
    { ...price, isMetered: price.meter !== null, planId, isLive: requireStripe(deps).isLive, now: deps.clock.now() },
  );
}

/** Makes a price known that a subscription names and no synchronisation has seen. */
export async function learnPrice(deps: Deps, priceId: string): Promise<void> {
  const { db } = deps;
  const isKnown = await db.asSystem(
    async (tx) => (await db.rows(tx, 'SELECT 1 FROM plan_prices WHERE id = :priceId', { priceId })).length > 0,
  );
  if (isKnown) {
    return;
  }
  const price = await requireStripe(deps).getPrice(priceId);
  if (price === null || price.planSlug === null) {
    return;
  }
  await db.asSystem(async (tx) => {
    const plan = await db.model(Plans).findOne({ where: { slug: price.planSlug ?? '' }, transaction: tx });
    if (plan !== null) {
      await writePrice(deps, tx, plan.id, price);
    }
  });
}
