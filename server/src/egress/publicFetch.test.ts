import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isPublicAddress } from '../core/addresses.ts';
import { checkPublicUrl, createPublicFetch } from './publicFetch.ts';

let server: Server;
let port: number;
let hits = 0;
const open = { hosts: ['*'], privateRanges: [] };
const local = { hosts: ['*'], privateRanges: ['127.0.0.1/32'] };
const request = { method: 'GET', timeoutMs: 2000, maxBytes: 1000, maxRedirects: 2 } as const;

beforeAll(async () => {
  server = createServer((incoming, response) => {
    hits += 1;
    if (incoming.url === '/inside') {
      response.writeHead(302, { location: 'http://169.254.169.254/latest/meta-data' });
    } else if (incoming.url === '/on') {
      response.writeHead(307, { location: '/' });
    } else if (incoming.url === '/large') {
      response.write('x'.repeat(5000));
    } else if (incoming.url === '/slow') {
      return;
    }
    response.end(incoming.headers.host);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ({ port } = server.address() as AddressInfo);
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

describe('addresses', () => {
  test('of the public internet are told from all others, also in disguise', () => {
    const inside = `127.0.0.1 10.1.2.3 172.16.0.1 192.168.1.1 169.254.169.254 100.64.0.1 0.0.0.0 224.0.0.1 255.255.255.255 192.0.2.1 198.18.0.1 240.0.0.1
      ::1 :: ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::7f00:1 64:ff9b::7f00:1 64:ff9b::a00:1 64:ff9b:1::1 2002:7f00:1:: 2002:c0a8:101:: fe80::1 fc00::1 fd12::1
      fec0::1 ff02::1 2001::1 2001:db8::1 100::1 5f00::1 ::ffff:0:7f00:1 nonsense`;
    for (const address of inside.split(/\s+/)) {
      expect(isPublicAddress(address), address).toBe(false);
    }
    for (const address of ['8.8.8.8', '2606:4700::1111', '::ffff:8.8.8.8', '64:ff9b::808:808', '2002:808:808::']) {
      expect(isPublicAddress(address), address).toBe(true);
    }
  });
});

describe('a call to an address that a customer wrote', () => {
  test('is made to nobody until the operator opens hosts, and to no other host after that (T2)', () => {
    expect(() => checkPublicUrl('https://example.org/', { hosts: [], privateRanges: [] })).toThrow(/calls nobody/);
    expect(() => checkPublicUrl('https://example.org/', { hosts: ['example.com'], privateRanges: [] })).toThrow(/not among/);
    expect(checkPublicUrl('https://example.org/x', { hosts: ['example.org'], privateRanges: [] }).pathname).toBe('/x');
  });

  test('is refused for other schemes, passwords, and numbers that stand for an inner address', () => {
    for (const url of [
      'file:///etc/passwd',
      'gopher://127.0.0.1/',
      'http://user:pass@example.org/',
      'http://127.0.0.1/',
      'http://2130706433/',
      'http://0x7f.1/',
      'http://0177.0.0.1/',
      'http://[::1]/',
      'http://[::ffff:127.0.0.1]/',
      'http://[64:ff9b::7f00:1]/',
      'nonsense',
    ]) {
      expect(() => checkPublicUrl(url, open), url).toThrow();
    }
  });

  test('goes to the address that was checked, whatever the name answers the second time', async () => {
    let answers = 0;
    const fetch = createPublicFetch(local, () => {
      answers += 1;
      return Promise.resolve([answers === 1 ? '127.0.0.1' : '10.0.0.1']);
    });
    const reply = await fetch(`http://rebind.example:${port}/`, request);
    expect(reply.body.toString()).toBe(`rebind.example:${port}`);
    expect(answers).toBe(1);
  });

  test('is refused when only one of a name’s addresses leads inside', async () => {
    const before = hits;
    const fetch = createPublicFetch(local, () => Promise.resolve(['127.0.0.1', '10.0.0.1']));
    await expect(fetch(`http://both.example:${port}/`, request)).rejects.toThrow(/private network/);
    expect(hits).toBe(before);
  });

  test('follows a redirect only after checking it', async () => {
    const fetch = createPublicFetch(local, () => Promise.resolve(['127.0.0.1']));
    expect((await fetch(`http://a.example:${port}/on`, request)).status).toBe(200);
    await expect(fetch(`http://a.example:${port}/inside`, request)).rejects.toThrow(/private network/);
  });

  test('ends when the answer is too large or too slow', async () => {
    const fetch = createPublicFetch(local, () => Promise.resolve(['127.0.0.1']));
    await expect(fetch(`http://a.example:${port}/large`, request)).rejects.toThrow();
    await expect(fetch(`http://a.example:${port}/slow`, { ...request, timeoutMs: 200 })).rejects.toThrow();
  });
});
