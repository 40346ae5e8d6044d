/**
 * Events of Stripe: checked, stored once by their id, answered, and worked on from the store. An event says who changed, never what: the
 * customer is asked for again. One that is lost is made good by the nightly comparison.
 */
import { addSeconds } from '../core/clock.ts';
import { notFound } from '../core/errors.ts';
import type { Deps } from '../deps.ts';
import { requireStripe } from './accounts.ts';
import { syncCatalogue } from './catalogue.ts';
import { isIncidentEvent, refreshIncident } from './incidents.ts';
import { refreshCustomer } from './refresh.ts';

/** A worker that dies over an event leaves it to another one after this. */
const claimSeconds = 120;
const batchSize = 100;
const firstDelaySeconds = 5;
const longestDelaySeconds = 6 * 3600;
/** Stripe keeps events for 30 days; what is older is of no use here. */
const keepDays = 90;

interface ClaimedEvent {
  id: string;
  type: string;
  object_id: string | null;
  customer_id: string | null;
  attempts: number;
}

/** Takes an event in. Answers whether it is new; it is worked on by a job. */
export async function receiveEvent(deps: Deps, rawBody: string, signature: string): Promise<boolean> {
  const { db, clock, stripe } = deps;
  if (stripe === null) {
    throw notFound('address in this API');
  }
  const event = stripe.verifyEvent(rawBody, signature);
  const now = clock.now();
  const added = await db.asSystem((tx) =>
    db.change(
      tx,
      `INSERT INTO stripe_events (id, type, object_id, customer_id, happened_at, received_at, next_attempt_at)
       VALUES (:id, :type, :objectId, :customerId, :createdAt, :now, :now) ON CONFLICT DO NOTHING`,
      { ...event, now },
    ),
  );
  if (added === 1) {
    await deps.jobs.enqueue('billing.events', {});
  }
  return added === 1;
}

/** Works on the events that are due. Events of one customer need one look at Stripe together. */
export async function processEvents(deps: Deps): Promise<void> {
  if (deps.stripe === null) {
    return;
  }
  for (;;) {
    const events = await claim(deps);
    if (events.length === 0) {
      return;
    }
    const groups = new Map<string, ClaimedEvent[]>();
    for (const event of events) {
      const key = keyOf(event);
      groups.set(key, [...(groups.get(key) ?? []), event]);
    }
    for (const [key, group] of groups) {
      await settle(deps, group, await failureOf(() => act(deps, key, group)));
    }
  }
}

/** What an event needs looked at. */
function keyOf({ type, object_id: objectId, customer_id: customerId }: ClaimedEvent): string {
  if (/^(price|product)\./.test(type)) {
    return 'catalogue';
  }
  return isIncidentEvent(type) && objectId !== null ? `incident ${objectId}` : (customerId ?? 'nobody');
}

async function act(deps: Deps, key: string, group: readonly ClaimedEvent[]): Promise<void> {
  const [first] = group;
  if (key === 'catalogue') {
    await syncCatalogue(deps, false);
  } else if (key.startsWith('incident ') && first?.object_id != null) {
    await refreshIncident(deps, first.type, first.object_id);
  } else if (key !== 'nobody') {
    await refreshCustomer(deps, key);
  }
}

async function failureOf(work: () => Promise<void>): Promise<string | null> {
  try {
    await work();
    return null;
  } catch (error) {
    return error instanceof Error ? error.message.slice(0, 300) : 'unknown';
  }
}

function claim(deps: Deps): Promise<ClaimedEvent[]> {
  const { db, clock } = deps;
  const now = clock.now();
  return db.asSystem((tx) =>
    db.rows<ClaimedEvent>(
      tx,
      `UPDATE stripe_events e SET attempts = attempts + 1, next_attempt_at = :until
       FROM (SELECT id FROM stripe_events WHERE processed_at IS NULL AND next_attempt_at <= :now ORDER BY received_at LIMIT :batchSize
         FOR UPDATE SKIP LOCKED) due
       WHERE e.id = due.id RETURNING e.id, e.type, e.object_id, e.customer_id, e.attempts`,
      { now, until: addSeconds(now, claimSeconds), batchSize },
    ),
  );
}

async function settle(deps: Deps, events: readonly ClaimedEvent[], failure: string | null): Promise<void> {
  const { db, clock, log } = deps;
  const now = clock.now();
  const attempts = Math.max(...events.map((event) => event.attempts));
  const delaySeconds = Math.min(longestDelaySeconds, firstDelaySeconds * 2 ** (attempts - 1));
  if (failure !== null) {
    log.warn({ events: events.length, attempts, failure }, 'events of Stripe could not be worked on');
  }
  await db.asSystem((tx) =>
    db.change(
      tx,
      `UPDATE stripe_events SET failure = :failure, processed_at = CASE WHEN :isDone THEN CAST(:now AS timestamptz) END, next_attempt_at = :next
       WHERE id IN (:ids)`,
      { failure, isDone: failure === null, now, next: addSeconds(now, delaySeconds), ids: events.map((event) => event.id) },
    ),
  );
}

/** Forgets events that nobody will ask about. */
export function pruneEvents(deps: Deps): Promise<number> {
  requireStripe(deps);
  return deps.db.asSystem((tx) =>
    deps.db.change(tx, 'DELETE FROM stripe_events WHERE processed_at IS NOT NULL AND received_at < :before', {
      before: addSeconds(deps.clock.now(), -keepDays * 24 * 3600),
    }),
  );
}
