import type { IncomingMessage } from 'node:http';
import { StorageError } from './storageError.ts';

/** How slow a body may be. Only time spent waiting for the sender counts, not time our disk takes. */
export interface PaceLimits {
  /** Longest silence. */
  idleTimeoutMs: number;
  /** After this much waiting in all ... */
  graceMs: number;
  /** ... at least this rate. */
  minimumBytesPerSecond: number;
}

export const defaultPace: PaceLimits = { idleTimeoutMs: 30_000, graceMs: 60_000, minimumBytesPerSecond: 1024 };

/**
 * The bytes of a request's body. A sender that falls silent or trickles is cut off with `stalled`. Leaves the request open when the reader
 * stops early, so that an answer can still be sent.
 */
export async function* pacedBody(request: IncomingMessage, limits: PaceLimits): AsyncGenerator<Uint8Array, void, void> {
  const iterator = request.iterator({ destroyOnReturn: false });
  let waitedMs = 0;
  let received = 0;
  try {
    for (;;) {
      const before = performance.now();
      const timer = setTimeout(() => request.destroy(stalled()), limits.idleTimeoutMs);
      let result: IteratorResult<unknown, unknown>;
      try {
        result = await iterator.next();
      } finally {
        clearTimeout(timer);
      }
      if (result.done === true) {
        return;
      }
      const piece = result.value as Uint8Array;
      waitedMs += performance.now() - before;
      received += piece.length;
      if (waitedMs > limits.graceMs && (received / waitedMs) * 1000 < limits.minimumBytesPerSecond) {
        request.destroy(stalled());
        throw stalled();
      }
      yield piece;
    }
  } finally {
    await iterator.return?.();
  }
}

function stalled(): StorageError {
  return new StorageError('stalled', 'The body arrived too slowly and was cut off.');
}
