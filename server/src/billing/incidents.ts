/**
 * Refunds and disputes. They end no plan by themselves: what applies is the state of the subscription, and whether a dispute ends it is set
 * at Stripe. Administrators are told of every dispute, owners of money that went back to them. Stripe is asked again, never its event believed.
 */
import { addSeconds } from '../core/clock.ts';
import type { Deps } from '../deps.ts';
import type { BillingReport } from '../mail/templates/mailText.ts';
import { requireStripe } from './accounts.ts';
import { mailAdministrators, mailRefund } from './mails.ts';
import type { RemoteIncident } from './stripeIncidents.ts';

/** Events about refunds and disputes: their object is a dispute, a refund, or the charge that was given back. */
export const isIncidentEvent = (type: string): boolean => /^(charge\.dispute\.|charge\.refund|refund\.)/.test(type);

/** A dispute is decided within three months at most. */
const comparedSeconds = 100 * 24 * 3600;

/** Asks Stripe about the object of an event and takes the answer over. */
export async function refreshIncident(deps: Deps, type: string, objectId: string): Promise<void> {
  const stripe = requireStripe(deps);
  const startedAt = deps.clock.now();
  const found = type.startsWith('charge.dispute.')
    ? [await stripe.getDispute(objectId)]
    : type === 'charge.refunded'
      ? await stripe.listRefundsOf(objectId)
      : [await stripe.getRefund(objectId)];
  for (const incident of found) {
    if (incident !== null) {
      await takeOver(deps, incident, startedAt);
    }
  }
}

/** Asks for all that may still change. Answers those that were not on record as Stripe has them. */
export async function compareIncidents(deps: Deps): Promise<RemoteIncident[]> {
  const startedAt = deps.clock.now();
  const differing: RemoteIncident[] = [];
  for (const incident of await requireStripe(deps).listIncidents(addSeconds(startedAt, -comparedSeconds))) {
    if (await takeOver(deps, incident, startedAt)) {
      differing.push(incident);
    }
  }
  return differing;
}

/** Writes what was read, unless a look that began later has written, and tells whom it concerns. Answers whether something changed. */
function takeOver(deps: Deps, incident: RemoteIncident, startedAt: Date): Promise<boolean> {
  const { db } = deps;
  const { isLive } = requireStripe(deps);
  return db.asSystem(async (tx) => {
    // Of two looks at one that is new the second one waits here, and sees what the first one wrote.
    await db.rows(tx, 'SELECT pg_advisory_xact_lock(hashtextextended(:id, 0))', { id: `billing-incident-${incident.id}` });
    const [before] = await db.rows<{ status: string; amount: string; updated_at: Date }>(
      tx,
      'SELECT status, amount, updated_at FROM billing_incidents WHERE id = :id',
      { id: incident.id },
    );
    const isSame = before?.status === incident.status && Number(before.amount) === incident.amount;
    if (isSame || (before !== undefined && before.updated_at > startedAt)) {
      return false;
    }
    const [account] = await db.rows<{ workspace_id: string; name: string | null }>(
      tx,
      `SELECT a.workspace_id, w.name FROM billing_accounts a LEFT JOIN workspaces w ON w.id = a.workspace_id WHERE a.customer_id = :customerId`,
      { customerId: incident.customerId },
    );
    const workspaceId = account?.workspace_id ?? null;
    await db.change(
      tx,
      `INSERT INTO billing_incidents (id, is_live, kind, workspace_id, customer_id, status, reason, amount, currency, due_at, created_at, updated_at)
       VALUES (:id, :isLive, :kind, :workspaceId, :customerId, :status, :reason, :amount, :currency, :dueAt, :createdAt, :startedAt)
       ON CONFLICT (id) DO UPDATE SET status = EXCLUDED.status, reason = EXCLUDED.reason, amount = EXCLUDED.amount, due_at = EXCLUDED.due_at,
         workspace_id = EXCLUDED.workspace_id, customer_id = EXCLUDED.customer_id, updated_at = EXCLUDED.updated_at`,
      { ...incident, isLive, workspaceId, startedAt },
    );
    const { kind, status, amount, currency } = incident;
    if (workspaceId !== null) {
      const data = { kind, status, amount, currency };
      await deps.appendEvent(tx, { workspaceId, type: 'billing.incident', data });
      if (kind === 'refund' && status === 'succeeded') {
        await mailRefund(deps, tx, workspaceId, { amount, currency });
      }
    }
    if (kind === 'dispute' || status === 'failed') {
      await mailAdministrators(deps, tx, describe(incident, account?.name ?? null));
    }
    return true;
  });
}

function describe({ kind, status, reason, amount, currency, dueAt }: RemoteIncident, customer: string | null): BillingReport {
  if (kind === 'refund') {
    return { kind: 'refund_failed', amount, currency, customer };
  }
  const due = status.endsWith('needs_response') ? (dueAt?.toISOString().slice(0, 10) ?? null) : null;
  return { kind: 'dispute', status, reason, amount, currency, customer, due };
}
