/** The signed heads of the audit log are written by a clock of the worker: whoever changes the database has five minutes, not until somebody looks. */
import { existsSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { headsFile, verifyAudit } from '../../server/src/admin/auditChain.ts';
import { startInstance, type TestInstance, until } from '../support/instance.ts';

let instance: TestInstance;
beforeAll(async () => {
  instance = await startInstance({ processes: ['web', 'worker'] });
});
afterAll(() => instance.stop());

interface Turn {
  repeat_interval: string;
  next_run_at: Date;
  seconds_left: number;
}

const change = (sql: string) => instance.server.deps.db.asSystem((tx) => instance.server.deps.db.change(tx, sql));

/** The row of the clock while nobody runs it. */
const atRest = () =>
  until('the clock at rest', async () => {
    const { db } = instance.server.deps;
    const [row] = await db.systemRows<Turn>(
      `SELECT repeat_interval, next_run_at, extract(epoch FROM next_run_at - now())::float AS seconds_left FROM agenda_jobs
       WHERE name = 'audit.head' AND locked_at IS NULL AND next_run_at > now()`,
    );
    return row;
  });

function heads(): { sequence: number }[] {
  const file = headsFile(instance.server.deps);
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : [];
  return lines.map((line) => JSON.parse(line) as { sequence: number });
}

test('a worker signs the head of the chain when its five minutes are over, and sets the next five', async () => {
  expect((await atRest()).repeat_interval).toBe('300000');
  const caller = await instance.createCaller({ isAdmin: true });
  await caller.call('updateMe', { body: { name: 'Somebody' } });
  const before = heads().length;
  await change("UPDATE agenda_jobs SET next_run_at = now() WHERE name = 'audit.head'");
  const head = await until('a signed head', () => Promise.resolve(heads()[before]));
  const report = await verifyAudit(instance.server.deps);
  expect(report).toMatchObject({ isIntact: true, problems: [] });
  expect(head.sequence).toBeGreaterThan(0);
  const { seconds_left: left } = await atRest();
  expect(left).toBeLessThanOrEqual(300);
  expect(left).toBeGreaterThan(0);
});
