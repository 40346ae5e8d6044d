import type { IncomingHttpHeaders } from 'node:http';
import { StorageError, type StorageErrorCode } from '../storageError.ts';
import { readError } from './s3Xml.ts';

/** What an S3 server answered instead of what was asked for, or that it did not answer. */
export class S3Failure extends Error {
  override readonly name = 'S3Failure';
  /** The server's own code, for example `NoSuchKey`; `ConnectionFailed` when there was no answer. */
  readonly code: string;
  /** HTTP status; 0 without an answer. */
  readonly status: number;
  readonly retryAfterSeconds: number | undefined;

  constructor(options: { code: string; status: number; message: string; retryAfterSeconds?: number | undefined; cause?: unknown }) {
    super(`${options.code}: ${options.message}`, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = options.code;
    this.status = options.status;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }

  /** Whether the same request may succeed later. */
  get isPassing(): boolean {
    return this.status === 0 || this.status === 429 || (this.status >= 500 && this.status !== 501 && this.status !== 507);
  }
}

/** Reads a reply that is no success. */
export function readFailure(status: number, headers: IncomingHttpHeaders, text: string): S3Failure {
  const { code, message } = readError(text) ?? { code: codeOf(status), message: `The storage answered ${status}.` };
  const seconds = Number(headers['retry-after']);
  return new S3Failure({ code, status, message, retryAfterSeconds: Number.isFinite(seconds) && seconds >= 0 ? seconds : undefined });
}

/** HEAD is answered without a body, so that only the status tells. */
function codeOf(status: number): string {
  const codes: Record<number, string> = { 403: 'AccessDenied', 404: 'NoSuchKey', 412: 'PreconditionFailed', 416: 'InvalidRange' };
  return codes[status] ?? `Status${status}`;
}

const meanings: Readonly<Record<string, [StorageErrorCode, string]>> = {
  NoSuchKey: ['not_found', 'There is no such object.'],
  NoSuchVersion: ['not_found', 'There is no such object.'],
  NoSuchUpload: ['not_found', 'There is no such open upload.'],
  InvalidRange: ['invalid_range', 'The range is outside the object.'],
  InvalidPart: ['incomplete', 'A part is missing or another than was announced.'],
  InvalidPartOrder: ['invalid_part', 'The parts are not in order.'],
  EntityTooSmall: ['invalid_part', 'A part is smaller than the storage allows.'],
  EntityTooLarge: ['too_large', 'The body is larger than the storage allows.'],
  BadDigest: ['checksum_mismatch', 'The bytes that arrived are not the ones that were announced.'],
  InvalidDigest: ['checksum_mismatch', 'The bytes that arrived are not the ones that were announced.'],
  XAmzContentChecksumMismatch: ['checksum_mismatch', 'The bytes that arrived are not the ones that were announced.'],
  XAmzContentSHA256Mismatch: ['checksum_mismatch', 'The bytes that arrived are not the ones that were announced.'],
  IncompleteBody: ['incomplete', 'The connection ended before the body did.'],
  PreconditionFailed: ['conflict', 'The object is there already or was changed.'],
  XMinioStorageFull: ['no_space', 'The storage is full.'],
  QuotaExceeded: ['no_space', 'The storage is full.'],
};

/** Turns a failure of the server into the error every driver throws, and leaves other errors as they are. */
export function refineS3Error(error: unknown): unknown {
  if (!(error instanceof S3Failure)) {
    return error;
  }
  const [code, message] = meanings[error.code] ?? ['unavailable', `The storage cannot be used right now (${error.code}).`];
  return new StorageError(code, message, error, error.retryAfterSeconds);
}

/** Runs work on the server; its failures become StorageErrors. */
export async function refined<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw refineS3Error(error);
  }
}
