/**
 * Every route of the table with an identity that opened doors a moment ago and is withdrawn since: nothing that the server remembers of a
 * caller may outlast what the database says (S4). Generated from the route table.
 */
import { type RouteDefinition, type RouteName, routes } from '@carmic/contract';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { newId } from '../../server/src/core/ids.ts';
import { type Caller, callerFor, startInstance, type TestInstance } from '../support/instance.ts';

let instance: TestInstance;
/** Calls with withdrawn identities; their number is printed at the end. */
let calls = 0;
beforeAll(async () => {
  instance = await startInstance({ processes: ['web'] });
});
afterEach(() => {
  vi.restoreAllMocks();
});
afterAll(async () => {
  process.stdout.write(`Withdrawn identities: ${closed.length} routes, ${calls} calls.\n`);
  await instance.stop();
});

/** Questions of their own that are asked about callers from now on. Other parts of the server ask the database too, whenever they like. */
function watchQuestions(): () => string[] {
  const asked = vi.spyOn(instance.server.deps.db, 'systemRows');
  return () => asked.mock.calls.flatMap(([sql]) => (/session_actor|key_actor/.test(sql) ? [sql] : []));
}

const someId = '6f1f1f1f-0000-4000-8000-00000000abcd';
const closed = (Object.entries(routes) as [RouteName, RouteDefinition][]).filter(
  ([, { policy }]) => policy !== 'public' && policy !== 'agent' && policy !== 'directory',
);

async function statusOf(name: RouteName, token: string): Promise<number> {
  const { method, path }: RouteDefinition = routes[name];
  calls += 1;
  const response = await fetch(new URL(path.replace(':format', 'zip').replace(/:\w+/g, someId), instance.baseUrl), {
    method,
    headers: { authorization: `Bearer ${token}`, ...(method === 'GET' ? {} : { 'content-type': 'application/json' }) },
    ...(method === 'GET' ? {} : { body: '{}' }),
  });
  await response.arrayBuffer();
  return response.status;
}

/** Routes whose answer is another one than 401, eight at a time. */
async function openDoors(token: string): Promise<string[]> {
  const open: string[] = [];
  const waiting = [...closed];
  const work = async () => {
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const status = await statusOf(next[0], token);
      if (status !== 401) {
        open.push(`${next[0]} answered ${status}`);
      }
    }
  };
  await Promise.all(Array.from({ length: 8 }, work));
  return open;
}

const change = (sql: string, values: Record<string, unknown>) => {
  const { db } = instance.server.deps;
  return db.asSystem((tx) => db.change(tx, sql, values));
};

async function addVideo({ workspaceId }: Caller): Promise<string> {
  const id = newId();
  await change(
    `INSERT INTO videos (id, workspace_id, title_sealed, file_name_sealed, size_bytes, state, options)
     VALUES (:id, :workspaceId, '', '', 1, 'ready', '{}')`,
    { id, workspaceId },
  );
  return id;
}

const withdrawals: readonly [string, (caller: Caller) => Promise<unknown>][] = [
  ['an ended session', ({ userId }) => change('DELETE FROM sessions WHERE user_id = :userId', { userId })],
  ['an expired session', ({ userId }) => change('UPDATE sessions SET expires_at = now() WHERE user_id = :userId', { userId })],
  ['a suspended person', ({ userId }) => change('UPDATE users SET suspended_at = now() WHERE id = :userId', { userId })],
  ['a deleted person', ({ userId }) => change('DELETE FROM users WHERE id = :userId', { userId })],
  ['a removed member', ({ userId }) => change('DELETE FROM members WHERE user_id = :userId', { userId })],
  ['a deleted workspace', ({ workspaceId }) => change('UPDATE workspaces SET deleted_at = now() WHERE id = :workspaceId', { workspaceId })],
];

