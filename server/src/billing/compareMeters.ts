import type { BillingFinding } from '@carmic/contract';
import { addSeconds } from '../core/clock.ts';
import type { Deps } from '../deps.ts';
import { requireStripe } from './accounts.ts';

/** Stripe takes a while to count; what was used since is compared the next time. */
const lagSeconds = 3600;
const hourMs = 3600_000;
/** What could not be sent for so long is told of. */
const lateSeconds = 24 * 3600;

const unitOf = { minutes: 'seconds', seats: 'seat-days' } as const;

/** The whole month before, and this one until an hour ago: so each month is compared to its last minute. */
function rangesAt(now: Date): { from: Date; until: Date }[] {
  const end = new Date(Math.floor(addSeconds(now, -lagSeconds).getTime() / hourMs) * hourMs);
  const month = (back: number) => new Date(Date.UTC(end.getUTCFullYear(), end.getUTCMonth() - back, 1));
  return [
    { from: month(1), until: month(0) },
    { from: month(0), until: end },
  ].filter(({ from, until }) => from < until);
}

/** Holds what was sent of minutes and seats against Stripe's meters, and finds what could not be sent. */
export async function compareMeters(deps: Deps, note: (finding: BillingFinding) => void): Promise<void> {
  const stripe = requireStripe(deps);
  const { isLive } = stripe;
  const { db, clock } = deps;
  for (const { from, until } of rangesAt(clock.now())) {
    const sums = await db.asSystem((tx) =>
      db.rows<{ meter: 'minutes' | 'seats'; workspace_id: string; customer_id: string; value: string }>(
        tx,
        `SELECT u.meter, a.workspace_id, a.customer_id, sum(u.value) AS value FROM (
           SELECT 'minutes' AS meter, workspace_id, seconds AS value, happened_at AS at FROM meter_events WHERE sent_at IS NOT NULL
           UNION ALL SELECT 'seats', workspace_id, extra, (day + time '12:00') AT TIME ZONE 'UTC' FROM seat_days WHERE sent_at IS NOT NULL) u
         JOIN billing_accounts a ON a.workspace_id = u.workspace_id AND a.is_live = :isLive AND a.customer_deleted_at IS NULL
         WHERE u.at >= :from AND u.at < :until GROUP BY 1, 2, 3`,
        { isLive, from, until },
      ),
    );
    for (const { meter, workspace_id: subject, customer_id: customerId, value } of sums) {
      const counted = await stripe.readMeter(meter, customerId, from, until);
      if (counted !== Number(value)) {
        const text = `From ${from.toISOString()} to ${until.toISOString()} ${value} ${unitOf[meter]} beyond the plan were sent, and Stripe's meter has ${counted ?? 'no record'}.`;
        const values = [from.toISOString(), until.toISOString(), value, counted === null ? '' : String(counted)];
        note({ kind: 'meter', subject, text, detail: { code: `meter_${meter}`, values }, isRepaired: false });
      }
    }
  }
  const late = await db.asSystem((tx) =>
    db.rows<{ workspace_id: string; failure: string }>(
      tx,
      `SELECT workspace_id, failure FROM meter_events WHERE sent_at IS NULL AND failure IS NOT NULL AND happened_at < :before
       UNION SELECT workspace_id, failure FROM seat_days WHERE sent_at IS NULL AND failure IS NOT NULL AND day < CAST(:before AS date) LIMIT 100`,
      { before: addSeconds(clock.now(), -lateSeconds) },
    ),
  );
  for (const { workspace_id: subject, failure } of late) {
    const text = `Use beyond the plan could not be sent for over a day: ${failure}`;
    note({ kind: 'meter', subject, text, detail: { code: 'not_sent', values: [failure] }, isRepaired: false });
  }
}
