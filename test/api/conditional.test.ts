/**
 * Conditional requests (RFC 9110, section 13), generated from the route table: where two people may edit one thing, a change on top of
 * another version is refused and nothing is changed, and one that is sent once more with its key is made once. A new PATCH or PUT has to say which kind it is.
 */
import { type RouteDefinition, type RouteName, routes } from '@carmic/contract';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writePng } from '../../server/src/clips/brand/logoFile.ts';
import { sealContent } from '../../server/src/clips/content.ts';
import { newId } from '../../server/src/core/ids.ts';
import { sealFileName, sealTitle } from '../../server/src/library/content.ts';
import { storeTranscript } from '../../server/src/understanding/transcripts.ts';
import { sealLines } from '../../server/src/understanding/translation/translations.ts';
import { type Caller, startInstance, type TestInstance } from '../support/instance.ts';

/** Changes where nobody can overwrite what somebody else wrote unseen, and why. */
const others: Partial<Record<RouteName, string>> = {
  putCaptions: 'words that are supplied before there are any; a second file is refused once they are used',
  completeUpload: 'one upload, done once; the server compares the parts',
  updateUser: 'single switches, each set to a named value',
  updateMember: 'one switch, set to a named value',
  transferOwnership: 'one step that names its end',
  assignPlan: 'bound to the preview by its confirmation, which another change makes void',
  updateDepartment: 'two values of a line of a list, written by an owner who sees the list',
  putVideoDepartment: 'one switch, set to a named value',
  changeSubscription: 'names the plan it ends with, and the next payment decides',
  updateRights: 'switches of one person, each set to a named value',
  updateThirdParty: 'single switches, each set to a named value',
  refuseThirdParty: 'one switch, set to a named value',
  updateOwnMail: 'single switches, each set to a named value',
  updateVideo: 'single tags come and go, and a folder is set to a named value',
  updateClipComment: 'one switch, set to a named value',
  putSetupStep: 'one switch, set to a named value',
  decideSafetyReview: 'decided once; a second decision is refused',
};

let instance: TestInstance;
let owner: Caller;
const ids: Record<string, string> = {};
const logo = { kind: 'logo', contentBase64: writePng(40, 20, Buffer.alloc(40 * 20 * 4, 0x80)).toString('base64') };

/** What each route is sent; it may look at what was read, and has to change something. */
const bodies: Partial<Record<RouteName, (read: Record<string, unknown>) => unknown>> = {
  updateClip: () => ({ title: `A better title ${newId()}` }),
  chooseClipEdit: ({ editVersion }) => ({ version: editVersion === 1 ? 2 : 1 }),
  putAccountSettings: (read) => ({ ...read, allowedDomains: [`${newId()}.test`] }),
  putCompressionSettings: (read) => ({ ...read, minimumGroup: Number(read['minimumGroup']) + 1 }),
  putMailSettings: (read) => ({ ...read, isDoubleOptIn: read['isDoubleOptIn'] !== true }),
  putIdentityProvider: ({ id: _, hasClientSecret: __, version: ___, ...read }) => ({ ...read, name: newId() }),
  updateOwnWorkspace: () => ({ name: `Workspace ${newId()}` }),
  updateWebhook: ({ isEnabled }) => ({ isEnabled: isEnabled !== true }),
  updatePlan: ({ version }) => ({ version, name: `Plan ${newId()}` }),
  updateTranscript: ({ version }) => ({ version, speakers: [{ label: 'S1', name: `Ada ${newId().slice(0, 8)}` }] }),
  updateTranslation: ({ version }) => ({ version, lines: [{ index: 0, text: `Guten Tag ${newId()}` }] }),
  updateBrandKit: () => ({ name: `Look ${newId()}` }),
  putBrandAsset: () => logo,
  updateTerm: () => ({ term: `Zeebrugge ${newId()}` }),
  updateWorkspaceEngines: ({ order }) => ({ order: order === null ? ['language-model'] : null }),
  updateInstanceEngines: ({ order }) => ({ order: order === null ? ['language-model'] : null }),
  putUsageBudget: ({ capMinutes }) => ({ alertMinutes: 10, capMinutes: Number(capMinutes) + 100 }),
};

