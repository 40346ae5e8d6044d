/** A proxy before an HTTP server that misbehaves on the wire when it is told to. */
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import type { Fault } from './modelRun.ts';

export const wireFaults = [
  'is busy (503)',
  'asks for patience (429 with Retry-After)',
  'is slow',
  'closes in the middle of its answer',
  'closes its half of the connection and never answers',
] as const;
export type WireFault = (typeof wireFaults)[number];

export interface FaultyProxy {
  readonly endpoint: string;
  /** The faults, for a run against the model; each request meets one with a chance of two in five while a fault lasts. */
  readonly faults: Readonly<Record<string, Fault>>;
  /** How many requests met a fault. */
  readonly met: number;
  close(): Promise<void>;
}

const chance = 0.4;

/** Starts one before `target`; `host` headers pass unchanged, because signatures cover them. */
export async function startFaultyProxy(target: string, random: () => number): Promise<FaultyProxy> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  let lasting: WireFault | null = null;
  let met = 0;

  const forward = (incoming: IncomingMessage): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const { headers, method, url: path } = incoming;
      const forwarded = request({ hostname, port, method, path, headers, agent: false }, resolve);
      forwarded.once('error', reject);
      incoming.pipe(forwarded);
    });
  const refuse = (incoming: IncomingMessage, response: ServerResponse, status: number, headers: Record<string, string>) => {
    incoming.resume();
    response.writeHead(status, { 'content-type': 'application/xml', ...headers });
    response.end('<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>');
  };

  const handle = async (incoming: IncomingMessage, response: ServerResponse) => {
    const fault = lasting !== null && random() < chance ? lasting : null;
    met += fault === null ? 0 : 1;
    if (fault === 'is busy (503)') {
      refuse(incoming, response, 503, {});
      return;
    }
    if (fault === 'asks for patience (429 with Retry-After)') {
      // At times for longer than a client waits, so that the work is put off.
      refuse(incoming, response, 429, { 'retry-after': random() < 0.3 ? '600' : '1' });
      return;
    }
    if (fault === 'is slow') {
      await setTimeout(300 * random());
    }
    const reply = await forward(incoming);
    if (fault === 'closes its half of the connection and never answers') {
      // What was asked for is done, and nobody learns of it.
      reply.resume();
      incoming.socket.end();
      return;
    }
    if (fault === 'closes in the middle of its answer') {
      reply.resume();
      response.writeHead(200, { ...reply.headers, 'content-length': '100000' });
      response.write('<?xml version="1.0"', () => response.destroy());
      return;
    }
    response.writeHead(reply.statusCode ?? 502, reply.headers);
    reply.pipe(response);
  };

  const server = createServer((incoming, response) => {
    handle(incoming, response).catch(() => response.destroy());
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const during =
    (fault: WireFault): Fault =>
    async (deps, work) => {
      lasting = fault;
      try {
        await work(deps);
      } finally {
        lasting = null;
      }
    };
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    faults: Object.fromEntries(wireFaults.map((fault) => [`the storage ${fault}`, during(fault)])),
    get met() {
      return met;
    },
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) {
        socket.destroy();
      }
      await closed;
    },
  };
}
