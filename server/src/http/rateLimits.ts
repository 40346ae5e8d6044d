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
  registerAgent: { points: 20, seconds: 300, isForFailures: true },
  updateMe: { points: 20, seconds: 300 },
  createVideo: { points: 300, seconds: 60 },
};

export interface Throttle {
  /** Throws rate_limited, with the seconds to wait, when any of `callers` has used up the route's points. */
  consume(route: RouteName, callers: readonly string[]): Promise<void>;
  /** Call after success. */
  giveBack(route: RouteName, callers: readonly string[]): Promise<void>;
}

/** Builds the throttle; it counts in this process. */
export function createThrottle(): Throttle {
  const limiters = new Map(
    Object.entries(limits).map(([route, { points, seconds }]) => [
      route,
      new RateLimiterMemory({ keyPrefix: route, points, duration: seconds }),
    ]),
  );
  return {
    async consume(route, callers) {
      for (const caller of callers) {
        await limiters.get(route)?.consume(caller).catch(refuse);
      }
    },
    async giveBack(route, callers) {
      if (limits[route]?.isForFailures === true) {
        for (const caller of callers) {
          await limiters.get(route)?.reward(caller);
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
