/** Accounts from the first wish to the last goodbye, through the API. Keeps: S4. */
import { ApiError, type Call, createClient } from '@carmic/contract';
import { SMTPServer } from 'smtp-server';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hashSecret } from '../../server/src/core/crypto.ts';
import { codeOf } from '../support/totp.ts';
import { type Caller, callerFor, startInstance, type TestInstance, until } from '../support/instance.ts';

let instance: TestInstance;
let admin: Caller;
let nobody: Call;

beforeAll(async () => {
  instance = await startInstance({ env: { CARMIC_BASE_URL: 'http://localhost:1', CARMIC_RATE_LIMIT_PER_MINUTE: '100000' } });
  // An editor in the workspace, so that what is demanded of owners does not reach the administrator.
  admin = await instance.createCaller({ isAdmin: true, role: 'editor' });
  nobody = createClient({ baseUrl: address() });
});
afterAll(() => instance.stop());

/** The instance calls itself by another name; the tests reach it by its port. */
const address = () => `http://127.0.0.1:${instance.server.port}`;
const as = (token: string) => callerFor(address, token);
const outcomeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'ok',
    (error: unknown) => (error instanceof ApiError ? error.code : String(error)),
  );
const tokenIn = (link: string) => new URLSearchParams(link.split('?')[1]).get('token') ?? '';

async function settle(change: Partial<Awaited<ReturnType<typeof read>>>): Promise<void> {
  await as(admin.token)('putAccountSettings', { body: { ...(await read()), ...change } }, { ifMatch: '*' });
}
const read = () => as(admin.token)('getAccountSettings');

/** The newest link for an address; null while the job that makes it runs. */
const linkFor = (kind: string, email: string) =>
  until(`a link (${kind})`, async () => {
    const { items } = await as(admin.token)('listPendingLinks');
    return items.find((item) => item.kind === kind && item.email === email)?.link;
  });

/** Signs somebody up and answers their session’s token. */
async function signUp(email: string, password = 'seven green bottles'): Promise<string> {
  await nobody('createSignUp', { body: { email, name: 'Newcomer', password } });
  return sessionOf(await post('/api/v1/sign-up-confirmations', { token: tokenIn(await linkFor('sign_up', email)) }));
}

function post(path: string, body: unknown, token?: string): Promise<Response> {
  return fetch(new URL(path, address()), {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
    body: JSON.stringify(body),
  });
}
function sessionOf(response: Response): string {
  return /carmic=([^;]+)/.exec(response.headers.get('set-cookie') ?? '')?.[1] ?? '';
}

describe('sign-up', () => {
  test('is by invitation until an administrator opens it, by domain or for all', async () => {
    const body = { email: 'first@example.org', name: 'First', password: 'seven green bottles' };
    expect(await outcomeOf(nobody('createSignUp', { body }))).toBe('forbidden');
    await settle({ signUp: 'domain', allowedDomains: ['example.org'] });
    expect(await outcomeOf(nobody('createSignUp', { body: { ...body, email: 'x@example.net' } }))).toBe('forbidden');
    const me = await as(await signUp('first@example.org'))('getMe');
    expect(me).toMatchObject({ email: 'first@example.org', isAdmin: false, hasPassword: true });
    expect(me.workspaces).toHaveLength(1);
    await settle({ signUp: 'open', allowedDomains: [] });
  });

  test('a known and an unknown address get the same answer, and the known one no second account', async () => {
    const send = async (email: string) => {
      const response = await post('/api/v1/sign-ups', { email, name: 'Again', password: 'seven green bottles' });
      return { status: response.status, body: await response.json() };
    };
    expect(await send('first@example.org')).toEqual(await send('unknown@example.org'));
    await linkFor('sign_up', 'unknown@example.org');
    const { items } = await as(admin.token)('listPendingLinks');
    expect(items.filter((item) => item.email === 'first@example.org' && item.kind === 'sign_up')).toHaveLength(1);
  });

  test('a password from a breach, or one that is the address, is refused', async () => {
    const body = { email: 'strawberry.jam@example.org', name: 'Jam' };
    for (const password of ['password1', 'qwertyuiop', 'strawberry.jam', 'Strawberry.jam1', 'aaaaaaaaaa']) {
      expect(await outcomeOf(nobody('createSignUp', { body: { ...body, password } })), password).toBe('invalid_input');
    }
  });
});

