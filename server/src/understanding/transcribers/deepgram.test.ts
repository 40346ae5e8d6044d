import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { afterEach, describe, expect, it } from 'vitest';
import { createDeepgramTranscriber } from './deepgram.ts';
import { TranscriptionError } from './transcriber.ts';

interface Seen {
  url: URL;
  headers: IncomingMessage['headers'];
  body: Buffer;
  method: string;
}

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

/** A server that speaks Deepgram's protocol as its API reference writes it down, and keeps what it was asked. */
async function serve(answer: (response: ServerResponse) => void): Promise<{ baseUrl: string; seen: Seen[] }> {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      seen.push({
        url: new URL(request.url ?? '', 'http://x'),
        headers: request.headers,
        body: Buffer.concat(chunks),
        method: request.method ?? '',
      });
      answer(response);
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
}

const heard = {
  metadata: {
    transaction_key: 'deprecated',
    request_id: '3f0e1b0a-5b8c-4a6e-9d2e-0123456789ab',
    sha256: 'x',
    created: '2026-01-01T00:00:00Z',
    duration: 12.5,
    channels: 1,
  },
  results: {
    channels: [
      {
        detected_language: 'en',
        alternatives: [
          {
            transcript: 'Hello there. Hi.',
            confidence: 0.99,
            words: [
              { word: 'hello', start: 0.08, end: 0.4, confidence: 0.98, speaker: 0, speaker_confidence: 0.8, punctuated_word: 'Hello' },
              {
                word: 'there',
                start: 0.39,
                end: 0.8,
                confidence: 1.0000001,
                speaker: 0,
                speaker_confidence: 0.8,
                punctuated_word: 'there.',
              },
              { word: 'hi', start: 1.2, end: 1.5, confidence: 0.9, speaker: 1, speaker_confidence: 0.7, punctuated_word: 'Hi.' },
            ],
          },
        ],
      },
    ],
    utterances: [],
  },
};

const json =
  (status: number, body: unknown, headers: Record<string, string> = {}) =>
  (response: ServerResponse) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify(body));
  };

function ask(
  baseUrl: string,
  change: { signal?: AbortSignal; language?: string | null; durationSeconds?: number; keyTerms?: string[] } = {},
) {
  const sound = Buffer.alloc(300_000, 7);
  return createDeepgramTranscriber({ baseUrl, apiKey: 'secret-key', fetch: globalThis.fetch }).transcribe({
    sound: {
      open: async () => Readable.from([sound.subarray(0, 100_000), sound.subarray(100_000)]),
      sizeBytes: sound.length,
      contentType: 'audio/flac',
    },
    keyTerms: [],
    durationSeconds: 12.5,
    language: null,
    signal: new AbortController().signal,
    ...change,
  });
}

async function failureOf(promise: Promise<unknown>): Promise<TranscriptionError> {
  const error = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof TranscriptionError)) {
    throw new Error(`no TranscriptionError but ${String(error)}`);
  }
  return error;
}

