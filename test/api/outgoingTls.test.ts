/** Whatever the server calls, by TLS 1.3 and no older version. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TlsOptions } from 'node:tls';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { openMailServer } from '../../server/src/mail/transport.ts';
import { startInstance, type TestInstance } from '../support/instance.ts';

const directory = mkdtempSync(join(tmpdir(), 'carmic-smtp-'));
const pair = { key: '', cert: '' };
let server: SMTPServer | undefined;
let instance: TestInstance;

beforeAll(async () => {
  instance = await startInstance();
  const [key, cert] = [join(directory, 'key.pem'), join(directory, 'cert.pem')];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  const make = [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-days',
    '2',
    '-keyout',
    key,
    '-out',
    cert,
  ];
  execFileSync('openssl', [...make, ...subject], { stdio: 'ignore' });
  Object.assign(pair, { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') });
});
afterEach(() => new Promise<void>((resolve) => (server === undefined ? resolve() : server.close(() => resolve()))));
afterAll(async () => {
  rmSync(directory, { recursive: true, force: true });
  await instance.stop();
});

/** Starts a mail server and answers its port. */
function start(options: SMTPServerOptions): Promise<number> {
  const started = new SMTPServer({ authOptional: true, ...options });
  server = started;
  // A handshake that is refused is what these tests are about.
  started.on('error', () => undefined);
  return new Promise((resolve) => {
    const listening = started.listen(0, '127.0.0.1', () => resolve((listening.address() as AddressInfo).port));
  });
}

async function verify(url: string): Promise<string> {
  const transport = openMailServer(url, 3000);
  try {
    await transport.verify();
    return 'ok';
  } catch (error) {
    return String(error);
  } finally {
    transport.close();
  }
}

describe('the mail server (S2)', () => {
  test('is spoken to by TLS 1.3 and no older version, and only when its certificate is trusted', async () => {
    const old = await start({ secure: true, ...pair, maxVersion: 'TLSv1.2' } as SMTPServerOptions);
    expect(await verify(`smtps://127.0.0.1:${old}`)).toMatch(/protocol version/i);
    await new Promise<void>((resolve) => server?.close(() => resolve()));
    const current = await start({ secure: true, ...pair, minVersion: 'TLSv1.3' } as SMTPServerOptions);
    expect(await verify(`smtps://127.0.0.1:${current}`)).toMatch(/self.signed/i);
  });

  test('gets nothing in the clear, unless it is this machine or the address says so', async () => {
    const port = await start({ disabledCommands: ['AUTH', 'STARTTLS'] });
    // The name leads to this machine and does not say so.
    expect(await verify(`smtp://0x7f000001.:${port}`)).not.toBe('ok');
    expect(await verify(`smtp://0.0.0.0:${port}`)).toMatch(/STARTTLS/);
    expect(await verify(`smtp://0.0.0.0:${port}?ignoreTLS=true`)).toBe('ok');
    expect(await verify(`smtp://127.0.0.1:${port}`)).toBe('ok');
    expect(await verify(`smtp://localhost:${port}`)).toBe('ok');
  });
});

test('a call of the server refuses whoever speaks no TLS 1.3 (S2)', async () => {
  const answerOf = async (versions: TlsOptions) => {
    const https = createServer({ ...pair, ...versions }, (_request, response) => response.end('hello'));
    https.on('tlsClientError', () => undefined);
    await new Promise<void>((resolve) => https.listen(0, '127.0.0.1', resolve));
    try {
      return await fetch(`https://127.0.0.1:${(https.address() as AddressInfo).port}`).then(
        (reply) => reply.text(),
        (error: unknown) => String((error as Error).cause),
      );
    } finally {
      https.close();
    }
  };
  expect(await answerOf({ maxVersion: 'TLSv1.2' })).toMatch(/protocol version/i);
  // Of the current version only the certificate is complained of.
  expect(await answerOf({ minVersion: 'TLSv1.3' })).toMatch(/self.signed/i);
});
