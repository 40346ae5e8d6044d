/** Sealing columns anew: every sealed column there is, in a database where each has a value, while nothing of it is lost. Keeps: S1. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../server/src/core/clock.ts';
import { createSealer, type Sealer } from '../../server/src/core/crypto.ts';
import { createLog } from '../../server/src/core/log.ts';
import { dataMap } from '../../server/src/dataMap.ts';
import { newId } from '../../server/src/core/ids.ts';
import { createEgress } from '../../server/src/egress/egress.ts';
import { addColumnKey, openColumnKeys } from '../../server/src/keyring/columnKeys.ts';
import { type InstanceKeys, openInstanceKeys } from '../../server/src/keyring/openInstanceKeys.ts';
import { type SealedColumn, sealedColumns } from '../../server/src/operate/resealColumns.ts';
import { rotateColumnKey, rotateKeys } from '../../server/src/operate/rotateKeys.ts';
import { keys } from '../../server/src/storage/keys.ts';
import { createUrlSigner } from '../../server/src/storage/signing.ts';
import { environmentOf } from '../support/carmicCommand.ts';
import { type Caller, startInstance, type TestInstance } from '../support/instance.ts';

const columns = sealedColumns(dataMap);
const nameOf = ({ table, column }: SealedColumn) => `${table}.${column}`;
let instance: TestInstance;
let caller: Caller;
let superuser: Client;
const lines: string[] = [];

beforeAll(async () => {
  instance = await startInstance({ processes: ['web'], env: { CARMIC_OUTGOING_HOSTS: '*' } });
  caller = await instance.createCaller();
  superuser = new Client({ connectionString: instance.database.superuserUrl });
  await superuser.connect();
});
afterAll(async () => {
  await superuser.end();
  await instance.stop();
});

const openKeys = (): Promise<InstanceKeys> => {
  const { db, env } = instance.server.deps;
  return openInstanceKeys(env, db, createEgress([], createLog({ level: 'silent' })));
};
const rotate = (options: { isFinishing?: boolean } = {}) =>
  rotateColumnKey(environmentOf(instance), { isFinishing: false, headStartSeconds: 0, ...options }, (line) => lines.push(line));

interface Needed {
  column_name: string;
  data_type: string;
}
const samples: Readonly<Record<string, string>> = {
  uuid: 'gen_random_uuid()',
  text: `'x' || gen_random_uuid()`,
  integer: '1',
  smallint: '1',
  bigint: '1',
  'double precision': '1',
  real: '1',
  boolean: 'false',
  jsonb: `'{}'`,
  bytea: `'\\x00'`,
  'timestamp with time zone': 'now()',
  date: 'now()',
  ARRAY: `'{}'`,
};

/** Puts a row with every sealed column of a table into it, without what it refers to: only the sealed values are looked at. */
async function plant(table: string, sealer: Sealer): Promise<void> {
  const { rows: needed } = await superuser.query<Needed>(
    `SELECT column_name, data_type FROM information_schema.columns
     WHERE table_schema = 'public' AND table_name = $1 AND is_nullable = 'NO' AND column_default IS NULL AND is_identity = 'NO' AND is_generated = 'NEVER'`,
    [table],
  );
  const own = columns.filter((each) => each.table === table);
  const bound = own.flatMap(({ by }) => by);
  const wanted = new Map(needed.map(({ column_name: name, data_type: type }) => [name, samples[type]]));
  const isSealed = new Set(own.map(({ column }) => column));
  const names = [...new Set([...wanted.keys(), ...bound])].filter((name) => !isSealed.has(name));
  const values = names.map((name) => (wanted.has(name) ? wanted.get(name) : 'gen_random_uuid()'));
  expect(values, `${table}: a type that this test has no sample of`).not.toContain(undefined);
  await superuser.query("SET session_replication_role = 'replica'");
  const { rows: checks } = await superuser.query<{ conname: string }>(
    "SELECT conname FROM pg_constraint WHERE conrelid = $1::regclass AND contype = 'c'",
    [`public.${table}`],
  );
  for (const { conname } of checks) {
    await superuser.query(`ALTER TABLE "${table}" DROP CONSTRAINT "${conname}"`);
  }
  const all = [...names, ...isSealed];
  const { rows } = await superuser.query<Record<string, unknown>>(
    `INSERT INTO "${table}" (${all.map((name) => `"${name}"`).join(', ')})
     VALUES (${[...values, ...[...isSealed].map(() => `'\\x00'`)].join(', ')}) RETURNING *, ctid::text AS place`,
  );
  const [row = {}] = rows;
  for (const { column, context, by } of own) {
    const sealed = sealer.seal(`${context}:${by.map((name) => String(row[name])).join(':')}`, `planted in ${table}.${column}`);
    await superuser.query(`UPDATE "${table}" SET "${column}" = $1 WHERE "${column}" = '\\x00'`, [sealed]);
  }
}

/** Every sealed value that is there, by column. */
async function valuesOf({ table, column, by }: SealedColumn): Promise<{ bound: string[]; sealed: Buffer }[]> {
  const { rows } = await superuser.query<{ bound: string[]; sealed: Buffer }>(
    `SELECT ARRAY[${by.map((name) => `"${name}"::text`).join(', ')}] AS bound, "${column}" AS sealed FROM "${table}" WHERE "${column}" IS NOT NULL`,
  );
  return rows;
}

