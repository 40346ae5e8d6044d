import type { RouteName } from '@carmic/contract';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { AppError } from '../core/errors.ts';

/** How many calls of a route one caller may make: `points` in `seconds`. */
const limits: Partial<Record<RouteName, { points: number; seconds: number }>> = {
  createSession: { points: 10, seconds: 300 },
  createOneTimeSession: { points: 10, seconds: 300 },
  registerAgent: { points: 20, seconds: 300 },
  updateMe: { points: 20, seconds: 300 },
  createVideo: { points: 300, seconds: 60 },
};

export type Throttle = (route: RouteName, callers: readonly string[]) => Promise<void>;

/** Builds the throttle; it throws rate_limited, with the seconds to wait, when any of `callers` has used up a route's points. */
export function createThrottle(): Throttle {
  const limiters = new Map(
    Object.entries(limits).map(([route, { points, seconds }]) => [
      route,
      new RateLimiterMemory({ keyPrefix: route, points, duration: seconds }),
    ]),
  );
  return async (route, callers) => {
    const limiter = limiters.get(route);
    if (limiter === undefined) {
      return;
    }
    for (const caller of callers) {
      try {
        await limiter.consume(caller);
      } catch (rejection) {
        if (rejection instanceof RateLimiterRes) {
          const retryAfterSeconds = Math.max(1, Math.ceil(rejection.msBeforeNext / 1000));
          throw new AppError('rate_limited', `Too many attempts: try again in ${retryAfterSeconds} seconds.`, { retryAfterSeconds });
        }
        throw rejection;
      }
    }
  };
}
