/** What the pods of the Helm chart run besides servers, run as the chart says: the backup of the CronJob, the wait for the schema, the migration. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { readEnv } from '../../server/src/core/env.ts';
import { migrate } from '../../server/src/db/migrate.ts';
import { migrations } from '../../server/src/db/migrations/index.ts';
import { backUpBeforeMigration } from '../../server/src/operate/backUpBeforeMigration.ts';
import { render, requireHelm } from '../chart/support/helm.ts';
import { type Container, containersOf, environmentOf, workloadsOf } from '../chart/support/manifests.ts';
import { carmic } from '../support/carmicCommand.ts';
import { startInstance, type TestInstance } from '../support/instance.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { uploadVideo } from '../support/upload.ts';

const folder = mkdtempSync(join(tmpdir(), 'carmic-pods-'));
let instance: TestInstance;
beforeAll(async () => {
  instance = await startInstance();
});
afterAll(async () => {
  await instance.stop();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach((context) => {
  requireHelm(context);
});

const manifests = () =>
  render({ values: 'shared-volume.yaml', set: { backup: { enabled: true, existingClaim: 'carmic-backups', beforeMigration: true } } });

/** A container of the chart, by its name, and its environment with the paths of its volumes in a folder here. */
function podOf(name: string, database: TestDatabase): { args: readonly string[]; env: Record<string, string>; backups: string } {
  const found = workloadsOf(manifests()).flatMap(({ pod }) => containersOf(pod).map((container) => ({ container, pod })));
  const { container, pod } = found.find((each) => each.container.name === name) ?? expect.fail(`no container ${name}`);
  const root = join(folder, name);
  const place = (path: string) =>
    path.replace(/^\/data(?=\/|$)/, instance.directory).replace(/^\/(run\/carmic|backup)(?=\/|$)/, join(root, '$1'));
  const bodies: Record<string, string> = {
    'app-url': database.appUrl,
    'owner-url': database.ownerUrl,
    'superuser-url': database.superuserUrl,
  };
  // Only what this pod mounts is there.
  for (const { mountPath, name: volume } of container.volumeMounts ?? []) {
    const items = pod.spec.volumes?.find((each) => each.name === volume)?.secret?.items ?? [];
    for (const { key, path } of items.filter((each) => each.key in bodies)) {
      mkdirSync(place(mountPath), { recursive: true });
      writeFileSync(join(place(mountPath), path), bodies[key] ?? '');
    }
  }
  const own = environmentOf(manifests(), container as Container);
  const env = Object.fromEntries(Object.entries(own).map(([key, value]) => [key, value.startsWith('/') ? place(value) : value]));
  return {
    args: container.args ?? [],
    env: {
      ...env,
      CARMIC_MODE: 'test',
      CARMIC_MIN_FREE_BYTES: '0',
      CARMIC_DATA_DIR: instance.directory,
      CARMIC_ROOT_KEY_FILE: join(instance.directory, 'root.key'),
    },
    backups: place('/backup'),
  };
}

test('the CronJob’s command makes a backup into its volume of which every hash is right', async () => {
  const caller = await instance.createCaller();
  await uploadVideo(caller.call, instance.baseUrl, Buffer.from('a video'));
  const { args, backups, env } = podOf('backup', instance.database);
  expect(args).toEqual(['backup']);
  const made = await carmic(env, ...args, '--json');
  expect(made, made.err).toMatchObject({ code: 0, data: { objects: 1, problems: [] } });
  expect(readdirSync(backups)).toContain('snapshots');
  expect((await carmic(env, 'verify')).out).toContain('every hash is right');
});

test('a pod waits for its schema with the application’s own URL, and goes on when it is there', async () => {
  const { args, env } = podOf('await-schema', instance.database);
  expect(await carmic(env, ...args)).toMatchObject({ code: 0, err: '' });
  expect(env['CARMIC_MIGRATION_DATABASE_URL_FILE']).toBeUndefined();
});

test('the migrate Job makes its backup before the schema changes, from what it mounts', async () => {
  const database = await createTestDatabase({ isEmpty: true });
  try {
    await migrate(database.ownerUrl, database.appUrl, { only: migrations.slice(0, -1).map(({ name }) => name) });
    const { args, backups, env } = podOf('migrate', database);
    expect(args).toEqual(['migrate']);
    const said: string[] = [];
    await backUpBeforeMigration(readEnv(env), (line) => said.push(line));
    expect(said).toEqual([expect.stringContaining('Before the schema changes: backup')]);
    expect(readdirSync(join(backups, 'snapshots'))).toHaveLength(1);
  } finally {
    await database.drop();
  }
});
