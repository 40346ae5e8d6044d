import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Caller, startInstance, type TestInstance } from '../support/instance.ts';
import { uploadVideo } from '../support/upload.ts';

let instance: TestInstance;
let first: Caller;
let second: Caller;
let raw: Client;

beforeAll(async () => {
  instance = await startInstance();
  first = await instance.createCaller();
  second = await instance.createCaller();
  await uploadVideo(first.call, instance.baseUrl, Buffer.from('of the first workspace'), {
    captions: '1\n00:00:00,000 --> 00:00:05,000\nHello there.\n',
  });
  await uploadVideo(second.call, instance.baseUrl, Buffer.from('of the second workspace'));
  raw = new Client({ connectionString: instance.database.appUrl });
  await raw.connect();
});
afterAll(async () => {
  await raw.end();
  await instance.stop();
});

async function tenantTables(): Promise<string[]> {
  const { rows } = await raw.query<{ table_name: string }>(
    "SELECT table_name FROM information_schema.columns WHERE table_schema = 'public' AND column_name = 'workspace_id' ORDER BY 1",
  );
  return rows.map((row) => row.table_name).filter((name) => name !== 'sessions');
}

describe('row-level security (S4)', () => {
  test('every table of customers is protected, also against its owner', async () => {
    const tables = await tenantTables();
    expect(tables.length).toBeGreaterThanOrEqual(10);
    const { rows } = await raw.query<{ relname: string; relrowsecurity: boolean; relforcerowsecurity: boolean }>(
      'SELECT relname, relrowsecurity, relforcerowsecurity FROM pg_class WHERE relname = ANY($1)',
      [[...tables, 'workspaces']],
    );
    for (const row of rows) {
      expect(row, row.relname).toMatchObject({ relrowsecurity: true, relforcerowsecurity: true });
    }
  });

  test('one statement across workspaces answers its own rows only, and its scope ends with it, also when it fails', async () => {
    const { db } = instance.server.deps;
    const rows = await db.systemRows<{ id: string; given: string }>('SELECT id, :given AS given FROM workspaces ORDER BY id', {
      given: "o'clock; --",
    });
    expect(rows.map((row) => row.id)).toEqual(expect.arrayContaining([first.workspaceId, second.workspaceId]));
    expect(rows.every((row) => row.given === "o'clock; --")).toBe(true);
    expect(await db.systemRows('SELECT 1 WHERE false')).toEqual([]);
    await expect(db.systemRows('SELECT 1 / 0')).rejects.toThrow('division by zero');
    const [bare] = await db.sequelize.query('SELECT id FROM workspaces');
    expect(bare).toEqual([]);
    const own = await db.inWorkspace(first.workspaceId, (tx) => db.rows<{ id: string }>(tx, 'SELECT id FROM workspaces'));
    expect(own).toEqual([{ id: first.workspaceId }]);
  });

  test('readings of one message see what their own scope lets them see, whatever stands beside them', async () => {
    const { db } = instance.server.deps;
    const sql = 'SELECT id FROM workspaces ORDER BY id';
    const of = (workspaceId: string | null) => ({ workspaceId, sql });
    const [all, one, other, again, injected] = await db.read<
      [{ id: string }, { id: string }, { id: string }, { id: string }, { given: string }]
    >([
      of(null),
      of(first.workspaceId),
      of(second.workspaceId),
      of(null),
      {
        workspaceId: first.workspaceId,
        sql: 'SELECT :given AS given',
        values: { given: "'; SELECT set_config('carmic.system', 'on', true); --" },
      },
    ]);
    expect(all.length).toBeGreaterThanOrEqual(2);
    expect(one).toEqual([{ id: first.workspaceId }]);
    expect(other).toEqual([{ id: second.workspaceId }]);
    expect(again).toEqual(all);
    expect(injected).toEqual([{ given: "'; SELECT set_config('carmic.system', 'on', true); --" }]);
    await expect(db.read([of(null), { workspaceId: null, sql: 'SELECT 1 / 0' }])).rejects.toThrow('division by zero');
    const [bare] = await db.sequelize.query('SELECT id FROM workspaces');
    expect(bare).toEqual([]);
  });

  test('every reference between two tables of customers carries the workspace, so that no row can name another workspace’s row', async () => {
    const tables = await tenantTables();
    const { rows } = await raw.query<{ name: string; source: string; target: string; pairs: string[] }>(
      `SELECT c.conname AS name, c.conrelid::regclass::text AS source, c.confrelid::regclass::text AS target,
         ARRAY(SELECT a.attname || ' -> ' || b.attname FROM unnest(c.conkey, c.confkey) AS k(own, other)
           JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.own
           JOIN pg_attribute b ON b.attrelid = c.confrelid AND b.attnum = k.other) AS pairs
       FROM pg_constraint c WHERE c.contype = 'f' AND c.connamespace = 'public'::regnamespace`,
    );
    const between = rows.filter(({ source, target }) => tables.includes(source) && tables.includes(target));
    expect(between.length).toBeGreaterThanOrEqual(8);
    expect(between.filter(({ pairs }) => !pairs.includes('workspace_id -> workspace_id'))).toEqual([]);
  });

  test('the application’s role owns no table and cannot bypass it', async () => {
    const { rows } = await raw.query<{ rolsuper: boolean; rolbypassrls: boolean; owned: string }>(
      `SELECT rolsuper, rolbypassrls, (SELECT count(*) FROM pg_tables WHERE tableowner = current_user) AS owned
       FROM pg_roles WHERE rolname = current_user`,
    );
    expect(rows).toEqual([{ rolsuper: false, rolbypassrls: false, owned: '0' }]);
  });

  test('a query without a workspace sees no row of any customer', async () => {
    for (const table of [...(await tenantTables()), 'workspaces']) {
      const { rows } = await raw.query<{ count: string }>(`SELECT count(*) FROM ${table}`);
      expect(rows[0]?.count, table).toBe('0');
    }
  });

  test('a workspace’s transaction sees its own rows only, and can write no others', async () => {
    await raw.query('BEGIN');
    await raw.query("SELECT set_config('carmic.workspace_id', $1, true)", [first.workspaceId]);
    const { rows } = await raw.query<{ workspace_id: string }>('SELECT DISTINCT workspace_id FROM videos');
    expect(rows).toEqual([{ workspace_id: first.workspaceId }]);
    const { rowCount } = await raw.query("UPDATE videos SET notices = '[]' WHERE workspace_id = $1", [second.workspaceId]);
    expect(rowCount).toBe(0);
    const insert = raw.query(
      "INSERT INTO clips (id, workspace_id, video_id, state, rank, start_seconds, end_seconds, score, content_sealed) SELECT gen_random_uuid(), $1, id, 'suggested', 1, 0, 1, 1, '' FROM videos LIMIT 1",
      [second.workspaceId],
    );
    await expect(insert).rejects.toThrow(/row-level security/);
    await raw.query('ROLLBACK');
  });

  test('what a transaction sets is gone after it', async () => {
    await raw.query('BEGIN');
    await raw.query("SELECT set_config('carmic.system', 'on', true)");
    const inside = await raw.query<{ count: string }>('SELECT count(*) FROM videos');
    await raw.query('COMMIT');
    const outside = await raw.query<{ count: string }>('SELECT count(*) FROM videos');
    expect(Number(inside.rows[0]?.count)).toBeGreaterThan(1);
    expect(outside.rows[0]?.count).toBe('0');
  });

  test('events can be added and neither changed nor removed', async () => {
    await raw.query('BEGIN');
    await raw.query("SELECT set_config('carmic.system', 'on', true)");
    await expect(raw.query('DELETE FROM events')).rejects.toThrow(/permission denied/);
    await raw.query('ROLLBACK');
    await expect(raw.query("UPDATE events SET type = 'x'")).rejects.toThrow(/permission denied/);
  });

  test('every foreign key has an index that begins with its columns', async () => {
    const { rows } = await raw.query<{ name: string }>(`
      WITH wanted AS (
        -- The columns that narrow the search: a composite key is found by its own id as well as with the workspace in front.
        SELECT c.conrelid, c.conname, array_remove(c.conkey, CASE WHEN cardinality(c.conkey) > 1 THEN w.attnum END) AS columns, c.conkey
        FROM pg_constraint c
        LEFT JOIN pg_attribute w ON w.attrelid = c.conrelid AND w.attname = 'workspace_id'
        WHERE c.contype = 'f'
      )
      SELECT conrelid::regclass || ': ' || conname AS name FROM wanted
      WHERE NOT EXISTS (
        SELECT 1 FROM pg_index i
        WHERE i.indrelid = conrelid
          AND ((i.indkey::int2[])[0] = ANY (columns) OR ((i.indkey::int2[])[0] = ANY (conkey) AND (i.indkey::int2[])[1] = ANY (conkey)))
      )
      ORDER BY 1`);
    expect(rows.map((row) => row.name)).toEqual([]);
  });
});
