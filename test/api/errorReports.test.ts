/**
 * Reports of faults, caught on their way by a server that speaks Sentry's protocol, with a secret planted in every place from which one was ever
 * seen to leak. Keeps: C4.
 */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createClient, describeFault } from '@carmic/contract';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readEnv } from '../../server/src/core/env.ts';
import { errorReportParties } from '../../server/src/egress/errorReports.ts';
import { type Caller, startInstance, type TestInstance, until } from '../support/instance.ts';
import { enrolAgent } from '../support/protocolAgent.ts';

interface Envelope {
  headers: Record<string, unknown>;
  text: string;
  event: Record<string, unknown> & { exception: { values: { type: string; stacktrace: { frames: { filename: string }[] } }[] } };
}

let ingest: Server;
let instance: TestInstance;
let owner: Caller;
const envelopes: Envelope[] = [];
const secret = 'Zaphod-42';

beforeAll(async () => {
  ingest = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      const [, , item = '{}'] = text.split('\n');
      envelopes.push({ headers: { ...request.headers, url: request.url }, text, event: JSON.parse(item) as Envelope['event'] });
      response.end('{}');
    });
  });
  await new Promise<void>((resolve) => ingest.listen(0, '127.0.0.1', resolve));
  const { port } = ingest.address() as AddressInfo;
  instance = await startInstance({
    env: { CARMIC_SENTRY_DSN: `http://publickey@127.0.0.1:${port}/7`, CARMIC_SENTRY_ENVIRONMENT: 'test' },
    hasOwnLog: true,
  });
  owner = await instance.createCaller();
});
afterAll(async () => {
  await instance.stop();
  ingest.closeAllConnections();
  ingest.close();
});

/** What came from there; that of the server may still be on its way when the next test begins. */
const sentBy = (source: string) => envelopes.filter(({ event }) => (event['tags'] as { source?: string } | undefined)?.source === source);
const caught = (source: string) => until('an envelope', () => Promise.resolve(sentBy(source).at(-1)), 60_000);

/** A fault as the worst library throws it: secrets in its message, its fields, its cause, its name. */
function leakyError(kind: string): Error {
  function inner(password: string): Error {
    const error = new TypeError(`no row for ${secret}@example.org (${password})\n    at ${secret} (/srv/server/src/${secret}.ts:1:1)`);
    return Object.assign(error, {
      code: kind === 'code' ? secret : 'EDOM',
      sql: `SELECT * FROM videos WHERE title = '${secret}'`,
      parameters: [secret],
      detail: `Key (email)=(${secret}) already exists.`,
      request: { headers: { cookie: secret, authorization: `Bearer ${secret}` }, body: secret },
      path: `/home/${secret}/a.mp4`,
      hostname: secret,
      user: { email: secret, ip_address: '203.0.113.9' },
      cause: new Error(`caused by ${secret}`),
      ...(kind === 'name' ? { name: `${secret} Error` } : {}),
    });
  }
  return inner(secret);
}

