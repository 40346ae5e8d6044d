import { ApiError, createClient, type RouteName } from '@carmic/contract';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startInstance, type TestInstance } from '../support/instance.ts';

let instance: TestInstance;
beforeAll(async () => {
  instance = await startInstance();
});
afterAll(() => instance.stop());

const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'ok',
    (error: unknown) => (error instanceof ApiError ? error.code : String(error)),
  );
const nobody = () => createClient({ baseUrl: instance.baseUrl });

/** Sends a request as a browser does, with its cookie and origin. */
async function browse(path: string, init: { method?: string; cookie?: string; origin?: string; body?: unknown } = {}): Promise<Response> {
  const headers: Record<string, string> = {};
  if (init.cookie !== undefined) {
    headers['cookie'] = init.cookie;
  }
  if (init.origin !== undefined) {
    headers['origin'] = init.origin;
  }
  if (init.body !== undefined) {
    headers['content-type'] = 'application/json';
  }
  return fetch(new URL(path, instance.baseUrl), {
    method: init.method ?? 'GET',
    headers,
    ...(init.body === undefined ? {} : { body: JSON.stringify(init.body) }),
  });
}

async function signInByLink(): Promise<string> {
  const link = (await instance.server.signInLink()) ?? '';
  const token = new URLSearchParams(link.split('?')[1]).get('token') ?? '';
  const response = await browse('/api/v1/one-time-sessions', { method: 'POST', body: { token } });
  expect(response.status).toBe(201);
  return (response.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
}

describe('the first administrator', () => {
  test('signs in by the printed link, which opens once', async () => {
    const link = (await instance.server.signInLink()) ?? '';
    const token = new URLSearchParams(link.split('?')[1]).get('token') ?? '';
    const reply = await nobody()('createOneTimeSession', { body: { token } });
    expect(reply.me).toMatchObject({ isAdmin: true, hasPassword: false });
    expect(await codeOf(nobody()('createOneTimeSession', { body: { token } }))).toBe('gone');
  });

  test('a new link ends the one before it', async () => {
    const tokenOf = async () => new URLSearchParams(((await instance.server.signInLink()) ?? '').split('?')[1]).get('token') ?? '';
    const older = await tokenOf();
    const newer = await tokenOf();
    expect(await codeOf(nobody()('createOneTimeSession', { body: { token: older } }))).toBe('gone');
    expect(await codeOf(nobody()('createOneTimeSession', { body: { token: newer } }))).toBe('ok');
  });

  test('the session cookie is HttpOnly, SameSite and for this host', async () => {
    const link = (await instance.server.signInLink()) ?? '';
    const token = new URLSearchParams(link.split('?')[1]).get('token') ?? '';
    const response = await browse('/api/v1/one-time-sessions', { method: 'POST', body: { token } });
    const cookie = response.headers.get('set-cookie') ?? '';
    expect(cookie).toMatch(/^carmic=/);
    expect(cookie).toMatch(/httponly/i);
    expect(cookie).toMatch(/samesite=lax/i);
    expect(cookie).not.toMatch(/domain=/i);
  });

  test('chooses email and password, after which links are no longer printed and other sessions have ended', async () => {
    const kept = await signInByLink();
    const other = await signInByLink();
    const body = { name: 'Ada', email: 'ada@example.test', newPassword: 'a long enough password' };
    const changed = await browse('/api/v1/me', { method: 'PATCH', cookie: kept, origin: instance.baseUrl, body });
    expect(await changed.json()).toMatchObject({ name: 'Ada', email: 'ada@example.test', hasPassword: true });
    expect((await browse('/api/v1/me', { cookie: kept })).status).toBe(200);
    expect((await browse('/api/v1/me', { cookie: other })).status).toBe(401);
    expect(await instance.server.signInLink()).toBeNull();
    expect(await codeOf(nobody()('createSession', { body: { email: 'ADA@example.test', password: 'a long enough password' } }))).toBe('ok');
    const wrong = { email: 'eve@example.test', currentPassword: 'not it' };
    expect((await browse('/api/v1/me', { method: 'PATCH', cookie: kept, origin: instance.baseUrl, body: wrong })).status).toBe(403);
  });
});

describe('signing in', () => {
  let caller: Awaited<ReturnType<TestInstance['createCaller']>>;
  let email: string;
  beforeEach(async () => {
    caller = await instance.createCaller();
    email = `${caller.userId}@example.test`;
    await caller.call('updateMe', { body: { newPassword: 'correct horse battery' } });
  });

  test('a wrong password and an unknown email get the same answer', async () => {
    const answer = async (body: { email: string; password: string }) => {
      const response = await browse('/api/v1/sessions', { method: 'POST', body });
      const { error } = (await response.json()) as { error: { code: string; message: string } };
      return { status: response.status, code: error.code, message: error.message };
    };
    expect(await answer({ email, password: 'wrong' })).toEqual(await answer({ email: 'nobody@example.test', password: 'wrong' }));
  });

  test('guessing is slowed down per account with 429 and Retry-After, and success is not counted', async () => {
    for (let turn = 0; turn < 12; turn++) {
      expect(await codeOf(nobody()('createSession', { body: { email, password: 'correct horse battery' } }))).toBe('ok');
    }
    let limited: Response | null = null;
    for (let turn = 0; turn < 14 && limited === null; turn++) {
      const response = await browse('/api/v1/sessions', { method: 'POST', body: { email, password: `guess ${turn}` } });
      limited = response.status === 429 ? response : null;
    }
    expect(Number(limited?.headers.get('retry-after'))).toBeGreaterThan(0);
  });

  test('passwords of 7 and 129 characters are refused with the rule', async () => {
    for (const newPassword of ['1234567', 'x'.repeat(129)]) {
      expect(await codeOf(caller.call('updateMe', { body: { newPassword, currentPassword: 'correct horse battery' } }))).toBe(
        'invalid_input',
      );
    }
  });

  test('signing out ends the session', async () => {
    await caller.call('deleteSession');
    expect(await codeOf(caller.call('getMe'))).toBe('unauthenticated');
  });

  test('only hashes of tokens are stored', async () => {
    const { db } = instance.server.deps;
    const rows = await db.asSystem((tx) => db.rows<{ row: string }>(tx, 'SELECT sessions::text AS row FROM sessions'));
    const secret = caller.token.slice('carmic_session_'.length);
    expect(rows.length).toBeGreaterThan(0);
    expect(rows.some(({ row }) => row.includes(secret) || row.includes(Buffer.from(caller.token).toString('hex')))).toBe(false);
  });
});

describe('a request caused by another site', () => {
  test('is refused although the cookie is right, and reading is not', async () => {
    const { token } = await instance.createCaller();
    const cookie = `carmic=${token}`;
    const change = { method: 'PATCH', cookie, body: { name: 'Changed' } };
    expect((await browse('/api/v1/me', { ...change, origin: 'https://evil.example' })).status).toBe(403);
    expect((await browse('/api/v1/me', { ...change, origin: 'null' })).status).toBe(403);
    expect((await browse('/api/v1/me', { ...change, origin: instance.baseUrl })).status).toBe(200);
    expect((await browse('/api/v1/me', { cookie, origin: 'https://evil.example' })).status).toBe(200);
  });
});

describe('bad requests', () => {
  test('a body that is no JSON, of another type, or too large gets its own clear answer', async () => {
    const { token } = await instance.createCaller();
    const send = async (body: string, type: string) => {
      const response = await fetch(new URL('/api/v1/videos', instance.baseUrl), {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': type },
        body,
      });
      return { status: response.status, body: (await response.json()) as { error: { code: string; requestId: string } } };
    };
    expect(await send('{"fileName":', 'application/json')).toMatchObject({ status: 400, body: { error: { code: 'invalid_input' } } });
    expect(await send('fileName=x', 'text/plain')).toMatchObject({ status: 400, body: { error: { code: 'invalid_input' } } });
    const large = await send(JSON.stringify({ fileName: 'x'.repeat(2_000_000) }), 'application/json');
    expect(large).toMatchObject({ status: 413, body: { error: { code: 'payload_too_large' } } });
    expect(large.body.error.requestId).toMatch(/^[0-9a-f-]{36}$/);
  });

  test('an unknown address and method of the API answer in the documented form', async () => {
    const response = await browse('/api/v1/no-such-thing');
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ error: { code: 'not_found' } });
  });

  test('an id that is none is invalid input, never a server error', async () => {
    const caller = await instance.createCaller();
    const names: RouteName[] = ['getVideo', 'getClip', 'getRendition', 'getUpload'];
    for (const name of names) {
      expect(await codeOf(caller.call(name as 'getVideo', { params: { id: "1' OR 1=1" } }))).toBe('invalid_input');
    }
  });
});

test('every answer carries the security headers', async () => {
  const response = await browse('/api/v1/instance');
  expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
  expect(response.headers.get('content-security-policy')).not.toContain('unsafe-inline');
  expect(response.headers.get('x-content-type-options')).toBe('nosniff');
  expect(response.headers.get('cross-origin-resource-policy')).toBe('same-origin');
  expect(response.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
});
