/** Money: plans for sale, a subscription whose last payment failed, half a year of use, departments, and what administrators see of it all. */
import { Client } from 'pg';
import { newId } from '../../server/src/core/ids.ts';
import { type Caller, type TestInstance, until } from '../support/instance.ts';
import type { StripeStandIn } from '../support/stripeStandIn.ts';

const daySeconds = 86_400;
const monthsOfUse = 7;

/** What an instance needs to sell plans at a Stripe of ours. */
export const sellingEnvironment = (stripe: StripeStandIn): Record<string, string> => ({
  CARMIC_STRIPE_SECRET_KEY: 'sk_test_carmic',
  CARMIC_STRIPE_WEBHOOK_SECRETS: 'whsec_of_the_pictures',
  CARMIC_STRIPE_API_URL: stripe.url,
});

/** Puts it all into a workspace and beside it. */
export async function seedBilling(instance: TestInstance, stripe: StripeStandIn, admin: Caller): Promise<void> {
  const prices = addCatalogue(stripe);
  await admin.call('syncCatalogue', { body: { isDryRun: false } });
  await subscribeOthers(instance, stripe, prices.standard);
  await subscribe(stripe, admin, prices.professional);
  await seedUse(instance, admin);
  await admin.call('putUsageBudget', { body: { alertMinutes: 900, capMinutes: 1500 } }, { ifMatch: '*' });
  // Seen at the next look at the prices.
  stripe.addPrice(prices.product, 2100, { currency: 'usd' });
  const plans = (await admin.call('listPlans')).items;
  const partner = await instance.createCaller();
  await partner.call('updateOwnWorkspace', { body: { name: 'School of Film, class of 2027' } });
  await admin.call('createGrant', {
    body: {
      workspaceId: partner.workspaceId,
      planId: plans.find(({ slug }) => slug === 'business')?.id ?? '',
      reason: 'A term of teaching, agreed with Ms Okafor',
    },
  });
}

function addCatalogue(stripe: StripeStandIn) {
  const [standard, professional, business] = [
    stripe.addPlan('standard', 'Standard'),
    stripe.addPlan('professional', 'Professional'),
    stripe.addPlan('business', 'Business'),
  ];
  stripe.addPrice(standard, 19_000, { interval: 'year' });
  stripe.addPrice(professional, 12, { isMetered: true });
  stripe.addPrice(professional, 49_000, { interval: 'year' });
  stripe.addPrice(business, 14_900);
  stripe.addPrice(business, 50, { isMetered: true, meter: 'seats' });
  return { product: standard, standard: stripe.addPrice(standard, 1900).id, professional: stripe.addPrice(professional, 4900).id };
}

/** Four months ago, paid three times; the fourth payment failed yesterday. */
async function subscribe(stripe: StripeStandIn, who: Caller, priceId: string): Promise<void> {
  const { url } = await who.call('createCheckout', { body: { priceId } });
  const end = stripe.now;
  const begin = new Date((end - daySeconds) * 1000);
  begin.setUTCMonth(begin.getUTCMonth() - 4);
  stripe.now = Math.floor(begin.getTime() / 1000);
  const { customer } = stripe.completeCheckout(url);
  stripe.advance(100);
  stripe.breakCard(customer);
  stripe.advance((end - stripe.now) / daySeconds);
  stripe.now = end;
  await who.call('refreshBilling');
}

async function subscribeOthers(instance: TestInstance, stripe: StripeStandIn, priceId: string): Promise<void> {
  const customers: Record<string, string> = {};
  for (const name of ['Lighthouse Radio', 'Port Authority, press office', 'Old Pier Productions']) {
    const who = await instance.createCaller();
    await who.call('updateOwnWorkspace', { body: { name } });
    const { url } = await who.call('createCheckout', { body: { priceId } });
    const { id, customer } = stripe.completeCheckout(url);
    await who.call('refreshBilling');
    customers[name] = customer;
    // Ends at Stripe, and the event that says so is lost: the comparison finds it.
    if (name === 'Old Pier Productions') {
      stripe.setStatus(id, 'canceled');
    }
  }
  const customer = customers['Port Authority, press office'] ?? '';
  const base = { charge: { id: 'ch_1', object: 'charge' as const, customer }, amount: 1900, currency: 'eur', created: stripe.now - 7200 };
  stripe.incidents.all
    .set('dp_1', {
      ...base,
      id: 'dp_1',
      object: 'dispute',
      status: 'needs_response',
      reason: 'product_not_received',
      evidence_details: { due_by: stripe.now + 7 * daySeconds },
    })
    .set('re_1', { ...base, id: 're_1', object: 'refund', status: 'succeeded', reason: null, evidence_details: { due_by: null } });
}