describe('a forgotten password', () => {
  test('is set anew by a link that works once and ends every session', async () => {
    const token = await signUp('forgetful@example.org');
    await nobody('createPasswordReset', { body: { email: 'FORGETFUL@example.org' } });
    const link = tokenIn(await linkFor('reset_password', 'forgetful@example.org'));
    expect(await outcomeOf(nobody('completePasswordReset', { body: { token: link, password: 'password1' } }))).toBe('invalid_input');
    expect(await outcomeOf(nobody('completePasswordReset', { body: { token: link, password: 'a wholly new one' } }))).toBe('ok');
    expect(await outcomeOf(nobody('completePasswordReset', { body: { token: link, password: 'a wholly new one' } }))).toBe('gone');
    expect(await outcomeOf(as(token)('getMe'))).toBe('unauthenticated');
    const signIn = (password: string) => outcomeOf(nobody('createSession', { body: { email: 'forgetful@example.org', password } }));
    expect(await signIn('seven green bottles')).toBe('unauthenticated');
    expect(await signIn('a wholly new one')).toBe('ok');
  });

  test('asking for an unknown address is answered alike, before anything is looked up', async () => {
    const ask = async (email: string) => {
      const response = await post('/api/v1/password-resets', { email });
      return { status: response.status, body: await response.json() };
    };
    expect(await ask('nobody.at.all@example.org')).toEqual(await ask('forgetful@example.org'));
  });
});

describe('sessions', () => {
  test('are listed, and ended one by one or all others at once', async () => {
    const first = await signUp('many@example.org');
    const again = async () => sessionOf(await post('/api/v1/sessions', { email: 'many@example.org', password: 'seven green bottles' }));
    const [second, third] = [await again(), await again()];
    const { items } = await as(first)('listSessions');
    expect(items).toHaveLength(3);
    expect(items.filter((item) => item.isCurrent)).toHaveLength(1);
    const other = (await as(second)('listSessions')).items.find((item) => item.isCurrent);
    await as(first)('endSession', { params: { id: other?.id ?? '' } });
    expect(await outcomeOf(as(second)('getMe'))).toBe('unauthenticated');
    expect(await outcomeOf(as(admin.token)('endSession', { params: { id: items.find((item) => item.isCurrent)?.id ?? '' } }))).toBe(
      'not_found',
    );
    const { db } = instance.server.deps;
    const proveAt = (time: string) =>
      db.asSystem((tx) =>
        db.change(tx, `UPDATE sessions SET authenticated_at = ${time} WHERE token_hash = :hash`, { hash: hashSecret(first) }),
      );
    await proveAt("now() - interval '11 minutes'");
    const own = items.find((item) => item.isCurrent)?.id ?? '';
    expect(await outcomeOf(as(first)('endOtherSessions')), 'without a fresh proof').toBe('reauthentication_needed');
    expect(await outcomeOf(as(first)('endSession', { params: { id: own } })), 'without a fresh proof').toBe('reauthentication_needed');
    expect(await outcomeOf(as(third)('getMe'))).toBe('ok');
    await proveAt('now()');
    await as(first)('endOtherSessions');
    expect(await outcomeOf(as(third)('getMe'))).toBe('unauthenticated');
    expect(await outcomeOf(as(first)('getMe'))).toBe('ok');
  });

  test('one that nobody used for two weeks opens nothing', async () => {
    const token = await signUp('idle@example.org');
    const { db } = instance.server.deps;
    await db.asSystem((tx) =>
      db.change(
        tx,
        "UPDATE sessions SET last_seen_at = now() - interval '15 days' WHERE user_id IN (SELECT id FROM users WHERE email = 'idle@example.org')",
      ),
    );
    expect(await outcomeOf(as(token)('getMe'))).toBe('unauthenticated');
  });

  test('what is sensitive needs a fresh proof', async () => {
    const token = await signUp('fresh@example.org');
    const { db } = instance.server.deps;
    await db.asSystem((tx) => db.change(tx, "UPDATE sessions SET authenticated_at = now() - interval '1 hour'"));
    expect(await outcomeOf(as(token)('createTotp'))).toBe('reauthentication_needed');
    expect(await outcomeOf(as(token)('deleteMe', { body: { confirmation: 'delete my account' } }))).toBe('reauthentication_needed');
    expect(await outcomeOf(as(token)('updateMe', { body: { email: 'taken@example.org' } }))).toBe('reauthentication_needed');
    expect(await outcomeOf(as(token)('createReauthentication', { body: { password: 'wrong' } }))).toBe('forbidden');
    expect(await outcomeOf(as(token)('createReauthentication', { body: { password: 'seven green bottles' } }))).toBe('ok');
    expect(await outcomeOf(as(token)('createTotp'))).toBe('ok');
  });
});