describe('every route refuses', () => {
  test.each(withdrawals)('%s, which opened it a moment ago', async (_, withdraw) => {
    const caller = await instance.createCaller({ isAdmin: true });
    const id = await addVideo(caller);
    await caller.call('listClips', { params: { id } });
    const asked = watchQuestions();
    expect((await caller.call('listClips', { params: { id } })).items).toEqual([]);
    expect(asked(), 'the second page comes without a way of its own for the caller').toEqual([]);
    await withdraw(caller);
    await expect(caller.call('listClips', { params: { id } })).rejects.toMatchObject({ status: 401 });
    expect(await openDoors(caller.token)).toEqual([]);
  });

  const keyWithdrawals: readonly [string, string][] = [
    ['a deleted key', 'DELETE FROM api_keys WHERE workspace_id = :workspaceId'],
    ['an expired key', 'UPDATE api_keys SET expires_at = now() WHERE workspace_id = :workspaceId'],
    ['a key that is used from elsewhere', `UPDATE api_keys SET addresses = '["192.0.2.0/24"]' WHERE workspace_id = :workspaceId`],
    ['a key of a suspended person', 'UPDATE users SET suspended_at = now() WHERE id = :userId'],
    ['a key of a deleted person', 'DELETE FROM users WHERE id = :userId'],
    ['a key of a deleted workspace', 'UPDATE workspaces SET deleted_at = now() WHERE id = :workspaceId'],
    ['a key of somebody who is no member any more', 'DELETE FROM members WHERE user_id = :userId'],
  ];
  test.each(keyWithdrawals)('%s', async (_, sql) => {
    const owner = await instance.createCaller();
    const { secret } = await owner.call('createApiKey', {
      body: { name: 'A program', scopes: ['read', 'write', 'manage'], expiresInDays: 30 },
    });
    expect(await statusOf('listVideos', secret)).toBe(200);
    const id = await addVideo(owner);
    const asKey = callerFor(() => instance.baseUrl, secret);
    await asKey('listClips', { params: { id } });
    const asked = watchQuestions();
    expect((await asKey('listClips', { params: { id } })).items).toEqual([]);
    expect(asked(), 'the second page comes without a way of its own for the key').toEqual([]);
    await change(sql, { workspaceId: owner.workspaceId, userId: owner.userId });
    await expect(asKey('listClips', { params: { id } })).rejects.toMatchObject({ status: 401 });
    expect(await openDoors(secret)).toEqual([]);
  });
});

describe('a page whose caller is remembered', () => {
  test('goes by the role and the workspace that hold now', async () => {
    const caller = await instance.createCaller();
    const id = await addVideo(caller);
    await caller.call('listClips', { params: { id } });
    await change(`UPDATE instance_settings SET value = jsonb_set(value, '{secondFactorFor}', '["owner"]') WHERE name = 'accounts'`, {});
    await change(
      `INSERT INTO instance_settings (name, value) VALUES ('accounts',
         '{"signUp": "invitation", "allowedDomains": [], "secondFactorFor": ["owner"], "consoleAddresses": [], "adminAddresses": []}')
       ON CONFLICT DO NOTHING`,
      {},
    );
    const refusal = await caller.call('listClips', { params: { id } }).catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: 'second_factor_needed' });
    await change(`UPDATE members SET role = 'viewer' WHERE user_id = :userId`, { userId: caller.userId });
    expect((await caller.call('listClips', { params: { id } })).items).toEqual([]);
    await change(`UPDATE instance_settings SET value = jsonb_set(value, '{secondFactorFor}', '[]') WHERE name = 'accounts'`, {});
  });

  test('another workspace’s video is not there, nor one that is deleted or expired', async () => {
    const [caller, other] = [await instance.createCaller(), await instance.createCaller()];
    const [id, foreign] = [await addVideo(caller), await addVideo(other)];
    await caller.call('listClips', { params: { id } });
    await expect(caller.call('listClips', { params: { id: foreign } })).rejects.toMatchObject({ code: 'not_found' });
    await change('UPDATE videos SET expires_at = now() WHERE id = :id', { id });
    await expect(caller.call('listClips', { params: { id } })).rejects.toMatchObject({ code: 'not_found' });
    await change('UPDATE videos SET expires_at = NULL, deleted_at = now() WHERE id = :id', { id });
    await expect(caller.call('listClips', { params: { id } })).rejects.toMatchObject({ code: 'not_found' });
  });
});
