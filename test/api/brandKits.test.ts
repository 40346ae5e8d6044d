/** Brand kits through the API: their files, who sees them, what agents get of them, and what becomes of them. Keeps: R5, S4. */
import { readFileSync } from 'node:fs';
import { fontPath } from '@carmic/captions/node';
import { textFonts } from '@carmic/captions';
import { type ApiError, type BrandKit } from '@carmic/contract';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writePng } from '../../server/src/clips/brand/logoFile.ts';
import { keys } from '../../server/src/storage/keys.ts';
import { type Caller, startInstance, type TestInstance, until } from '../support/instance.ts';
import { enrolAgent, type ProtocolAgent } from '../support/protocolAgent.ts';
import { uploadVideo } from '../support/upload.ts';

let instance: TestInstance;
let owner: Caller;
let agent: ProtocolAgent;
const font = readFileSync(fontPath(textFonts.poppins)).toString('base64');
const logo = writePng(40, 20, Buffer.alloc(40 * 20 * 4, 0x80)).toString('base64');
const licenceNote = 'SIL OFL, from the foundry';
const failed = (code: string, message?: RegExp) =>
  expect.objectContaining({ code, ...(message && { message: expect.stringMatching(message) }) }) as ApiError;

beforeAll(async () => {
  instance = await startInstance({ env: { CARMIC_LEASE_SECONDS: '60' } });
  owner = await instance.createCaller();
  agent = await enrolAgent(instance);
});
afterAll(() => instance.stop());

const makeKit = async (caller = owner, wish: Partial<Parameters<Caller['call']>[1]> & { name?: string; isDefault?: boolean } = {}) =>
  caller.call('createBrandKit', { body: { name: wish.name ?? 'Our show', isDefault: wish.isDefault ?? false } });
const usedBytes = async (caller = owner) => (await caller.call('getEntitlements')).storage.usedBytes;
const readUrl = (url: string) => fetch(new URL(url, instance.baseUrl));

