/** Files over HTTP ranges, as storage serves them. */
import { createReadStream, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { parseRange } from '../../src/media/sourceServer.ts';

export interface TestStorage {
  bytesReadOf(path: string): number;
  urlOf(path: string): string;
  close(): Promise<void>;
}

/** Serves every file of the machine by its path. */
export async function startStorage(): Promise<TestStorage> {
  const read = new Map<string, number>();
  const server = createServer((request, response) => {
    const path = decodeURIComponent((request.url ?? '').slice(1));
    const size = statSync(path).size;
    const range = parseRange(request.headers.range, size);
    if (range === null || range === 'unsatisfiable') {
      response.writeHead(416).end();
      return;
    }
    read.set(path, (read.get(path) ?? 0) + range.end - range.start);
    response.writeHead(206, { 'content-length': range.end - range.start });
    createReadStream(path, { start: range.start, end: range.end - 1 }).pipe(response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    bytesReadOf: (path: string) => read.get(path) ?? 0,
    urlOf: (path: string) => `http://127.0.0.1:${port}/${encodeURIComponent(path)}`,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
