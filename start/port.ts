import { createServer } from 'node:net';
import { StartFailure, systemCode } from './startFailure.ts';

/** Finds a free port of an address; another process may still take it before it is used. */
export async function findFreePort(host = '127.0.0.1'): Promise<number> {
  return listenOnce(host, 0);
}

/** Throws StartFailure with a way out when `port` cannot be listened on. */
export async function checkPort(host: string, port: number): Promise<void> {
  try {
    await listenOnce(host, port);
  } catch (error) {
    switch (systemCode(error)) {
      case 'EADDRINUSE':
        throw new StartFailure(
          'busy',
          `Port ${port} of ${host} is in use by another program. Choose another with --port N, or --port 0 for any free one.`,
        );
      case 'EACCES':
        throw new StartFailure(
          'noPermission',
          `Port ${port} may not be used by this user (ports below 1024 are the system's). Choose another with --port N.`,
        );
      case 'EADDRNOTAVAIL':
      case 'ENOTFOUND':
      case 'EAI_AGAIN':
        throw new StartFailure('usage', `${host} is no address of this machine. Use --host 127.0.0.1, or 0.0.0.0 for all of them.`);
      default:
        throw error;
    }
  }
}

function listenOnce(host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ host, port, exclusive: true }, () => {
      const address = server.address();
      server.close(() => {
        if (address === null || typeof address === 'string') {
          reject(new Error('The system named no port.'));
          return;
        }
        resolve(address.port);
      });
    });
  });
}