describe('every sealed column', () => {
  test('of the database is called so by the data map, and bound to what the code binds it to', async () => {
    const { rows } = await superuser.query<{ name: string }>(
      `SELECT c.table_name || '.' || c.column_name AS name FROM information_schema.columns c
       WHERE c.table_schema = 'public' AND c.column_name LIKE '%\\_sealed' ORDER BY 1`,
    );
    expect(columns.map(nameOf).sort()).toEqual(rows.map(({ name }) => name).sort());
    const root = join(import.meta.dirname, '../../server/src');
    const code = readdirSync(root, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts') && !file.endsWith('dataMap.ts') && !file.includes('migrations'))
      .map((file) => readFileSync(join(root, file), 'utf8'))
      .join('\n');
    const unbound = columns.filter(({ context }) => {
      const [table = '', field = ''] = context.split('.');
      return ![`\`${table}.${field}:\${`, `}.${field}:\${`, `\`${table}.\${`].some((words) => code.includes(words));
    });
    expect(unbound.map(nameOf)).toEqual([]);
  });

  test('is sealed anew by rotate-keys, opens afterwards, and by no former key', async () => {
    const { deps } = instance.server;
    const term = await caller.call('createTerm', { body: { term: 'Zeebrugge' } });
    const { webhook } = await caller.call('createWebhook', { body: { url: 'https://hooks.example.test/x' } });
    const video = await caller.call('createVideo', { body: { fileName: 'harbour.mp4', sizeBytes: 1000 } }, { idempotencyKey: 'once' });
    for (const table of new Set(columns.map((each) => each.table))) {
      await plant(table, deps.sealer);
    }
    await superuser.query("SET session_replication_role = 'origin'");
    const { secret } = await openKeys();
    const report = await rotate();
    expect(report).toMatchObject({ columns: columns.length, unreadable: {} });
    expect(report.values).toBeGreaterThanOrEqual(columns.length);
    process.stdout.write(`Sealed anew: ${report.values} values of ${report.columns} columns.\n`);

    const sealer = createSealer(secret, (await openKeys()).columnKeys);
    for (const column of columns) {
      const values = await valuesOf(column);
      expect(values.length, nameOf(column)).toBeGreaterThan(0);
      for (const { bound, sealed } of values) {
        const context = `${column.context}:${bound.join(':')}`;
        expect(sealed[0], nameOf(column)).toBe(2);
        expect(() => sealer.open(context, sealed), nameOf(column)).not.toThrow();
        expect(() => createSealer(secret).open(context, sealed), nameOf(column)).toThrow('unknown form');
      }
    }
    await instance.restart();
    expect(await caller.call('getTerm', { params: { id: term.id } })).toMatchObject({ term: 'Zeebrugge' });
    expect((await caller.call('getWebhook', { params: { id: webhook.id } })).url).toBe('https://hooks.example.test/x');
    const again = await caller.call('createVideo', { body: { fileName: 'harbour.mp4', sizeBytes: 1000 } }, { idempotencyKey: 'once' });
    expect(again.video.id).toBe(video.video.id);
    expect((await caller.call('getVideo', { params: { id: video.video.id } })).fileName).toBe('harbour.mp4');
  });

  test('that somebody changed is told and left alone, and the rest is finished', async () => {
    const [victim] = columns.filter((each) => nameOf(each) === 'videos.title_sealed');
    await superuser.query('UPDATE videos SET title_sealed = $1', [Buffer.concat([Buffer.from([2]), Buffer.alloc(40, 7)])]);
    const report = await rotate();
    expect(report.unreadable).toEqual({ 'videos.title_sealed': (await valuesOf(victim as SealedColumn)).length });
    const finished = await rotate({ isFinishing: true });
    expect(finished).toMatchObject({ values: 0, unreadable: report.unreadable });
  });
});

test('addresses of media follow the key of columns: signed by the newest, and what the installation’s secret alone signs opens nothing later', async () => {
  const { deps } = instance.server;
  const key = keys.source(caller.workspaceId, newId());
  const asked = { expiresInSeconds: 3600, contentType: 'video/mp4' };
  const { secret } = await openKeys();
  const newest = deps.store.presignView(key, asked);
  expect(new URL(newest).searchParams.get('k')).toBe(String(deps.sealer.seal('a:1', 'x')[0]));
  const clock = { now: () => new Date(deps.clock.now().getTime() + 2 * 3_600_000) };
  const later = createUrlSigner({ secret, columnKeys: (await openKeys()).columnKeys, baseUrl: instance.server.deps.baseUrl, clock });
  const forged = createUrlSigner({ secret, baseUrl: instance.server.deps.baseUrl, clock }).sign(
    { op: 'get', key, contentType: 'video/mp4', downloadName: undefined },
    3600,
  );
  const { pathname, search } = new URL(forged);
  expect(() => later.read('GET', pathname, search.slice(1))).toThrow(expect.objectContaining({ code: 'bad_signature' }));
});

test('the root key is replaced beside further keys of columns, which hang on the new one then', async () => {
  const before = await openKeys();
  const sealed = createSealer(before.secret, before.columnKeys).seal('a:1', 'a title');
  expect(sealed[0]).toBe(3);
  await rotateKeys(environmentOf(instance), { isFinishing: false }, (line) => lines.push(line));
  await instance.restart();
  expect(instance.server.deps.sealer.open('a:1', sealed)).toBe('a title');
});

test('a process learns of a further key before anybody writes with it', async () => {
  const { db } = instance.server.deps;
  const { rootKeys, secret } = await openKeys();
  let now = new Date();
  const ring = await openColumnKeys(db, rootKeys, secret, { now: () => now });
  const current = ring.writing().version;
  const version = await addColumnKey(db, rootKeys, systemClock(), 3600);
  expect(ring.opening(version)).toBeUndefined();
  await ring.refresh();
  expect(ring.opening(version)).toHaveLength(32);
  expect(ring.writing().version).toBe(current);
  now = new Date(now.getTime() + 3_700_000);
  expect(ring.writing().version).toBe(version);
});
