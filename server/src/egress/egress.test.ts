import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createLog } from '../core/log.ts';
import { createEgress, EgressRefusedError } from './egress.ts';

const log = createLog({ level: 'silent' });
let party: Server;
let other: Server;
let requests = 0;
const urlOf = (server: Server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

beforeAll(async () => {
  other = createServer((_, response) => {
    requests += 1;
    response.end('other');
  });
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  party = createServer((request, response) => {
    if (request.url === '/away') {
      response.writeHead(302, { location: urlOf(other) });
    }
    response.end('party');
  });
  await new Promise<void>((resolve) => party.listen(0, '127.0.0.1', resolve));
});
afterAll(() => {
  party.close();
  other.close();
});

describe('the way out', () => {
  test('reaches the registered party', async () => {
    const fetch = createEgress([{ name: 'deepgram', baseUrl: urlOf(party) }], log).fetchFor('deepgram');
    expect(await (await fetch(`${urlOf(party)}/v1/listen`)).text()).toBe('party');
  });
  test('refuses every other host before a packet leaves, also as the end of a redirect (T2)', async () => {
    const fetch = createEgress([{ name: 'deepgram', baseUrl: urlOf(party) }], log).fetchFor('deepgram');
    await expect(fetch(urlOf(other))).rejects.toThrow(EgressRefusedError);
    await expect(fetch(new Request(urlOf(other)))).rejects.toThrow(EgressRefusedError);
    await expect(fetch(`${urlOf(party)}/away`)).rejects.toThrow();
    expect(requests).toBe(0);
  });
  test('counts calls by party and outcome', async () => {
    const egress = createEgress(
      [
        { name: 'deepgram', baseUrl: urlOf(party) },
        { name: 'vault', baseUrl: 'http://127.0.0.1:1' },
      ],
      log,
    );
    await egress.fetchFor('deepgram')(urlOf(party));
    await egress.fetchFor('deepgram')(urlOf(party));
    await expect(egress.fetchFor('deepgram')(urlOf(other))).rejects.toThrow(EgressRefusedError);
    await expect(egress.fetchFor('vault')('http://127.0.0.1:1/')).rejects.toThrow();
    expect(egress.tallies()).toEqual([
      { party: 'deepgram', outcome: '2xx', count: 2 },
      { party: 'vault', outcome: 'failed', count: 1 },
    ]);
  });
  test('is closed for a party that is not switched on (T1)', () => {
    expect(() => createEgress([], log).fetchFor('deepgram')).toThrow(/not switched on/);
  });
});
