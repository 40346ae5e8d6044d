import { AppError } from '../core/errors.ts';

/** Everything that can go wrong with stored objects, the same for every driver. */
export const storageErrorCodes = [
  'not_found',
  'invalid_key',
  'invalid_range',
  'invalid_part',
  'invalid_content_type',
  'incomplete',
  'checksum_mismatch',
  'too_large',
  'no_space',
  'corrupt',
  'wrong_key',
  'bad_signature',
  'expired',
  'conflict',
  'stalled',
  'unavailable',
] as const;
export type StorageErrorCode = (typeof storageErrorCodes)[number];

/** An error of the object store; `message` is one sentence that holds no content and no secret. */
export class StorageError extends Error {
  override readonly name = 'StorageError';
  readonly code: StorageErrorCode;
  /** How long the storage asked to be left alone; undefined when it did not. */
  readonly retryAfterSeconds: number | undefined;

  constructor(code: StorageErrorCode, message: string, cause?: unknown, retryAfterSeconds?: number) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** The error that names an object which is not there. */
export function objectNotFound(): StorageError {
  return new StorageError('not_found', 'There is no such object.');
}

/** Whether `error` is a file-system error with one of `codes`. */
export function hasErrno(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && codes.includes((error as NodeJS.ErrnoException).code ?? '');
}

/** Gives a full disk its own code and leaves every other error as it is. */
export function refineDiskError(error: unknown): unknown {
  if (hasErrno(error, 'ENOSPC', 'EDQUOT')) {
    return new StorageError('no_space', 'The storage is full.', error);
  }
  if (hasErrno(error, 'EROFS', 'EACCES', 'EPERM', 'EIO', 'ESTALE', 'EMFILE', 'ENFILE')) {
    return new StorageError('unavailable', 'The storage cannot be used right now.', error);
  }
  return error;
}

/** Turns a storage error into the error a caller of the API sees: damage and wrong keys are our fault and say nothing of the inside. */
export function presentStorageError(error: StorageError): AppError {
  switch (error.code) {
    case 'not_found':
      return new AppError('not_found', error.message, { cause: error });
    case 'invalid_key':
    case 'invalid_range':
    case 'invalid_part':
    case 'invalid_content_type':
    case 'incomplete':
    case 'stalled':
      return new AppError('invalid_input', error.message, { cause: error });
    case 'checksum_mismatch':
      return new AppError('checksum_mismatch', error.message, { cause: error });
    case 'too_large':
      return new AppError('payload_too_large', error.message, { cause: error });
    case 'no_space':
      return new AppError('storage_full', 'The storage is full: free some space or ask the administrator.', { cause: error });
    case 'bad_signature':
    case 'expired':
      return new AppError('forbidden', error.message, { cause: error });
    case 'conflict':
      return new AppError('conflict', error.message, { cause: error });
    case 'unavailable':
      return new AppError('unavailable', 'The storage cannot be used right now; try again shortly.', {
        retryAfterSeconds: Math.ceil(Math.max(10, error.retryAfterSeconds ?? 0)),
        cause: error,
      });
    case 'corrupt':
    case 'wrong_key':
      return new AppError('internal', 'The stored file is damaged and is not served.', { cause: error });
  }
}
