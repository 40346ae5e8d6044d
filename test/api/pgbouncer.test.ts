/**
 * The server behind a real PgBouncer in transaction mode with one connection to PostgreSQL, at which everybody queues: sign-in, upload,
 * work of an agent, clips, deletion and expiry. Keeps: S4.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient, type Video } from '@carmic/contract';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { setTestPassword } from '../support/accounts.ts';
import { carmic, environmentOf } from '../support/carmicCommand.ts';
import { type Caller, callerFor, startInstance, type TestInstance, until } from '../support/instance.ts';
import { type PgBouncer, startPgBouncer } from '../support/pgbouncer.ts';
import { enrolAgent } from '../support/protocolAgent.ts';
import { findRequirement, requireOrSkip } from '../support/requirements.ts';
import { uploadVideo } from '../support/upload.ts';

let bouncer: PgBouncer;
let instance: TestInstance;
let caller: Caller;
const { path: program } = findRequirement('pgbouncer');

beforeAll(async () => {
  if (program !== null) {
    instance = await startInstance({
      async leadThrough(url) {
        bouncer = await startPgBouncer(program, url);
        return bouncer.through(url);
      },
    });
    caller = await instance.createCaller();
  }
});
afterAll(async () => {
  if (program !== null) {
    await instance.stop();
    await bouncer.stop();
  }
});

/** What the superuser sees on a way of its own. */
async function ask<R extends object>(sql: string, values: unknown[] = []): Promise<R[]> {
  const client = new Client({ connectionString: instance.database.superuserUrl });
  await client.connect();
  try {
    return (await client.query<R>(sql, values)).rows;
  } finally {
    await client.end();
  }
}

const captions = Array.from({ length: 12 }, (_, index) => {
  const time = (seconds: number) => `00:00:${String(seconds).padStart(2, '0')},000`;
  return `${index + 1}\n${time(index * 4)} --> ${time(index * 4 + 4)}\nWhat happened in year ${index + 1}? We doubled the harbours.\n`;
}).join('\n');

/** A video whose clips the stand-in agent has rendered. */
async function makeReady(call: Caller['call'], agent: Awaited<ReturnType<typeof enrolAgent>>, title: string): Promise<Video> {
  const { id } = await uploadVideo(call, instance.baseUrl, Buffer.from(title), { captions, wishes: { clipCount: 1 } });
  return until(
    `${title} to be ready`,
    async () => {
      const lease = await agent.lease(['inspect', 'render'], 1);
      if (lease !== null) {
        await agent.renew(lease);
        await agent.finish(lease);
      }
      const video = await call('getVideo', { params: { id } });
      return video.state === 'ready' ? video : null;
    },
    60_000,
  );
}

test('somebody signs in, uploads, gets clips and deletes a video; another one expires', async (context) => {
  requireOrSkip(context, 'pgbouncer');
  const password = 'seven green bottles';
  const email = await setTestPassword(instance, caller.userId, password);
  const nobody = createClient({ baseUrl: instance.baseUrl });
  await expect(nobody('createSession', { body: { email, password: 'another one' } })).rejects.toMatchObject({ status: 401 });
  const answer = await fetch(new URL('/api/v1/sessions', instance.baseUrl), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email, password }),
  });
  expect(answer.status).toBe(201);
  const call = callerFor(() => instance.baseUrl, /carmic=([^;]+)/.exec(answer.headers.get('set-cookie') ?? '')?.[1] ?? '');
  const agent = await enrolAgent(instance);
  const first = await makeReady(call, agent, 'the first talk');
  const second = await makeReady(call, agent, 'the second talk');
  const [clip] = (await call('listClips', { params: { id: first.id } })).items;
  await call('updateClip', { params: { id: clip?.id ?? '' }, body: { title: 'Renamed' } });
  expect((await call('getClip', { params: { id: clip?.id ?? '' } })).title).toBe('Renamed');
  const file = await fetch(new URL(clip?.renditions[0]?.media.downloadUrl ?? '', instance.baseUrl));
  expect(await file.text()).toBe('the video');

  await call('deleteVideo', { params: { id: first.id } });
  await ask("UPDATE videos SET expires_at = now() - interval '1 second' WHERE id = $1", [second.id]);
  await expect(call('getVideo', { params: { id: second.id } })).rejects.toMatchObject({ status: 404 });
  await until('every byte and row of both to be gone', async () => {
    const rows = await ask('SELECT 1 FROM stored_objects WHERE video_id IN ($1, $2) UNION ALL SELECT 1 FROM videos WHERE id IN ($1, $2)', [
      first.id,
      second.id,
    ]);
    return rows.length === 0 ? true : null;
  });
  expect((await call('listVideos')).items).toEqual([]);
}, 240_000);

