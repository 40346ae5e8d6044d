import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { storagePath } from './signing.ts';

const waiting = Symbol('waits for 100 Continue');

/**
 * Lets the storage routes refuse a body before it is sent: requests with `Expect: 100-continue` to signed URLs are answered with 100 only
 * when their body is wanted. All other requests get their 100 at once, as Node does by itself.
 */
export function deferContinue(server: Server, handler: (request: IncomingMessage, response: ServerResponse) => void): void {
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    if (request.url?.startsWith(storagePath)) {
      Object.defineProperty(request, waiting, { value: true, writable: true });
    } else {
      response.writeContinue();
    }
    handler(request, response);
  });
}

/** Asks for the body of a request whose 100 was held back. */
export function sendContinue(request: IncomingMessage, response: ServerResponse): void {
  const marked = request as { [waiting]?: boolean };
  if (marked[waiting] === true) {
    marked[waiting] = false;
    response.writeContinue();
  }
}
