import { ApiError, buildClient, type Call, type FindRoute, type RouteDefinition } from '@carmic/contract';
import type { Messages } from '../messages/en.ts';
import type { Unsent } from '../state/unsent.svelte.ts';
import { takeFirstAnswer } from './firstAnswers.ts';
import { keepSending } from './keepSending.ts';

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
 * shown; `on.signedOut` is told when the session turns out to have ended, and `on.proofNeeded` asks the person to prove themselves. Changes that
 * may be repeated are sent until the line is there again, and counted by `unsent` meanwhile.
 */
export function buildCall(
  origin: string,
  t: Messages,
  on: { signedOut: () => void; proofNeeded: () => Promise<boolean> },
  unsent: Unsent | null = null,
): Call {
  const once = buildClient(find, { baseUrl: origin, fetch: (input, init) => fetch(input, init) });
  const ask: Call = async (name, args, options = {}) => {
    // By its name, because what describes a call may be out of reach with the line. Whoever brings a signal waits in a way of their own.
    const isKept = (options.idempotencyKey !== undefined || /^(put|update|choose)[A-Z]/.test(name)) && options.signal === undefined;
    if (unsent === null || !isKept) {
      return once(name, args, options);
    }
    const idempotencyKey = options.idempotencyKey ?? newKey();
    return keepSending(() => once(name, args, { ...options, idempotencyKey }), unsent);
  };
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

/** A random UUID by which the server knows what is sent once more. Browsers make them on secure pages only. */
export function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const hex = Array.from(bytes, (byte, at) =>
    (at === 6 ? (byte & 0x0f) | 0x40 : at === 8 ? (byte & 0x3f) | 0x80 : byte).toString(16).padStart(2, '0'),
  );
  return [0, 4, 6, 8, 10].map((from, at) => hex.slice(from, [4, 6, 8, 10, 16][at]).join('')).join('-');
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
