/** A content network on loopback: nodes that have files cached, and the purge calls of Cloudflare, Fastly and bunny.net on the wire. */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface CdnStandIn {
  /** The API, and the address of the nodes. */
  apiUrl: string;
  nodesUrl: string;
  /** URLs the nodes have cached. */
  cached: Set<string>;
  /** URLs of each purge call that was taken. */
  calls: string[][];
  /** Answers the next calls with these instead of taking them. */
  refusals: { status: number; retryAfter?: string }[];
  close(): void;
}

async function listen(answer: (request: IncomingMessage) => Promise<{ status: number; body?: unknown; headers?: Record<string, string> }>) {
  const server = createServer((request, response) => {
    void answer(request).then(({ status, body, headers }) => {
      response.writeHead(status, { 'content-type': 'application/json', ...headers });
      response.end(body === undefined ? undefined : JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** Which URLs a purge call names; null when it is not one, or has no right to it. */
async function urlsOf(request: IncomingMessage, token: string): Promise<string[] | null> {
  const { pathname, searchParams } = new URL(request.url ?? '', 'http://host');
  if (pathname === '/client/v4/zones/zone-1/purge_cache' && request.headers.authorization === `Bearer ${token}`) {
    const { files } = JSON.parse(await text(request)) as { files: string[] };
    return files.length > 100 ? null : files;
  }
  if (pathname.startsWith('/purge/') && request.headers['fastly-key'] === token) {
    return [`http://${pathname.slice('/purge/'.length)}`];
  }
  return pathname === '/purge' && request.headers['accesskey'] === token ? searchParams.getAll('url') : null;
}

/** Starts one that takes `token`. */
export async function startCdnStandIn(token: string): Promise<CdnStandIn> {
  const cached = new Set<string>();
  const calls: string[][] = [];
  const refusals: CdnStandIn['refusals'] = [];
  const nodes = await listen((request) => Promise.resolve({ status: cached.has(new URL(request.url ?? '', nodes.url).href) ? 200 : 404 }));
  const api = await listen(async (request) => {
    const refusal = refusals.shift();
    if (refusal !== undefined) {
      return { status: refusal.status, ...(refusal.retryAfter === undefined ? {} : { headers: { 'retry-after': refusal.retryAfter } }) };
    }
    const urls = await urlsOf(request, token);
    if (urls === null) {
      return { status: 403, body: { success: false, errors: [{ code: 10000, message: 'Authentication error' }] } };
    }
    calls.push(urls);
    for (const url of urls) {
      cached.delete(url);
    }
    return { status: 200, body: { success: true, errors: [], messages: [], result: { id: 'zone-1' } } };
  });
  return {
    apiUrl: api.url,
    nodesUrl: nodes.url,
    cached,
    calls,
    refusals,
    close() {
      api.close();
      nodes.close();
    },
  };
}
