/**
 * A suspended workspace, through every door: each route of the table for its members and its keys, live streams, signed links, agents and
 * invitations; and what stays open. Generated from the route table. Keeps: S4.
 */
import { type RouteDefinition, type RouteName, routes } from '@carmic/contract';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { failUnclaimed } from '../../server/src/agents/watchTasks.ts';
import { scopeOf } from '../../server/src/http/authorize.ts';
import { mediaUrl } from '../../server/src/library/mediaUrls.ts';
import { setTestPassword } from '../support/accounts.ts';
import { type Caller, callerFor, startInstance, type TestInstance, until } from '../support/instance.ts';
import { startMailbox } from '../support/mailbox.ts';
import { enrolAgent } from '../support/protocolAgent.ts';
import { sha256, uploadVideo } from '../support/upload.ts';

const someId = '6f1f1f1f-0000-4000-8000-00000000abcd';
const reason = 'Uploads of somebody else’s films';

/** Calls by the route table; their number is printed at the end. */
let calls = 0;
let mailbox: Awaited<ReturnType<typeof startMailbox>>;
let instance: TestInstance;
let admin: Caller;
let owner: Caller;
let viewer: Caller;

beforeAll(async () => {
  mailbox = await startMailbox();
  instance = await startInstance({
    env: { CARMIC_LEASE_SECONDS: '600', CARMIC_SMTP_URL: mailbox.url, CARMIC_RATE_LIMIT_PER_MINUTE: '100000' },
  });
  admin = await instance.createCaller({ isAdmin: true });
  owner = await instance.createCaller({ isAdmin: true });
  viewer = await instance.createCaller({ role: 'viewer', workspaceId: owner.workspaceId });
});
afterAll(async () => {
  process.stdout.write(`A suspended workspace: ${entries.length} routes, ${calls} calls.\n`);
  await instance.stop();
  await mailbox.close();
});

const suspend = () => admin.call('suspendWorkspace', { params: { id: owner.workspaceId }, body: { reason } });
const reinstate = () => admin.call('reinstateWorkspace', { params: { id: owner.workspaceId } });

const entries = Object.entries(routes) as [RouteName, RouteDefinition][];
const ofWorkspace = entries.filter(
  ([, { policy, isOpenWhenSuspended }]) => ['viewer', 'editor', 'owner'].includes(policy) && isOpenWhenSuspended !== true,
);

