/**
 * Deliveries of events to webhooks: one row for each event and endpoint, tried again with growing pauses for a day. A round claims what
 * is due, so that several workers share the work and a killed one's rows come up again.
 */
import { type RouteReply, type WebhookDelivery, webhookEventTypes } from '@carmic/contract';
import { addSeconds } from '../core/clock.ts';
import { notFound } from '../core/errors.ts';
import { newId } from '../core/ids.ts';
import type { Tx } from '../db/database.ts';
import type { Deps } from '../deps.ts';
import type { StoredEvent } from '../events/read.ts';
import type { Person } from '../http/request.ts';
import { notifyOfChange } from '../accounts/notices.ts';
import { type EndpointRow, loadEndpoint, secretsOf, urlOf } from './endpoints.ts';
import { signBody } from './signature.ts';

/** Pauses between attempts; together a little over 24 hours. */
export const pauseSeconds = [10, 30, 120, 600, 1800, 3600, 7200, 14_400, 28_800, 30_000] as const;
/** An endpoint without one success for this long is switched off. */
const patienceSeconds = 3 * 24 * 3600;
const timeoutMs = 10_000;
const maxReplyBytes = 64 * 1024;
const claimSize = 20;
/** A claimed delivery whose worker died comes up again after this. */
const claimSeconds = 60;

interface DeliveryRow {
  id: string;
  workspace_id: string;
  endpoint_id: string;
  event_id: string;
  type: string;
  payload: unknown;
  state: WebhookDelivery['state'];
  attempts: number;
  next_attempt_at: Date | null;
  last_status: number | null;
  last_error: string | null;
  created_at: Date;
  delivered_at: Date | null;
}

function present(row: DeliveryRow): WebhookDelivery {
  return {
    id: row.id,
    eventId: row.event_id,
    type: row.type,
    state: row.state,
    attempts: row.attempts,
    lastStatus: row.last_status,
    lastError: row.last_error,
    nextAttemptAt: row.next_attempt_at?.toISOString() ?? null,
    createdAt: row.created_at.toISOString(),
    deliveredAt: row.delivered_at?.toISOString() ?? null,
  };
}

/** Writes the deliveries of an event; again without effect when it comes twice. Events about webhooks themselves and about the installation are not delivered. */
export async function queueDeliveries(deps: Deps, event: StoredEvent): Promise<void> {
  const { db, clock, jobs } = deps;
  const { workspaceId } = event;
  if (workspaceId === null || !webhookEventTypes.includes(event.type)) {
    return;
  }
  const added = await db.inWorkspace(workspaceId, async (tx) => {
    const endpoints = await db.rows<EndpointRow>(
      tx,
      `SELECT * FROM webhook_endpoints WHERE workspace_id = :workspaceId AND is_enabled
         AND (event_types = '[]' OR jsonb_exists(event_types, :type))`,
      { workspaceId, type: event.type },
    );
    let count = 0;
    for (const endpoint of endpoints) {
      count += await insert(deps, tx, endpoint, event.id, event.type, payloadOf(event), clock.now());
    }
    return count;
  });
  if (added > 0) {
    await jobs.enqueue('webhooks.deliver', {});
  }
}

const payloadOf = (event: StoredEvent) => ({
  id: event.id,
  type: event.type,
  workspaceId: event.workspaceId,
  videoId: event.videoId,
  subjectId: event.subjectId,
  data: event.data,
  createdAt: event.createdAt,
});

function insert(deps: Deps, tx: Tx, endpoint: EndpointRow, eventId: string, type: string, payload: unknown, now: Date): Promise<number> {
  return deps.db.change(
    tx,
    `INSERT INTO webhook_deliveries (id, workspace_id, endpoint_id, event_id, type, payload, state, next_attempt_at, created_at)
     VALUES (:id, :workspaceId, :endpointId, :eventId, :type, CAST(:payload AS jsonb), 'pending', :now, :now)
     ON CONFLICT (endpoint_id, event_id) DO NOTHING`,
    {
      id: newId(),
      workspaceId: endpoint.workspace_id,
      endpointId: endpoint.id,
      eventId,
      type,
      payload: JSON.stringify(payload),
      now,
    },
  );
}

/** One round: claims what is due and delivers it, until nothing is due. */
export async function deliverDue(deps: Deps): Promise<void> {
  for (;;) {
    const claimed = await claim(deps);
    await Promise.all(claimed.map((row) => deliver(deps, row)));
    if (claimed.length < claimSize) {
      return;
    }
  }
}

function claim(deps: Deps): Promise<DeliveryRow[]> {
  const now = deps.clock.now();
  return deps.db.asSystem((tx) =>
    deps.db.rows<DeliveryRow>(
      tx,
      `UPDATE webhook_deliveries d SET attempts = d.attempts + 1, next_attempt_at = :again
       WHERE d.id IN (
         SELECT x.id FROM webhook_deliveries x JOIN webhook_endpoints e ON e.id = x.endpoint_id AND e.is_enabled
         WHERE x.state = 'pending' AND x.next_attempt_at <= :now ORDER BY x.next_attempt_at LIMIT :claimSize FOR UPDATE OF x SKIP LOCKED)
       RETURNING d.*`,
      { now, again: addSeconds(now, claimSeconds), claimSize },
    ),
  );
}

