import type { FailureCode } from '@carmic/contract';
import { RunError, type RunErrorReason } from '../ffmpeg/run.ts';
import { TaskFailure } from './taskFailure.ts';

const byReason: Partial<Record<RunErrorReason, { code: FailureCode; message: string; isRetryable: boolean }>> = {
  time_limit: { code: 'time_limit', message: 'It took longer than is allowed for a video of this length.', isRetryable: true },
  memory_limit: { code: 'memory_limit', message: 'It needed more memory than one task may use.', isRetryable: false },
  disk_full: { code: 'agent_disk_full', message: 'The disk of the agent is full.', isRetryable: true },
  file_limit: { code: 'too_large', message: 'The result grew larger than is allowed.', isRetryable: false },
};

/** Turns what ffmpeg ended with into the task's failure; `fallback` is the code when the reason says nothing better. */
export function describeRunError(error: unknown, fallback: FailureCode, doing: string): unknown {
  if (!(error instanceof RunError)) {
    return error;
  }
  const known = byReason[error.reason];
  if (known) {
    return new TaskFailure(known.code, `${doing} stopped. ${known.message}`, { isRetryable: known.isRetryable, cause: error });
  }
  return new TaskFailure(fallback, `${doing} failed: ${withoutUrls(error.message)}`, {
    isRetryable: error.reason === 'start',
    cause: error,
  });
}

/** Messages go to people and logs; the path of a source is a secret while it lives. */
function withoutUrls(text: string): string {
  return text.replace(/https?:\/\/\S+/g, 'the source');
}
