/** Servers on loopback that speak the protocols of LibreTranslate and of an OpenAI-compatible endpoint. */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface WordService {
  baseUrl: string;
  /** Bodies it was sent, oldest first. */
  seen: { path: string; authorization: string | undefined; body: Record<string, unknown> }[];
  /** Answers the next request with this status instead. */
  failNext(status: number, body: unknown, headers?: Record<string, string>): void;
  close(): Promise<void>;
}

async function readBody(request: IncomingMessage): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) {
    chunks.push(chunk as Buffer);
  }
  return JSON.parse(Buffer.concat(chunks).toString('utf8') || '{}') as Record<string, unknown>;
}

async function serve(answer: (path: string, body: Record<string, unknown>) => unknown): Promise<WordService> {
  const failures: { status: number; body: unknown; headers: Record<string, string> }[] = [];
  const seen: WordService['seen'] = [];
  const server: Server = createServer((request, response) => {
    void readBody(request).then((body) => {
      const path = request.url ?? '';
      seen.push({ path, authorization: request.headers.authorization, body });
      const failure = failures.shift();
      const reply = failure?.body ?? answer(path, body);
      response.writeHead(failure?.status ?? (reply === undefined ? 404 : 200), { 'content-type': 'application/json', ...failure?.headers });
      response.end(JSON.stringify(reply ?? { error: 'not found' }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    failNext: (status, body, headers = {}) => failures.push({ status, body, headers }),
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

/** `POST /translate` as LibreTranslate documents it: one text or several, in the form they came. */
export function serveLibreTranslate(translate: (text: string) => string): Promise<WordService> {
  return serve((path, body) => {
    const { q } = body;
    if (path !== '/translate' || (typeof q !== 'string' && !Array.isArray(q))) {
      return undefined;
    }
    return { translatedText: Array.isArray(q) ? q.map((text) => translate(String(text))) : translate(q) };
  });
}

/** `POST /v1/chat/completions`: `answer` makes the assistant's content from the user's. */
export function serveLanguageModel(answer: (user: string) => string): Promise<WordService> {
  return serve((path, body) => {
    const messages = body['messages'];
    if (path !== '/v1/chat/completions' || !Array.isArray(messages)) {
      return undefined;
    }
    const user = (messages as { role: string; content: string }[]).find((message) => message.role === 'user')?.content ?? '';
    return {
      id: 'chatcmpl-1',
      object: 'chat.completion',
      model: body['model'],
      choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: answer(user) } }],
      usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
    };
  });
}

/** `POST /v1/moderations` as OpenAI documents it: one result per input, in order. */
export function serveModeration(scores: (text: string) => Record<string, number>): Promise<WordService> {
  return serve((path, body) => {
    const { input } = body;
    if (path !== '/v1/moderations' || !Array.isArray(input)) {
      return undefined;
    }
    const results = input.map((text) => {
      const category_scores = scores(String(text));
      const categories = Object.fromEntries(Object.entries(category_scores).map(([name, score]) => [name, score > 0.5]));
      return { flagged: Object.values(categories).some(Boolean), categories, category_scores };
    });
    return { id: 'modr-1', model: 'omni', results };
  });
}
