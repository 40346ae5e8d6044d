/**
 * People beyond those of the plan, where a price by use sells them. Each UTC day is a row with the most people that were there at one time;
 * when the day is over it goes to Stripe's meter, once, by workspace and day.
 */
import { addSeconds } from '../core/clock.ts';
import type { Deps } from '../deps.ts';
import { sendUsage } from './meter.ts';

const daySeconds = 24 * 3600;
const batchSize = 100;

/** Counts the people of today; a day keeps its largest number. */
export async function countSeats(deps: Deps): Promise<void> {
  const { db, clock, stripe } = deps;
  if (stripe === null) {
    return;
  }
  const day = clock.now().toISOString().slice(0, 10);
  await db.asSystem((tx) =>
    db.change(
      tx,
      `INSERT INTO seat_days AS s (workspace_id, day, seats, extra, next_attempt_at)
         SELECT n.workspace_id, CAST(:day AS date), n.people, GREATEST(0, n.people - n.included), :over FROM (
           SELECT a.workspace_id, CAST(CASE WHEN w.overrides -> 'limits' -> 'members' IS NULL THEN p.limits ->> 'members'
               ELSE w.overrides -> 'limits' ->> 'members' END AS integer) AS included,
             (SELECT count(*)::integer FROM members m JOIN users u ON u.id = m.user_id AND u.kind = 'person' WHERE m.workspace_id = w.id) AS people
           FROM billing_accounts a JOIN workspaces w ON w.id = a.workspace_id JOIN plans p ON p.id = w.plan_id
           WHERE a.is_live = :isLive AND a.is_entitled AND a.has_extra_seats AND w.deleted_at IS NULL) n
         WHERE n.included IS NOT NULL
       ON CONFLICT (workspace_id, day) DO UPDATE SET seats = GREATEST(s.seats, EXCLUDED.seats), extra = GREATEST(s.extra, EXCLUDED.extra)
         WHERE s.sent_at IS NULL AND (EXCLUDED.seats > s.seats OR EXCLUDED.extra > s.extra)`,
      { day, isLive: stripe.isLive, over: addSeconds(new Date(`${day}T00:00:00Z`), daySeconds) },
    ),
  );
}

/** Sends the days that are over. */
export function sendSeatDays(deps: Deps): Promise<void> {
  const { db, stripe } = deps;
  return sendUsage(deps, {
    async claim(now, until) {
      const rows = await db.asSystem((tx) =>
        db.rows<{ workspace_id: string; day: string; extra: number; attempts: number; customer_id: string }>(
          tx,
          `UPDATE seat_days s SET attempts = s.attempts + 1, next_attempt_at = :until
           FROM (SELECT workspace_id, day FROM seat_days WHERE sent_at IS NULL AND extra > 0 AND next_attempt_at <= :now ORDER BY day LIMIT :batchSize
             FOR UPDATE SKIP LOCKED) d, billing_accounts a
           WHERE s.workspace_id = d.workspace_id AND s.day = d.day AND a.workspace_id = s.workspace_id AND a.is_live = :isLive
             AND a.customer_deleted_at IS NULL
           RETURNING s.workspace_id, CAST(s.day AS text) AS day, s.extra, s.attempts, a.customer_id`,
          { now, until, batchSize, isLive: stripe?.isLive ?? false },
        ),
      );
      return rows.map((row) => ({
        key: { workspaceId: row.workspace_id, day: row.day },
        attempts: row.attempts,
        event: {
          meter: 'seats' as const,
          identifier: `carmic-seats-${row.workspace_id}-${row.day}`,
          customerId: row.customer_id,
          value: row.extra,
          at: new Date(`${row.day}T12:00:00Z`),
        },
      }));
    },
    settle: ({ workspaceId, day }, result) =>
      db.asSystem((tx) =>
        db.change(
          tx,
          `UPDATE seat_days SET sent_at = CASE WHEN :isSent THEN CAST(:now AS timestamptz) END, failure = :failure, next_attempt_at = :next
           WHERE workspace_id = :workspaceId AND day = CAST(:day AS date)`,
          { ...result, workspaceId, day },
        ),
      ),
  });
}
