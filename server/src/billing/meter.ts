/**
 * Minutes beyond the plan, on their way to Stripe's meter. Each is a row that a commit of the ledger wrote; the number of that entry is the
 * identifier at Stripe, so that a second try counts nothing twice.
 */
import { addSeconds } from '../core/clock.ts';
import type { Deps } from '../deps.ts';

const batchSize = 100;
const claimSeconds = 120;
const firstDelaySeconds = 10;
const longestDelaySeconds = 6 * 3600;

interface DueEvent {
  entry_id: string;
  seconds: number;
  happened_at: Date;
  attempts: number;
  customer_id: string;
}

/** Sends what is due. */
export async function sendMeterEvents(deps: Deps): Promise<void> {
  const { db, clock, stripe, log } = deps;
  if (stripe === null) {
    return;
  }
  for (;;) {
    const now = clock.now();
    const due = await db.asSystem((tx) =>
      db.rows<DueEvent>(
        tx,
        `UPDATE meter_events m SET attempts = m.attempts + 1, next_attempt_at = :until
         FROM (SELECT entry_id FROM meter_events WHERE sent_at IS NULL AND next_attempt_at <= :now ORDER BY entry_id LIMIT :batchSize
           FOR UPDATE SKIP LOCKED) d, billing_accounts a
         WHERE m.entry_id = d.entry_id AND a.workspace_id = m.workspace_id AND a.is_live = :isLive
         RETURNING m.entry_id, m.seconds, m.happened_at, m.attempts, a.customer_id`,
        { now, until: addSeconds(now, claimSeconds), batchSize, isLive: stripe.isLive },
      ),
    );
    if (due.length === 0) {
      return;
    }
    for (const event of due) {
      const identifier = `carmic-minutes-${event.entry_id}`;
      const failure = await stripe
        .countSeconds({ identifier, customerId: event.customer_id, seconds: event.seconds, at: event.happened_at })
        .then(() => null)
        .catch((error: unknown) => (error instanceof Error ? error.message.slice(0, 300) : 'unknown'));
      if (failure !== null) {
        log.warn({ identifier, attempts: event.attempts, failure }, 'minutes beyond the plan could not be counted at Stripe');
      }
      const delaySeconds = Math.min(longestDelaySeconds, firstDelaySeconds * 2 ** (event.attempts - 1));
      await db.asSystem((tx) =>
        db.change(
          tx,
          `UPDATE meter_events SET sent_at = CASE WHEN :isSent THEN CAST(:now AS timestamptz) END, failure = :failure, next_attempt_at = :next
           WHERE entry_id = :id`,
          { id: event.entry_id, isSent: failure === null, failure, now: clock.now(), next: addSeconds(clock.now(), delaySeconds) },
        ),
      );
    }
  }
}
