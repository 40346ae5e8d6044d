/** Backup and restore of a running instance: every hash, deletions since, and every refusal. */
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Video } from '@carmic/contract';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { verifyAudit, writeHead } from '../../server/src/admin/auditChain.ts';
import { createLog } from '../../server/src/core/log.ts';
import { createFixedKeys } from '../../server/src/keyring/fileKeys.ts';
import { readRootKeys } from '../../server/src/keyring/rootKeyFile.ts';
import { type RunningServer, startServer } from '../../server/src/main.ts';
import { rotateColumnKey } from '../../server/src/operate/rotateKeys.ts';
import { openPlace } from '../../server/src/operate/backup/place.ts';
import { openRepository, readManifest, writeManifest } from '../../server/src/operate/backup/repository.ts';
import { readEnv } from '../../server/src/core/env.ts';
import { keys } from '../../server/src/storage/keys.ts';
import { carmic, environmentOf } from '../support/carmicCommand.ts';
import { type Caller, callerFor, startInstance, type TestInstance, until } from '../support/instance.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { enrolAgent } from '../support/protocolAgent.ts';
import { uploadVideo } from '../support/upload.ts';

const folder = mkdtempSync(join(tmpdir(), 'carmic-backup-'));
const place = join(folder, 'backups');
const planted = 'Quarterly secrets of Elbonia';
let instance: TestInstance;
let caller: Caller;
let kept: Video;
let deleted: Video;
let before: Map<string, string>;
let firstId: string;
const databases: TestDatabase[] = [];

const idOf = ({ data }: { data: unknown }) => (data as { id: string }).id;

/** SHA-256 of the bytes of every stored object, as a reader gets them. */
async function hashesOf({ deps }: RunningServer): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for await (const { key } of deps.store.list('w/')) {
    const hash = createHash('sha256');
    for await (const bytes of (await deps.store.get(key)).stream as AsyncIterable<Buffer>) {
      hash.update(bytes);
    }
    found.set(key, `${hash.digest('hex')} ${(await deps.store.head(key))?.sha256 ?? ''}`);
  }
  return found;
}

/** An empty database and folder, and the root key that was kept elsewhere. */
async function freshPlace(): Promise<{ database: TestDatabase; directory: string }> {
  const database = await createTestDatabase({ isEmpty: true });
  databases.push(database);
  const directory = join(folder, randomBytes(4).toString('hex'));
  mkdirSync(directory, { mode: 0o700 });
  copyFileSync(join(instance.directory, 'root.key'), join(directory, 'root.key'));
  return { database, directory };
}

beforeAll(async () => {
  instance = await startInstance({ env: { CARMIC_LEASE_SECONDS: '60' } });
  // A PostgreSQL that has run for long: its transactions have numbers that a fresh one will not reach for months.
  const client = new Client({ connectionString: instance.database.ownerUrl });
  await client.connect();
  await client.query(
    "CREATE OR REPLACE FUNCTION event_xid(own xid8) RETURNS xid8 LANGUAGE sql STABLE AS 'SELECT (own::text::bigint + 9000000000)::text::xid8'",
  );
  await client.end();
  caller = await instance.createCaller();
  const agent = await enrolAgent(instance);
  const upload = (bytes: Buffer) =>
    uploadVideo(caller.call, instance.baseUrl, bytes, {
      fileName: `${planted}.mp4`,
      wishes: { clipCount: 1, minClipSeconds: 5, maxClipSeconds: 10 },
    });
  kept = await upload(randomBytes(9 * 1024 * 1024));
  deleted = await upload(randomBytes(5000));
  for (const { id } of [kept, deleted]) {
    await until(
      'the video to be ready',
      async () => {
        const lease = await agent.lease(['inspect', 'render'], 1);
        if (lease !== null) {
          await agent.finish(lease);
        }
        return (await caller.call('getVideo', { params: { id } })).state === 'ready' ? true : null;
      },
      50_000,
    );
  }
  kept = await caller.call('getVideo', { params: { id: kept.id } });
  // What is in rows is sealed under a key that does not derive from the secret: the backup has to carry it.
  await rotateColumnKey(environmentOf(instance), { isFinishing: false, headStartSeconds: 0 }, () => undefined);
  await instance.restart();
  await writeHead(instance.server.deps);
  const first = await carmic(environmentOf(instance), 'backup', '--to', place, '--json');
  expect(first).toMatchObject({ code: 0, data: { problems: [] } });
  firstId = idOf(first);
  before = await hashesOf(instance.server);
  expect(before.size).toBeGreaterThan(6);
}, 240_000);

