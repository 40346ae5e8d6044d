import { TranscriptionError, type TranscriptionErrorCode } from './transcriber.ts';

interface StatusError {
  statusCode?: number;
  body?: unknown;
  rawResponse?: { headers: { get(name: string): string | null } };
}

/** Seconds until a retry makes sense, from a Retry-After header in seconds or as a date. */
function retryAfterOf(error: StatusError): number | undefined {
  const header = error.rawResponse?.headers.get('retry-after') ?? null;
  if (header === null || header.trim() === '') {
    return undefined;
  }
  const seconds = Number(header);
  if (Number.isFinite(seconds)) {
    return Math.max(0, seconds);
  }
  const until = Date.parse(header);
  return Number.isNaN(until) ? undefined : Math.max(0, Math.ceil((until - Date.now()) / 1000));
}

/** What Deepgram says of a refused request: `{err_code, err_msg, request_id}` or `{category, message}`. */
function reasonOf(error: StatusError): string {
  const body = (typeof error.body === 'object' && error.body !== null ? error.body : {}) as Record<string, unknown>;
  const said = [body['err_msg'], body['message'], body['details']].find((value) => typeof value === 'string');
  const id = typeof body['request_id'] === 'string' ? ` (request ${body['request_id']})` : '';
  return typeof said === 'string' ? `: ${said.slice(0, 200).replace(/\.+$/, '')}${id}` : id;
}

function classify(status: number): { code: TranscriptionErrorCode; sentence: string } {
  if (status === 401 || status === 403) {
    return { code: 'refused', sentence: 'Deepgram does not accept the key. Check it and its permissions' };
  }
  if (status === 402) {
    return { code: 'out_of_credit', sentence: 'The Deepgram account is out of credit. Add credit and try again' };
  }
  if (status === 429) {
    return { code: 'rate_limited', sentence: 'Deepgram takes no more requests for the moment' };
  }
  if (status === 408 || status === 504) {
    return { code: 'timeout', sentence: 'Deepgram took too long' };
  }
  if (status >= 500) {
    return { code: 'unavailable', sentence: `Deepgram is not available (status ${status})` };
  }
  return { code: 'refused', sentence: `Deepgram refused the request (status ${status})` };
}

function isTimeout(error: unknown): boolean {
  return error instanceof Error && /timeout/i.test(`${error.name} ${error.constructor.name}`);
}

/** Whether the connection broke after the answer had begun. */
function isCutOff(error: unknown): boolean {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    if (/terminated|other side closed|aborted|premature|unexpected end/i.test(cause.message)) {
      return true;
    }
  }
  return false;
}

/** Turns whatever the SDK threw into a TranscriptionError, or into the abort reason when the caller gave up for a reason of its own. */
export function deepgramFailure(error: unknown, signal: AbortSignal, isDeepgramError: (error: unknown) => boolean): unknown {
  if (error instanceof TranscriptionError) {
    return error;
  }
  if (signal.aborted && !(signal.reason instanceof Error && signal.reason.name === 'TimeoutError')) {
    return signal.reason;
  }
  if (signal.aborted || isTimeout(error)) {
    return new TranscriptionError('timeout', 'Deepgram did not answer in time. It will be asked again.', { cause: error });
  }
  const status = isDeepgramError(error) ? (error as StatusError).statusCode : undefined;
  if (status !== undefined && status >= 400) {
    const { code, sentence } = classify(status);
    const failure = error as StatusError;
    return new TranscriptionError(code, `${sentence}${reasonOf(failure)}.`, { retryAfterSeconds: retryAfterOf(failure), cause: error });
  }
  if (isCutOff(error)) {
    return new TranscriptionError('half_answer', 'Deepgram’s answer was cut off. It will be asked again.', { cause: error });
  }
  return new TranscriptionError('unavailable', 'Deepgram could not be reached. Check the network and its address.', { cause: error });
}
