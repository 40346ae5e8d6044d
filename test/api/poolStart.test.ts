/** What pools of servers and agents start by: codes for several agents, and waiting for the schema. */
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ApiError, createClient } from '@carmic/contract';
import { makeEnrolmentCode } from '../../server/src/agents/enrolmentCommand.ts';
import { awaitSchema } from '../../server/src/db/awaitSchema.ts';
import { migrate } from '../../server/src/db/migrate.ts';
import { migrations } from '../../server/src/db/migrations/index.ts';
import { startInstance, type TestInstance } from '../support/instance.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';

let instance: TestInstance;
let empty: TestDatabase;
beforeAll(async () => {
  [instance, empty] = await Promise.all([startInstance({ processes: ['web'] }), createTestDatabase({ isEmpty: true })]);
});
afterAll(() => Promise.all([instance.stop(), empty.drop()]));

const capabilities = {
  kinds: ['inspect' as const],
  ffmpegVersion: '5.1',
  encoders: [],
  transcriptionModels: [],
  cpuCount: 2,
  sandbox: 'none',
};

async function enrol(code: string): Promise<'enrolled' | string> {
  const call = createClient({ baseUrl: instance.baseUrl });
  const body = { enrolmentCode: code, name: 'pool', version: '0.1.0', capabilities };
  return call('registerAgent', { body }).then(
    () => 'enrolled',
    (error: unknown) => (error instanceof ApiError ? error.code : String(error)),
  );
}

async function query(url: string, sql: string, values: unknown[] = []): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query(sql, values);
  await client.end();
}

describe('an enrolment code for a pool', () => {
  test('lets exactly as many agents in as it was made for, also at once', async () => {
    const code = await makeEnrolmentCode(instance.server.deps, ['--agents', '3', '--days', '30']);
    const answers = await Promise.all([1, 2, 3, 4, 5].map(() => enrol(code)));
    expect(answers.sort()).toEqual(['enrolled', 'enrolled', 'enrolled', 'gone', 'gone']);
  });

  test('is for one agent when nothing else is said', async () => {
    const code = await makeEnrolmentCode(instance.server.deps, []);
    expect([await enrol(code), await enrol(code)]).toEqual(['enrolled', 'gone']);
  });

  test('that a server of the version before has marked as used lets nobody in', async () => {
    const code = await makeEnrolmentCode(instance.server.deps, ['--agents', '3']);
    await query(instance.database.superuserUrl, 'UPDATE agent_enrolments SET used_at = now() WHERE uses = 0 AND max_uses = 3');
    expect(await enrol(code)).toBe('gone');
  });

  test('is refused with the reason for arguments that mean nothing', async () => {
    for (const [args, reason] of [
      [['--agents', '0'], /--agents is a whole number from 1 to 10000/],
      [['--days', 'many'], /--days is a whole number from 1 to 3650, not "many"/],
      [['--agent', '3'], /Unknown option '--agent'/],
    ] as const) {
      await expect(makeEnrolmentCode(instance.server.deps, args)).rejects.toThrow(reason);
    }
  });
});

test('waiting for the schema ends when its last migration has run, and says meanwhile why it waits', async () => {
  const reasons: string[] = [];
  const options = { longestWaitMs: 30_000, pauseMs: 20, say: (text: string) => reasons.push(text) };
  const waiting = awaitSchema(empty.appUrl, options);
  await expect.poll(() => reasons.at(-1)).toMatch(/the schema is not there yet|does not answer/);
  await migrate(empty.ownerUrl, empty.appUrl);
  await waiting;
  const last = migrations.at(-1)?.name ?? '';
  await query(empty.ownerUrl, 'DELETE FROM schema_migrations WHERE name = $1', [last]);
  await expect(awaitSchema(empty.appUrl, { ...options, longestWaitMs: 0 })).rejects.toThrow(
    new RegExp(`not ready within 0 s: 1 of ${migrations.length} migrations`),
  );
});

test('waiting for the schema of a database that is not there says so', async () => {
  const options = { longestWaitMs: 0, pauseMs: 20, say: () => undefined };
  await expect(awaitSchema('postgres://carmic_app:x@127.0.0.1:1/carmic', options)).rejects.toThrow(/does not answer \(.*ECONNREFUSED/);
});
