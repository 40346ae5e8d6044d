/** The objects of Stripe that our stand-in has, as far as we read them. */
type Json = Record<string, unknown>;

export type WireStatus = 'incomplete' | 'incomplete_expired' | 'trialing' | 'active' | 'past_due' | 'canceled' | 'unpaid' | 'paused';

export interface WireSubscription extends Json {
  id: string;
  customer: string;
  status: WireStatus;
  cancel_at_period_end: boolean;
  items: { object: 'list'; data: { id: string; current_period_end: number; price: WirePrice }[]; has_more: false; url: string };
  latest_invoice: string | null;
}
export interface WirePrice extends Json {
  id: string;
  product: string;
  currency: string;
  unit_amount: number;
  active: boolean;
  recurring: { interval: 'month' | 'year'; interval_count: number; usage_type: string };
}
export interface WireEvent extends Json {
  id: string;
  type: string;
}
export interface WireInvoice extends Json {
  id: string;
  customer: string;
  status: string;
  subscriptionId: string;
  total: number;
  amount_paid: number;
  attempt_count: number;
  next_payment_attempt: number | null;
}

/** The invoice of all items of a subscription. */
export function newInvoice(
  { id: subscriptionId, customer, items }: WireSubscription,
  fields: { id: string; number: string; at: number; isLive: boolean; isPaid: boolean; nextTry: number | null },
): WireInvoice {
  const { id, number, at, isLive, isPaid, nextTry } = fields;
  const total = items.data.reduce((sum, item) => sum + item.price.unit_amount, 0);
  return {
    id,
    object: 'invoice',
    number,
    customer,
    subscriptionId,
    status: isPaid ? 'paid' : 'open',
    currency: 'eur',
    total,
    amount_paid: isPaid ? total : 0,
    post_payment_credit_notes_amount: 0,
    created: at,
    hosted_invoice_url: `https://invoice.stripe.com/i/${id}`,
    invoice_pdf: `https://pay.stripe.com/invoice/${id}/pdf`,
    livemode: isLive,
    attempt_count: 1,
    next_payment_attempt: nextTry,
  };
}
