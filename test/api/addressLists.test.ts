/** Lists of allowed addresses: for everything, and for what administrators may; behind a proxy that is named, and a way back for who is locked out. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { clearAddressLists } from '../../server/src/accounts/settings.ts';
import { type Caller, startInstance, type TestInstance, until } from '../support/instance.ts';

let instance: TestInstance;
let admin: Caller;
const inside = '10.1.2.3';
const outside = '192.0.2.7';

beforeAll(async () => {
  instance = await startInstance({ processes: ['web'], env: { CARMIC_TRUSTED_PROXIES: '127.0.0.0/8' } });
  admin = await instance.createCaller({ isAdmin: true });
});
afterAll(() => instance.stop());

async function ask(path: string, from: string, init: RequestInit = {}): Promise<number> {
  const headers = {
    authorization: `Bearer ${admin.token}`,
    'x-forwarded-for': from,
    ...(init.headers as Record<string, string> | undefined),
  };
  const response = await fetch(new URL(path, instance.baseUrl), { ...init, headers });
  await response.arrayBuffer();
  return response.status;
}

const settle = (lists: { consoleAddresses?: string[]; adminAddresses?: string[] }, from: string) =>
  ask('/api/v1/account-settings', from, {
    method: 'PUT',
    headers: { 'content-type': 'application/json', 'if-match': '*' },
    body: JSON.stringify({
      signUp: 'invitation',
      allowedDomains: [],
      secondFactorFor: [],
      consoleAddresses: [],
      adminAddresses: [],
      ...lists,
    }),
  });

/** Settings are asked of the database every two seconds at most. */
const becomes = (path: string, from: string, status: number) =>
  until(`${path} from ${from} to answer ${status}`, async () => ((await ask(path, from)) === status ? true : null));

test('a list that would lock out whoever writes it is refused, and so is what is no range', async () => {
  expect(await settle({ consoleAddresses: ['10.0.0.0/8'] }, outside)).toBe(400);
  expect(await settle({ adminAddresses: ['10.0.0.0/8'] }, outside)).toBe(400);
  expect(await settle({ consoleAddresses: ['somewhere'] }, inside)).toBe(400);
  expect(await ask('/api/v1/users', outside)).toBe(200);
});

test('administrators act from their own addresses only; everybody else goes on', async () => {
  expect(await settle({ adminAddresses: ['10.0.0.0/8'] }, inside)).toBe(200);
  await becomes('/api/v1/users', outside, 403);
  expect(await ask('/api/v1/users', inside)).toBe(200);
  expect(await ask('/api/v1/videos', outside)).toBe(200);
});

test('nothing but agents and signed addresses is open to other addresses, and the command on the machine opens it again', async () => {
  expect(await settle({ consoleAddresses: ['10.0.0.0/8', '2001:db8::/32'] }, inside)).toBe(200);
  await becomes('/api/v1/videos', outside, 403);
  for (const path of ['/', '/api/v1/instance', '/api/v1/me', '/scim/v2/Users', '/docs', '/api/v1/nothing']) {
    expect(await ask(path, outside), path).toBe(403);
  }
  expect(await ask('/api/v1/sessions', outside, { method: 'POST' })).toBe(403);
  expect(await ask('/api/v1/agent/leases', outside, { method: 'POST', headers: { authorization: 'Bearer carmic_agent_made-up' } })).toBe(
    401,
  );
  for (const from of [inside, '2001:db8::7', '::ffff:10.9.9.9', `${outside}, ${inside}`]) {
    expect(await ask('/api/v1/videos', from), from).toBe(200);
  }
  // Whoever writes a false first address is still seen by the proxy's own.
  expect(await ask('/api/v1/videos', `${inside}, ${outside}`)).toBe(403);
  await clearAddressLists(instance.server.deps);
  await becomes('/api/v1/videos', outside, 200);
  expect(await ask('/api/v1/users', outside)).toBe(200);
});

test('without a named proxy nobody can say by a header where they are', async () => {
  const direct = await startInstance({ processes: ['web'] });
  try {
    const caller = await direct.createCaller({ isAdmin: true });
    const { secret } = await caller.call('createApiKey', {
      body: { name: 'From inside', scopes: ['read'], expiresInDays: 1, addresses: ['10.0.0.0/8'] },
    });
    const response = await fetch(`${direct.baseUrl}/api/v1/videos`, {
      headers: { authorization: `Bearer ${secret}`, 'x-forwarded-for': inside },
    });
    expect(response.status).toBe(401);
  } finally {
    await direct.stop();
  }
});
