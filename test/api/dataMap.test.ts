import { dataMapSchema } from '@carmic/contract';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { columnData, type TableData } from '../../server/src/core/dataMap.ts';
import { newId } from '../../server/src/core/ids.ts';
import { dataMap } from '../../server/src/dataMap.ts';
import { StoredObjects } from '../../server/src/library/model.ts';
import { keys } from '../../server/src/storage/keys.ts';
import { startInstance, type TestInstance } from '../support/instance.ts';

let instance: TestInstance;
beforeAll(async () => {
  instance = await startInstance({ processes: ['web'] });
});
afterAll(() => instance.stop());

const declaration = 'declare it in the dataMap.ts of the folder that owns the table (CONTRIBUTING.md, “Data map”)';

/** What the database has and the map does not, and the other way about. */
async function compare(client: Client): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(`SELECT c.relname || '.' || a.attname AS name
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm') AND a.attnum > 0 AND NOT a.attisdropped`);
  const there = new Set(rows.map((row) => row.name));
  const declared = new Set(dataMap.tables.flatMap((table) => Object.keys(table.columns).map((column) => `${table.name}.${column}`)));
  return [
    ...[...there].filter((name) => !declared.has(name)).map((name) => `${name} has no data class: ${declaration}.`),
    ...[...declared].filter((name) => !there.has(name)).map((name) => `${name} is in the data map and not in the database: remove it.`),
  ].sort();
}

async function withDatabase<T>(work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: instance.database.ownerUrl });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

describe('the data map (C1, G1)', () => {
  test('says of every column of the migrated database what it is', async () => {
    expect(await withDatabase(compare)).toEqual([]);
  });

  test('names a column that somebody adds without a class', async () => {
    const problems = await withDatabase(async (client) => {
      await client.query('BEGIN');
      await client.query('ALTER TABLE users ADD COLUMN nickname text');
      const found = await compare(client);
      await client.query('ROLLBACK');
      return found;
    });
    expect(problems).toEqual([`users.nickname has no data class: ${declaration}.`]);
  });

  test('says of every kind that a row of a stored object may have what it is', async () => {
    const { deps } = instance.server;
    const kinds = await withDatabase(async (client) => {
      const { rows } = await client.query<{ definition: string }>(
        `SELECT pg_get_constraintdef(oid) AS definition FROM pg_constraint WHERE conrelid = 'stored_objects'::regclass AND contype = 'c'`,
      );
      return rows.flatMap(({ definition }) => (/\bkind\b/.test(definition) ? [...definition.matchAll(/'([a-z_0-9]+)'::text/g)] : []));
    });
    expect(deps.db.model(StoredObjects).getAttributes()).toHaveProperty('kind');
    expect(kinds.map(([, kind]) => kind).filter((kind) => !((kind ?? '') in dataMap.objects))).toEqual([]);
  });

  test('keeps everything that is made of content inside its workspace: in rows behind row-level security, under keys of the workspace (A2)', async () => {
    const guarded = await withDatabase(async (client) => {
      const { rows } = await client.query<{
        name: string;
      }>(`SELECT c.relname AS name FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
        WHERE c.relnamespace = 'public'::regnamespace AND c.relforcerowsecurity AND a.attname = 'workspace_id' AND a.attnotnull`);
      return new Set(rows.map((row) => row.name));
    });
    const hasContent = (table: TableData) => Object.values(table.columns).some((column) => columnData(table, column).class === 'content');
    const ofContent = dataMap.tables.filter((table) => table.purpose === 'service' && hasContent(table));
    expect(ofContent.length).toBeGreaterThan(12);
    expect(ofContent.map((table) => table.name).filter((name) => !guarded.has(name))).toEqual([]);
    const elsewhere = dataMap.tables.filter((table) => table.purpose !== 'service' && hasContent(table)).map((table) => table.name);
    // What people write when they ask for something, and why something is held; neither is made of a video.
    expect(elsewhere.sort()).toEqual(['legal_holds', 'privacy_request_log', 'privacy_requests']);
    const [workspaceId, id] = [newId(), newId()];
    const names = [keys.source(workspaceId, id), keys.transcript(workspaceId, id, id), keys.output(workspaceId, id, id, 1, 'analysis')];
    expect(names.every((key) => key.startsWith(keys.workspacePrefix(workspaceId)))).toBe(true);
  });

  test('is served to everybody, and the record of processing to administrators', async () => {
    const reply = await fetch(`${instance.baseUrl}/api/v1/data-map.json`);
    const map = dataMapSchema.parse(await reply.json());
    expect(map.tables.map((table) => table.name)).toContain('videos');
    expect(map.tables.flatMap((table) => table.columns).length).toBeGreaterThan(500);

    const record = (path: string, token: string) =>
      fetch(`${instance.baseUrl}/api/v1/processing-record/${path}`, { headers: { authorization: `Bearer ${token}` } });
    const admin = await instance.createCaller({ isAdmin: true });
    const page = await record('html', admin.token);
    expect(page.status).toBe(200);
    expect(await page.text()).toContain('Article 6(1)(b)');
    expect(JSON.parse(await (await record('json', admin.token)).text())).toMatchObject({ activities: expect.any(Array) as unknown });
    expect((await record('html', (await instance.createCaller()).token)).status).toBe(403);
  });
});
