import { z } from 'zod';
import { addSeconds } from '../core/clock.ts';
import type { Deps } from '../deps.ts';
import { deliverDue } from './deliver.ts';

const logDays = 30;

/** Tells the job runner how webhooks are delivered; a round every few seconds finds what is due. */
export function defineWebhookJobs(deps: Deps): void {
  const { jobs, db, clock } = deps;
  jobs.define({ name: 'webhooks.deliver', payload: z.object({}), run: () => deliverDue(deps), concurrency: 2 });
  jobs.define({
    name: 'webhooks.round',
    payload: z.object({}),
    concurrency: 1,
    async run() {
      await deliverDue(deps);
      await db.asSystem((tx) =>
        db.change(tx, "DELETE FROM webhook_deliveries WHERE state <> 'pending' AND created_at < :before", {
          before: addSeconds(clock.now(), -logDays * 24 * 3600),
        }),
      );
    },
  });
  jobs.every('webhooks.round', deps.env.CARMIC_WATCHDOG_SECONDS);
}
