import { isIP } from 'node:net';
import { connect } from 'node:tls';

const timeoutMs = 5000;

/** When the certificate at an https address ends, and which TLS it speaks. Rejects when nobody answers there. */
export function readCertificate(url: string): Promise<{ endsAt: Date; protocol: string }> {
  const { hostname: host, port } = new URL(url);
  return new Promise((resolve, reject) => {
    // Only the date is asked for: who signed it is for browsers and agents to judge, which know the authority.
    const socket = connect({
      host,
      port: port === '' ? 443 : Number(port),
      rejectUnauthorized: false,
      ...(isIP(host) === 0 ? { servername: host } : {}),
    });
    socket.setTimeout(timeoutMs, () => socket.destroy(new Error('no answer')));
    socket.once('error', reject);
    socket.once('secureConnect', () => {
      resolve({ endsAt: new Date(socket.getPeerCertificate().valid_to), protocol: socket.getProtocol() ?? 'no TLS' });
      socket.destroy();
    });
  });
}
