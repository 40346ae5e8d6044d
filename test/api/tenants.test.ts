/**
 * Every route of the table, as nobody, as another workspace or another person, as a lower role, and with links that count no more: generated, so that
 * a new route is tested at once, and one whose ids nobody made here fails. `withdrawn` and `suspension` beside it do the same for identities that ended.
 */
import { createClient, type RouteDefinition, type RouteName, routes } from '@carmic/contract';
import { z } from 'zod';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newId } from '../../server/src/core/ids.ts';
import { type Caller, startInstance, type TestInstance, until } from '../support/instance.ts';
import { sampleOf } from '../support/schemaArbitrary.ts';
import { enrolAgent, type ProtocolAgent } from '../support/protocolAgent.ts';
import { uploadVideo } from '../support/upload.ts';

let instance: TestInstance;
let owner: Caller;
let stranger: Caller;
let viewer: Caller;
let agent: ProtocolAgent;
let before: unknown;
const ids: Record<string, string> = {};
let linkToken = '';
/** Calls of the matrix; its size is printed at the end. */
let calls = 0;

beforeAll(async () => {
  // A lease that outlasts a busy machine.
  instance = await startInstance({
    env: { CARMIC_LEASE_SECONDS: '60', CARMIC_OUTGOING_HOSTS: '*', CARMIC_RATE_LIMIT_PER_MINUTE: '100000' },
  });
  owner = await instance.createCaller();
  stranger = await instance.createCaller();
  viewer = await instance.createCaller({ role: 'viewer', workspaceId: owner.workspaceId });
  agent = await enrolAgent(instance);
  const video = await uploadVideo(owner.call, instance.baseUrl, Buffer.from('somebody’s video'));
  await agent.finish(await until('the inspection', () => agent.lease(['inspect'], 5)));
  const clip = await until('the clips', async () => (await owner.call('listClips', { params: { id: video.id } })).items[0]);
  const { upload } = await owner.call('createVideo', { body: { fileName: 'open.mp4', sizeBytes: 10 } });
  const kit = await owner.call('createBrandKit', { body: { name: 'Our look' } });
  const term = await owner.call('createTerm', { body: { term: 'Zeebrugge' } });
  const translationId = newId();
  const { db } = instance.server.deps;
  await db.inWorkspace(owner.workspaceId, (tx) =>
    db.change(
      tx,
      `INSERT INTO translations (id, workspace_id, video_id, language, state, created_at, updated_at)
       VALUES (:translationId, :workspaceId, :videoId, 'de', 'failed', now(), now())`,
      { translationId, workspaceId: owner.workspaceId, videoId: video.id },
    ),
  );
  const { link, url } = await owner.call('createClipLink', { params: { id: clip.id }, body: { kind: 'review' } });
  linkToken = url.split('token=')[1] ?? '';
  const said = await owner.call('addSharedComment', { body: { linkToken, name: 'Ada', text: 'Nice.' } });
  Object.assign(ids, { 'clip-links': link.id, 'clip-comments': said.comments[0]?.id });
  const { id: department } = await owner.call('createDepartment', { body: { name: 'Sales' } });
  Object.assign(ids, { 'brand-kits': kit.id, departments: department, 'glossary-terms': term.id, translations: translationId });
  before = { title: clip.title, state: clip.state };
  Object.assign(ids, { videos: video.id, clips: clip.id, renditions: clip.renditions[0]?.id ?? '', uploads: upload.id });
  Object.assign(ids, await addRest());
});
afterAll(async () => {
  process.stdout.write(`The tenant matrix: ${entries.length} routes, ${calls} calls.\n`);
  await instance.stop();
});

/** What else of the owner has an id in a route. */
async function addRest(): Promise<Record<string, string | undefined>> {
  const { db } = instance.server.deps;
  const { webhook } = await owner.call('createWebhook', { body: { url: 'https://hooks.example.test/x', eventTypes: ['plan.created'] } });
  const { key } = await owner.call('createApiKey', { body: { name: 'A program', scopes: ['read'] } });
  const { invitation } = await owner.call('createInvitation', { body: { email: 'guest@example.test', role: 'viewer' } });
  const archive = await owner.call('createArchive');
  const request = await owner.call('createOwnPrivacyRequest', { body: { kind: 'rectification', detail: 'My name is written wrong.' } });
  const [session] = (await owner.call('listSessions')).items;
  const passkeyId = newId();
  await db.asSystem((tx) =>
    db.change(
      tx,
      `INSERT INTO passkeys (id, user_id, credential_id, public_key, name, created_at)
       VALUES (:passkeyId, :userId, :credential, '', 'A key', now())`,
      { passkeyId, userId: owner.userId, credential: passkeyId },
    ),
  );
  const gone = await uploadVideo(owner.call, instance.baseUrl, Buffer.from('a video that is deleted'));
  await owner.call('deleteVideo', { params: { id: gone.id } });
  const erasure = await until('the erasure', async () => (await owner.call('listErasures')).items[0]);
  const item = await until('its item', async () => (await owner.call('listErasureItems', { params: { id: erasure.id } })).items[0]);
  return {
    ...{ webhooks: webhook.id, 'api-keys': key.id, invitations: invitation.id, members: viewer.userId, archives: archive.id },
    ...{ 'privacy-requests': request.id, sessions: session?.id, passkeys: passkeyId, erasures: erasure.id, 'erasure-items': item.id },
  };
}

