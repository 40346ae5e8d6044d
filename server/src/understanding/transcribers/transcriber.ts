import type { Readable } from 'node:stream';
import type { TranscriptDocument } from '@carmic/contract';

export interface TranscriberInput {
  /** Opens the audio from its beginning; called once per attempt. */
  audio: () => Promise<ReadableStream<Uint8Array> | Readable>;
  sizeBytes: number;
  contentType: string;
  durationSeconds: number;
  /** BCP 47 tag to force, or null to detect. */
  language: string | null;
  signal: AbortSignal;
}

/** Something that turns sound into words with times. */
export interface Transcriber {
  engine: string;
  transcribe(input: TranscriberInput): Promise<TranscriptDocument>;
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
