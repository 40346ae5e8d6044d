/** SCIM 2.0 as directories speak it: provisioning, groups to roles, deactivation at once, and its walls. */
import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Caller, startInstance, type TestInstance, until } from '../support/instance.ts';

interface Answer {
  status: number;
  body: Record<string, unknown> & { id?: string; Resources?: Record<string, unknown>[]; scimType?: string; detail?: string };
}

let instance: TestInstance;
let admin: Caller;
let team: Caller;
let token: string;
let providerId: string;

const provider = (name: string, domain: string) => ({
  name,
  issuer: 'http://127.0.0.1:9',
  clientId: name,
  domains: [domain],
  isEnabled: true,
  mappings: [{ group: 'Editors', workspaceId: team.workspaceId, role: 'editor' as const }],
});

beforeAll(async () => {
  instance = await startInstance();
  admin = await instance.createCaller({ isAdmin: true });
  team = await instance.createCaller();
  ({ id: providerId } = await admin.call('createIdentityProvider', { body: provider('Corp', 'corp.test') }));
  ({ token } = await admin.call('createDirectoryToken', { params: { id: providerId } }));
});
afterAll(() => instance.stop());

async function scim(method: string, path: string, body?: unknown, as = token): Promise<Answer> {
  const response = await fetch(`${instance.baseUrl}/scim/v2${path}`, {
    method,
    headers: { authorization: `Bearer ${as}`, ...(body === undefined ? {} : { 'content-type': 'application/scim+json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (text !== '') {
    expect(response.headers.get('content-type')).toContain('application/scim+json');
  }
  return { status: response.status, body: text === '' ? {} : (JSON.parse(text) as Answer['body']) };
}
const patch = (path: string, ...Operations: unknown[]) =>
  scim('PATCH', path, { schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'], Operations });
const make = async (name: string, extra: object = {}): Promise<string> => {
  const { status, body } = await scim('POST', '/Users', { userName: `${name}@corp.test`, displayName: name, ...extra });
  expect(status).toBe(201);
  return body.id ?? '';
};
const roleOf = async (id: string) =>
  (await admin.call('listUsers', { query: { limit: 100 } })).items
    .find((user) => user.id === id)
    ?.workspaces.find((workspace) => workspace.id === team.workspaceId)?.role;

/** A session of somebody, as a sign-on would open it. */
async function sessionOf(id: string): Promise<string> {
  const { openSession } = await import('../../server/src/accounts/sessions.ts');
  const { deps } = instance.server;
  return deps.db.asSystem(async (tx) => (await openSession(deps, tx, id, null, providerId)).token);
}

describe('people', () => {
  test('are made, found by userName in any case, and changed', async () => {
    const id = await make('ada', {
      externalId: 'ext-1',
      name: { givenName: 'Ada', familyName: 'L' },
      emails: [{ value: 'ada@corp.test', primary: true }],
    });
    const found = await scim('GET', `/Users?filter=${encodeURIComponent('userName eq "ADA@corp.test"')}`);
    expect(found.body).toMatchObject({ totalResults: 1, Resources: [{ id, externalId: 'ext-1', active: true }] });
    expect((await scim('GET', `/Users?filter=${encodeURIComponent('userName eq "nobody@corp.test"')}`)).body).toMatchObject({
      totalResults: 0,
    });
    expect((await scim('GET', `/Users?filter=${encodeURIComponent('userName sw "a"')}`)).body).toMatchObject({
      status: '400',
      scimType: 'invalidFilter',
    });
    await patch(
      `/Users/${id}`,
      { op: 'Replace', path: 'name.formatted', value: 'Ada Lovelace' },
      { op: 'replace', value: { externalId: 'ext-2' } },
    );
    expect((await scim('GET', `/Users/${id}`)).body).toMatchObject({ displayName: 'Ada Lovelace', externalId: 'ext-2' });
    const put = await scim('PUT', `/Users/${id}`, { userName: 'ada.l@corp.test', displayName: 'Ada' });
    expect(put.body).toMatchObject({ userName: 'ada.l@corp.test', emails: [{ value: 'ada.l@corp.test' }] });
  });

  test('are refused twice, without an address, and with one of a foreign domain', async () => {
    await make('twice');
    expect((await scim('POST', '/Users', { userName: 'twice@corp.test' })).body).toMatchObject({ status: '409', scimType: 'uniqueness' });
    expect((await scim('POST', '/Users', { userName: 'no address' })).body).toMatchObject({ status: '400', scimType: 'invalidValue' });
    expect((await scim('POST', '/Users', { userName: 'x@other.test' })).body.detail).toContain('do not belong');
    expect((await scim('POST', '/Users', { displayName: 'x' })).status).toBe(400);
  });

  test('deactivated, are out at once: session, API key and an open live stream', async () => {
    const id = await make('leaver');
    const session = await sessionOf(id);
    const me = () => fetch(`${instance.baseUrl}/api/v1/me`, { headers: { authorization: `Bearer ${session}` } });
    expect((await me()).status).toBe(200);
    const stream = await fetch(`${instance.baseUrl}/api/v1/events/stream`, { headers: { authorization: `Bearer ${session}` } });
    expect(stream.status).toBe(200);
    // Azure writes the word.
    const { body } = await patch(`/Users/${id}`, { op: 'Replace', path: 'active', value: 'False' });
    expect(body['active']).toBe(false);
    expect((await me()).status).toBe(401);
    // Ends by itself: reading it to its end would wait for ever otherwise.
    expect(await stream.text()).toContain('retry:');
    await patch(`/Users/${id}`, { op: 'replace', value: { active: true } });
    expect((await scim('GET', `/Users/${id}`)).body['active']).toBe(true);
    expect((await me()).status).toBe(401);
  });

  test('deprovisioned, are gone for the directory and suspended here; the last administrator stays', async () => {
    const id = await make('gone');
    expect((await scim('DELETE', `/Users/${id}`)).status).toBe(204);
    expect((await scim('GET', `/Users/${id}`)).status).toBe(404);
    const { items } = await admin.call('listUsers', { query: { search: 'gone@corp.test' } });
    expect(items[0]?.suspendedAt).not.toBeNull();
    const { db } = instance.server.deps;
    const boss = await make('boss');
    await db.asSystem((tx) => db.change(tx, 'UPDATE users SET is_admin = true, is_break_glass = true WHERE id = :boss', { boss }));
    expect((await patch(`/Users/${boss}`, { op: 'replace', path: 'active', value: false })).body).toMatchObject({ scimType: 'mutability' });
    expect((await scim('DELETE', `/Users/${boss}`)).status).toBe(409);
  });
});

describe('groups', () => {
  test('give and take roles at once, through every form of PATCH', async () => {
    const [a, b] = [await make('group-a'), await make('group-b')];
    const { body } = await scim('POST', '/Groups', { displayName: 'Editors', members: [{ value: a }] });
    const path = `/Groups/${body.id ?? ''}`;
    expect([await roleOf(a), await roleOf(b)]).toEqual(['editor', undefined]);
    await patch(path, { op: 'add', path: 'members', value: [{ value: b }] });
    expect(
      (await scim('GET', `/Groups?filter=${encodeURIComponent('displayName eq "editors"')}`)).body.Resources?.[0]?.['members'],
    ).toHaveLength(2);
    expect((await scim('GET', '/Groups?excludedAttributes=members')).body.Resources?.[0]?.['members']).toEqual([]);
    expect((await patch(path, { op: 'remove', path: `members[value eq "${a}"]` })).status).toBe(200);
    expect([await roleOf(a), await roleOf(b)]).toEqual([undefined, 'editor']);
    await patch(path, { op: 'replace', path: 'displayName', value: 'Renamed' });
    expect(await roleOf(b)).toBeUndefined();
    await patch(path, { op: 'replace', value: { displayName: 'Editors', members: [{ value: a }] } });
    expect([await roleOf(a), await roleOf(b)]).toEqual(['editor', undefined]);
    expect((await scim('GET', `/Users/${a}`)).body['groups']).toMatchObject([{ display: 'Editors' }]);
    expect((await scim('DELETE', path)).status).toBe(204);
    expect(await roleOf(a)).toBeUndefined();
  });

  test('take nobody whom the directory does not know', async () => {
    const { body } = await scim('POST', '/Groups', { displayName: 'Strangers', members: [{ value: team.userId }] });
    expect(body).toMatchObject({ status: '400', scimType: 'invalidValue' });
  });
});

describe('walls', () => {
  test('one directory neither sees nor changes the people of another', async () => {
    const id = await make('mine');
    const other = await admin.call('createIdentityProvider', { body: provider('Other', 'other.test') });
    const theirs = (await admin.call('createDirectoryToken', { params: { id: other.id } })).token;
    expect((await scim('GET', '/Users', undefined, theirs)).body).toMatchObject({ totalResults: 0, Resources: [] });
    for (const [method, body] of [
      ['GET', undefined],
      ['PUT', { userName: 'mine@other.test' }],
      ['PATCH', { Operations: [{ op: 'replace', path: 'active', value: false }] }],
      ['DELETE', undefined],
    ] as const) {
      expect((await scim(method, `/Users/${id}`, body, theirs)).status).toBe(404);
    }
    expect((await scim('POST', '/Users', { userName: 'mine@corp.test' }, theirs)).status).toBe(400);
  });

  test('the token is for the directory only, an ended one opens nothing, and other tokens open nothing here', async () => {
    expect((await fetch(`${instance.baseUrl}/api/v1/videos`, { headers: { authorization: `Bearer ${token}` } })).status).toBe(403);
    expect((await scim('GET', '/Users', undefined, admin.token)).status).toBe(403);
    expect((await scim('GET', '/Users', undefined, `carmic_scim_${createHmac('sha256', 'x').digest('base64url')}`)).status).toBe(401);
    const { token: newer } = await admin.call('createDirectoryToken', { params: { id: providerId } });
    expect((await scim('GET', '/Users')).status).toBe(401);
    token = newer;
    expect((await scim('GET', '/ServiceProviderConfig')).body).toMatchObject({ patch: { supported: true } });
    expect((await scim('GET', '/ResourceTypes')).body).toMatchObject({ totalResults: 2 });
    expect((await scim('GET', '/Schemas')).body).toMatchObject({ totalResults: 2 });
    expect((await scim('GET', '/Nothing')).body).toMatchObject({ status: '404' });
    await until('the event of the change', async () => (await admin.call('listAuditEntries', { query: { limit: 1 } })).items[0]);
  });
});
