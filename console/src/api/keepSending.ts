import { ApiError } from '@carmic/contract';

/** Is told of a change: that it began, that it waits for the line, and that it ended. */
export interface Tally {
  began(): void;
  waits(): void;
  ended(hasWaited: boolean): void;
}

const firstPauseMs = 1000;
const longestPauseMs = 10_000;
/** A server that answers, but not what was asked, may be starting anew; it is not waited for without end. */
const mostRefusals = 12;

/**
 * Sends a change until it is answered. A line that is cut is waited for without end, also when it may have been cut behind the change: whoever
 * sends gives every attempt the same key, by which the server does it once. Throws what the server answers.
 */
export async function keepSending<T>(send: () => Promise<T>, unsent: Tally, sleep = untilOnline): Promise<T> {
  let refusals = 0;
  let isWaiting = false;
  unsent.began();
  try {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await send();
      } catch (error) {
        refusals += isCut(error) ? 0 : 1;
        if (!isWorthRepeating(error) || refusals > mostRefusals) {
          throw error;
        }
      }
      if (!isWaiting) {
        isWaiting = true;
        unsent.waits();
      }
      await sleep(Math.min(longestPauseMs, firstPauseMs * 1.6 ** attempt));
    }
  } finally {
    unsent.ended(isWaiting);
  }
}

/** Browsers tell a request without an answer, or with half of one, by a TypeError, of which the caller's error has no status. */
const isCut = (error: unknown) =>
  error instanceof TypeError || (error instanceof ApiError && error.status === 0 && error.code === 'unavailable');

/** A proxy without its server, a server that is going, or one that is still at work on the attempt before. */
const isWorthRepeating = (error: unknown) =>
  isCut(error) ||
  (error instanceof ApiError &&
    ([502, 503, 504].includes(error.status) || (error.code === 'conflict' && error.retryAfterSeconds !== undefined)));

/** Waits, and no longer than until the browser finds the line again. */
function untilOnline(ms: number): Promise<void> {
  return new Promise((resolve) => {
    const go = () => {
      clearTimeout(timer);
      removeEventListener('online', go);
      resolve();
    };
    const timer = setTimeout(go, ms);
    addEventListener('online', go);
  });
}
