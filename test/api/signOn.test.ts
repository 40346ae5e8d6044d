/** Sign-on by OpenID Connect against a real provider: the way in, whose account it opens, groups, enforcement, and its failures. */
import { type RouteArguments, type RouteReply, signInReplySchema } from '@carmic/contract';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Users } from '../../server/src/accounts/model.ts';
import { hashPassword } from '../../server/src/accounts/passwords.ts';
import { type Caller, startInstance, type TestInstance, until } from '../support/instance.ts';
import { createBrowser, type DirectoryPerson, type OpenIdProvider, startOpenIdProvider } from '../support/openIdProvider.ts';

type Settings = NonNullable<RouteArguments<'putIdentityProvider'>['body']>;

let instance: TestInstance;
let admin: Caller;
let team: Caller;
let provider: OpenIdProvider;
let id: string;

const person = (name: string, extra: Partial<DirectoryPerson> = {}): DirectoryPerson => ({
  sub: `sub-${name}`,
  email: `${name}@corp.test`,
  email_verified: true,
  name,
  groups: [],
  ...extra,
});

const settings = (extra: Partial<Settings> = {}): Settings => ({
  name: 'Corp login',
  issuer: provider.issuer,
  clientId: provider.clientId,
  clientSecret: provider.clientSecret,
  domains: ['corp.test'],
  isEnabled: true,
  mappings: [
    { group: 'film', workspaceId: team.workspaceId, role: 'viewer' },
    { group: 'film leads', workspaceId: team.workspaceId, role: 'editor' },
  ],
  administratorGroup: 'it',
  ...extra,
});

beforeAll(async () => {
  instance = await startInstance();
  admin = await instance.createCaller({ isAdmin: true });
  team = await instance.createCaller();
  provider = await startOpenIdProvider(`${instance.baseUrl}/api/v1/sign-on-callback`, person('ada'));
  ({ id } = await admin.call('createIdentityProvider', { body: settings() }));
});
afterAll(async () => {
  await provider.stop();
  await instance.stop();
});

const put = (extra: Partial<Settings>) => admin.call('putIdentityProvider', { params: { id }, body: settings(extra) }, { ifMatch: '*' });

/** The whole way of one browser. */
async function signOn(who: DirectoryPerson, query = '') {
  provider.person = who;
  const browser = createBrowser();
  const end = await browser.follow(`${instance.baseUrl}/api/v1/sign-on-options/${id}/start${query}`);
  expect(end).toBe(`${instance.baseUrl}/#/sign-in?sign-on=done`);
  const response = await browser.send(`${instance.baseUrl}/api/v1/sign-on-completions`, { method: 'POST' });
  const body = (await response.json()) as { error?: { code: string; message: string } };
  return { browser, status: response.status, body, reply: response.ok ? signInReplySchema.parse(body) : null };
}
const me = async (browser: ReturnType<typeof createBrowser>): Promise<RouteReply<'getMe'>> =>
  (await browser.send(`${instance.baseUrl}/api/v1/me`)).json() as Promise<RouteReply<'getMe'>>;

