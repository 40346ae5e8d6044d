/** Billing meters: what is bought by use. Each adds up `value` for `stripe_customer_id`. */
import type { PriceMeter } from '@carmic/contract';
import Stripe from 'stripe';
import { secondsOf, speaking } from './stripeErrors.ts';

/** Names of the meters' events at Stripe: seconds of processing beyond the plan, and people beyond it times days. */
const eventNames: Readonly<Record<PriceMeter, string>> = { minutes: 'carmic_extra_seconds', seats: 'carmic_seat_days' };

export interface UsageEvent {
  meter: PriceMeter;
  identifier: string;
  customerId: string;
  value: number;
  at: Date;
}

export interface StripeMeters {
  /** Counts what was used beyond the plan; twice with one identifier counts once. */
  countUsage(event: UsageEvent): Promise<void>;
  /** What a meter has counted for a customer between two whole minutes; null without a meter. */
  readMeter(meter: PriceMeter, customerId: string, from: Date, until: Date): Promise<number | null>;
}

/** The calls of the SDK that meters need. */
export function stripeMeters(stripe: Stripe): StripeMeters {
  return {
    countUsage: ({ meter, identifier, customerId, value, at }) =>
      speaking(async () => {
        const payload = { stripe_customer_id: customerId, value: String(value) };
        await stripe.billing.meterEvents
          .create({ event_name: eventNames[meter], identifier, timestamp: secondsOf(at), payload }, { idempotencyKey: identifier })
          .catch((error: unknown) => {
            // Counted already, and the answer was lost: https://docs.stripe.com/api/billing/meter-event
            if (!(error instanceof Stripe.errors.StripeInvalidRequestError && /already exists/i.test(error.message))) {
              throw error;
            }
          });
      }),
    readMeter: (meter, customerId, from, until) =>
      speaking(async () => {
        for await (const { id, event_name: name } of stripe.billing.meters.list({ status: 'active', limit: 100 })) {
          if (name === eventNames[meter]) {
            const range = { customer: customerId, start_time: secondsOf(from), end_time: secondsOf(until) };
            const { data } = await stripe.billing.meters.listEventSummaries(id, range);
            return data.reduce((sum, summary) => sum + summary.aggregated_value, 0);
          }
        }
        return null;
      }),
  };
}
