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