async function deliver(deps: Deps, row: DeliveryRow): Promise<void> {
  const { db, clock } = deps;
  const endpoint = await db.asSystem((tx) => loadEndpoint(deps, tx, row.workspace_id, row.endpoint_id));
  const { status, error } = await call(deps, endpoint, row);
  const now = clock.now();
  const isDelivered = status !== null && status >= 200 && status < 300;
  const pause = pauseSeconds[row.attempts - 1];
  const state = isDelivered ? 'delivered' : pause === undefined ? 'failed' : 'pending';
  await db.asSystem(async (tx) => {
    await db.change(
      tx,
      `UPDATE webhook_deliveries SET state = :state, last_status = :status, last_error = :error,
         next_attempt_at = :next, delivered_at = :deliveredAt WHERE id = :id AND state = 'pending'`,
      {
        id: row.id,
        state,
        status,
        error,
        next: state === 'pending' ? addSeconds(now, pause ?? 0) : null,
        deliveredAt: isDelivered ? now : null,
      },
    );
    await db.change(
      tx,
      isDelivered
        ? 'UPDATE webhook_endpoints SET failing_since = NULL WHERE id = :id AND failing_since IS NOT NULL'
        : 'UPDATE webhook_endpoints SET failing_since = COALESCE(failing_since, :now) WHERE id = :id',
      { id: endpoint.id, now },
    );
    if (!isDelivered) {
      await switchOffIfHopeless(deps, tx, endpoint, now);
    }
  });
}

async function call(deps: Deps, endpoint: EndpointRow, row: DeliveryRow): Promise<{ status: number | null; error: string | null }> {
  const body = JSON.stringify(row.payload);
  const seconds = Math.floor(deps.clock.now().getTime() / 1000);
  try {
    const reply = await deps.publicFetch(urlOf(deps, endpoint), {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'user-agent': 'Carmic-Webhooks',
        'carmic-event-id': row.event_id,
        'carmic-delivery-id': row.id,
        'carmic-signature': signBody(secretsOf(deps, endpoint), seconds, body),
      },
      body,
      timeoutMs,
      maxBytes: maxReplyBytes,
    });
    return { status: reply.status, error: reply.status >= 200 && reply.status < 300 ? null : `The address answered ${reply.status}.` };
  } catch (error) {
    return { status: null, error: (error instanceof Error ? error.message : String(error)).slice(0, 300) };
  }
}

async function switchOffIfHopeless(deps: Deps, tx: Tx, endpoint: EndpointRow, now: Date): Promise<void> {
  const count = await deps.db.change(
    tx,
    `UPDATE webhook_endpoints SET is_enabled = false, disabled_reason = 'It did not take a single call for three days.'
     WHERE id = :id AND is_enabled AND failing_since <= :since`,
    { id: endpoint.id, since: addSeconds(now, -patienceSeconds) },
  );
  if (count === 1) {
    await deps.appendEvent(tx, { workspaceId: endpoint.workspace_id, type: 'webhook.disabled', subjectId: endpoint.id });
    if (endpoint.created_by !== null) {
      await notifyOfChange(deps, tx, endpoint.created_by, 'webhook_off');
    }
  }
}

/** The log of an endpoint. */
export function listDeliveries(deps: Deps, person: Person, endpointId: string): Promise<WebhookDelivery[]> {
  return deps.db.inWorkspace(person.workspaceId, async (tx) => {
    await loadEndpoint(deps, tx, person.workspaceId, endpointId);
    const rows = await deps.db.rows<DeliveryRow>(
      tx,
      'SELECT * FROM webhook_deliveries WHERE endpoint_id = :endpointId ORDER BY created_at DESC, id LIMIT 200',
      { endpointId },
    );
    return rows.map(present);
  });
}

/** Sends a made-up event, to see whether an address takes it. */
export async function testEndpoint(deps: Deps, person: Person, endpointId: string): Promise<RouteReply<'testWebhook'>> {
  const { db, clock } = deps;
  const eventId = `test-${newId()}`;
  const now = clock.now();
  const row = await db.inWorkspace(person.workspaceId, async (tx) => {
    const endpoint = await loadEndpoint(deps, tx, person.workspaceId, endpointId);
    const payload = { id: eventId, type: 'webhook.test', workspaceId: person.workspaceId, data: {}, createdAt: now.toISOString() };
    await insert(deps, tx, endpoint, eventId, 'webhook.test', payload, now);
    return findByEvent(deps, tx, endpointId, eventId);
  });
  await deps.jobs.enqueue('webhooks.deliver', {});
  return present(row);
}

async function findByEvent(deps: Deps, tx: Tx, endpointId: string, eventId: string): Promise<DeliveryRow> {
  const [row] = await deps.db.rows<DeliveryRow>(
    tx,
    'SELECT * FROM webhook_deliveries WHERE endpoint_id = :endpointId AND event_id = :eventId',
    { endpointId, eventId },
  );
  if (row === undefined) {
    throw notFound('delivery');
  }
  return row;
}

/** Delivers once more, from the first attempt on; the event id stays, so that a receiver can tell. */
export async function replayDelivery(deps: Deps, person: Person, endpointId: string, deliveryId: string): Promise<WebhookDelivery> {
  const { db, clock } = deps;
  const row = await db.inWorkspace(person.workspaceId, async (tx) => {
    await loadEndpoint(deps, tx, person.workspaceId, endpointId);
    const [updated] = await db.rows<DeliveryRow>(
      tx,
      `UPDATE webhook_deliveries SET state = 'pending', attempts = 0, next_attempt_at = :now, delivered_at = NULL
       WHERE id = :deliveryId AND endpoint_id = :endpointId RETURNING *`,
      { deliveryId, endpointId, now: clock.now() },
    );
    if (updated === undefined) {
      throw notFound('delivery');
    }
    return updated;
  });
  await deps.jobs.enqueue('webhooks.deliver', {});
  return present(row);
}