async function addVideo(): Promise<void> {
  const { deps } = instance.server;
  const { db } = deps;
  const { workspaceId } = owner;
  const [videoId, clipId, translationId] = [newId(), newId(), newId()];
  await db.asSystem(async (tx) => {
    await db.change(
      tx,
      `INSERT INTO videos (id, workspace_id, title_sealed, file_name_sealed, size_bytes, state, options)
       VALUES (:videoId, :workspaceId, :title, :fileName, 1, 'ready', '{}')`,
      { videoId, workspaceId, title: sealTitle(deps, videoId, 'A talk'), fileName: sealFileName(deps, videoId, 'talk.mp4') },
    );
    const content = sealContent(deps, clipId, { title: 'A clip', tags: [], scoreParts: [], excerpt: '', boundaries: [] });
    await db.change(
      tx,
      `INSERT INTO clips (id, workspace_id, video_id, state, rank, start_seconds, end_seconds, score, content_sealed, created_at, updated_at)
       VALUES (:clipId, :workspaceId, :videoId, 'suggested', 1, 0, 20, 50, :content, now(), now())`,
      { clipId, workspaceId, videoId, content },
    );
    for (const version of [1, 2]) {
      await db.change(
        tx,
        `INSERT INTO clip_edits (workspace_id, clip_id, version, kind, segments, created_at)
         VALUES (:workspaceId, :clipId, :version, 'segments', CAST(:segments AS jsonb), now())`,
        { workspaceId, clipId, version, segments: JSON.stringify([{ startSeconds: 0, endSeconds: 20 - version }]) },
      );
    }
    const lines = sealLines(deps, translationId, [
      { startSeconds: 0, endSeconds: 1, source: 'Good day.', text: 'Guten Tag.', flags: [], isEdited: false },
    ]);
    await db.change(
      tx,
      `INSERT INTO translations (id, workspace_id, video_id, language, state, content_sealed, created_at, updated_at)
       VALUES (:translationId, :workspaceId, :videoId, 'de', 'draft', :lines, now(), now())`,
      { translationId, workspaceId, videoId, lines },
    );
  });
  await storeTranscript(deps, { id: videoId, workspaceId }, {
    version: 1,
    language: 'en',
    engine: 'test',
    words: [{ text: 'Good', startSeconds: 0, endSeconds: 0.4, confidence: 1, speaker: 'S1' }],
  } as unknown as Parameters<typeof storeTranscript>[2]);
  Object.assign(ids, { videos: videoId, clips: clipId, translations: translationId });
}

beforeAll(async () => {
  instance = await startInstance({ processes: ['web'], env: { CARMIC_OUTGOING_HOSTS: '*' } });
  owner = await instance.createCaller({ isAdmin: true });
  await addVideo();
  const [plan] = (await owner.call('listPlans')).items;
  const { webhook } = await owner.call('createWebhook', { body: { url: 'https://hooks.example.test/x' } });
  const provider = await owner.call('createIdentityProvider', {
    body: { name: 'Staff', issuer: 'https://id.example.test', clientId: 'carmic', clientSecret: 'a secret that is long enough' },
  });
  const kit = await owner.call('createBrandKit', { body: { name: 'Our look' } });
  const term = await owner.call('createTerm', { body: { term: 'Zeebrugge' } });
  Object.assign(ids, {
    plans: plan?.id,
    webhooks: webhook.id,
    'identity-providers': provider.id,
    'brand-kits': kit.id,
    'glossary-terms': term.id,
  });
});
afterAll(() => instance.stop());

const entries = Object.entries(routes) as [RouteName, RouteDefinition][];
const pathOf = (path: string) => path.replace(':id', ids[path.split('/')[3] ?? ''] ?? '').replace(':kind', 'language');

