/**
 * Serves sources to ffmpeg on loopback, so that ffmpeg never holds a storage URL and never notices a server that restarts.
 *
 * Each source has an unguessable path of its own. Ranges are answered from the block reader. The same server also listens on a
 * socket file, which is what the sandbox's relay reaches.
 */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type BlockReader, createBlockReader } from './blockReader.ts';

export interface Source {
  /** What ffmpeg opens. */
  readonly localUrl: string;
  readonly sizeBytes: number;
  /** Replaces the storage URL by a fresh one. */
  setUrl(url: string): void;
  readSpan(start: number, end: number): Promise<Buffer>;
  close(): void;
}

export interface SourceServer {
  readonly port: number;
  readonly socketPath: string;
  open(input: { url: string; sizeBytes: number; signal: AbortSignal }): Source;
  close(): Promise<void>;
}

/** Starts the server on a free loopback port and on `socketPath`. */
export async function startSourceServer(socketPath: string): Promise<SourceServer> {
  const sources = new Map<string, BlockReader>();
  const listener = (request: IncomingMessage, response: ServerResponse) => {
    serve(sources, request, response).catch(() => response.destroy());
  };
  const tcp = createServer(listener);
  const local = createServer(listener);
  rmSync(socketPath, { force: true });
  local.listen(socketPath);
  tcp.listen(0, '127.0.0.1');
  await Promise.all([once(tcp, 'listening'), once(local, 'listening')]);
  const address = tcp.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    port,
    socketPath,
    open({ url, sizeBytes, signal }) {
      const path = `/${randomBytes(24).toString('base64url')}`;
      let current = url;
      const reader = createBlockReader({ sizeBytes, url: () => current, signal });
      sources.set(path, reader);
      return {
        localUrl: `http://127.0.0.1:${port}${path}`,
        sizeBytes,
        setUrl: (fresh) => {
          current = fresh;
        },
        readSpan: reader.readSpan,
        close: () => sources.delete(path),
      };
    },
    async close() {
      await Promise.all([stop(tcp), stop(local)]);
      rmSync(socketPath, { force: true });
    },
  };
}

async function stop(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}

async function serve(sources: ReadonlyMap<string, BlockReader>, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const reader = sources.get(request.url ?? '');
  if (!reader || (request.method !== 'GET' && request.method !== 'HEAD')) {
    response.writeHead(404).end();
    return;
  }
  const size = reader.sizeBytes;
  const range = parseRange(request.headers.range, size);
  if (range === 'unsatisfiable') {
    response.writeHead(416, { 'content-range': `bytes */${size}` }).end();
    return;
  }
  const { start, end } = range ?? { start: 0, end: size };
  response.writeHead(range ? 206 : 200, {
    'accept-ranges': 'bytes',
    'content-type': 'application/octet-stream',
    'content-length': end - start,
    ...(range ? { 'content-range': `bytes ${start}-${end - 1}/${size}` } : {}),
  });
  for (let at = start; at < end && request.method === 'GET' && !response.destroyed;) {
    const chunk = (await reader.read(at)).subarray(0, end - at);
    at += chunk.length;
    if (!response.write(chunk)) {
      await drained(response);
    }
  }
  response.end();
}

/** Resolves when more can be written, or nobody reads any more. */
function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const finish = () => {
      response.off('drain', finish).off('close', finish);
      resolve();
    };
    response.once('drain', finish).once('close', finish);
  });
}

/** Reads a `Range` header of one span (RFC 9110 section 14.2); null when there is none that counts. */
export function parseRange(header: string | undefined, size: number): { start: number; end: number } | 'unsatisfiable' | null {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  if (!match || (match[1] === '' && match[2] === '')) {
    return null;
  }
  if (match[1] === '') {
    const length = Math.min(Number(match[2]), size);
    return length === 0 ? 'unsatisfiable' : { start: size - length, end: size };
  }
  const start = Number(match[1]);
  const end = match[2] === '' ? size : Math.min(Number(match[2]) + 1, size);
  return start >= size || end <= start ? 'unsatisfiable' : { start, end };
}
