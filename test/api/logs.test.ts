/** The log tells what happened, and of nobody: real requests and real faults with planted words, and none of the words in any line (C4). */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createLog } from '../../server/src/core/log.ts';
import { type Caller, startInstance, type TestInstance, until } from '../support/instance.ts';
import { freePort } from '../support/minio.ts';
import { enrolAgent } from '../support/protocolAgent.ts';
import { uploadVideo } from '../support/upload.ts';

const planted = {
  email: 'jane.doe@private.example',
  name: 'Jane Plantedname',
  password: 'correct-horse-planted',
  title: 'Plantedtitle of a film',
  fileName: 'plantedfile.mp4',
  words: 'plantedwords in the captions',
  query: 'plantedquery',
  token: 'plantedtoken0123456789',
  address: '198.51.100.77',
  note: 'plantednote of an agent',
  browser: 'Plantedbrowser/1.0',
  card: '4242 4242 4242 4242',
};

let folder: string;
let file: string;
let instance: TestInstance;
let caller: Caller;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'carmic-logs-'));
  file = join(folder, 'server.log');
  instance = await startInstance({
    log: createLog({ level: 'trace', file }),
    env: {
      CARMIC_TRUSTED_PROXIES: '127.0.0.1/32',
      CARMIC_SMTP_URL: `smtp://127.0.0.1:${await freePort()}`,
      CARMIC_MAIL_FROM: 'carmic@carmic.example',
    },
  });
  caller = await instance.createCaller();
});
afterAll(async () => {
  await instance.stop();
  rmSync(folder, { recursive: true, force: true });
});

const readLog = () => readFileSync(file, 'utf8');
const lines = () =>
  readLog()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { msg: string; requestId?: string; err?: { type: string; code?: string; constraint?: string } });

/** A request as a browser behind a proxy sends it; answers its status. */
async function ask(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<number> {
  const { status } = await fetch(`${instance.baseUrl}/api/v1/${path}`, {
    method,
    headers: {
      'content-type': 'application/json',
      'x-forwarded-for': planted.address,
      'user-agent': planted.browser,
      authorization: `Bearer ${caller.token}`,
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  return status;
}

describe('the log holds no personal data', () => {
  test('of requests that are answered, refused, and not understood', async () => {
    expect(await ask('PATCH', 'me', { name: planted.name })).toBe(200);
    expect(await ask('PATCH', 'me', { name: planted.card })).toBe(400);
    expect(await ask('GET', `search?q=${encodeURIComponent(planted.card)}`)).toBe(400);
    expect(await ask('POST', 'sessions', { email: planted.email, password: planted.password }, { authorization: '' })).toBe(401);
    expect(await ask('POST', 'sessions', `{"email": "${planted.email}`)).toBe(400);
    expect(await ask('GET', `search?q=${planted.query}`)).toBeLessThan(500);
    expect(await ask('GET', `videos?token=${planted.token}`, undefined, { authorization: `Bearer ${planted.token}` })).toBe(401);
    expect(await ask('GET', `${planted.title}/${planted.fileName}`)).toBe(404);
    const video = await uploadVideo(caller.call, instance.baseUrl, Buffer.from('no video'), {
      fileName: planted.fileName,
      captions: `1\n00:00:00,000 --> 00:00:04,000\n${planted.words}\n`,
    });
    expect(await ask('PATCH', `videos/${video.id}`, { title: planted.title })).toBeLessThan(500);
    const agent = await enrolAgent(instance);
    const lease = (await agent.lease(['inspect'], 20)) ?? expect.fail('no lease');
    await agent.call('failLease', {
      params: { id: lease.taskId },
      body: { leaseToken: lease.leaseToken, code: 'decode_failed', message: planted.note, isRetryable: false },
    });
    await until('the video to fail', async () =>
      (await caller.call('getVideo', { params: { id: video.id } })).state === 'failed' ? true : null,
    );
  });

  test('of faults of the database, whose errors carry whole rows', async () => {
    const owner = new Client({ connectionString: instance.database.superuserUrl });
    await owner.connect();
    await owner.query(`ALTER TABLE users ADD CONSTRAINT planted_check CHECK (name NOT LIKE '%again')`);
    expect(await ask('PATCH', 'me', { name: `${planted.name} again` })).toBe(500);
    await owner.query('ALTER TABLE users DROP CONSTRAINT planted_check');
    await owner.end();
    const line = await until('the line', async () => lines().find(({ msg }) => msg === 'a request failed') ?? null, 30_000);
    expect(line).toMatchObject({ requestId: expect.any(String) as string, err: { type: expect.any(String) as string } });
    expect(JSON.stringify(line)).toContain('23514');
    expect(JSON.stringify(line)).toContain('planted_check');
  });

  test('of mails that cannot be sent', async () => {
    const { db } = instance.server.deps;
    await db.asSystem((tx) => db.change(tx, 'UPDATE users SET email = :email WHERE id = :id', { email: planted.email, id: caller.userId }));
    expect(await ask('POST', 'password-resets', { email: planted.email }, { authorization: '' })).toBeLessThan(300);
    await until(
      'the mail to fail',
      async () => lines().find(({ err }) => err?.code === 'ECONNREFUSED' || err?.code === 'ESOCKET') ?? null,
      60_000,
    );
  });

  test('in any line', () => {
    expect(lines().length).toBeGreaterThan(1);
    const secrets = [
      ...Object.values(planted),
      caller.token,
      'Plantedname',
      'plantedwords',
      'private.example',
      '4242%204242',
      '4242424242424242',
    ];
    expect(
      readLog()
        .split('\n')
        .filter((line) => secrets.some((words) => line.includes(words))),
    ).toEqual([]);
  });
});
