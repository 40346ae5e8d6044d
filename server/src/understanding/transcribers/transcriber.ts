import type { Readable } from 'node:stream';

/** The sound a service is sent. */
export interface Sound {
  /** Opens it from its beginning; called once per attempt. */
  open: () => Promise<ReadableStream<Uint8Array> | Readable>;
  sizeBytes: number;
  contentType: string;
}

/**
 * How a transcription ends without words. `refused` (key or request not accepted) and `out_of_credit` need a person; the others may be
 * tried again, not before `retryAfterSeconds` where the provider names it.
 */
export type TranscriptionErrorCode = 'refused' | 'out_of_credit' | 'rate_limited' | 'unavailable' | 'half_answer' | 'timeout';

/** A transcription that failed, with a sentence a person can act on. */
export class TranscriptionError extends Error {
  override readonly name = 'TranscriptionError';
  readonly code: TranscriptionErrorCode;
  readonly retryAfterSeconds: number | undefined;

  constructor(code: TranscriptionErrorCode, message: string, extra: { retryAfterSeconds?: number | undefined; cause?: unknown } = {}) {
    super(message, extra.cause === undefined ? undefined : { cause: extra.cause });
    this.code = code;
    this.retryAfterSeconds = extra.retryAfterSeconds;
  }
}