describe('a brand kit', () => {
  test('is made, changed and listed; one is the default', async () => {
    const first = await makeKit(owner, { name: 'First', isDefault: true });
    const second = await makeKit(owner, { name: 'Second', isDefault: true });
    const { items } = await owner.call('listBrandKits');
    expect(items.filter((kit) => kit.isDefault).map((kit) => kit.id)).toEqual([second.id]);
    const look = { textColour: '#112233', case: 'upper' as const, position: 'top' as const, outline: 0.1 };
    const changed = await owner.call('updateBrandKit', {
      params: { id: first.id },
      body: { name: 'Renamed', look, captionStyle: 'boxed' },
    });
    expect(changed).toMatchObject({ name: 'Renamed', look, captionStyle: 'boxed', isDefault: false });
    expect(changed.logoPlace).toEqual(first.logoPlace);
    for (const id of [first.id, second.id]) {
      await owner.call('deleteBrandKit', { params: { id } });
    }
    await expect(owner.call('getBrandKit', { params: { id: first.id } })).rejects.toEqual(failed('not_found'));
  });

  test('is changed by one person at a time', async () => {
    const { id } = await makeKit();
    const url = new URL(`/api/v1/brand-kits/${id}`, instance.baseUrl);
    const headers = { authorization: `Bearer ${owner.token}`, 'content-type': 'application/json' };
    const etag = (await fetch(url, { headers })).headers.get('etag') ?? '';
    const change = (name: string) =>
      fetch(url, { method: 'PATCH', headers: { ...headers, 'if-match': etag }, body: JSON.stringify({ name }) });
    expect((await change('One')).status).toBe(200);
    expect((await change('Two')).status).toBe(412);
    expect((await owner.call('getBrandKit', { params: { id } })).name).toBe('One');
  });

  test('keeps its files as stored objects that count, are replaced at once, and go with it', async () => {
    const before = await usedBytes();
    const { id } = await makeKit();
    const params = { id };
    const one = await owner.call('putBrandAsset', { params, body: { kind: 'font', contentBase64: font, licenceNote } });
    expect(one.font).toMatchObject({
      family: 'Poppins SemiBold',
      licenceNote,
      coverage: expect.arrayContaining([{ script: 'latin', share: 1 }]),
    });
    const both = await owner.call('putBrandAsset', { params, body: { kind: 'logo', contentBase64: logo } });
    expect(both.logo).toMatchObject({ width: 40, height: 20 });
    expect(await usedBytes()).toBe(before + (both.font?.sizeBytes ?? 0) + (both.logo?.sizeBytes ?? 0));
    const reply = await readUrl(both.logo?.url ?? '');
    expect([reply.status, reply.headers.get('content-type')]).toEqual([200, 'image/png']);

    const wider = writePng(60, 20, Buffer.alloc(60 * 20 * 4, 0x40)).toString('base64');
    const replaced = await owner.call('putBrandAsset', { params, body: { kind: 'logo', contentBase64: wider } });
    expect(replaced.logo?.width).toBe(60);
    expect((await readUrl(both.logo?.url ?? '')).status).toBe(404);
    const fontUrl = replaced.font?.url ?? '';
    expect((await owner.call('updateBrandKit', { params, body: { removeAssets: ['font'] } })).font).toBeNull();
    expect((await readUrl(fontUrl)).status).toBe(404);
    await owner.call('deleteBrandKit', { params });
    const { db } = instance.server.deps;
    await until('the bytes to go', async () => {
      const rows = await db.asSystem((tx) => db.rows(tx, "SELECT 1 FROM stored_objects WHERE kind LIKE 'brand%'"));
      return rows.length === 0 ? true : null;
    });
    const left = [];
    for await (const object of instance.server.deps.store.list(keys.workspacePrefix(owner.workspaceId))) {
      left.push(object.key);
    }
    expect(left.filter((key) => key.includes('/b/'))).toEqual([]);
    expect(await usedBytes()).toBe(before);
  });

  test('refuses files that are not what they should be, says why, and stores nothing of them', async () => {
    const before = await usedBytes();
    const { id } = await makeKit();
    const params = { id };
    const text = Buffer.from('<script>alert(1)</script>').toString('base64');
    await expect(owner.call('putBrandAsset', { params, body: { kind: 'font', contentBase64: text, licenceNote } })).rejects.toEqual(
      failed('invalid_input', /no TrueType/),
    );
    await expect(owner.call('putBrandAsset', { params, body: { kind: 'logo', contentBase64: text } })).rejects.toEqual(
      failed('invalid_input', /no PNG/),
    );
    await expect(owner.call('putBrandAsset', { params, body: { kind: 'intro', contentBase64: text } })).rejects.toEqual(
      failed('invalid_input', /intro or outro/),
    );
    expect(await usedBytes()).toBe(before);
  });

  test('is read by viewers and seen by no other workspace, its files neither', async () => {
    const stranger = await instance.createCaller();
    const viewer = await instance.createCaller({ role: 'viewer', workspaceId: owner.workspaceId });
    const { id } = await makeKit();
    await owner.call('putBrandAsset', { params: { id }, body: { kind: 'logo', contentBase64: logo } });
    expect((await viewer.call('getBrandKit', { params: { id } })).logo).not.toBeNull();
    await expect(viewer.call('updateBrandKit', { params: { id }, body: { name: 'x' } })).rejects.toEqual(failed('forbidden'));
    await expect(stranger.call('putBrandAsset', { params: { id }, body: { kind: 'logo', contentBase64: logo } })).rejects.toEqual(
      failed('not_found'),
    );
    expect((await stranger.call('listBrandKits')).items).toEqual([]);
    await expect(stranger.call('createVideo', { body: { fileName: 'a.mp4', sizeBytes: 1, options: { brandKitId: id } } })).rejects.toEqual(
      failed('not_found'),
    );
  });
});

