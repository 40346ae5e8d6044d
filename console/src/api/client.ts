import { ApiError, buildClient, type Call, type FindRoute, type RouteDefinition } from '@carmic/contract';
import type { Messages } from '../messages/en.ts';
import { takeFirstAnswer } from './firstAnswers.ts';

export { ApiError, type Call };

/** Most routes are those of pages that few open: what checks their answers is loaded when it is needed, and what the core needs behind the first picture. */
const find: FindRoute = async (name) => {
  const known: Readonly<Record<string, RouteDefinition>> = (await import('./checks.ts')).coreRoutes;
  return known[name] ?? (await import('./allRoutes.ts')).routes[name];
};

/** Loads what checks answers, for the calls to come. */
export async function prepareCalls(): Promise<void> {
  await import('./checks.ts');
}

/**
 * Makes the caller of every route for this page's own origin. Whatever goes wrong arrives as an ApiError whose message can be
 * shown; `on.signedOut` is told when the session turns out to have ended, and `on.proofNeeded` asks the person to prove themselves.
 */
export function buildCall(origin: string, t: Messages, on: { signedOut: () => void; proofNeeded: () => Promise<boolean> }): Call {
  const ask = buildClient(find, { baseUrl: origin, fetch: (input, init) => fetch(input, init) });
  const call: Call = async (name, args, options) => ((await takeFirstAnswer(name, args?.query)) as never) ?? ask(name, args, options);
  return async (name, args, options) => {
    try {
      try {
        return await call(name, args, options);
      } catch (error) {
        // What needs a fresh proof is asked for once more after the proof.
        if (error instanceof ApiError && error.code === 'reauthentication_needed' && (await on.proofNeeded())) {
          return await call(name, args, options);
        }
        throw error;
      }
    } catch (error) {
      if (error instanceof ApiError) {
        if (error.status === 401 && (await find(name)).policy !== 'public') {
          on.signedOut();
        }
        throw new ApiError(error.status, error.code, t.server.error(error.code, error.message), error.details, error.retryAfterSeconds);
      }
      if (error instanceof DOMException && error.name === 'AbortError') {
        throw error;
      }
      if (error instanceof TypeError) {
        throw new ApiError(0, 'unavailable', t.errors.offline);
      }
      throw new ApiError(0, 'internal', t.errors.unreadable, error);
    }
  };
}

/** The sentence to show for anything thrown. */
export function messageOf(error: unknown, t: Messages): string {
  if (error instanceof ApiError) {
    if (error.code === 'rate_limited' && error.retryAfterSeconds !== undefined) {
      return t.errors.rateLimited(Math.ceil(error.retryAfterSeconds));
    }
    return error.message;
  }
  return t.errors.unexpected;
}

/** Whether the thing asked for does not exist (any more). */
export function isGone(error: unknown): boolean {
  return error instanceof ApiError && (error.status === 404 || error.status === 410);
}

/** Whether asking again later may help: no answer, too many requests, or a fault of the server. */
export function isPassing(error: unknown): boolean {
  return error instanceof ApiError && (error.status === 0 || error.status === 429 || error.status >= 500) && error.code !== 'storage_full';
}
