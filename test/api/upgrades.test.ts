/** Upgrades: from a released schema, beside a server that runs, and what is refused. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readEnv } from '../../server/src/core/env.ts';
import { createLog } from '../../server/src/core/log.ts';
import { connect } from '../../server/src/db/connect.ts';
import { migrate } from '../../server/src/db/migrate.ts';
import { migrations } from '../../server/src/db/migrations/index.ts';
import { requireUpgradable } from '../../server/src/db/schemaRelease.ts';
import { startServer } from '../../server/src/main.ts';
import { backUpBeforeMigration } from '../../server/src/operate/backUpBeforeMigration.ts';
import { carmic, environmentOf } from '../support/carmicCommand.ts';
import { describeSchema } from '../support/describeSchema.ts';
import { callerFor, startInstance, type TestInstance } from '../support/instance.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';

const releases = fileURLToPath(new URL('../fixtures/releases/', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'carmic-upgrade-'));
const databases: TestDatabase[] = [];
const allNames = migrations.map(({ name }) => name);

async function emptyDatabase(): Promise<TestDatabase> {
  const database = await createTestDatabase({ isEmpty: true });
  databases.push(database);
  return database;
}

async function query<R extends object>(url: string, sql: string): Promise<R[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<R>(sql);
    return rows;
  } finally {
    await client.end();
  }
}

afterAll(async () => {
  await Promise.all(databases.map((database) => database.drop()));
  rmSync(folder, { recursive: true, force: true });
});

describe('a released schema', () => {
  test.each(readdirSync(releases).filter((name) => name.endsWith('.sql')))('%s is brought up to date with its rows kept', async (name) => {
    const database = await emptyDatabase();
    await query(database.ownerUrl, readFileSync(join(releases, name), 'utf8'));
    const [before] = await query<{ count: number }>(database.superuserUrl, 'SELECT count(*)::integer AS count FROM schema_migrations');
    expect(await migrate(database.ownerUrl, database.appUrl)).toEqual(allNames.slice(before?.count));
    const fresh = await emptyDatabase();
    await migrate(fresh.ownerUrl, fresh.appUrl);
    expect(await describeSchema(database.superuserUrl)).toEqual(await describeSchema(fresh.superuserUrl));
    expect(
      await query(
        database.superuserUrl,
        `SELECT u.email, v.state, o.key, (SELECT count(*)::integer FROM events) AS events FROM users u
         JOIN members m ON m.user_id = u.id JOIN videos v ON v.workspace_id = m.workspace_id JOIN stored_objects o ON o.video_id = v.id`,
      ),
    ).toEqual([{ email: 'somebody@example.test', state: 'ready', key: expect.stringMatching(/^w\/.*\/source$/) as string, events: 1 }]);
  });

  test('has the migrations of this release at its start: a released one was not edited', () => {
    for (const name of readdirSync(releases).filter((each) => each.endsWith('.sql'))) {
      const text = readFileSync(join(releases, name), 'utf8');
      const parts = text.split(/^-- migration (\S+)\n/m).slice(1);
      for (let at = 0; at < parts.length; at += 2) {
        const known = migrations[at / 2];
        expect(parts[at]).toBe(known?.name);
        expect(parts[at + 1]?.split('\n-- end\n')[0]?.trim(), parts[at]).toBe(known?.up('"carmic_app"').trim());
      }
    }
  });
});

describe('with two servers that run', () => {
  let instance: TestInstance;
  beforeAll(async () => {
    instance = await startInstance();
  });
  afterAll(() => instance.stop());

  const startSecond = () =>
    startServer({
      env: { ...environmentOf(instance), CARMIC_PORT: '0', CARMIC_BASE_URL: '' },
      processes: ['web', 'worker'],
      log: createLog({ level: 'silent' }),
    });
  const stamp = (release: string, servesFrom: string) =>
    query(
      instance.database.ownerUrl,
      `INSERT INTO instance_settings VALUES ('schema', '{"release": "${release}", "servesFrom": "${servesFrom}"}') ON CONFLICT (name) DO UPDATE SET value = excluded.value`,
    );

  test('the next release migrates beside them: no request fails, and either may start again', async () => {
    const caller = await instance.createCaller();
    const second = await startSecond();
    const calls = [caller.call, callerFor(() => second.baseUrl, caller.token)];
    let isDone = false;
    const counts = calls.map(() => 0);
    const clients = calls.map(async (call, at) => {
      while (!isDone || (counts[at] ?? 0) < 10) {
        const { video } = await call('createVideo', { body: { fileName: 'a.mp4', sizeBytes: 10 } });
        await call('getVideo', { params: { id: video.id } });
        counts[at] = (counts[at] ?? 0) + 1;
      }
    });
    const next = {
      name: '20991231-next',
      up: () => `
        ALTER TABLE videos ADD COLUMN hologram text;
        CREATE TABLE holograms (id uuid PRIMARY KEY, video_id uuid NOT NULL);
        CREATE INDEX videos_hologram ON videos (hologram) WHERE hologram IS NOT NULL;
      `,
      down: '',
    };
    const ran = await migrate(instance.database.ownerUrl, instance.database.appUrl, { list: [...migrations, next] });
    isDone = true;
    await Promise.all(clients);
    expect(ran).toEqual([next.name]);
    expect(Math.min(...counts)).toBeGreaterThanOrEqual(10);
    await stamp('0.2.0', '0.1.0');
    await second.close();
    const again = await startSecond();
    const call = callerFor(() => again.baseUrl, caller.token);
    expect(await call('createVideo', { body: { fileName: 'b.mp4', sizeBytes: 10 } })).toBeDefined();
    await again.close();
  }, 240_000);

  test('a schema that no longer serves this release is refused, by a start and by a migration, with what to do', async () => {
    await stamp('0.3.0', '0.2.0');
    const sentence = /brought up to date by release 0\.3\.0, and this is release 0\.1\.0.*start 0\.3\.0 or a newer one/;
    await expect(startSecond()).rejects.toThrow(sentence);
    await expect(migrate(instance.database.ownerUrl, instance.database.appUrl)).rejects.toThrow(sentence);
    expect((await carmic(environmentOf(instance), 'doctor')).out).toMatch(sentence);
    await stamp('0.1.0', '0.1.0');
  });

  test('releases between are not skipped', async () => {
    const sequelize = connect(instance.database.ownerUrl, { poolSize: 1 });
    const later = { version: '0.9.0', upgradesFrom: '0.8.0', servesFrom: '0.8.0' };
    await expect(requireUpgradable(sequelize, later)).rejects.toThrow(
      /is of release 0\.1\.0, and release 0\.9\.0 upgrades from 0\.8\.0 on: start 0\.8\.0 first/,
    );
    await sequelize.close();
  });
});

describe('before a migration', () => {
  const behind = async () => {
    const database = await emptyDatabase();
    await migrate(database.ownerUrl, database.appUrl, { only: allNames.slice(0, -1) });
    const directory = join(folder, randomBytes(4).toString('hex'));
    const env = environmentOf({ database, directory });
    const keyFile = `${directory}.key`;
    writeFileSync(keyFile, randomBytes(32).toString('base64'), { mode: 0o600 });
    return { database, env: { ...env, CARMIC_ROOT_KEY_FILE: keyFile, CARMIC_BACKUP_BEFORE_MIGRATION: 'on' } };
  };

  test('a server says that its schema is older, and a backup is made where that is asked for, once', async () => {
    const { database, env } = await behind();
    await expect(startServer({ env, processes: ['web'], log: createLog({ level: 'silent' }) })).rejects.toThrow(/1 migrations are missing/);
    const to = join(folder, randomBytes(4).toString('hex'));
    const said: string[] = [];
    await backUpBeforeMigration(readEnv({ ...env, CARMIC_BACKUP_TO: to }), (line) => said.push(line));
    expect(said.join()).toContain(`is in ${to}`);
    await migrate(database.ownerUrl, database.appUrl);
    await backUpBeforeMigration(readEnv({ ...env, CARMIC_BACKUP_TO: to }), (line) => said.push(line));
    expect(said).toHaveLength(1);
    expect((await carmic({ ...env, CARMIC_BACKUP_TO: to }, 'verify')).code).toBe(0);
  });

  test('nothing is changed when the backup cannot be made', async () => {
    const { env } = await behind();
    await expect(backUpBeforeMigration(readEnv(env), () => undefined)).rejects.toThrow(/CARMIC_BACKUP_TO names no place/);
    const inAFile = { ...env, CARMIC_BACKUP_TO: join(env.CARMIC_ROOT_KEY_FILE, 'x') };
    await expect(backUpBeforeMigration(readEnv(inAFile), () => undefined)).rejects.toThrow(/folder of the backups cannot be used/);
  });
});
