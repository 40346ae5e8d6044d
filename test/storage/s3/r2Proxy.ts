/**
 * Cloudflare R2's differences from Amazon, as its documentation states them, enforced in front of another S3 server: region `auto`, no POST
 * policies, no versions, no object lock, no bucket policy, no server-side encryption headers but SSE-C, and parts of equal size.
 */
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface R2Proxy {
  endpoint: string;
  /** What was refused, for example `NotImplemented versioning`. */
  refusals: string[];
  close(): Promise<void>;
}

const unknownSettings = ['versioning', 'versions', 'object-lock', 'policy', 'acl', 'tagging', 'website', 'replication'];

/** Starts the proxy; `host` headers pass unchanged, because signatures cover them. */
export async function startR2Proxy(target: string): Promise<R2Proxy> {
  const { hostname, port } = new URL(target);
  const sizes = new Map<string, Map<number, number>>();
  const refusals: string[] = [];

  const refuse = (incoming: IncomingMessage, response: ServerResponse, status: number, code: string, why: string) => {
    refusals.push(`${code} ${why}`);
    incoming.resume();
    incoming.once('end', () => {
      response.writeHead(status, { 'content-type': 'application/xml' });
      response.end(`<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>${why}</Message></Error>`);
    });
  };

  const findRefusal = (incoming: IncomingMessage, query: URLSearchParams): [number, string, string] | null => {
    const scope = query.get('X-Amz-Credential') ?? /Credential=([^,]+)/.exec(incoming.headers.authorization ?? '')?.[1];
    const region = scope?.split('/')[2];
    if (region !== undefined && !['auto', 'us-east-1', ''].includes(region)) {
      return [400, 'InvalidRegionName', region];
    }
    if (incoming.method === 'POST' && (incoming.headers['content-type'] ?? '').startsWith('multipart/form-data')) {
      return [501, 'NotImplemented', 'POST policy'];
    }
    const setting = unknownSettings.find((name) => query.has(name));
    if (setting !== undefined) {
      return [501, 'NotImplemented', setting];
    }
    const header = ['x-amz-server-side-encryption', 'x-amz-acl', 'x-amz-tagging'].find((name) => incoming.headers[name] !== undefined);
    if (header !== undefined) {
      return [501, 'NotImplemented', header];
    }
    const uploadId = query.get('uploadId') ?? '';
    const parts = sizes.get(uploadId);
    if (incoming.method === 'POST' && parts !== undefined) {
      const ordered = [...parts].sort(([a], [b]) => a - b).map(([, size]) => size);
      if (ordered.slice(0, -1).some((size) => size !== ordered[0]) || (ordered.at(-1) ?? 0) > (ordered[0] ?? 0)) {
        return [400, 'InvalidPart', 'All non-trailing parts must have the same length.'];
      }
    }
    return null;
  };

  const server = createServer((incoming, response) => {
    const query = new URL(incoming.url ?? '/', 'http://x').searchParams;
    const refusal = findRefusal(incoming, query);
    if (refusal !== null) {
      refuse(incoming, response, ...refusal);
      return;
    }
    const forwarded = request(
      { hostname, port, method: incoming.method, path: incoming.url, headers: incoming.headers, agent: false },
      (reply) => {
        const uploadId = query.get('uploadId');
        if (incoming.method === 'PUT' && uploadId !== null && reply.statusCode === 200) {
          const parts = sizes.get(uploadId) ?? new Map<number, number>();
          sizes.set(uploadId, parts.set(Number(query.get('partNumber')), Number(incoming.headers['content-length'])));
        }
        // R2 says nothing of its encryption.
        const { 'x-amz-server-side-encryption': _, ...headers } = reply.headers;
        response.writeHead(reply.statusCode ?? 502, headers);
        reply.pipe(response);
      },
    );
    forwarded.on('error', () => response.destroy());
    incoming.pipe(forwarded);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    refusals,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
