/** Tags of clips: set by people, kept through everything engines do, found by the search, packed with the files. Keeps: A1, S4. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Clip } from '@carmic/contract';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { suggestClipsForVideo } from '../../server/src/clips/suggestClipsForVideo.ts';
import { Videos } from '../../server/src/library/model.ts';
import { type Caller, startInstance, type TestInstance, until } from '../support/instance.ts';
import { enrolAgent, type ProtocolAgent } from '../support/protocolAgent.ts';
import { uploadVideo } from '../support/upload.ts';

const run = promisify(execFile);
let instance: TestInstance;
let owner: Caller;
let agent: ProtocolAgent;
let first: Clip;
let directory: string;

const captions =
  '1\n00:00:00,000 --> 00:00:09,000\nThe river rose in the night, and we carried four hundred books up the stairs. Nobody had told us why.\n';

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'carmic-tags-'));
  instance = await startInstance({ env: { CARMIC_LEASE_SECONDS: '600' } });
  owner = await instance.createCaller();
  agent = await enrolAgent(instance);
  const video = await uploadVideo(owner.call, instance.baseUrl, Buffer.from('a talk'), {
    captions,
    wishes: { clipCount: 1, minClipSeconds: 5, maxClipSeconds: 30, language: 'en' },
  });
  first = await until('the clip', async () => {
    const lease = await agent.lease(['inspect', 'render'], 0);
    if (lease !== null) {
      await agent.finish(lease);
    }
    const [clip] = (await owner.call('listClips', { params: { id: video.id } })).items;
    return (await owner.call('getVideo', { params: { id: video.id } })).state === 'ready' ? clip : null;
  });
}, 120_000);
afterAll(async () => {
  await instance.stop();
  rmSync(directory, { recursive: true, force: true });
});

const clipNow = () => owner.call('getClip', { params: { id: first.id } });
const setTags = (tags: string[], ifMatch?: string, who = owner) =>
  who.call('updateClip', { params: { id: first.id }, body: { tags } }, ifMatch === undefined ? {} : { ifMatch });

describe('the tags of a clip', () => {
  test('are suggested until a person sets them, and are then as written, each once; hashtags follow (A1)', async () => {
    expect(first).toMatchObject({ areTagsSuggested: true, isTitleSuggested: true });
    expect(first.tags.length).toBeGreaterThan(0);
    const changed = await setTags(['#Möwen', ' der alte Fluss ', 'möwen', 'Deich']);
    expect(changed).toMatchObject({
      tags: ['Möwen', 'der alte Fluss', 'Deich'],
      areTagsSuggested: false,
      isTitleSuggested: true,
      title: first.title,
    });
    expect(changed.posts.find(({ platform }) => platform === 'youtube')?.hashtags).toEqual(['#Möwen', '#DerAlteFluss', '#Deich']);
    expect((await owner.call('listClips', { params: { id: first.videoId } })).items[0]?.tags).toEqual(changed.tags);
    expect(await setTags([])).toMatchObject({ tags: [], areTagsSuggested: false });
    await setTags(changed.tags);
  });

  test('have limits that are told', async () => {
    const before = await clipNow();
    await expect(setTags(['sea, wind'])).rejects.toMatchObject({
      code: 'invalid_input',
      message: expect.stringContaining('comma') as string,
    });
    await expect(setTags(['…'])).rejects.toMatchObject({
      code: 'invalid_input',
      message: expect.stringContaining('letter or digit') as string,
    });
    await expect(setTags(['x'.repeat(41)])).rejects.toMatchObject({ code: 'invalid_input' });
    await expect(setTags(Array.from({ length: 16 }, (_, i) => `tag ${i}`))).rejects.toMatchObject({ code: 'invalid_input' });
    expect(await clipNow()).toMatchObject({ tags: before.tags, version: before.version });
  });

  test('are not set over what somebody else has set meanwhile', async () => {
    const before = await clipNow();
    const changed = await setTags(['Deich'], before.version);
    expect(changed.version).not.toBe(before.version);
    await expect(setTags(['Sturm'], before.version)).rejects.toMatchObject({ status: 412, code: 'precondition_failed' });
    expect((await clipNow()).tags).toEqual(['Deich']);
  });

  test('are for editors to set, for viewers to see, and for nobody else (S4)', async () => {
    const { workspaceId } = owner;
    const viewer = await instance.createCaller({ workspaceId, role: 'viewer' });
    const editor = await instance.createCaller({ workspaceId, role: 'editor' });
    const stranger = await instance.createCaller();
    await expect(setTags(['Sturm'], undefined, viewer)).rejects.toMatchObject({ status: 403 });
    await expect(setTags(['Sturm'], undefined, stranger)).rejects.toMatchObject({ status: 404 });
    expect((await viewer.call('getClip', { params: { id: first.id } })).tags).toEqual(['Deich']);
    expect((await setTags(['Deich', 'Sperrwerk'], undefined, editor)).tags).toEqual(['Deich', 'Sperrwerk']);
    const { db } = instance.server.deps;
    const [event] = await db.asSystem((tx) =>
      db.rows<{ data: unknown }>(tx, "SELECT data FROM events WHERE type = 'clip.updated' AND actor_id = :id", { id: editor.userId }),
    );
    expect(event?.data, 'the event tells which fields, and no text').toEqual({ fields: ['tags'] });
  });

  test('are found by the search once a person has set them, and no more when they are gone', async () => {
    const search = async (q: string) => (await owner.call('search', { query: { q } })).items;
    await setTags(['Sperrwerk']);
    const [hit] = await until('the tag in the index', async () => {
      const found = await search('sperrwerk');
      return found.length > 0 ? found : null;
    });
    expect(hit).toMatchObject({ videoId: first.videoId, kind: 'clip' });
    expect(hit?.marks.map(({ from, to }) => hit.text.slice(from, to))).toEqual(['Sperrwerk']);
    await setTags(['Deich']);
    await until('the tag to be gone', async () => ((await search('sperrwerk')).length === 0 ? true : null));
  });

  test('that a person has set stay when the video is looked through again', async () => {
    await setTags(['von Hand']);
    const { deps } = instance.server;
    const ids = { id: first.videoId };
    await deps.db.asSystem((tx) => deps.db.change(tx, "UPDATE videos SET state = 'selecting' WHERE id = :id", ids));
    const video = await deps.db.asSystem((tx) => deps.db.model(Videos).findByPk(first.videoId, { transaction: tx, rejectOnEmpty: true }));
    await suggestClipsForVideo(deps, video);
    const clips = (await owner.call('listClips', { params: { id: first.videoId } })).items;
    expect(clips.length, 'clips were suggested again').toBeGreaterThan(1);
    expect(clips.find(({ id }) => id === first.id)).toMatchObject({ tags: ['von Hand'], areTagsSuggested: false });
  });

  test('are packed with the files of the clip', async () => {
    const rendition = (await clipNow()).renditions.find(({ state }) => state === 'ready');
    const reply = await fetch(`${instance.baseUrl}/api/v1/renditions/${rendition?.id}/exports/zip`, {
      headers: { authorization: `Bearer ${owner.token}`, connection: 'close' },
    });
    const path = join(directory, 'clip.zip');
    writeFileSync(path, Buffer.from(await reply.arrayBuffer()));
    const { stdout } = await run('python3', [
      '-c',
      'import sys,zipfile\nprint(zipfile.ZipFile(sys.argv[1]).read("clip.json").decode())',
      path,
    ]);
    expect(JSON.parse(stdout)).toMatchObject({ title: first.title, tags: ['von Hand'], excerpt: first.excerpt });
  });
});