const entries = Object.entries(routes) as [RouteName, RouteDefinition][];
const unknownId = '6f1f1f1f-0000-4000-8000-00000000abcd';

/** A body that the schema takes, so that a refusal is about who is asking. */
const bodies: Partial<Record<RouteName, unknown>> = {
  createVideo: { fileName: 'x.mp4', sizeBytes: 1 },
  putCaptions: { fileName: 'x.srt', contentBase64: Buffer.from('1\n00:00:00,000 --> 00:00:01,000\nHi.\n').toString('base64') },
  createPartUrls: { parts: [{ partNumber: 1, sha256: 'a'.repeat(64) }] },
  completeUpload: { parts: [{ partNumber: 1, sha256: 'a'.repeat(64) }] },
  updateClip: { title: 'Taken over' },
  createRendition: { aspect: '1:1' },
  putBrandAsset: { kind: 'logo', contentBase64: Buffer.from('no picture').toString('base64') },
  updateTranscript: { version: 0 },
  findMoments: { topics: ['prices'] },
  createClipsFromMoments: { topics: ['prices'], startSeconds: [1] },
  createTranslation: { language: 'de' },
  updateTranslation: { version: 0 },
};
const jsonOf = (schema: z.ZodType) => z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
const bodyOf = (name: RouteName): unknown => {
  const { body }: RouteDefinition = routes[name];
  // One for each route: making them takes time in which the server beside this stands still.
  bodies[name] ??= body === undefined ? {} : sampleOf(jsonOf(body));
  return bodies[name];
};