afterAll(async () => {
  await instance.stop();
  await Promise.all(databases.map((database) => database.drop()));
  rmSync(folder, { recursive: true, force: true });
});

describe('a backup', () => {
  test('copies only what is new, and every hash in it is right', async () => {
    const again = await carmic(environmentOf(instance), 'backup', '--to', place, '--json');
    expect(again).toMatchObject({ code: 0, data: { copiedObjects: 0, objects: before.size } });
    const checked = await carmic(environmentOf(instance), 'verify', '--from', place, '--snapshot', firstId, '--json');
    expect(checked).toMatchObject({ code: 0, data: { objects: before.size, problems: [] } });
  });

  test('holds no word, no media and no root key in the clear (S1)', () => {
    const key = readFileSync(join(instance.directory, 'root.key'), 'utf8').trim();
    const files = readdirSync(place, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    expect(files.length).toBeGreaterThan(before.size);
    for (const entry of files) {
      const bytes = readFileSync(join(entry.parentPath, entry.name));
      for (const secret of [planted, 'the picture', caller.workspaceId, key, Buffer.from(key, 'base64')]) {
        expect(bytes.includes(secret), entry.name).toBe(false);
      }
    }
  });

  test('is put back into a fresh installation: every hash, the audit log, the pipeline; deletions made since stay (R6)', async () => {
    await caller.call('deleteVideo', { params: { id: deleted.id } });
    await until('the deletion', async () => {
      const { items } = await caller.call('listErasures', { query: { limit: 10 } });
      return items.some((erasure) => erasure.state === 'done') ? true : null;
    });
    expect((await carmic(environmentOf(instance), 'backup', '--journal-only', '--to', place)).code).toBe(0);
    const fresh = await freshPlace();
    const restored = await carmic(environmentOf(fresh), 'restore', '--from', place, '--snapshot', firstId, '--json');
    expect(restored, restored.err).toMatchObject({ code: 0, data: { missingObjects: 0, journalEntries: 1 } });
    const server = await startServer({
      env: { ...environmentOf(fresh), CARMIC_PORT: '0', CARMIC_BASE_URL: '', CARMIC_LEASE_SECONDS: '60' },
      processes: ['web', 'worker'],
      log: createLog({ level: 'silent' }),
    });
    try {
      const call = callerFor(() => server.baseUrl, caller.token);
      const isOfDeleted = (key: string) => key.includes(deleted.id);
      await expect(call('getVideo', { params: { id: deleted.id } })).rejects.toMatchObject({ code: 'not_found' });
      expect(await hashesOf(server)).toEqual(new Map([...before].filter(([key]) => !isOfDeleted(key))));
      expect(await call('getVideo', { params: { id: kept.id } })).toMatchObject({
        title: kept.title,
        state: 'ready',
        createdAt: kept.createdAt,
      });
      expect(await verifyAudit(server.deps)).toMatchObject({ isIntact: true, problems: [] });
      // Events of the new cluster come behind those of the old one, so that the pipeline goes on at once.
      const later = await uploadVideo(call, server.baseUrl, randomBytes(4000));
      const agent = await enrolAgent({ baseUrl: server.baseUrl, server } as TestInstance);
      const lease = await until('its inspection', () => agent.lease(['inspect'], 5));
      expect(lease.spec.source.url).toContain(later.id);
      await agent.finish(lease);
      await until('the pipeline to go on', async () => {
        const { state } = await call('getVideo', { params: { id: later.id } });
        return ['inspecting', 'uploading'].includes(state) ? null : state;
      });
    } finally {
      await server.close();
    }
  }, 240_000);

  test('forgets what was deleted for good with its next run, whichever snapshot names it (R6)', async () => {
    const filesOf = () =>
      readdirSync(join(place, 'objects'), { recursive: true }).filter(
        (name) => String(name).includes(deleted.id) && String(name).includes('.'),
      );
    expect(filesOf().length).toBeGreaterThan(0);
    expect(await carmic(environmentOf(instance), 'backup', '--to', place, '--json')).toMatchObject({ code: 0 });
    expect(filesOf()).toEqual([]);
    expect((await carmic(environmentOf(instance), 'verify', '--from', place, '--snapshot', firstId)).code).toBe(0);
  });
});

test.runIf(process.platform === 'linux')('a backup to a place that takes no files is refused with what to do', async () => {
  const { code, err } = await carmic(environmentOf(instance), 'backup', '--to', '/proc/carmic/backups');
  expect(code).toBe(78);
  expect(err).toContain('The folder of the backups cannot be used');
  expect(err).toContain('Make /proc/carmic/backups writable for this user');
});

describe('a restore is refused', () => {
  const restore = async (where: { database: TestDatabase; directory: string }, from = place, ...more: string[]) => {
    const result = await carmic(environmentOf(where), 'restore', '--from', from, ...more);
    expect(result.code).toBe(78);
    expect(result.err).not.toMatch(/\n\s+at /);
    return result.err;
  };
  /** A copy of the backups that may be broken. */
  const copyOfBackups = () => {
    const copy = join(folder, randomBytes(4).toString('hex'));
    for (const entry of readdirSync(place, { recursive: true, withFileTypes: true }).filter((each) => each.isFile())) {
      const target = join(copy, entry.parentPath.slice(place.length));
      mkdirSync(target, { recursive: true });
      copyFileSync(join(entry.parentPath, entry.name), join(target, entry.name));
    }
    return copy;
  };

  test('onto an installation that is not empty', async () => {
    expect(await restore(instance)).toContain('This installation is not empty (its database has');
    const half = await freshPlace();
    const { store } = instance.server.deps;
    const foreign = keys.source(randomUUID(), randomUUID());
    await store.put(foreign, Buffer.from('of another installation'), { contentType: 'video/mp4', maxBytes: 100 });
    expect(await restore({ database: half.database, directory: instance.directory })).toContain(
      'its storage holds objects that are not of this backup',
    );
    await store.delete([foreign]);
  });

  test('with another root key, and nothing is there in the place of a backup', async () => {
    const fresh = await freshPlace();
    expect(await restore(fresh, join(folder, 'nowhere'))).toContain('There is no backup of Carmic');
    writeFileSync(join(fresh.directory, 'root.key'), randomBytes(32).toString('base64'));
    expect(await restore(fresh)).toContain('The root key does not open the backups');
  });

  test('when its manifest or rows are damaged, and nothing of the database is there then', async () => {
    const fresh = await freshPlace();
    const copy = copyOfBackups();
    const flip = (path: string) => {
      const bytes = readFileSync(join(copy, path));
      bytes[bytes.length - 20] = (bytes.at(-20) ?? 0) ^ 1;
      writeFileSync(join(copy, path), bytes);
    };
    flip(`snapshots/${firstId}/tables/videos`);
    expect(await restore(fresh, copy, '--snapshot', firstId)).toContain('tables/videos of the backup is damaged');
    const client = new Client({ connectionString: fresh.database.superuserUrl });
    await client.connect();
    expect((await client.query('SELECT count(*)::integer AS count FROM users')).rows).toEqual([{ count: 0 }]);
    await client.end();
    flip(`snapshots/${firstId}/manifest`);
    expect(await restore(fresh, copy, '--snapshot', firstId)).toContain('manifest of the backup is damaged');
    expect(await restore(fresh, copy, '--snapshot', 'yesterday')).toContain('There is no backup yesterday');
  });

  test('when an object of it is missing, unless that is allowed; `verify` names it', async () => {
    const copy = copyOfBackups();
    const name =
      readdirSync(join(copy, 'objects'), { recursive: true })
        .map(String)
        .find((path) => path.includes('/source.')) ?? '';
    rmSync(join(copy, 'objects', name));
    const fresh = await freshPlace();
    expect(await restore(fresh, copy)).toMatch(/is not whole: 1 of its \d+ objects/);
    const checked = await carmic(environmentOf(instance), 'verify', '--from', copy);
    expect(checked.code).toBe(1);
    expect(checked.out).toContain(`objects/${name} is missing`);
    const allowed = await carmic(environmentOf(fresh), 'restore', '--from', copy, '--allow-missing', '--json');
    expect(allowed).toMatchObject({ code: 1, data: { missingObjects: 1 } });
  });

  test('when a newer release made it', async () => {
    const copy = copyOfBackups();
    const repository = await openRepository(
      await openPlace(readEnv(environmentOf(instance)), copy),
      createFixedKeys(() => readRootKeys(join(instance.directory, 'root.key'))),
      false,
    );
    const manifest = await readManifest(repository, firstId);
    await writeManifest(repository, { ...manifest, release: '9.0.0', migrations: [...manifest.migrations, '20991231-holograms'] });
    expect(await restore(await freshPlace(), copy, '--snapshot', firstId)).toContain('was made by release 9.0.0');
  });
});