describe('an authenticator app', () => {
  test('is asked for after the password; codes and recovery codes work once', async () => {
    const email = 'careful@example.org';
    const token = await signUp(email);
    const { secret } = await as(token)('createTotp');
    expect(await outcomeOf(as(token)('confirmTotp', { body: { code: '000000' } }))).toBe('invalid_input');
    const { recoveryCodes } = await as(token)('confirmTotp', { body: { code: codeOf(secret) } });
    expect(recoveryCodes).toHaveLength(10);
    const begin = () => nobody('createSession', { body: { email, password: 'seven green bottles' } });
    const finish = async (code: string) =>
      outcomeOf(nobody('createSecondFactorSession', { body: { token: (await begin()).secondFactor?.token ?? '', code } }));
    expect(await begin()).toMatchObject({ me: null, secondFactor: { methods: ['totp', 'recovery'], passkeyOptions: null } });
    const code = codeOf(secret, 1);
    expect(await finish('000000')).toBe('unauthenticated');
    expect(await finish(code)).toBe('ok');
    expect(await finish(code)).toBe('unauthenticated');
    expect(await finish((recoveryCodes[0] ?? '').toUpperCase())).toBe('ok');
    expect(await finish(recoveryCodes[0] ?? '')).toBe('unauthenticated');
    expect((await as(token)('getSecondFactors')).recoveryCodesLeft).toBe(9);
  });

  test('five wrong codes end the step', async () => {
    const { secondFactor } = await nobody('createSession', { body: { email: 'careful@example.org', password: 'seven green bottles' } });
    const tries: string[] = [];
    for (let turn = 0; turn < 6; turn++) {
      tries.push(await outcomeOf(nobody('createSecondFactorSession', { body: { token: secondFactor?.token ?? '', code: '111111' } })));
    }
    expect(tries.slice(0, 5)).toEqual(Array(5).fill('unauthenticated'));
    expect(tries[5]).toBe('gone');
  });

  test('is demanded per role: until then only the own account answers', async () => {
    const token = await signUp('owner@example.org');
    await settle({ secondFactorFor: ['owner'] });
    expect(await as(token)('getMe')).toMatchObject({ needsSecondFactor: true });
    expect(await outcomeOf(as(token)('listVideos'))).toBe('second_factor_needed');
    const { secret } = await as(token)('createTotp');
    await as(token)('confirmTotp', { body: { code: codeOf(secret) } });
    expect(await outcomeOf(as(token)('listVideos'))).toBe('ok');
    expect(await outcomeOf(as(token)('deleteTotp'))).toBe('forbidden');
    await settle({ secondFactorFor: [] });
    expect(await outcomeOf(as(token)('deleteTotp'))).toBe('ok');
  });
});

describe('a change of address', () => {
  test('without a mail server is made at once, with one after its confirmation', async () => {
    const received: string[] = [];
    const smtp = new SMTPServer({
      disabledCommands: ['AUTH', 'STARTTLS'],
      onData(stream, _session, done) {
        let text = '';
        stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
        stream.on('end', () => {
          received.push(text.replaceAll('=\r\n', '').replaceAll('=3D', '='));
          done();
        });
      },
    });
    const port = await new Promise<number>((resolve) => {
      const server = smtp.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
    });
    const mailing = await startInstance({
      env: { CARMIC_SMTP_URL: `smtp://127.0.0.1:${port}`, CARMIC_MAIL_FROM: 'Carmic <c@example.org>' },
    });
    try {
      const caller = await mailing.createCaller();
      const call = createClient({ baseUrl: mailing.baseUrl });
      await caller.call('updateMe', { body: { email: 'moved@example.org' } });
      expect((await caller.call('getMe')).email).not.toBe('moved@example.org');
      const mail = await until('the mail', () => Promise.resolve(received.find((text) => text.includes('To: moved@example.org'))));
      const token = /confirm-email\?token=([\w-]+)/.exec(mail)?.[1] ?? '';
      await call('confirmEmail', { body: { token } });
      expect((await caller.call('getMe')).email).toBe('moved@example.org');
      await until('the notice to the old address', () =>
        Promise.resolve(received.find((text) => text.includes(`To: ${caller.userId}@example.test`))),
      );
      const { db } = mailing.server.deps;
      await until('no sealed mail is left', () =>
        db.asSystem(async (tx) => ((await db.rows(tx, 'SELECT 1 FROM mails')).length === 0 ? true : null)),
      );
    } finally {
      await mailing.stop();
      await new Promise<void>((resolve) => smtp.close(() => resolve()));
    }
  });
});

describe('deletion of an account', () => {
  test('needs an heir where others would be left alone; then account, sessions and own workspaces are gone', async () => {
    const owner = await instance.createCaller();
    const other = await instance.createCaller({ role: 'editor', workspaceId: owner.workspaceId });
    const call = as(owner.token);
    const body = { confirmation: 'delete my account' } as const;
    expect(await outcomeOf(call('deleteMe', { body }))).toBe('conflict');
    await call('transferOwnership', { body: { userId: other.userId } });
    const { id } = await call('createWorkspace', { body: { name: 'Mine alone' } });
    expect(await outcomeOf(call('deleteMe', { body }))).toBe('ok');
    expect(await outcomeOf(call('getMe'))).toBe('unauthenticated');
    expect((await as(other.token)('listMembers')).items.map((member) => [member.id, member.role])).toEqual([[other.userId, 'owner']]);
    const { db } = instance.server.deps;
    const name = await until('the emptied workspace', () =>
      db.asSystem(async (tx) => {
        const [row] = await db.rows<{ name: string }>(tx, 'SELECT name FROM workspaces WHERE id = :id', { id });
        return row?.name === 'Mine alone' ? null : row?.name;
      }),
    );
    expect(name).toBe('Deleted workspace');
    expect(await db.asSystem((tx) => db.rows(tx, 'SELECT 1 FROM users WHERE id = :id', { id: owner.userId }))).toEqual([]);
  });
});
