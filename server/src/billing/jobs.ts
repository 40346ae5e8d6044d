import { z } from 'zod';
import type { Deps } from '../deps.ts';
import { endGrants } from './grants.ts';
import { mailBudgets } from './mails.ts';
import { sendMeterEvents } from './meter.ts';
import { failBillingReconciliation, reconcileBilling, reconcileBillingDaily } from './reconcile.ts';
import { countSeats, sendSeatDays } from './seats.ts';
import { processEvents } from './stripeEvents.ts';
import { closeAccount } from './subscribe.ts';

/** Tells the job runner how money is kept in step; a round finds events whose nudge was lost or whose time has come again. */
export function defineBillingJobs(deps: Deps): void {
  const { jobs } = deps;
  jobs.define({ name: 'billing.events', payload: z.object({}), run: () => processEvents(deps), concurrency: 2 });
  jobs.define({
    name: 'billing.reconcile',
    payload: z.object({ id: z.uuid() }),
    run: ({ id }) => reconcileBilling(deps, id),
    onExhausted: ({ id }, reason) => failBillingReconciliation(deps, id, `The comparison could not be done: ${reason}.`),
    concurrency: 1,
  });
  jobs.define({
    name: 'billing.close',
    payload: z.object({ workspaceId: z.uuid() }),
    run: async ({ workspaceId }) => void (await closeAccount(deps, workspaceId)),
    maxAttempts: 20,
  });
  jobs.define({
    name: 'billing.round',
    payload: z.object({}),
    concurrency: 1,
    async run() {
      await endGrants(deps);
      await processEvents(deps);
      await sendMeterEvents(deps);
      await countSeats(deps);
      await sendSeatDays(deps);
      await mailBudgets(deps);
      await reconcileBillingDaily(deps);
    },
  });
  jobs.every('billing.round', deps.env.CARMIC_WATCHDOG_SECONDS);
}