async function send(name: RouteName, token: string | null, id: string): Promise<{ status: number; text: string }> {
  const { method, path } = routes[name];
  calls += 1;
  const response = await fetch(new URL(path.replace(':id', id).replace(':format', 'zip').replace(/:\w+/g, unknownId), instance.baseUrl), {
    method,
    headers: {
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...(method === 'GET' ? {} : { 'content-type': 'application/json' }),
    },
    ...(method === 'GET' ? {} : { body: JSON.stringify(bodyOf(name)) }),
  });
  return { status: response.status, text: (await response.text()).replace(/"requestId":"[^"]+"/, '') };
}

/** The id of the owner's thing that stands for `:id`. */
const ownId = (path: string) => ids[path.slice(0, path.indexOf('/:id')).split('/').at(-1) ?? ''];
const idFor = (path: string) => ownId(path) ?? unknownId;
const isTenantRoute = (definition: RouteDefinition) => ['viewer', 'editor', 'owner'].includes(definition.policy);

/** Routes whose `:id` names something of one workspace, or of one person. */
const ofSomebody = entries.filter(([, entry]) => (isTenantRoute(entry) || entry.policy === 'person') && entry.path.includes(':id'));

describe('every route (S4)', () => {
  test('declares a policy', () => {
    expect(entries.length).toBeGreaterThan(30);
    expect(entries.every(([, { policy }]) => policy.length > 0)).toBe(true);
  });

  test('with an id has one here that is somebody’s', async () => {
    expect(ofSomebody.filter(([, { path }]) => ownId(path) === undefined).map(([name]) => name)).toEqual([]);
    for (const [name, { path }] of ofSomebody.filter(([, { method, path: each }]) => method === 'GET' && /:id$/.test(each))) {
      expect((await send(name, owner.token, idFor(path))).status, `${name} opens its own`).toBe(200);
    }
  });

  for (const [name, definition] of entries.filter(([, { policy }]) => policy !== 'public')) {
    test(`${name} refuses nobody, a made-up token and the other kind of caller`, async () => {
      expect((await send(name, null, idFor(definition.path))).status).toBe(401);
      expect((await send(name, 'carmic_session_made-up', idFor(definition.path))).status).toBe(401);
      expect((await send(name, 'carmic_agent_made-up', idFor(definition.path))).status).toBe(401);
      const other = definition.policy === 'agent' ? owner.token : agent.token;
      expect((await send(name, other, idFor(definition.path))).status).toBe(403);
    });
  }

  for (const [name, definition] of ofSomebody) {
    test(`${name} answers somebody else exactly as for an id that never existed`, async () => {
      const theirs = await send(name, stranger.token, idFor(definition.path));
      const never = await send(name, stranger.token, unknownId);
      expect(theirs).toEqual(never);
      expect(theirs.status).toBe(404);
    });
  }

  for (const [name, definition] of entries.filter(([, { policy }]) => policy === 'editor' || policy === 'owner')) {
    test(`${name} is refused to a viewer`, async () => {
      expect((await send(name, viewer.token, idFor(definition.path))).status).toBe(403);
    });
  }

  for (const [name] of entries.filter(([, { policy }]) => policy === 'admin')) {
    test(`${name} is refused to an owner who is no administrator`, async () => {
      expect((await send(name, owner.token, unknownId)).status).toBe(403);
    });
  }
});

/** Public routes that open with a token of their own: what the token stands for is their policy. */
const byToken = entries.filter(([name, { policy, path }]) => {
  const { body, query }: RouteDefinition = routes[name];
  const isInQuery = query !== undefined && JSON.stringify(jsonOf(query)).includes('"token"');
  return (
    policy === 'public' &&
    (path.includes(':token') || isInQuery || (body !== undefined && JSON.stringify(jsonOf(body)).includes('"linkToken"')))
  );
});

describe('every route that opens with a link', () => {
  test('is known here', () => {
    expect(byToken.map(([name]) => name).sort()).toEqual(['addSharedComment', 'getArchiveFile', 'getBundleFile', 'openSharedClip']);
  });

  for (const [name, { path }] of byToken.filter(([, { method }]) => method === 'POST')) {
    test(`${name} answers a link that was taken back exactly as one that never was`, async () => {
      const { link, url } = await owner.call('createClipLink', { params: { id: ids['clips'] ?? '' }, body: { kind: 'review' } });
      const body = (token: string) =>
        JSON.stringify({ ...(bodyOf(name) as object), id: newId(), name: 'Ada', text: 'Nice.', password: undefined, linkToken: token });
      const open = async (token: string) => {
        calls += 1;
        const response = await fetch(new URL(path, instance.baseUrl), {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: body(token),
        });
        return { status: response.status, text: (await response.text()).replace(/"requestId":"[^"]+"/, '') };
      };
      const token = url.split('token=')[1] ?? '';
      expect((await open(token)).status).toBeLessThan(300);
      await owner.call('deleteClipLink', { params: { id: link.id } });
      const back = await open(token);
      expect(back).toEqual(await open('A'.repeat(token.length)));
      expect(back.status).toBe(410);
      expect((await open(linkToken)).status, 'another link stays open').toBeLessThan(300);
    });
  }

  test.each(['archive-files/', 'bundle-files?token='])('%s answers a made-up token as nothing', async (files) => {
    calls += 1;
    const made = await fetch(new URL(`/api/v1/${files}${'A'.repeat(43)}`, instance.baseUrl));
    expect(made.status).toBe(410);
  });
});

test('nothing of all that changed anything', async () => {
  const clip = await owner.call('getClip', { params: { id: ids['clips'] ?? '' } });
  expect({ title: clip.title, state: clip.state }).toEqual(before);
  expect((await owner.call('getVideo', { params: { id: ids['videos'] ?? '' } })).id).toBe(ids['videos']);
});

test('lists and events hold the own workspace only', async () => {
  expect((await stranger.call('listVideos')).items).toEqual([]);
  const { items } = await stranger.call('listEvents', { query: { limit: 100 } });
  expect(items.every((event) => event.videoId === null)).toBe(true);
});

test('naming another workspace in the header opens nothing', async () => {
  const response = await fetch(new URL('/api/v1/videos', instance.baseUrl), {
    headers: { authorization: `Bearer ${stranger.token}`, 'carmic-workspace': owner.workspaceId },
  });
  expect(response.status).toBe(401);
});

test('a revoked agent and an ended session open nothing any more', async () => {
  const { db } = instance.server.deps;
  await db.asSystem((tx) => db.change(tx, 'UPDATE agents SET revoked_at = now() WHERE id = :id', { id: agent.agentId }));
  expect((await send('createLease', agent.token, unknownId)).status).toBe(401);
  await db.asSystem((tx) => db.change(tx, 'DELETE FROM members WHERE user_id = :id', { id: viewer.userId }));
  expect((await send('listVideos', viewer.token, unknownId)).status).toBe(401);
  expect((await createClient({ baseUrl: instance.baseUrl })('getInstance')).name).toBe('Carmic');
});