async function ask({ method, path }: RouteDefinition, token: string, headers: Record<string, string> = {}) {
  calls += 1;
  const response = await fetch(new URL(path.replace(':format', 'zip').replace(/:\w+/g, someId), instance.baseUrl), {
    method,
    headers: { authorization: `Bearer ${token}`, ...(method === 'GET' ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(method === 'GET' ? {} : { body: '{}' }),
  });
  const text = await response.text();
  const code = text.startsWith('{') ? (JSON.parse(text) as { error?: { code: string } }).error?.code : undefined;
  return { status: response.status, code: code ?? null };
}

/** The answers of many routes, eight at a time. */
async function answers(list: typeof entries, token: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  const waiting = [...list];
  const work = async () => {
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const { status, code } = await ask(next[1], token);
      found[next[0]] = `${status} ${code ?? ''}`;
    }
  };
  await Promise.all(Array.from({ length: 8 }, work));
  return found;
}

test('is shut to its members and its keys by every route, stays open where it is not about it, and opens again', async () => {
  const { secret } = await owner.call('createApiKey', { body: { name: 'A program', scopes: ['read', 'write', 'manage', 'admin'] } });
  const { id: otherId } = await owner.call('createWorkspace', { body: { name: 'Elsewhere' } });
  // What the server remembers of a caller must not outlast the suspension.
  await expect(owner.call('listClips', { params: { id: someId } })).rejects.toMatchObject({ code: 'not_found' });
  expect((await owner.call('getMe')).suspension).toBeNull();
  expect((await suspend()).suspension).toMatchObject({ reason });

  const expected = (list: typeof entries) => Object.fromEntries(list.map(([name]) => [name, '403 workspace_suspended']));
  expect(ofWorkspace.length).toBeGreaterThan(50);
  expect(await answers(ofWorkspace, owner.token)).toEqual(expected(ofWorkspace));
  const forViewers = ofWorkspace.filter(([, { policy }]) => policy === 'viewer');
  expect(await answers(forViewers, viewer.token)).toEqual(expected(forViewers));
  const forKeys = entries.filter(([, definition]) => scopeOf(definition) !== null);
  expect(await answers(forKeys, secret)).toEqual(expected(forKeys));

  const elsewhere = entries.filter(
    ([, entry]) => entry.method === 'GET' && ['person', 'admin'].includes(entry.policy) && !entry.path.includes(':'),
  );
  expect(elsewhere.length).toBeGreaterThan(10);
  expect(Object.values(await answers(elsewhere, owner.token)).filter((answer) => !answer.startsWith('200'))).toEqual([]);
  expect((await ask(routes.listInvoices, owner.token)).code).not.toBe('workspace_suspended');
  expect((await ask(routes.listVideos, owner.token, { 'carmic-workspace': otherId })).status).toBe(200);
  expect((await viewer.call('getMe')).suspension).toMatchObject({ reason });

  const logged = vi.spyOn(instance.server.deps.log, 'info');
  await ask(routes.listVideos, viewer.token);
  expect(logged.mock.calls).toContainEqual([
    expect.objectContaining({ route: 'listVideos', code: 'workspace_suspended', userId: viewer.userId, workspaceId: owner.workspaceId }),
    'a call was refused',
  ]);
  logged.mockRestore();
  await expect(suspend()).rejects.toMatchObject({ code: 'wrong_state' });
  expect((await reinstate()).suspension).toBeNull();
  await expect(reinstate()).rejects.toMatchObject({ code: 'wrong_state' });
  expect((await ask(routes.listVideos, owner.token)).status).toBe(200);
  expect((await ask(routes.listVideos, secret)).status).toBe(200);
  expect((await viewer.call('getMe')).suspension).toBeNull();
});

test('is seen in the audit log without its reason, and its owners are told by mail', async () => {
  const { items } = await admin.call('listAuditEntries', { query: { limit: 100, type: 'workspace.suspended' } });
  expect(items.at(-1)).toMatchObject({ workspaceId: owner.workspaceId, actor: { id: admin.userId } });
  expect(JSON.stringify(items)).not.toContain(reason);
  const told = await until(
    'the mail',
    () => Promise.resolve(mailbox.received.find((mail) => mail.includes('was suspended by an administrator'))),
    60_000,
  );
  expect(told).toContain(`${owner.userId}@example.test`);
});

test('an administrator who visits it with a reason is let in as a viewer', async () => {
  await suspend();
  try {
    await admin.call('createMediaVisit', { params: { id: owner.workspaceId }, body: { reason: 'Complaint 7' } });
    const inside = { 'carmic-workspace': owner.workspaceId };
    expect((await ask(routes.listVideos, admin.token, inside)).status).toBe(200);
    expect((await ask(routes.createVideo, admin.token, inside)).code).toBe('forbidden');
  } finally {
    await reinstate();
  }
});

test('nobody joins it', async () => {
  const { link } = await owner.call('createInvitation', { body: { email: 'guest@example.test', role: 'viewer' } });
  const token = new URLSearchParams(link?.split('?')[1]).get('token') ?? '';
  await suspend();
  const outcome = admin.call('joinWorkspace', { body: { token } });
  await expect(outcome).rejects.toMatchObject({ code: 'workspace_suspended' });
  await reinstate();
  expect((await admin.call('joinWorkspace', { body: { token } })).id).toBe(owner.workspaceId);
});

describe('what goes on meanwhile', () => {
  test('a live stream ends and cannot be opened', async () => {
    const headers = { authorization: `Bearer ${viewer.token}` };
    const url = new URL('/api/v1/events/stream', instance.baseUrl);
    const stream = await fetch(url, { headers, signal: AbortSignal.timeout(60_000) });
    expect(stream.status).toBe(200);
    await suspend();
    // Ends by itself: the signal would make this throw.
    const heard = await stream.text();
    expect(heard).toContain('retry: ');
    expect((await fetch(url, { headers })).status).toBe(403);
    await reinstate();
  }, 90_000);

  test('signed links stop at once, for reading and for parts of an upload, and the same ones work again', async () => {
    const { deps } = instance.server;
    await uploadVideo(owner.call, instance.baseUrl, Buffer.from('a film'));
    const [object] = await deps.db.asSystem((tx) =>
      deps.db.rows<{ key: string; content_type: string }>(
        tx,
        "SELECT key, content_type FROM stored_objects WHERE workspace_id = :id AND kind = 'source' AND state = 'ready'",
        { id: owner.workspaceId },
      ),
    );
    const link = new URL(mediaUrl(deps, { key: object?.key ?? '', contentType: object?.content_type ?? '' }), instance.baseUrl);
    const body = Buffer.from('0123456789');
    const { upload } = await owner.call('createVideo', { body: { fileName: 'open.mp4', sizeBytes: body.length } });
    const { parts } = await owner.call('createPartUrls', {
      params: { id: upload.id },
      body: { parts: [{ partNumber: 1, sha256: sha256(body) }] },
    });
    const put = () => fetch(new URL(parts[0]?.url ?? '', instance.baseUrl), { method: 'PUT', headers: parts[0]?.headers ?? {}, body });
    const read = async () => {
      const response = await fetch(link);
      return { status: response.status, text: await response.text() };
    };
    expect(await read()).toEqual({ status: 200, text: 'a film' });
    await suspend();
    expect((await read()).status).toBe(404);
    expect((await fetch(link, { headers: { range: 'bytes=0-1' } })).status).toBe(404);
    expect((await put()).status).toBe(409);
    await reinstate();
    expect(await read()).toEqual({ status: 200, text: 'a film' });
    expect((await put()).status).toBe(200);
  });

  test('agents lose its tasks without an attempt being counted, get none, and waiting for it fails nothing', async () => {
    const { deps } = instance.server;
    const agent = await enrolAgent(instance);
    const lease = await until('a task', () => agent.lease(['inspect'], 5), 60_000);
    const task = async () => {
      const rows = await deps.db.asSystem((tx) =>
        deps.db.rows<{ state: string; attempt: number; max_attempts: number }>(
          tx,
          'SELECT state, attempt, max_attempts FROM media_tasks WHERE id = :id',
          { id: lease.taskId },
        ),
      );
      return rows[0];
    };
    const before = await task();
    await suspend();
    await expect(agent.renew(lease)).rejects.toMatchObject({ code: 'lease_lost' });
    expect(await agent.lease(['inspect'], 1)).toBeNull();
    await deps.db.asSystem((tx) =>
      deps.db.change(tx, "UPDATE media_tasks SET queued_at = now() - interval '30 days' WHERE id = :id", { id: lease.taskId }),
    );
    await failUnclaimed(deps);
    expect((await task())?.state).toBe('queued');
    await reinstate();
    await failUnclaimed(deps);
    const again = await until('the task again', () => agent.lease(['inspect'], 5), 60_000);
    expect(again.taskId).toBe(lease.taskId);
    expect((await task())?.max_attempts).toBe((before?.max_attempts ?? 0) + 1);
  }, 120_000);
});

describe('a suspended person', () => {
  test('is suspended for a reason that administrators see, and cannot come in by password', async () => {
    const caller = await instance.createCaller();
    const email = await setTestPassword(instance, caller.userId, 'seven green bottles');
    const params = { id: caller.userId };
    await expect(admin.call('updateUser', { params, body: { isSuspended: true } })).rejects.toMatchObject({ code: 'invalid_input' });
    const shut = await admin.call('updateUser', { params, body: { isSuspended: true, reason } });
    expect(shut).toMatchObject({ suspensionReason: reason });
    expect(shut.suspendedAt).not.toBeNull();
    await expect(caller.call('getMe')).rejects.toMatchObject({ status: 401 });
    const signIn = () => callerFor(() => instance.baseUrl, '-')('createSession', { body: { email, password: 'seven green bottles' } });
    await expect(signIn()).rejects.toMatchObject({ status: 401 });
    const open = await admin.call('updateUser', { params, body: { isSuspended: false } });
    expect(open).toMatchObject({ suspendedAt: null, suspensionReason: null });
    expect((await signIn()).me?.id).toBe(caller.userId);
  });
});