describe('createDeepgramTranscriber', () => {
  it('streams the sound in one request, opted out of model improvement (A2), and reads the words', async () => {
    const { baseUrl, seen } = await serve(json(200, heard));
    const document = await ask(baseUrl);
    expect(document).toEqual({
      language: 'en',
      engine: 'deepgram nova-3 3f0e1b0a-5b8c-4a6e-9d2e-0123456789ab',
      words: [
        { text: 'Hello', startSeconds: 0.08, endSeconds: 0.4, confidence: 0.98, speaker: 'Speaker 1' },
        { text: 'there.', startSeconds: 0.4, endSeconds: 0.8, confidence: 1, speaker: 'Speaker 1' },
        { text: 'Hi.', startSeconds: 1.2, endSeconds: 1.5, confidence: 0.9, speaker: 'Speaker 2' },
      ],
    });
    const [request] = seen;
    expect(seen).toHaveLength(1);
    expect(request?.method).toBe('POST');
    expect(request?.url.pathname).toBe('/v1/listen');
    expect(Object.fromEntries(request?.url.searchParams ?? [])).toEqual({
      model: 'nova-3',
      mip_opt_out: 'true',
      punctuate: 'true',
      smart_format: 'true',
      diarize: 'true',
      utterances: 'true',
      detect_language: 'true',
    });
    expect(request?.headers.authorization?.toLowerCase()).toBe('token secret-key');
    expect(request?.headers['content-type']).toBe('audio/flac');
    expect(request?.body.equals(Buffer.alloc(300_000, 7))).toBe(true);
  });

  it('forces a language when one is given', async () => {
    const { baseUrl, seen } = await serve(json(200, heard));
    expect((await ask(baseUrl, { language: 'de' })).language).toBe('de');
    expect(seen[0]?.url.searchParams.get('language')).toBe('de');
    expect(seen[0]?.url.searchParams.has('detect_language')).toBe(false);
  });

  it('asks for the glossary’s terms one by one, and for the language it is told', async () => {
    const { baseUrl, seen } = await serve(json(200, heard));
    await ask(baseUrl, { keyTerms: ['Carmic', 'Ada Lovelace'], language: 'de' });
    expect(seen[0]?.url.searchParams.getAll('keyterm')).toEqual(['Carmic', 'Ada Lovelace']);
    expect(seen[0]?.url.searchParams.get('language')).toBe('de');
    expect(seen[0]?.url.searchParams.has('detect_language')).toBe(false);
    expect(seen[0]?.url.searchParams.get('mip_opt_out')).toBe('true');
  });

  it('tells a refused key, an empty account, a limit and an outage apart and asks once', async () => {
    const cases = [
      [401, { err_code: 'INVALID_AUTH', err_msg: 'Invalid credentials.', request_id: 'r-1' }, 'refused'],
      [403, { err_code: 'FORBIDDEN', err_msg: 'No permission.' }, 'refused'],
      [402, { err_code: 'ASR_PAYMENT_REQUIRED', err_msg: 'Project does not have enough credits.' }, 'out_of_credit'],
      [400, { err_code: 'Bad Request', err_msg: 'failed to process audio' }, 'refused'],
      [503, { err_code: 'SERVICE_UNAVAILABLE', err_msg: 'Try later.' }, 'unavailable'],
      [504, {}, 'timeout'],
    ] as const;
    for (const [status, body, code] of cases) {
      const { baseUrl, seen } = await serve(json(status, body));
      const error = await failureOf(ask(baseUrl));
      expect(error.code, `status ${status}`).toBe(code);
      expect(error.message).not.toContain('secret-key');
      expect(seen).toHaveLength(1);
    }
    const { baseUrl } = await serve(json(429, { err_code: 'TOO_MANY_REQUESTS' }, { 'retry-after': '17' }));
    expect(await failureOf(ask(baseUrl))).toMatchObject({ code: 'rate_limited', retryAfterSeconds: 17 });
  });

  it('says what Deepgram said and names the request', async () => {
    const { baseUrl } = await serve(json(401, { err_code: 'INVALID_AUTH', err_msg: 'Invalid credentials.', request_id: 'r-1' }));
    expect((await failureOf(ask(baseUrl))).message).toContain('Invalid credentials (request r-1).');
  });

  it('calls truncated JSON, a broken connection, missing words and missing minutes half an answer', async () => {
    const text = JSON.stringify(heard);
    const truncated = await serve((response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(text.slice(0, 200));
    });
    expect((await failureOf(ask(truncated.baseUrl))).code).toBe('half_answer');
    const broken = await serve((response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': String(text.length) });
      response.write(text.slice(0, 200), () => setTimeout(() => response.destroy(), 50));
    });
    expect((await failureOf(ask(broken.baseUrl))).code).toBe('half_answer');
    const wordless = await serve(json(200, { request_id: 'x' }));
    expect((await failureOf(ask(wordless.baseUrl))).code).toBe('half_answer');
    const short = await serve(json(200, heard));
    expect((await failureOf(ask(short.baseUrl, { durationSeconds: 600 }))).code).toBe('half_answer');
  });

  it('gives up in time when no answer comes, and hands on the reason of an abort', async () => {
    const { baseUrl } = await serve(() => undefined);
    expect((await failureOf(ask(baseUrl, { signal: AbortSignal.timeout(300) }))).code).toBe('timeout');
    const controller = new AbortController();
    const reason = new Error('cancelled by the user');
    setTimeout(() => controller.abort(reason), 100);
    await expect(ask(baseUrl, { signal: controller.signal })).rejects.toBe(reason);
  });

  it('calls a host that cannot be reached unavailable', async () => {
    expect((await failureOf(ask('http://127.0.0.1:9'))).code).toBe('unavailable');
  });

  it('sends nothing outside the fetch it was given', async () => {
    const { baseUrl } = await serve(json(200, heard));
    const urls: string[] = [];
    const counted: typeof fetch = (input, init) => {
      urls.push(input instanceof Request ? input.url : String(input));
      return fetch(input, init);
    };
    await createDeepgramTranscriber({ baseUrl, apiKey: 'k', fetch: counted }).transcribe({
      sound: { open: async () => new Blob(['sound']).stream(), sizeBytes: 5, contentType: 'audio/flac' },
      keyTerms: [],
      durationSeconds: 12,
      language: 'en',
      signal: new AbortController().signal,
    });
    expect(urls).toHaveLength(1);
    expect(urls[0]?.startsWith(`${baseUrl}/v1/listen?`)).toBe(true);
  });
});
