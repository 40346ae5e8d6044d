/**
 * Reading a file from an address that somebody wrote down. What the connection drops is asked for from where it stopped, as long as the
 * server names the same version of the file; what cannot be right is refused at the first bytes.
 */
import type { IncomingMessage } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { EgressRefusedError } from '../../egress/egress.ts';
import type { PublicAnswer, PublicOpen } from '../../egress/publicFetch.ts';

/** Why an import cannot succeed, however often it is tried; the message is for people. */
export class ImportRefusedError extends Error {
  override readonly name = 'ImportRefusedError';
  readonly code: 'import_failed' | 'not_a_video' | 'too_large' | 'empty_file' | 'storage_failed';

  constructor(code: ImportRefusedError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

/** A fault that may pass; the message is for people. */
export class ImportInterruptedError extends Error {
  override readonly name = 'ImportInterruptedError';
  readonly retryAfterSeconds: number | undefined;

  constructor(message: string, retryAfterSeconds?: number) {
    super(message);
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

export interface Download {
  /** As the server says; null when it does not. */
  totalBytes: number | null;
  body: AsyncIterable<Buffer>;
}

const headersTimeoutMs = 20_000;
const stallMs = 30_000;
const maxRedirects = 5;
/** How often one attempt picks up a broken connection without having got a byte further. */
const maxResumes = 5;
const resumePauseMs = 500;

/** Opens `url`. Throws ImportRefusedError or ImportInterruptedError; `signal` ends the body too. */
export async function openDownload(open: PublicOpen, url: string, signal: AbortSignal): Promise<Download> {
  const first = await ask(open, url, signal, {});
  const { status, headers, body } = first.answer;
  if (status !== 200) {
    body.destroy();
    throw statusError(status, headers['retry-after']);
  }
  const length = Number(headers['content-length'] ?? Number.NaN);
  const totalBytes = Number.isSafeInteger(length) && length >= 0 ? length : null;
  return { totalBytes, body: resumed(open, url, signal, { ...first, totalBytes }) };
}

interface Attempt {
  answer: PublicAnswer;
  /** Puts the end of this attempt off; an attempt that hears nothing for `stallMs` ends. */
  keepAlive: (ms: number) => void;
  stop: () => void;
}

async function ask(open: PublicOpen, url: string, outer: AbortSignal, headers: Record<string, string>): Promise<Attempt> {
  const own = new AbortController();
  let timer = setTimeout(() => own.abort(), headersTimeoutMs);
  const stop = () => clearTimeout(timer);
  try {
    const answer = await open(url, {
      method: 'GET',
      headers: { accept: 'video/*, */*;q=0.5', 'accept-encoding': 'identity', ...headers },
      maxRedirects,
      signal: AbortSignal.any([outer, own.signal]),
    });
    return {
      answer,
      keepAlive(ms) {
        clearTimeout(timer);
        timer = setTimeout(() => own.abort(), ms);
      },
      stop,
    };
  } catch (error) {
    stop();
    outer.throwIfAborted();
    if (error instanceof EgressRefusedError) {
      throw new ImportRefusedError('import_failed', error.message);
    }
    throw new ImportInterruptedError(
      own.signal.aborted ? 'The server did not answer in time.' : `The server could not be reached${reasonOf(error)}.`,
    );
  }
}

/** The system's name for a network fault, which holds nothing private. */
function reasonOf(error: unknown): string {
  const code = (error as { code?: unknown }).code;
  return typeof code === 'string' && /^[A-Z_]{3,40}$/.test(code) ? ` (${code})` : '';
}

function statusError(status: number, retryAfter: string | undefined): Error {
  if (status === 429 || status >= 500) {
    const seconds = Number(retryAfter ?? Number.NaN);
    return new ImportInterruptedError(`The server answered ${status}.`, Number.isFinite(seconds) ? seconds : undefined);
  }
  if (status >= 300 && status < 400) {
    return new ImportRefusedError('import_failed', `This address leads on more than ${maxRedirects} times, or nowhere (${status}).`);
  }
  const meaning: Record<number, string> = {
    401: 'it wants a sign-in',
    403: 'it is not allowed',
    404: 'there is nothing',
    410: 'it is gone',
  };
  return new ImportRefusedError(
    'import_failed',
    `The server answered ${status}${meaning[status] === undefined ? '' : `: ${meaning[status]}`}.`,
  );
}

async function* resumed(
  open: PublicOpen,
  url: string,
  signal: AbortSignal,
  start: Attempt & { totalBytes: number | null },
): AsyncGenerator<Buffer, undefined> {
  const version = versionOf(start.answer.headers);
  let attempt: Attempt = start;
  let received = 0;
  let fruitless = 0;
  for (;;) {
    const before = received;
    try {
      attempt.keepAlive(stallMs);
      for await (const chunk of attempt.answer.body as AsyncIterable<Buffer>) {
        received += chunk.length;
        attempt.keepAlive(stallMs);
        yield chunk;
      }
      if (start.totalBytes !== null && received < start.totalBytes) {
        throw new Error('The body ended early.');
      }
      return;
    } catch (error) {
      signal.throwIfAborted();
      fruitless = received > before ? 0 : fruitless + 1;
      if (version === null || start.totalBytes === null || fruitless > maxResumes) {
        throw new ImportInterruptedError(`The connection broke after ${received} bytes${reasonOf(error)}.`);
      }
    } finally {
      attempt.stop();
      attempt.answer.body.destroy();
    }
    await pause(resumePauseMs * (fruitless + 1), undefined, { signal });
    attempt = await ask(open, url, signal, { range: `bytes=${received}-`, 'if-range': version });
    const { status, headers } = attempt.answer;
    if (status !== 206 || !(headers['content-range'] ?? '').startsWith(`bytes ${received}-`)) {
      attempt.stop();
      attempt.answer.body.destroy();
      throw status === 200 || status === 206 || status === 416
        ? new ImportInterruptedError('The connection broke, and the server has another version of the file by now.')
        : statusError(status, headers['retry-after']);
    }
  }
}

/** What names this version of the file (RFC 9110, section 13.1.5): a strong ETag, or else the date; null when parts cannot be asked for. */
function versionOf(headers: IncomingMessage['headers']): string | null {
  if (headers['accept-ranges'] !== 'bytes') {
    return null;
  }
  const { etag } = headers;
  return etag?.startsWith('"') === true ? etag : (headers['last-modified'] ?? null);
}
