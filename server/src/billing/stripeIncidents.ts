/** Money that went back: refunds, and payments that a customer disputes at the bank. */
import type Stripe from 'stripe';
import { dateOf, nullIfMissing, secondsOf, speaking } from './stripeErrors.ts';

export interface RemoteIncident {
  id: string;
  kind: 'refund' | 'dispute';
  customerId: string | null;
  status: string;
  reason: string | null;
  /** In the smallest unit of the currency. */
  amount: number;
  currency: string;
  /** Until when a dispute is answered. */
  dueAt: Date | null;
  createdAt: Date;
}

export interface StripeIncidents {
  getDispute(id: string): Promise<RemoteIncident | null>;
  getRefund(id: string): Promise<RemoteIncident | null>;
  listRefundsOf(chargeId: string): Promise<RemoteIncident[]>;
  /** All that began since a time. */
  listIncidents(since: Date): Promise<RemoteIncident[]>;
}

/** The calls of the SDK that refunds and disputes need. */
export function stripeIncidents(stripe: Stripe): StripeIncidents {
  return {
    getDispute: (id) =>
      speaking(async () => {
        const dispute = await stripe.disputes.retrieve(id, { expand: ['charge'] }).catch(nullIfMissing);
        return dispute === null ? null : readDispute(dispute);
      }),
    getRefund: (id) =>
      speaking(async () => {
        const refund = await stripe.refunds.retrieve(id, { expand: ['charge'] }).catch(nullIfMissing);
        return refund === null ? null : readRefund(refund);
      }),
    listRefundsOf: (charge) =>
      speaking(async () => (await stripe.refunds.list({ charge, limit: 100, expand: ['data.charge'] })).data.map(readRefund)),
    listIncidents: (since) =>
      speaking(async () => {
        const range = { created: { gte: secondsOf(since) }, limit: 100, expand: ['data.charge'] };
        const found: RemoteIncident[] = [];
        for await (const dispute of stripe.disputes.list(range)) {
          found.push(readDispute(dispute));
        }
        for await (const refund of stripe.refunds.list(range)) {
          found.push(readRefund(refund));
        }
        return found;
      }),
  };
}

function customerOf(charge: string | Stripe.Charge | null): string | null {
  const customer = charge === null || typeof charge === 'string' ? null : charge.customer;
  return typeof customer === 'string' ? customer : (customer?.id ?? null);
}

function readDispute(dispute: Stripe.Dispute): RemoteIncident {
  return {
    id: dispute.id,
    kind: 'dispute',
    customerId: customerOf(dispute.charge),
    status: dispute.status,
    reason: dispute.reason,
    amount: dispute.amount,
    currency: dispute.currency,
    dueAt: dateOf(dispute.evidence_details.due_by),
    createdAt: new Date(dispute.created * 1000),
  };
}

function readRefund(refund: Stripe.Refund): RemoteIncident {
  return {
    id: refund.id,
    kind: 'refund',
    customerId: customerOf(refund.charge),
    status: refund.status ?? 'pending',
    reason: refund.reason,
    amount: refund.amount,
    currency: refund.currency,
    dueAt: null,
    createdAt: new Date(refund.created * 1000),
  };
}
