import type { RouteName } from '@carmic/contract';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { AppError } from '../core/errors.ts';

interface Limit {
  points: number;
  seconds: number;
  /** Calls that succeed are given back: guessing is slowed down, and people and fleets of agents behind one address are not. */
  isForFailures?: boolean;
}

/** How many calls of a route one caller may make: `points` in `seconds`. */
const limits: Partial<Record<RouteName, Limit>> = {
  createSession: { points: 10, seconds: 300, isForFailures: true },
  createOneTimeSession: { points: 10, seconds: 300, isForFailures: true },
  startSignOn: { points: 60, seconds: 300 },
  finishSignOn: { points: 60, seconds: 300 },
  completeSignOn: { points: 60, seconds: 300 },
  checkIdentityProvider: { points: 30, seconds: 300 },
  createSecondFactorSession: { points: 10, seconds: 300, isForFailures: true },
  createPasskeySession: { points: 20, seconds: 300, isForFailures: true },
  createPasskeyChallenge: { points: 60, seconds: 300 },
  createSignUp: { points: 5, seconds: 900 },
  confirmSignUp: { points: 20, seconds: 300 },
  createPasswordReset: { points: 5, seconds: 900 },
  completePasswordReset: { points: 20, seconds: 300 },
  confirmEmail: { points: 20, seconds: 300 },
  getInvitation: { points: 60, seconds: 300 },
  acceptInvitation: { points: 20, seconds: 300 },
  openSharedClip: { points: 10, seconds: 300, isForFailures: true },
  addSharedComment: { points: 20, seconds: 300 },
  createReauthentication: { points: 10, seconds: 300, isForFailures: true },
  confirmTotp: { points: 10, seconds: 300, isForFailures: true },
  createInvitation: { points: 60, seconds: 3600 },
  registerAgent: { points: 20, seconds: 300, isForFailures: true },
  updateMe: { points: 20, seconds: 300 },
  createVideo: { points: 300, seconds: 60 },
};

/** What a caller has left; travels in the headers of every answer. */
export interface Left {
  limit: number;
  remaining: number;
  resetSeconds: number;
}

export interface Throttle {
  /** Throws rate_limited, with the seconds to wait, when any of `callers` has used up the route's points or all calls. */
  consume(route: RouteName, callers: readonly string[]): Promise<Left>;
  /** Call after success. */
  giveBack(route: RouteName, callers: readonly string[]): Promise<void>;
}

/** Addresses are shared by people, and accounts are named by strangers: each alone may fail this many times more than both together. */
const wideFactor = 10;

/**
 * Builds the throttle; it counts in this process. `perMinute` is for all calls of one caller together. `onRefusal` hears of the first call in
 * each period that a caller is refused, and not of each: whoever floods a route shall not flood the log.
 */
export function createThrottle(perMinute: number, onRefusal: (route: RouteName) => void): Throttle {
  const build = (factor: number) =>
    new Map(
      Object.entries(limits).map(([route, { points, seconds }]) => [
        route,
        new RateLimiterMemory({ keyPrefix: route, points: points * factor, duration: seconds }),
      ]),
    );
  const narrow = build(1);
  const wide = build(wideFactor);
  const limiterOf = (route: RouteName, caller: string) => (/^(user|pair):/.test(caller) ? narrow : wide).get(route);
  const all = new RateLimiterMemory({ keyPrefix: 'all', points: perMinute, duration: 60 });
  return {
    async consume(route, callers) {
      const refuseAfter = (points: number) => (rejection: unknown) => {
        if (rejection instanceof RateLimiterRes && rejection.consumedPoints === points + 1) {
          onRefusal(route);
        }
        return refuse(rejection);
      };
      const { remainingPoints, msBeforeNext } = await all.consume(callers[0] ?? '').catch(refuseAfter(perMinute));
      let left: Left = { limit: perMinute, remaining: remainingPoints, resetSeconds: Math.ceil(msBeforeNext / 1000) };
      for (const caller of callers) {
        const limiter = limiterOf(route, caller);
        const result = await limiter?.consume(caller).catch(refuseAfter(limiter.points));
        if (limiter !== undefined && result !== undefined && result.remainingPoints < left.remaining) {
          left = { limit: limiter.points, remaining: result.remainingPoints, resetSeconds: Math.ceil(result.msBeforeNext / 1000) };
        }
      }
      return left;
    },
    async giveBack(route, callers) {
      if (limits[route]?.isForFailures === true) {
        for (const caller of callers) {
          await limiterOf(route, caller)?.reward(caller);
        }
      }
    },
  };
}

function refuse(rejection: unknown): never {
  if (rejection instanceof RateLimiterRes) {
    const retryAfterSeconds = Math.max(1, Math.ceil(rejection.msBeforeNext / 1000));
    throw new AppError('rate_limited', `Too many attempts: try again in ${retryAfterSeconds} seconds.`, { retryAfterSeconds });
  }
  throw rejection;
}
