/**
 * What each state of a subscription means here, as a table. A workspace's standing is a function of what Stripe says now and of nothing
 * else, so that the order in which events came cannot matter. Reading and downloading never depend on it: content goes by retention only,
 * whose grace of 14 days, with mails at 7 and 1, begins when the plan that was bought ends.
 */
import { type SubscriptionStatus, subscriptionStatuses } from '@carmic/contract';

/** What people are told of a change. */
export type BillingMail = 'started' | 'payment_failed' | 'confirmation_needed' | 'settled' | 'lapsed';

interface Standing {
  /** Which plan applies: the one that was bought, or that of workspaces which bought none. New work may start as that plan allows. */
  plan: 'bought' | 'fallback';
  /** What is told on the way into this state, unless the way itself says otherwise. */
  mail: BillingMail | null;
}

/** All statuses of Stripe (https://docs.stripe.com/api/subscriptions/object#subscription_object-status). */
export const standings: Readonly<Record<SubscriptionStatus, Standing>> = {
  // The first payment is not done: nothing was bought yet. It ends as active or incomplete_expired within 23 hours.
  incomplete: { plan: 'fallback', mail: 'confirmation_needed' },
  incomplete_expired: { plan: 'fallback', mail: null },
  trialing: { plan: 'bought', mail: 'started' },
  active: { plan: 'bought', mail: 'started' },
  // Stripe tries again for as long as its settings say. Nobody loses anything by a card that expired.
  past_due: { plan: 'bought', mail: 'payment_failed' },
  // Every try failed.
  unpaid: { plan: 'fallback', mail: 'lapsed' },
  canceled: { plan: 'fallback', mail: 'lapsed' },
  // A trial that ended without a payment method.
  paused: { plan: 'fallback', mail: 'lapsed' },
};

/** Which of several subscriptions of one customer counts: the one that gives most. */
const rank: readonly SubscriptionStatus[] = [
  'active',
  'trialing',
  'past_due',
  'incomplete',
  'unpaid',
  'paused',
  'canceled',
  'incomplete_expired',
];

/** A status of Stripe; null for one that this release does not know, which changes nothing. */
export function parseStatus(text: string): SubscriptionStatus | null {
  return subscriptionStatuses.find((status) => status === text) ?? null;
}

/** Whether what was bought applies in a state; without a subscription nothing was. */
export function isEntitled(status: SubscriptionStatus | null): boolean {
  return status !== null && standings[status].plan === 'bought';
}

/** The way from one state to another: what begins, what ends and what is told. */
export interface Step {
  isEntitled: boolean;
  /** The bought plan ended, and the grace for its content begins. */
  lapses: boolean;
  mail: BillingMail | null;
}

/** What happens between two looks at Stripe, whatever lay between them. Null is a workspace without a subscription. */
export function stepBetween(before: SubscriptionStatus | null, after: SubscriptionStatus | null): Step {
  const was = isEntitled(before);
  const is = isEntitled(after);
  const lapses = was && !is;
  return { isEntitled: is, lapses, mail: before === after ? null : mailBetween(was, before, is, after) };
}

function mailBetween(was: boolean, before: SubscriptionStatus | null, is: boolean, after: SubscriptionStatus | null): BillingMail | null {
  if (after === null) {
    return was ? 'lapsed' : null;
  }
  const { mail } = standings[after];
  if (is && was && mail === 'started') {
    return before === 'past_due' ? 'settled' : null;
  }
  // What never began does not end.
  return mail === 'lapsed' && !was ? null : was && !is ? 'lapsed' : mail;
}

/** The subscription that counts, of all that a customer ever had; null without one of a status that is known. */
export function chooseSubscription<T extends { status: SubscriptionStatus | null; createdAt: Date; id: string }>(
  found: readonly T[],
): (T & { status: SubscriptionStatus }) | null {
  const known = found.filter((each): each is T & { status: SubscriptionStatus } => each.status !== null);
  const [best] = known.sort(
    (a, b) => rank.indexOf(a.status) - rank.indexOf(b.status) || b.createdAt.getTime() - a.createdAt.getTime() || (a.id < b.id ? 1 : -1),
  );
  return best ?? null;
}

/** Whether a subscription goes on at Stripe: it may still be paid, changed or cancelled. */
export function isLiving(status: SubscriptionStatus | null): boolean {
  return status !== null && status !== 'canceled' && status !== 'incomplete_expired';
}
