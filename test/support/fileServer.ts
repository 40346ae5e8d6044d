/** A web server on loopback that has one video and some ways to be difficult. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface FileServer {
  url(path: string): string;
  /** Asked-for paths with their `range` header. */
  readonly seen: { path: string; range: string | undefined }[];
  answer: (path: string, respond: (request: IncomingMessage, response: ServerResponse) => void) => void;
  stop(): Promise<void>;
}

/** Bytes that begin like an MP4 file. */
export function videoBytes(sizeBytes: number, seed = 1): Buffer {
  const bytes = Buffer.alloc(sizeBytes);
  for (let index = 0; index < sizeBytes; index++) {
    bytes[index] = (index * 31 + seed * 7 + (index >> 8)) & 0xff;
  }
  bytes.writeUInt32BE(24, 0);
  bytes.write('ftypisom', 4, 'latin1');
  return bytes;
}

/** Starts the server; paths without an answer are 404. */
export async function startFileServer(): Promise<FileServer> {
  const answers = new Map<string, (request: IncomingMessage, response: ServerResponse) => void>();
  const seen: FileServer['seen'] = [];
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    seen.push({ path, range: request.headers.range });
    const respond = answers.get(path);
    if (respond === undefined) {
      response.writeHead(404).end();
      return;
    }
    respond(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: (path) => `http://127.0.0.1:${port}${path}`,
    seen,
    answer: (path, respond) => void answers.set(path, respond),
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