/** Lets Stripe and this installation be compared; to be called when everything else is there. */
export async function compareBilling(admin: Caller): Promise<void> {
  await admin.call('createBillingReconciliation');
  await until('the comparison with Stripe', async () => {
    const { lastReconciliation } = await admin.call('getBillingOverview');
    return lastReconciliation?.finishedAt ?? null;
  });
}

/** Months of work by plain entries: videos that are there and videos that are gone, some of it given back, some of it renderings after the first. */
async function seedUse(instance: TestInstance, who: Caller): Promise<void> {
  const { workspaceId } = who;
  // Whatever failed or is worked on has no use that was charged.
  const { items: videos } = await who.call('listVideos', { query: { limit: 100, state: 'ready' } });
  const departments: string[] = [];
  for (const name of ['Editorial', 'Marketing', 'Investor relations']) {
    departments.push((await who.call('createDepartment', { body: { name, isDefault: name === 'Editorial' } })).id);
  }
  const raw = new Client({ connectionString: instance.database.superuserUrl });
  await raw.connect();
  try {
    const now = new Date();
    let sequence = 100;
    for (let back = monthsOfUse - 1; back >= 0; back--) {
      const month = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - back, 1));
      const last = back === 0 ? now.getUTCDate() - 1 : new Date(Date.UTC(month.getUTCFullYear(), month.getUTCMonth() + 1, 0)).getUTCDate();
      const gone = Array.from({ length: 6 }, newId);
      const subjects = [...videos.map(({ id }) => id), ...gone];
      for (let day = 1; day <= last; day++) {
        const date = new Date(Date.UTC(month.getUTCFullYear(), month.getUTCMonth(), day, 10));
        // Quiet weekends, busy days before them.
        const count = [0, 1, 2, 2, 1, 3, 0][date.getUTCDay()] ?? 0;
        for (let turn = 0; turn < count; turn++) {
          sequence += 1;
          const seconds = 300 + ((sequence * 7919) % 1500) - back * 40;
          const ended = sequence % 7 === 0 ? { used: 0 } : { used: sequence % 5 === 0 ? Math.round(seconds * 0.6) : seconds };
          const entry = { id: subjects[sequence % subjects.length], rendition: sequence % 4 === 0 ? newId() : null };
          for (const [kind, amount] of [
            ['reserve', seconds],
            ['commit', ended.used],
            ['release', seconds - ended.used],
          ] as const) {
            if (amount > 0) {
              await raw.query(
                `INSERT INTO usage_entries (workspace_id, video_id, rendition_id, sequence, kind, seconds, month, created_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
                [workspaceId, entry.id, entry.rendition, sequence, kind, amount, month, date],
              );
            }
          }
        }
      }
      // What is gone was stored until the end of its month.
      const stored = `INSERT INTO storage_entries (workspace_id, video_id, kind, bytes, created_at) VALUES ($1, $2, 'change', $3, $4)`;
      for (const [index, id] of gone.entries()) {
        const bytes = 2_400_000_000 + index * 900_000_000;
        await raw.query(stored, [workspaceId, id, bytes, new Date(month.getTime() + index * 2 * daySeconds * 1000)]);
        await raw.query(stored, [workspaceId, id, -bytes, new Date(month.getTime() + 27 * daySeconds * 1000)]);
        await raw.query('INSERT INTO video_departments (video_id, workspace_id, department_id) VALUES ($1, $2, $3)', [
          id,
          workspaceId,
          departments[index % departments.length],
        ]);
      }
    }
    await raw.query('DELETE FROM usage_months WHERE workspace_id = $1', [workspaceId]);
    await raw.query(
      `INSERT INTO usage_months (workspace_id, month, reserved_seconds, used_seconds)
       SELECT workspace_id, month, sum(CASE kind WHEN 'reserve' THEN seconds ELSE -seconds END), COALESCE(sum(seconds) FILTER (WHERE kind = 'commit'), 0)
       FROM usage_entries WHERE workspace_id = $1 GROUP BY 1, 2`,
      [workspaceId],
    );
  } finally {
    await raw.end();
  }
}
