import { connect } from 'node:net';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ApiError } from '@carmic/contract';
import { type Caller, startInstance, type TestInstance, until } from '../support/instance.ts';
import { enrolAgent } from '../support/protocolAgent.ts';
import { uploadVideo } from '../support/upload.ts';

let instance: TestInstance;
let caller: Caller;
beforeAll(async () => {
  instance = await startInstance();
  caller = await instance.createCaller();
});
afterAll(() => instance.stop());

interface Message {
  id: string;
  event: string;
  data: { type?: string; videoId?: string; progress?: number };
}

/** Reads the live stream until `enough` says so, then hangs up. */
async function follow(lastEventId: string | null, enough: (messages: Message[]) => boolean, query = ''): Promise<Message[]> {
  const response = await fetch(new URL(`/api/v1/events/stream${query}`, instance.baseUrl), {
    headers: { authorization: `Bearer ${caller.token}`, ...(lastEventId === null ? {} : { 'last-event-id': lastEventId }) },
    signal: AbortSignal.timeout(60_000),
  });
  expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/);
  const messages: Message[] = [];
  let text = '';
  for await (const chunk of response.body ?? []) {
    text += Buffer.from(chunk).toString();
    const blocks = text.split('\n\n');
    text = blocks.pop() ?? '';
    for (const block of blocks) {
      const fields = Object.fromEntries(
        block.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]),
      );
      if (fields['data'] !== undefined) {
        messages.push({ id: fields['id'] ?? '', event: fields['event'] ?? '', data: JSON.parse(fields['data']) as Message['data'] });
      }
    }
    if (enough(messages)) {
      // Leaving the loop cancels the body, which hangs up.
      break;
    }
  }
  return messages;
}

describe('the live stream', () => {
  test('tells what happens as it happens, resumes after a cut without a gap, and shows progress between', async () => {
    const agent = await enrolAgent(instance);
    const first = follow(null, (messages) => messages.some(({ data }) => data.type === 'task.queued'));
    await new Promise((resolve) => setTimeout(resolve, 300));
    const video = await uploadVideo(caller.call, instance.baseUrl, Buffer.from('live'));
    const seen = await first;
    const cut = seen.at(2)?.id ?? '';
    const lease = await until('the inspection', () => agent.lease(['inspect'], 5));
    await agent.renew(lease, 0.4);
    const resumed = await follow(cut, (messages) => messages.some(({ event, data }) => event === 'progress' && data.progress === 0.4));
    const { items } = await caller.call('listEvents', { query: { limit: 100 } });
    const wanted = items.slice(items.findIndex((event) => event.id === cut) + 1).map((event) => event.id);
    const got = resumed.filter(({ event }) => event === 'event').map(({ id }) => id);
    expect(got).toEqual(wanted.slice(0, got.length));
    expect(got.length).toBeGreaterThan(1);
    await caller.call('deleteVideo', { params: { id: video.id } });
  });

  test('begins with what has just happened for whoever asks for it, and tells nothing twice', async () => {
    const before = await uploadVideo(caller.call, instance.baseUrl, Buffer.from('before the stream'));
    const isBehind = (messages: Message[]) => messages.some(({ data }) => data.videoId === behindId);
    let behindId = '';
    const both = follow(null, isBehind, '?sinceSeconds=60');
    await new Promise((resolve) => setTimeout(resolve, 1500));
    behindId = (await uploadVideo(caller.call, instance.baseUrl, Buffer.from('behind the stream'))).id;
    const events = (await both).filter(({ event }) => event === 'event');
    expect(events.filter(({ data }) => data.videoId === before.id).length).toBeGreaterThan(0);
    const ids = events.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    await caller.call('deleteVideo', { params: { id: before.id } });
    await caller.call('deleteVideo', { params: { id: behindId } });
  });

  test('needs a person, and refuses a cursor that is none', async () => {
    const url = new URL('/api/v1/events/stream', instance.baseUrl);
    expect((await fetch(url)).status).toBe(401);
    expect((await fetch(url, { headers: { authorization: `Bearer ${caller.token}`, 'last-event-id': 'x' } })).status).toBe(400);
  });

  test('no event is lost or doubled when many transactions commit in any order', async () => {
    const { deps } = instance.server;
    const owner = await instance.createCaller();
    const before = (await owner.call('listEvents', { query: { limit: 100 } })).items.at(-1)?.id;
    const read: string[] = [];
    let isWriting = true;
    const reader = (async () => {
      let cursor = before;
      // The last ones appear once no older transaction is running anywhere in PostgreSQL, in other tests' databases neither.
      for (const deadline = Date.now() + 60_000; ;) {
        const isLast = !isWriting && (read.length >= 60 || Date.now() > deadline);
        const { items } = await owner.call('listEvents', { query: { limit: 100, ...(cursor === undefined ? {} : { cursor }) } });
        read.push(...items.map((event) => String(event.data['n'])));
        cursor = items.at(-1)?.id ?? cursor;
        if (isLast && items.length === 0) {
          return;
        }
      }
    })();
    await Promise.all(
      Array.from({ length: 60 }, (_, n) =>
        deps.db.inWorkspace(owner.workspaceId, async (tx) => {
          await deps.appendEvent(tx, { workspaceId: owner.workspaceId, type: 'user.updated', data: { n } });
          await new Promise((resolve) => setTimeout(resolve, (n * 37) % 90));
        }),
      ),
    );
    isWriting = false;
    await reader;
    expect([...read].sort((a, b) => Number(a) - Number(b))).toEqual(Array.from({ length: 60 }, (_, n) => String(n)));
  });
});

describe('when the database goes away', () => {
  test('requests answer 503 with Retry-After, the process lives, and works again within 10 s', async () => {
    const url = new URL(instance.database.superuserUrl);
    url.pathname = '/postgres';
    const superuser = new Client({ connectionString: url.href });
    superuser.on('error', () => undefined);
    await superuser.connect();
    const name = instance.database.name;
    await superuser.query(`ALTER DATABASE ${name} WITH ALLOW_CONNECTIONS false`);
    await superuser.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid()', [name]);
    const away = await until('a refusal', async () => {
      const response = await fetch(new URL('/api/v1/me', instance.baseUrl), { headers: { authorization: `Bearer ${caller.token}` } });
      return response.status === 503 ? response : null;
    });
    expect(Number(away.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await away.json()).toMatchObject({ error: { code: 'unavailable' } });
    await superuser.query(`ALTER DATABASE ${name} WITH ALLOW_CONNECTIONS true`);
    await superuser.end();
    const back = performance.now();
    await until(
      'it to work again',
      () => caller.call('getMe').catch((error: unknown) => (error instanceof ApiError ? null : Promise.reject(error as Error))),
      10_000,
    );
    expect(performance.now() - back).toBeLessThan(10_000);
    const agent = await enrolAgent(instance);
    const video = await uploadVideo(caller.call, instance.baseUrl, Buffer.from('after the fault'));
    await agent.finish(await until('the inspection', () => agent.lease(['inspect'], 5)));
    await until('the pipeline to go on', async () =>
      (await caller.call('getVideo', { params: { id: video.id } })).probe === null ? null : true,
    );
  });
});

test('a client that sends its request too slowly is cut off, and a broken one gets an answer', async () => {
  const answer = await new Promise<string>((resolve) => {
    const socket = connect(instance.server.port, '127.0.0.1', () => socket.write('GARBAGE\r\n\r\n'));
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString();
    });
    socket.on('close', () => resolve(text));
    socket.on('error', () => resolve(text));
  });
  expect(answer).toMatch(/^HTTP\/1\.1 400/);
});
