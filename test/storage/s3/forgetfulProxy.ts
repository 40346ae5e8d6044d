/** A server that takes the SHA-256 of parts and does not keep it, as Ceph before version 20: another S3 server whose answers lose them on the way. */
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Starts it in front of `target`; `host` headers pass unchanged, because signatures cover them. */
export async function startForgetfulProxy(target: string): Promise<{ endpoint: string; close(): Promise<void> }> {
  const { hostname, port } = new URL(target);
  const server = createServer((incoming, response) => {
    const asked = { hostname, port, method: incoming.method, path: incoming.url, headers: incoming.headers, agent: false };
    const forwarded = request(asked, (reply) => {
      const pieces: Buffer[] = [];
      reply.on('data', (piece: Buffer) => pieces.push(piece));
      reply.once('end', () => {
        const body = Buffer.concat(pieces).toString('latin1');
        const { 'content-length': _, 'transfer-encoding': __, ...headers } = reply.headers;
        response.writeHead(reply.statusCode ?? 502, headers);
        response.end(Buffer.from(body.replaceAll(/<ChecksumSHA256>[^<]*<\/ChecksumSHA256>/g, ''), 'latin1'));
      });
    });
    forwarded.on('error', () => response.destroy());
    incoming.pipe(forwarded);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
