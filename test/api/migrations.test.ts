import { Client } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { migrate, migrateDown } from '../../server/src/db/migrate.ts';
import { migrations } from '../../server/src/db/migrations/index.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase({ isEmpty: true });
});
afterAll(() => database.drop());

/** Every table, column, index, constraint, policy and grant, as text. */
async function describeSchema(): Promise<string[]> {
  const client = new Client({ connectionString: database.superuserUrl });
  await client.connect();
  const { rows } = await client.query<{ line: string }>(`
    SELECT 'column ' || table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable || ' ' || coalesce(column_default, '') AS line
      FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'schema_migrations'
    UNION ALL SELECT 'index ' || indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename <> 'schema_migrations'
    UNION ALL SELECT 'constraint ' || conrelid::regclass || ' ' || pg_get_constraintdef(oid) FROM pg_constraint
      WHERE connamespace = 'public'::regnamespace AND conrelid::regclass::text <> 'schema_migrations' AND contype <> 'n'
    UNION ALL SELECT 'policy ' || tablename || ' ' || policyname || ' ' || qual FROM pg_policies
    UNION ALL SELECT 'grant ' || table_name || ' ' || privilege_type FROM information_schema.role_table_grants
      WHERE grantee = 'carmic_app' AND table_schema = 'public'
    ORDER BY 1`);
  await client.end();
  return rows.map((row) => row.line);
}

test('migrations go up, down to nothing, and up again to the same schema', async () => {
  const names = migrations.map((migration) => migration.name);
  expect(await migrate(database.ownerUrl, database.appUrl)).toEqual(names);
  const first = await describeSchema();
  expect(first.length).toBeGreaterThan(100);
  expect(await migrateDown(database.ownerUrl, database.appUrl)).toEqual([...names].reverse());
  expect(await describeSchema()).toEqual([]);
  expect(await migrate(database.ownerUrl, database.appUrl)).toEqual(names);
  expect(await describeSchema()).toEqual(first);
});

test('migrating an up-to-date database does nothing, also from several processes at once', async () => {
  const ran = await Promise.all([1, 2, 3].map(() => migrate(database.ownerUrl, database.appUrl)));
  expect(ran).toEqual([[], [], []]);
});
