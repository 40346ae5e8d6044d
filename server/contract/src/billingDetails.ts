import { z } from 'zod';

/**
 * What a comparison with Stripe has to tell beyond the kind of a finding: a code, and the values of its sentence in the order of the list.
 * The server says the same in English; the console tells it by the code.
 */
export const billingDetailCodes = [
  /** Plan, price. */
  'price_new',
  'price_changed',
  'price_gone',
  /** Nothing. */
  'price_unknown_plan',
  /** The fields that differed, as `billingFields` names them. */
  'fields',
  /** Subscription. */
  'unknown_state',
  /** Price; empty when Stripe named none. */
  'price_without_plan',
  /** How many. */
  'several_subscriptions',
  /** From, until (ISO 8601), what was sent, what Stripe's meter has; the last is empty when it has no record. In seconds and in days of a seat. */
  'meter_minutes',
  'meter_seats',
  /** What Stripe or the way there said. */
  'not_sent',
  'ledger_limit',
  'ledger_reservation',
  'ledger_video',
  'ledger_rendering',
  'ledger_stored',
  'ledger_quota',
  'ledger_meter',
] as const;
export type BillingDetailCode = (typeof billingDetailCodes)[number];

export const billingDetailSchema = z.object({ code: z.enum(billingDetailCodes), values: z.array(z.string()) });
export type BillingDetail = z.infer<typeof billingDetailSchema>;

/** What is kept of a subscription, and what the plan of its workspace follows from. */
export const billingFields = [
  'subscription_id',
  'status',
  'item_id',
  'price_id',
  'plan_id',
  'has_extra_minutes',
  'has_extra_seats',
  'subscription_count',
  'period_ends_at',
  'cancels_at',
  'trial_ends_at',
  'card_brand',
  'card_last_four',
  'unpaid_invoice_url',
  'payment_attempts',
  'next_attempt_at',
  'plan',
] as const;
export type BillingField = (typeof billingFields)[number];