describe('the way in', () => {
  test('makes an account at the first sign-on, with the role its groups give, and finds it again by its subject', async () => {
    const first = await signOn(person('ada', { groups: ['film', 'film leads'] }));
    expect(first.status).toBe(201);
    expect(await me(first.browser)).toMatchObject({ email: 'ada@corp.test', name: 'ada', isAdmin: false, hasPassword: false });
    expect(first.reply?.me?.workspaces).toMatchObject([{ id: team.workspaceId, role: 'editor' }]);
    const again = await signOn(person('ada', { email: 'ada.new@elsewhere.test', email_verified: false, groups: ['film'] }));
    expect(again.reply?.me).toMatchObject({ id: first.reply?.me?.id, workspaces: [{ id: team.workspaceId, role: 'viewer' }] });
    expect(provider.challenges.every((challenge) => challenge !== null && challenge.length >= 43)).toBe(true);
  });

  test('is written into the ledger of what leaves: to whom, how often, how many bytes (T2)', async () => {
    const { db, egress } = instance.server.deps;
    await signOn(person('ada'));
    expect(egress.tallies().some(({ party, outcome }) => party === 'identity-provider' && outcome === '2xx')).toBe(true);
    await expect
      .poll(() =>
        db.asSystem((tx) =>
          db.rows(
            tx,
            `SELECT host, sum(sent_bytes) > 100 AS "hasBytes" FROM egress_ledger
             WHERE party = 'identity-provider' AND outcome = '2xx' GROUP BY host`,
          ),
        ),
      )
      .toEqual([{ host: new URL(provider.issuer).host, hasBytes: true }]);
  });

  test('takes a role away when the group is gone, and leaves what a person gave by hand', async () => {
    const other = await instance.createCaller();
    const { reply } = await signOn(person('ben', { groups: ['film'] }));
    const userId = reply?.me?.id ?? '';
    const { db } = instance.server.deps;
    await db.asSystem((tx) =>
      db.change(tx, "INSERT INTO members (workspace_id, user_id, role) VALUES (:w, :userId, 'owner')", { w: other.workspaceId, userId }),
    );
    const later = await signOn(person('ben'));
    expect(later.reply?.me?.workspaces).toMatchObject([{ id: other.workspaceId, role: 'owner' }]);
  });

  test('makes and unmakes administrators by their group', async () => {
    expect((await signOn(person('ida', { groups: ['it'] }))).reply?.me?.isAdmin).toBe(true);
    expect((await signOn(person('ida'))).reply?.me?.isAdmin).toBe(false);
  });

  test('opens an account that was there by its verified address, and nobody else’s', async () => {
    const { db } = instance.server.deps;
    const there = await instance.createCaller();
    await db.asSystem((tx) => db.change(tx, "UPDATE users SET email = 'cleo@corp.test' WHERE id = :id", { id: there.userId }));
    expect((await signOn(person('cleo', { email_verified: false }))).body.error).toMatchObject({ code: 'sign_on_failed' });
    expect((await signOn(person('cleo', { email: 'cleo@other.test' }))).body.error?.message).toContain('do not belong to Corp login');
    expect((await signOn(person('cleo'))).reply?.me?.id).toBe(there.userId);
    const impostor = await signOn(person('impostor', { email: 'cleo@corp.test' }));
    expect(impostor.body.error?.message).toContain('Another person');
  });

  test('asks for the own second factor unless the provider is trusted with it', async () => {
    const { reply } = await signOn(person('dora'));
    const { db } = instance.server.deps;
    await db.asSystem((tx) => db.change(tx, 'UPDATE users SET totp_confirmed_at = now() WHERE id = :id', { id: reply?.me?.id ?? '' }));
    const asked = await signOn(person('dora'));
    expect(asked.reply).toMatchObject({ me: null, secondFactor: { methods: ['totp', 'recovery'] } });
    await put({ isSecondFactorTrusted: true });
    expect((await signOn(person('dora'))).reply?.me?.email).toBe('dora@corp.test');
    await put({});
  });

  test('makes the provider ask again for a fresh proof', async () => {
    const { status } = await signOn(person('ada'), '?again=true');
    expect(status).toBe(201);
  });
});

describe('what opens nothing', () => {
  test('a way back in another browser, a second time, or with another state', async () => {
    provider.person = person('ada');
    const browser = createBrowser();
    const begun = await browser.send(`${instance.baseUrl}/api/v1/sign-on-options/${id}/start`);
    expect(begun.status).toBe(303);
    let next = begun.headers.get('location') ?? '';
    while (!next.startsWith(instance.baseUrl)) {
      const response = await browser.send(next);
      next = new URL(response.headers.get('location') ?? '', next).href;
    }
    const stranger = createBrowser();
    await stranger.follow(next);
    expect((await stranger.send(`${instance.baseUrl}/api/v1/sign-on-completions`, { method: 'POST' })).status).toBe(410);
    await browser.follow(next.replace(/state=[^&]+/, 'state=made-up'));
    const refused = await browser.send(`${instance.baseUrl}/api/v1/sign-on-completions`, { method: 'POST' });
    expect(refused.status).toBe(403);
    expect(await refused.json()).toMatchObject({ error: { code: 'sign_on_failed' } });
    await browser.follow(next);
    expect((await browser.send(`${instance.baseUrl}/api/v1/sign-on-completions`, { method: 'POST' })).status).toBe(410);
  });

  test('somebody who is suspended, and somebody unknown where accounts are not made', async () => {
    const { reply } = await signOn(person('eve'));
    await admin.call('updateUser', { params: { id: reply?.me?.id ?? '' }, body: { isSuspended: true, reason: 'Left the company' } });
    expect((await signOn(person('eve'))).body.error?.message).toContain('suspended');
    await put({ createsAccounts: false });
    expect((await signOn(person('newcomer'))).body.error?.message).toContain('no account for you');
    await put({});
  });

  test('a provider that is away or has another secret says so in words', async () => {
    await put({ clientSecret: 'wrong' });
    expect((await signOn(person('ada'))).body.error?.message).toContain('invalid_client');
    await put({});
    const gone = await admin.call('createIdentityProvider', { body: settings({ issuer: 'http://127.0.0.1:9', domains: ['gone.test'] }) });
    const { items } = await admin.call('checkIdentityProvider', { params: { id: gone.id } });
    expect(items).toMatchObject([{ name: 'discovery', isOk: false }]);
    const response = await fetch(`${instance.baseUrl}/api/v1/sign-on-options/${gone.id}/start`, { redirect: 'manual' });
    expect(response.status).toBe(403);
    expect(await response.text()).toContain('cannot be reached');
    await admin.call('deleteIdentityProvider', { params: { id: gone.id } });
  });
});