async function send(method: string, path: string, headers: Record<string, string>, body?: unknown) {
  const response = await fetch(new URL(path, instance.baseUrl), {
    method,
    headers: { authorization: `Bearer ${owner.token}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const json = (text === '' ? {} : JSON.parse(text)) as Record<string, unknown> & { error?: { code: string } };
  return { status: response.status, etag: response.headers.get('etag') ?? '', json };
}

/** The GET with an ETag of the thing that a route changes: the longest path that the route's begins with. */
function readerOf(path: string): string {
  const found = entries
    .filter(([, entry]) => entry.method === 'GET' && entry.hasEtag === true && (path === entry.path || path.startsWith(`${entry.path}/`)))
    .sort(([, a], [, b]) => b.path.length - a.path.length)[0];
  if (found === undefined) {
    throw new Error(`Nothing answers the ETag that ${path} is to be held against.`);
  }
  return found[1].path;
}

const changes = entries.filter(
  ([, { method, policy }]) => (method === 'PATCH' || method === 'PUT') && ['editor', 'owner', 'admin'].includes(policy),
);

describe('conditional requests', () => {
  test('every change of what several people keep takes If-Match, or says why it needs none', () => {
    const silent = changes.filter(([name, { hasEtag }]) => hasEtag !== true && others[name] === undefined).map(([name]) => name);
    expect(silent).toEqual([]);
    const both = changes.filter(([name, { hasEtag }]) => hasEtag === true && others[name] !== undefined).map(([name]) => name);
    expect(both).toEqual([]);
  });

  for (const [name, definition] of changes.filter(([, { hasEtag }]) => hasEtag === true)) {
    test(`${name} is refused on top of another version, and changes nothing then; sent twice with one key it is made once`, async () => {
      const path = pathOf(definition.path);
      const reader = pathOf(readerOf(definition.path));
      const before = await send('GET', reader, {});
      expect(before.status).toBe(200);
      expect(before.etag).toMatch(/^".+"$/);
      const known = await fetch(new URL(reader, instance.baseUrl), {
        headers: { authorization: `Bearer ${owner.token}`, 'if-none-match': before.etag },
      });
      expect(known.status).toBe(304);
      const bodyFor = bodies[name];
      expect(bodyFor, `a body for ${name}`).toBeDefined();
      const body = bodyFor?.(before.json);

      const wrong = await send(definition.method, path, { 'if-match': '"another"' }, body);
      expect(wrong).toMatchObject({ status: 412, json: { error: { code: 'precondition_failed' } } });
      expect(await send('GET', reader, {})).toEqual(before);
      if (definition.demandsMatch === true) {
        const silent = await send(definition.method, path, {}, body);
        expect(silent).toMatchObject({ status: 428, json: { error: { code: 'precondition_required' } } });
        expect(await send('GET', reader, {})).toEqual(before);
      }

      const headers = { 'if-match': `"another", ${before.etag}`, 'idempotency-key': newId() };
      const right = await send(definition.method, path, headers, body);
      expect(right.status, JSON.stringify(right.json)).toBe(definition.status);
      // Whoever lost the answer asks once more, and learns what was done and which version that made.
      expect(await send(definition.method, path, headers, body)).toEqual(right);
      const after = await send('GET', reader, {});
      expect(after.etag).toBe(right.etag);
      expect(after.etag).not.toBe(before.etag);
      const late = await send(definition.method, path, { 'if-match': before.etag }, bodyFor?.(after.json));
      expect(late.status).toBe(412);
      expect(await send('GET', reader, {})).toEqual(after);
    });
  }

  test('of two people who change a clip at once from one version, one is refused', async () => {
    const path = pathOf('/api/v1/clips/:id');
    const { etag } = await send('GET', path, {});
    const tries = await Promise.all(['One', 'Two', 'Three'].map((title) => send('PATCH', path, { 'if-match': etag }, { title })));
    expect(tries.map(({ status }) => status).sort()).toEqual([200, 412, 412]);
    const [won] = tries.filter(({ status }) => status === 200);
    expect((await send('GET', path, {})).json['title']).toBe(won?.json['title']);
  });
});
