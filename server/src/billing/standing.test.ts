import { type SubscriptionStatus, subscriptionStatuses } from '@carmic/contract';
import { describe, expect, test } from 'vitest';
import { chooseSubscription, isEntitled, isLiving, parseStatus, stepBetween } from './standing.ts';

const all: readonly (SubscriptionStatus | null)[] = [null, ...subscriptionStatuses];

describe('the states of a subscription', () => {
  test('are those of Stripe; the plan that was bought applies while it is paid, tried out, or tried to be paid', () => {
    expect(subscriptionStatuses.filter((status) => isEntitled(status))).toEqual(['trialing', 'active', 'past_due']);
    expect(isEntitled(null)).toBe(false);
    expect(parseStatus('active')).toBe('active');
    expect(parseStatus('something_new')).toBeNull();
    expect(subscriptionStatuses.filter((status) => !isLiving(status))).toEqual(['incomplete_expired', 'canceled']);
  });

  test('from each to each: a grace begins exactly where the bought plan ends, and staying the same tells nobody', () => {
    for (const before of all) {
      for (const after of all) {
        const step = stepBetween(before, after);
        const way = `${before ?? 'none'} to ${after ?? 'none'}`;
        expect(step.lapses, way).toBe(isEntitled(before) && !isEntitled(after));
        expect(step.isEntitled, way).toBe(isEntitled(after));
        if (before === after) {
          expect(step.mail, way).toBeNull();
        }
        // Whoever loses a plan is told, and nobody hears of an end that was none.
        expect(step.mail === 'lapsed', way).toBe(step.lapses);
        // Whoever gets one is told.
        if (!isEntitled(before) && isEntitled(after)) {
          expect(step.mail, way).toBe(after === 'past_due' ? 'payment_failed' : 'started');
        }
      }
    }
    expect(stepBetween('past_due', 'active').mail).toBe('settled');
    expect(stepBetween('trialing', 'active').mail).toBeNull();
    expect(stepBetween(null, 'incomplete').mail).toBe('confirmation_needed');
    expect(stepBetween('unpaid', 'active')).toEqual({ isEntitled: true, lapses: false, mail: 'started' });
  });

  test('of several subscriptions the one that gives most counts, the newest of equal ones, in whatever order they come', () => {
    const of = (id: string, status: SubscriptionStatus | null, day: number) => ({ id, status, createdAt: new Date(2026, 0, day) });
    const found = [of('a', 'canceled', 9), of('b', 'active', 2), of('c', 'active', 3), of('d', 'incomplete', 8), of('e', null, 10)];
    expect(chooseSubscription(found)?.id).toBe('c');
    expect(chooseSubscription([...found].reverse())?.id).toBe('c');
    expect(chooseSubscription([of('e', null, 1)])).toBeNull();
    expect(chooseSubscription([])).toBeNull();
  });
});