describe('set-up', () => {
  test('the secret is sealed, never answered, and kept when it is left out', async () => {
    const { items } = await admin.call('listIdentityProviders');
    expect(JSON.stringify(items)).not.toContain(provider.clientSecret);
    const { db } = instance.server.deps;
    const rows = await db.asSystem((tx) =>
      db.rows<{ t: string }>(tx, 'SELECT encode(settings_sealed, $$escape$$) AS t FROM identity_providers'),
    );
    expect(rows[0]?.t).not.toContain(provider.clientId);
    const { clientSecret: _, ...rest } = settings();
    const kept = await admin.call('putIdentityProvider', { params: { id }, body: rest }, { ifMatch: '*' });
    expect(kept.hasClientSecret).toBe(true);
    expect((await signOn(person('ada'))).status).toBe(201);
  });

  test('checks ask the provider, and a trial shows what groups would give and changes nothing', async () => {
    const { items } = await admin.call('checkIdentityProvider', { params: { id } });
    expect(items.map(({ name, isOk }) => [name, isOk])).toEqual([
      ['discovery', true],
      ['code', true],
      ['pkce', true],
      ['scopes', true],
      ['keys', true],
    ]);
    provider.person = person('trial', { groups: ['film leads', 'it'] });
    const browser = createBrowser();
    const begun = await browser.send(`${instance.baseUrl}/api/v1/identity-providers/${id}/trial`, {
      headers: { authorization: `Bearer ${admin.token}` },
    });
    expect(await browser.follow(begun.headers.get('location') ?? '')).toBe(`${instance.baseUrl}/#/sign-on?trial=${id}`);
    const { lastTrial } = await admin.call('getIdentityProvider', { params: { id } });
    expect(lastTrial).toMatchObject({
      isOk: true,
      email: 'trial@corp.test',
      grants: [{ workspaceId: team.workspaceId, role: 'editor' }],
      isAdministrator: true,
    });
    expect((await admin.call('listUsers', { query: { search: 'trial@corp.test' } })).items).toEqual([]);
  });

  test('http in production, a provider without a domain, and a workspace that is not there are refused', async () => {
    await expect(put({ domains: [] })).rejects.toMatchObject({ code: 'invalid_input' });
    await expect(put({ isEnabled: false, isEnforced: true })).rejects.toMatchObject({ code: 'invalid_input' });
    await expect(put({ mappings: [{ group: 'x', workspaceId: id, role: 'owner' }] })).rejects.toMatchObject({ code: 'invalid_input' });
  });
});

describe('enforcement', () => {
  const signIn = (email: string, password: string) =>
    fetch(`${instance.baseUrl}/api/v1/sessions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email, password }),
    });
  const codeOf = async (response: Response) => ((await response.json()) as { error?: { code: string } }).error?.code;

  test('needs a break-glass administrator, shuts every other door of the domain, and lets that one in with an event', async () => {
    await expect(put({ isEnforced: true })).rejects.toMatchObject({ code: 'conflict' });
    const { db } = instance.server.deps;
    const passwordHash = await hashPassword('a long enough secret');
    const breaker = await instance.createCaller({ isAdmin: true });
    const worker = await instance.createCaller();
    await db.asSystem(async (tx) => {
      await db.model(Users).update({ passwordHash, email: 'breaker@corp.test' }, { where: { id: breaker.userId }, transaction: tx });
      await db.model(Users).update({ passwordHash, email: 'worker@corp.test' }, { where: { id: worker.userId }, transaction: tx });
    });
    await expect(admin.call('updateUser', { params: { id: worker.userId }, body: { isBreakGlass: true } })).rejects.toMatchObject({
      code: 'conflict',
    });
    await admin.call('updateUser', { params: { id: breaker.userId }, body: { isBreakGlass: true } });
    await put({ isEnforced: true });

    await expect(worker.call('getMe')).rejects.toMatchObject({ status: 401 });
    expect((await breaker.call('getMe')).email).toBe('breaker@corp.test');
    const right = await signIn('worker@corp.test', 'a long enough secret');
    expect([right.status, await codeOf(right)]).toEqual([403, 'sign_on_needed']);
    for (const [email, password] of [
      ['worker@corp.test', 'wrong wrong'],
      ['nobody@corp.test', 'wrong wrong'],
      ['breaker@corp.test', 'wrong wrong'],
    ] as const) {
      expect(await codeOf(await signIn(email, password))).toBe('sign_on_needed');
    }
    expect(await codeOf(await signIn('nobody@other.test', 'wrong wrong'))).toBe('unauthenticated');
    expect((await signIn('breaker@corp.test', 'a long enough secret')).status).toBe(201);
    await until('the event', async () => {
      const rows = await db.asSystem((tx) =>
        db.rows(tx, "SELECT 1 FROM events WHERE type = 'session.break_glass' AND subject_id = :id", { id: breaker.userId }),
      );
      return rows[0];
    });
    await expect(admin.call('updateUser', { params: { id: breaker.userId }, body: { isBreakGlass: false } })).rejects.toMatchObject({
      code: 'conflict',
    });
    expect((await signOn(person('worker'))).reply?.me?.id).toBe(worker.userId);
    await put({});
  });

  test('sessions of a provider end when it is removed', async () => {
    const { browser } = await signOn(person('ada'));
    await admin.call('deleteIdentityProvider', { params: { id } });
    expect((await browser.send(`${instance.baseUrl}/api/v1/me`)).status).toBe(401);
  });
});