test('200 parallel requests of two tenants: no foreign row, nothing left behind on the one connection', async (context) => {
  requireOrSkip(context, 'pgbouncer');
  const pair = [await instance.createCaller(), await instance.createCaller()] as const;
  const own = await Promise.all(
    pair.map(async ({ call }, index) => (await uploadVideo(call, instance.baseUrl, Buffer.from(`of tenant ${index}`))).id),
  );
  const answers = await Promise.all(
    Array.from({ length: 200 }, async (_, index) => {
      const { call } = pair[index % 2 === 0 ? 0 : 1];
      if (index % 10 === 0) {
        await call('updateOwnWorkspace', { body: { name: `Workspace ${index}` } });
      }
      return (await call('listVideos')).items.map((video) => video.id);
    }),
  );
  expect(answers).toEqual(answers.map((_, index) => [own[index % 2]]));
  // Work in the background takes locks too, for as long as its transaction lasts: none may stay.
  await until('no lock to be held', async () => {
    const locks = await ask(
      "SELECT 1 FROM pg_locks l JOIN pg_database d ON d.oid = l.database WHERE l.locktype = 'advisory' AND d.datname = current_database()",
    );
    return locks.length === 0 ? true : null;
  });
  const connections = await ask("SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND usename = 'carmic_app'");
  expect(connections).toHaveLength(1);
  // The one connection that everybody used carries no setting into the next transaction.
  const led = new Client({ connectionString: bouncer.through(instance.database.appUrl) });
  await led.connect();
  const { rows: settings } = await led.query<{ workspace: string | null; system: string | null; rows: string; prepared: string }>(
    `SELECT nullif(current_setting('carmic.workspace_id', true), '') AS workspace, nullif(current_setting('carmic.system', true), '') AS system,
       (SELECT count(*) FROM videos) AS rows, (SELECT count(*) FROM pg_prepared_statements) AS prepared`,
  );
  await led.end();
  expect(settings).toEqual([{ workspace: null, system: null, rows: '0', prepared: '0' }]);
}, 240_000);

test('a second connection inside of a transaction is refused: behind a pool of one it would wait for itself', async (context) => {
  requireOrSkip(context, 'pgbouncer');
  const { db, jobs } = instance.server.deps;
  const inside = (work: () => Promise<unknown>) => db.inWorkspace(caller.workspaceId, () => work());
  await expect(inside(() => db.asSystem(() => Promise.resolve()))).rejects.toThrow('second connection');
  await expect(inside(() => db.sequelize.query('SELECT 1'))).rejects.toThrow('second connection');
  await expect(inside(() => jobs.enqueue('objects.remove', {}))).rejects.toThrow('second connection');
  await db.asSystem(() => Promise.resolve());
});

test('a backup is taken through it, by the application’s role', async (context) => {
  if (program === null) {
    return requireOrSkip(context, 'pgbouncer');
  }
  const place = mkdtempSync(join(tmpdir(), 'carmic-pooled-'));
  const { CARMIC_MIGRATION_DATABASE_URL: _, ...env } = environmentOf(instance);
  const pooled = { ...env, CARMIC_DATABASE_URL: bouncer.through(instance.database.appUrl), CARMIC_BACKUP_TO: place };
  const taken = await carmic(pooled, 'backup', '--json');
  expect(taken, taken.err).toMatchObject({ code: 0, data: { problems: [] } });
  expect((await carmic(pooled, 'verify')).code).toBe(0);
  rmSync(place, { recursive: true, force: true });
});
