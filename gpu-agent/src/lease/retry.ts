/**
 * The one rule for what is tried again: a broken network, 429 and 5xx, and an answer that cannot be read. Everything else is an
 * answer, and asking again would not change it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError } from '@carmic/contract';
import pRetry from 'p-retry';
import { ZodError } from 'zod';

/** Tells whether the same call may succeed later. */
export function isRetryable(error: unknown): boolean {
  if (error instanceof ApiError) {
    return error.status === 0 || error.status === 408 || error.status === 429 || error.status >= 500;
  }
  if (error instanceof ZodError || error instanceof SyntaxError) {
    return true;
  }
  // fetch says TypeError for every network trouble, and TimeoutError where a request of ours took too long.
  return error instanceof TypeError || (error instanceof Error && (error.name === 'TimeoutError' || networkCode.test(codeOf(error))));
}

const networkCode = /^(E(CONN|PIPE|HOST|NET|AI_AGAIN|TIMEDOUT)|UND_ERR)/;

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : '';
}

export interface RetryOptions {
  signal: AbortSignal;
  /** Tries after the first; without end by default. */
  retries?: number;
  minPauseMs?: number;
  maxPauseMs?: number;
  onRetry?: (error: Error, attempt: number) => void;
}

/** Calls until it succeeds, the signal aborts, or an error comes that is not to be tried again. */
export async function withRetry<T>(call: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { signal, retries = Number.POSITIVE_INFINITY, minPauseMs = 200, maxPauseMs = 5000, onRetry } = options;
  signal.throwIfAborted();
  return pRetry(call, {
    retries,
    minTimeout: minPauseMs,
    maxTimeout: maxPauseMs,
    factor: 2,
    // Many agents lose the same server at the same moment; they should not all come back at the same moment.
    randomize: true,
    signal,
    shouldRetry: ({ error }) => isRetryable(error),
    onFailedAttempt: async ({ error, attemptNumber }) => {
      if (!isRetryable(error)) {
        return;
      }
      onRetry?.(error, attemptNumber);
      if (error instanceof ApiError && error.retryAfterSeconds !== undefined) {
        await sleep(Math.min(error.retryAfterSeconds, 300) * 1000, undefined, { signal });
      }
    },
  });
}
