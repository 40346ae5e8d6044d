/**
 * Minutes beyond the plan, on their way to Stripe's meter. Each is a row that a commit of the ledger wrote; the number of that entry is the
 * identifier at Stripe, so that a second try counts nothing twice.
 */
import { addSeconds } from '../core/clock.ts';
import type { Deps } from '../deps.ts';
import type { UsageEvent } from './stripeMeters.ts';

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

interface Outbox<K> {
  /** Takes what is due, until a time at which another worker may; answers none when all is sent. */
  claim(now: Date, until: Date): Promise<{ key: K; attempts: number; event: UsageEvent }[]>;
  settle(key: K, result: { isSent: boolean; failure: string | null; now: Date; next: Date }): Promise<unknown>;
}

/** Sends everything that is due in an outbox; what Stripe does not take now is tried again later. */
export async function sendUsage<K>(deps: Deps, outbox: Outbox<K>): Promise<void> {
  const { clock, stripe, log } = deps;
  if (stripe === null) {
    return;
  }
  for (;;) {
    const now = clock.now();
    const due = await outbox.claim(now, addSeconds(now, claimSeconds));
    if (due.length === 0) {
      return;
    }
    for (const { key, attempts, event } of due) {
      const failure = await stripe
        .countUsage(event)
        .then(() => null)
        .catch((error: unknown) => (error instanceof Error ? error.message.slice(0, 300) : 'unknown'));
      if (failure !== null) {
        log.warn({ identifier: event.identifier, attempts, failure }, 'use beyond the plan could not be counted at Stripe');
      }
      const delaySeconds = Math.min(longestDelaySeconds, firstDelaySeconds * 2 ** (attempts - 1));
      await outbox.settle(key, { isSent: failure === null, failure, now: clock.now(), next: addSeconds(clock.now(), delaySeconds) });
    }
  }
}

/** Sends the minutes that are due. */
export function sendMeterEvents(deps: Deps): Promise<void> {
  const { db, stripe } = deps;
  return sendUsage(deps, {
    async claim(now, until) {
      const rows = await db.asSystem((tx) =>
        db.rows<DueEvent>(
          tx,
          `UPDATE meter_events m SET attempts = m.attempts + 1, next_attempt_at = :until
           FROM (SELECT entry_id FROM meter_events WHERE sent_at IS NULL AND next_attempt_at <= :now ORDER BY entry_id LIMIT :batchSize
             FOR UPDATE SKIP LOCKED) d, billing_accounts a
           WHERE m.entry_id = d.entry_id AND a.workspace_id = m.workspace_id AND a.is_live = :isLive AND a.customer_deleted_at IS NULL
           RETURNING m.entry_id, m.seconds, m.happened_at, m.attempts, a.customer_id`,
          { now, until, batchSize, isLive: stripe?.isLive ?? false },
        ),
      );
      return rows.map(({ entry_id: id, seconds, happened_at: at, attempts, customer_id: customerId }) => ({
        key: id,
        attempts,
        event: { meter: 'minutes' as const, identifier: `carmic-minutes-${id}`, customerId, value: seconds, at },
      }));
    },
    settle: (id, result) =>
      db.asSystem((tx) =>
        db.change(
          tx,
          `UPDATE meter_events SET sent_at = CASE WHEN :isSent THEN CAST(:now AS timestamptz) END, failure = :failure, next_attempt_at = :next
           WHERE entry_id = :id`,
          { ...result, id },
        ),
      ),
  });
}