describe('rendering with a brand kit', () => {
  const captions = Array.from({ length: 12 }, (_, index) => {
    const time = (seconds: number) => `00:00:${String(seconds).padStart(2, '0')},000`;
    return `${index + 1}\n${time(index * 5)} --> ${time(index * 5 + 4)}\nWhy did this thing number ${index} change everything?\n`;
  }).join('\n');
  let kit: BrandKit;
  let clipId: string;

  beforeAll(async () => {
    const { id } = await makeKit(owner, { name: 'Default', isDefault: true });
    await owner.call('updateBrandKit', {
      params: { id },
      body: { look: { textColour: '#00ff00' }, logoPlace: { position: 'bottom_left', width: 0.3 } },
    });
    await owner.call('putBrandAsset', { params: { id }, body: { kind: 'font', contentBase64: font, licenceNote } });
    kit = await owner.call('putBrandAsset', { params: { id }, body: { kind: 'logo', contentBase64: logo } });
    const video = await uploadVideo(owner.call, instance.baseUrl, Buffer.from('a video with a brand'), { captions });
    await agent.finish(await until('the inspection', () => agent.lease(['inspect'], 5)));
    const clip = await until('a clip', async () => (await owner.call('listClips', { params: { id: video.id } })).items[0]);
    clipId = clip.id;
    expect(clip.renditions.map((rendition) => rendition.brandKitId)).toEqual([kit.id]);
  });

  /** Gives everything else back until the rendition that was asked for is leased. */
  const leaseOf = (width: number) =>
    until('the rendering', async () => {
      const lease = await agent.lease(['render'], 2);
      return lease?.spec.kind === 'render' && lease.spec.output.width === width ? lease.spec : null;
    });

  test('gives the agent its look, its font and its logo; what was chosen for one rendition goes before it', async () => {
    const captionOptions = { look: { activeColour: '#ff0000' } };
    await owner.call('createRendition', { params: { id: clipId }, body: { aspect: '16:9', captionOptions } });
    const spec = await leaseOf(1920);
    expect(spec.captions).toMatchObject({
      look: { textColour: '#00ff00', activeColour: '#ff0000' },
      font: { family: expect.stringMatching(/^Brand [0-9a-f]{12}$/), file: { sizeBytes: kit.font?.sizeBytes } },
    });
    expect(spec.branding).toMatchObject({ logo: { position: 'bottom_left', width: 0.3, file: { sizeBytes: kit.logo?.sizeBytes } } });
    const file = await fetch(spec.captions?.font?.file.url ?? '');
    expect((await file.arrayBuffer()).byteLength).toBe(kit.font?.sizeBytes);

    await owner.call('createRendition', { params: { id: clipId }, body: { aspect: '1:1', brandKitId: null } });
    const bare = await leaseOf(1080);
    expect([bare.captions?.look, bare.captions?.font, bare.branding]).toEqual([undefined, undefined, undefined]);
  });

  test('is made anew when the kit changes, and is the same when only its name does', async () => {
    const ask = async () => (await owner.call('createRendition', { params: { id: clipId }, body: { aspect: '4:5' } })).id;
    const first = await ask();
    await owner.call('updateBrandKit', { params: { id: kit.id }, body: { name: 'Another name' } });
    expect(await ask()).toBe(first);
    await owner.call('updateBrandKit', { params: { id: kit.id }, body: { look: { textColour: '#0000ff' } } });
    expect(await ask()).not.toBe(first);
  });

  test('keeps the kit from being deleted until it is done, and says so; later a failed one says that its kit is gone', async () => {
    await expect(owner.call('deleteBrandKit', { params: { id: kit.id } })).rejects.toEqual(failed('wrong_state', /being rendered with it/));
    const { db } = instance.server.deps;
    await db.inWorkspace(owner.workspaceId, (tx) => db.change(tx, "UPDATE renditions SET state = 'failed'", {}));
    await db.inWorkspace(owner.workspaceId, (tx) => db.change(tx, "UPDATE videos SET state = 'ready'", {}));
    await owner.call('deleteBrandKit', { params: { id: kit.id } });
    const clip = await owner.call('getClip', { params: { id: clipId } });
    const [rendition] = clip.renditions;
    await expect(owner.call('retryRendition', { params: { id: rendition?.id ?? '' } })).rejects.toEqual(failed('wrong_state', /brand kit/));
    const fresh = await owner.call('createRendition', { params: { id: clipId }, body: { aspect: '9:16' } });
    expect(fresh.brandKitId).toBeNull();
  });

  test('ends with the workspace’s content: erasing everything takes the kits and their files along', async () => {
    const caller = await instance.createCaller();
    await uploadVideo(caller.call, instance.baseUrl, Buffer.from('a video of somebody'));
    const { id } = await makeKit(caller);
    const { logo: stored } = await caller.call('putBrandAsset', { params: { id }, body: { kind: 'logo', contentBase64: logo } });
    await caller.call('createErasure', { body: { scope: 'workspace', typedVideoCount: 1 } });
    expect((await caller.call('listBrandKits')).items).toEqual([]);
    expect((await readUrl(stored?.url ?? '')).status).toBe(404);
  });
});