describe('an error report (C4)', () => {
  test('of the server says kind, code, route and places, and none of thirty planted secrets', async () => {
    const { db } = instance.server.deps;
    const { inWorkspace } = db;
    const kinds = ['plain', 'code', 'name'];
    const sentBefore = envelopes.length;
    for (const kind of kinds) {
      (db as { inWorkspace: unknown }).inWorkspace = () => Promise.reject(leakyError(kind));
      for (let time = 0; time < 10; time++) {
        const answer = await fetch(`${instance.baseUrl}/api/v1/glossary-terms?token=${secret}`, {
          method: time % 2 === 0 ? 'GET' : 'POST',
          headers: {
            authorization: `Bearer ${owner.token}`,
            'content-type': 'application/json',
            cookie: `theme=${secret}`,
            referer: `https://x.example/${secret}`,
            'user-agent': secret,
            'x-forwarded-for': '203.0.113.9',
            'x-secret': secret,
          },
          ...(time % 2 === 0 ? {} : { body: JSON.stringify({ term: secret }) }),
        });
        expect(answer.status).toBe(500);
        expect(await answer.text()).not.toContain(secret);
      }
    }
    (db as { inWorkspace: unknown }).inWorkspace = inWorkspace;
    const first = await until('the envelope of a request', () =>
      Promise.resolve(envelopes.slice(sentBefore).find(({ event }) => 'transaction' in event)),
    );
    expect(first.event).toMatchObject({
      platform: 'node',
      environment: 'test',
      release: 'carmic@0.1.0',
      tags: { source: 'server', code: 'EDOM' },
      transaction: expect.stringMatching(/^(listTerms|createTerm)$/) as string,
    });
    expect(first.event.exception.values[0]?.type).toBe('TypeError');
    expect(first.event.exception.values[0]?.stacktrace.frames.map(({ filename }) => filename)).toEqual(
      expect.arrayContaining([expect.stringMatching(/^server\/src\/http\/|^node_modules\//)]),
    );
    const allowed = ['environment', 'event_id', 'exception', 'level', 'platform', 'release', 'tags', 'timestamp', 'transaction'];
    for (const { event, text, headers } of envelopes) {
      expect(allowed).toEqual(expect.arrayContaining(Object.keys(event)));
      const all = `${text} ${JSON.stringify(headers)}`;
      for (const planted of [
        secret,
        '203.0.113.9',
        owner.token,
        owner.userId,
        owner.workspaceId,
        '/home/',
        '/srv/',
        'SELECT',
        instance.directory,
      ]) {
        expect(all.includes(planted), planted).toBe(false);
      }
    }
    expect(first.headers).toMatchObject({ url: '/api/7/envelope/', 'content-type': 'application/x-sentry-envelope' });
    expect(String(first.headers['x-sentry-auth'])).toContain('sentry_key=publickey');
  });

  test('that is like others before is sent a few times only', () => {
    expect(envelopes.length).toBeLessThanOrEqual(15);
  });

  test('of the console goes through our own origin, and what is not on the list is cut off or refused', async () => {
    const fault = { type: 'TypeError', code: null, frames: [{ file: 'assets/index-Ab1.js', function: 'load', line: 1, column: 2 }] };
    const send = (body: unknown) =>
      fetch(`${instance.baseUrl}/api/v1/error-reports`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'user-agent': secret, cookie: secret },
        body: JSON.stringify(body),
      });
    const extra = {
      message: secret,
      user: { email: secret },
      breadcrumbs: [secret],
      request: { url: secret },
      server_name: secret,
      extra: { secret },
      tags: { secret },
    };
    expect((await send({ ...fault, ...extra, frames: [{ ...fault.frames[0], vars: { secret }, context_line: secret }] })).status).toBe(204);
    const envelope = await caught('console');
    expect(envelope.event).toMatchObject({ platform: 'javascript', tags: { source: 'console' } });
    expect(envelope.text).not.toContain(secret);
    expect(JSON.stringify(envelope.headers)).not.toContain(secret);
    for (const wrong of [
      { ...fault, type: secret },
      { ...fault, code: `${secret}@example.org` },
      { ...fault, frames: [{ ...fault.frames[0], file: `/home/${secret}/x.js` }] },
      { ...fault, frames: [{ ...fault.frames[0], function: `${secret} says hello` }] },
    ]) {
      expect((await send(wrong)).status).toBe(400);
    }
    expect(sentBy('console')).toHaveLength(1);
  });

  test('of an agent needs its token', async () => {
    const agent = await enrolAgent(instance);
    const body = describeFault(new RangeError(secret));
    await expect(createClient({ baseUrl: instance.baseUrl })('createAgentErrorReport', { body })).rejects.toMatchObject({ status: 401 });
    await createClient({ baseUrl: instance.baseUrl, headers: () => ({ authorization: `Bearer ${agent.token}` }) })(
      'createAgentErrorReport',
      { body },
    );
    const envelope = await caught('agent');
    expect(envelope.event).toMatchObject({ tags: { source: 'agent' } });
    expect(envelope.text).not.toContain(secret);
  });

  test('is off without an address for it, and refused for one of Sentry’s outside of the EU', async () => {
    const env = (dsn: string) => readEnv({ CARMIC_MODE: 'test', CARMIC_DATABASE_URL: 'x', CARMIC_DATA_DIR: 'x', CARMIC_SENTRY_DSN: dsn });
    expect(errorReportParties(env(''))).toEqual([]);
    expect(() => errorReportParties(env('https://k@o1.ingest.us.sentry.io/1'))).toThrow(/out of the EU/);
    expect(errorReportParties(env('https://k@o1.ingest.de.sentry.io/1'))).toEqual([
      { name: 'sentry', baseUrl: 'https://o1.ingest.de.sentry.io' },
    ]);
    expect(() => errorReportParties(env('https://o1.ingest.de.sentry.io/1'))).toThrow(/is none/);
  });
});
