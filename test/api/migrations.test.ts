import { afterAll, beforeAll, expect, test } from 'vitest';
import { migrate, migrateDown } from '../../server/src/db/migrate.ts';
import { migrations } from '../../server/src/db/migrations/index.ts';
import { describeSchema } from '../support/describeSchema.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase({ isEmpty: true });
});
afterAll(() => database.drop());

test('migrations go up, down to nothing, and up again to the same schema', async () => {
  const names = migrations.map((migration) => migration.name);
  expect(await migrate(database.ownerUrl, database.appUrl)).toEqual(names);
  const first = await describeSchema(database.superuserUrl);
  expect(first.length).toBeGreaterThan(100);
  expect(await migrateDown(database.ownerUrl, database.appUrl)).toEqual([...names].reverse());
  expect(await describeSchema(database.superuserUrl)).toEqual([]);
  expect(await migrate(database.ownerUrl, database.appUrl)).toEqual(names);
  expect(await describeSchema(database.superuserUrl)).toEqual(first);
});

test('migrating an up-to-date database does nothing, also from several processes at once', async () => {
  const ran = await Promise.all([1, 2, 3].map(() => migrate(database.ownerUrl, database.appUrl)));
  expect(ran).toEqual([[], [], []]);
});
