import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { StartError } from '../../core/errors.ts';
import type { Deps } from '../../deps.ts';
import type { Metrics } from './metrics.ts';

/** The port for operators: `/livez`, `/readyz` and `/metrics`. Nothing of a customer is on it, but it belongs on an inside network. */
export interface OperationsServer {
  readonly port: number;
  close(): Promise<void>;
}

const databaseTimeoutMs = 3000;

/**
 * Listens for probes and for Prometheus on a port of its own, which every kind of process has: web, worker, or both.
 * Throws StartError when the port is taken.
 */
export async function startOperations(
  deps: Pick<Deps, 'db' | 'log'>,
  options: { host: string; port: number; metrics: Metrics; stopping: AbortSignal },
): Promise<OperationsServer> {
  const server = createServer((request, response) => {
    answer(deps, options, request, response).catch((error: unknown) => {
      deps.log.error({ err: error }, 'a probe could not be answered');
      write(response, 500, 'internal error');
    });
  });
  server.headersTimeout = 5000;
  server.requestTimeout = 10_000;
  const port = await new Promise<number>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        new StartError(
          error.code === 'EADDRINUSE'
            ? `Port ${options.port} for metrics and probes is in use: stop the other program, or set CARMIC_OPERATIONS_PORT to a free one.`
            : `Listening on ${options.host}:${options.port} for metrics and probes is not possible: ${error.message}`,
        ),
      ),
    );
    server.listen(options.port, options.host, () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : options.port);
    });
  });
  return {
    port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(
  deps: Pick<Deps, 'db'>,
  { metrics, stopping }: { metrics: Metrics; stopping: AbortSignal },
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = (request.url ?? '').split('?', 1)[0];
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return write(response, 405, 'only GET');
  }
  if (path === '/livez') {
    return write(response, 200, 'ok');
  }
  if (path === '/readyz') {
    const reason = stopping.aborted ? 'stopping' : await whyNotReady(deps);
    return reason === null ? write(response, 200, 'ok') : write(response, 503, reason);
  }
  if (path === '/metrics') {
    const { contentType, text } = await metrics.read();
    return write(response, 200, text, contentType);
  }
  return write(response, 404, 'There is /livez, /readyz and /metrics here.');
}

/** A process that cannot reach the database takes no requests, but is not started anew for it. */
async function whyNotReady({ db }: Pick<Deps, 'db'>): Promise<string | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve('the database does not answer'), databaseTimeoutMs);
  });
  const asked = db
    .asSystem((tx) => db.rows(tx, 'SELECT 1'))
    .then(
      () => null,
      () => 'the database cannot be reached',
    );
  try {
    return await Promise.race([asked, late]);
  } finally {
    clearTimeout(timer);
  }
}

function write(response: ServerResponse, status: number, text: string, contentType = 'text/plain; charset=utf-8'): void {
  response.writeHead(status, { 'content-type': contentType, 'cache-control': 'no-store' });
  response.end(text.endsWith('\n') ? text : `${text}\n`);
}
