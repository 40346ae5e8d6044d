/**
 * Doors that name an account: for one that is there and one that is not, the answer is the same and so is the work it costs, statement by
 * statement and hash by hash. Clocks would have to be believed on a busy machine; work can be counted. Keeps: S4.
 */
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Question } from '../../server/src/accounts/hashing.ts';
import { setTestPassword } from '../support/accounts.ts';
import { type Caller, startInstance, type TestInstance } from '../support/instance.ts';

/** What the present request has done, in order. */
const work: string[] = [];

const password = 'seven green bottles';
let instance: TestInstance;
let known: string;
let suspended: string;
let passwordless: string;

beforeAll(async () => {
  // No worker: what a job does later is no part of the answer.
  instance = await startInstance({ processes: ['web'], env: { CARMIC_RATE_LIMIT_PER_MINUTE: '100000' } });
  const { db, jobs } = instance.server.deps;
  const make = async (): Promise<Caller> => instance.createCaller();
  known = await setTestPassword(instance, (await make()).userId, password);
  const shut = await make();
  suspended = await setTestPassword(instance, shut.userId, password);
  await db.asSystem((tx) => db.change(tx, 'UPDATE users SET suspended_at = now() WHERE id = :id', { id: shut.userId }));
  passwordless = `${(await make()).userId}@example.test`;
  const accounts = { signUp: 'open', allowedDomains: [], secondFactorFor: [], consoleAddresses: [], adminAddresses: [] };
  await db.asSystem((tx) =>
    db.change(
      tx,
      "INSERT INTO instance_settings (name, value) VALUES ('accounts', CAST(:value AS jsonb)) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
      { value: JSON.stringify(accounts) },
    ),
  );
  // What the threads that hash are asked. The cost of a stored hash stands before its salt.
  const { postMessage } = Worker.prototype;
  vi.spyOn(Worker.prototype, 'postMessage').mockImplementation(function (this: Worker, question: Question) {
    work.push(
      question.kind === 'hash' ? `hash ${JSON.stringify(question.cost)}` : `verify ${question.stored.split('$').slice(1, 4).join(' ')}`,
    );
    postMessage.call(this, question);
  });
  const query = db.sequelize.query.bind(db.sequelize) as (...args: unknown[]) => Promise<unknown>;
  vi.spyOn(db.sequelize, 'query').mockImplementation(((...args: unknown[]) => {
    const sql = typeof args[0] === 'string' ? args[0] : JSON.stringify(args[0]);
    // The settings are read again every two seconds, whoever asks; beginnings and ends of transactions go with what is inside of them.
    if (!/instance_settings|^(START TRANSACTION|COMMIT|ROLLBACK)/.test(sql)) {
      work.push(sql.replace(/'(?:[^']|'')*'/g, '?').replace(/\s+/g, ' '));
    }
    return query(...args);
  }) as typeof db.sequelize.query);
  const enqueue = jobs.enqueue.bind(jobs) as (...args: unknown[]) => Promise<void>;
  vi.spyOn(jobs, 'enqueue').mockImplementation(((name: string, ...rest: unknown[]) => {
    work.push(`job ${name}`);
    return enqueue(name, ...rest);
  }) as typeof jobs.enqueue);
});
afterAll(async () => {
  vi.restoreAllMocks();
  await instance.stop();
});

async function costOf(path: string, body: object): Promise<{ answer: string; work: string[] }> {
  work.length = 0;
  const response = await fetch(new URL(path, instance.baseUrl), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const text = (await response.text()).replace(/"requestId":"[^"]*"/, '');
  return { answer: `${response.status} ${text}`, work: [...work] };
}

const nobody = () => `nobody-${crypto.randomUUID()}@example.test`;
const others = (): [string, string][] => [
  ['an account', known],
  ['a suspended account', suspended],
  ['an account without a password', passwordless],
];

describe('the same answer for the same work', () => {
  test('a wish for a new password', async () => {
    const unknown = await costOf('/api/v1/password-resets', { email: nobody() });
    expect(unknown.answer).toMatch(/^202 /);
    expect(unknown.work).toEqual(['job accounts.request']);
    for (const [what, email] of others()) {
      expect(await costOf('/api/v1/password-resets', { email }), what).toEqual(unknown);
    }
  });

  test('a sign-up', async () => {
    const body = { name: 'Somebody', password: 'nine yellow bottles' };
    const unknown = await costOf('/api/v1/sign-ups', { ...body, email: nobody() });
    expect(unknown.answer).toMatch(/^202 /);
    expect(unknown.work.filter((each) => each.startsWith('hash '))).toHaveLength(1);
    for (const [what, email] of others()) {
      expect(await costOf('/api/v1/sign-ups', { ...body, email }), what).toEqual(unknown);
    }
  });

  test('a wrong password', async () => {
    // The hash that stands for no account is made at its first use.
    await costOf('/api/v1/sessions', { email: nobody(), password: 'not this one' });
    const unknown = await costOf('/api/v1/sessions', { email: nobody(), password: 'not this one' });
    expect(unknown.answer).toMatch(/^401 /);
    expect(unknown.work.filter((each) => each.startsWith('verify '))).toHaveLength(1);
    expect(unknown.work.length).toBeGreaterThan(2);
    for (const [what, email] of others()) {
      expect(await costOf('/api/v1/sessions', { email, password: 'not this one' }), what).toEqual(unknown);
    }
  });
});
