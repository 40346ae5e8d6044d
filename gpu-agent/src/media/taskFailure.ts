import type { FailureCode } from '@carmic/contract';

/** A task cannot give its result; travels to the server as the lease's failure. */
export class TaskFailure extends Error {
  override readonly name = 'TaskFailure';
  readonly code: FailureCode;
  /** Whether the same task may succeed on another attempt. */
  readonly isRetryable: boolean;

  constructor(code: FailureCode, message: string, options: { isRetryable?: boolean; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.isRetryable = options.isRetryable ?? false;
  }
}
