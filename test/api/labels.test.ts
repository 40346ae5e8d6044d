/** Folders and tags of videos, and the filter of the list. Keeps: S1, S4. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Caller, startInstance, type TestInstance } from '../support/instance.ts';

let instance: TestInstance;
let owner: Caller;
let stranger: Caller;
const ids: string[] = [];

beforeAll(async () => {
  instance = await startInstance({ processes: ['web'] });
  owner = await instance.createCaller();
  stranger = await instance.createCaller();
  for (const fileName of ['one.mp4', 'two.mp4', 'three.mp4']) {
    ids.push((await owner.call('createVideo', { body: { fileName, sizeBytes: 10 } })).video.id);
  }
});
afterAll(() => instance.stop());

const label = (at: number, body: { folder?: string | null; addTags?: string[]; removeTags?: string[] }) =>
  owner.call('updateVideo', { params: { id: ids[at] ?? '' }, body });
const titles = async (query: { folder?: string; tag?: string; state?: 'working' | 'ready' | 'failed' }, who = owner) =>
  (await who.call('listVideos', { query })).items.map(({ title }) => title).toSorted();

describe('folders and tags', () => {
  test('sort videos, whatever their case, and are counted', async () => {
    expect(await label(0, { folder: 'Harbour', addTags: ['Sea', 'wind'] })).toMatchObject({ folder: 'Harbour', tags: ['Sea', 'wind'] });
    await label(1, { folder: 'harbour', addTags: ['sea'] });
    await label(2, { addTags: ['Wind'] });
    expect(await titles({ folder: 'HARBOUR' })).toEqual(['one', 'two']);
    expect(await titles({ tag: 'wind' })).toEqual(['one', 'three']);
    expect(await titles({ folder: 'Harbour', tag: 'wind' })).toEqual(['one']);
    expect(await titles({ tag: 'harbour' })).toEqual([]);
    expect(await owner.call('listVideoLabels')).toEqual({
      folders: [{ name: expect.stringMatching(/harbour/i) as string, count: 2 }],
      tags: [
        { name: expect.stringMatching(/sea/i) as string, count: 2 },
        { name: expect.stringMatching(/wind/i) as string, count: 2 },
      ],
    });
  });

  test('of two people who add tags at once both stay; what is removed is found no more', async () => {
    await Promise.all(['first', 'second', 'third'].map((tag) => label(2, { addTags: [tag] })));
    expect((await owner.call('getVideo', { params: { id: ids[2] ?? '' } })).tags.toSorted()).toEqual(['Wind', 'first', 'second', 'third']);
    expect(await label(2, { removeTags: ['FIRST', 'Wind'] })).toMatchObject({ folder: null });
    expect(await titles({ tag: 'first' })).toEqual([]);
    expect(await titles({ tag: 'second' })).toEqual(['three']);
    expect(await label(1, { folder: null })).toMatchObject({ folder: null, tags: ['sea'] });
    expect(await titles({ folder: 'harbour' })).toEqual(['one']);
    const many = Array.from({ length: 20 }, (_, index) => `tag ${index}`);
    await expect(label(2, { addTags: many })).rejects.toMatchObject({ code: 'invalid_input' });
  });

  test('the list can be had by state', async () => {
    expect(await titles({ state: 'working' })).toEqual(['one', 'three', 'two']);
    expect(await titles({ state: 'ready' })).toEqual([]);
  });

  test('are sealed, are in no event, and belong to their workspace (S1, S4)', async () => {
    const { db } = instance.server.deps;
    const rows = await db.systemRows<{ labels_sealed: Buffer; label_tokens: string[] }>(
      'SELECT labels_sealed, label_tokens FROM videos WHERE id = :id',
      {
        id: ids[0],
      },
    );
    expect(rows[0]?.label_tokens).toHaveLength(3);
    expect(rows[0]?.labels_sealed.includes('Harbour')).toBe(false);
    const events = await db.systemRows("SELECT data FROM events WHERE type = 'video.updated'");
    expect(events.length).toBeGreaterThan(3);
    expect(JSON.stringify(events)).not.toMatch(/harbour|wind/i);
    expect(await titles({ folder: 'Harbour' }, stranger)).toEqual([]);
    expect(await stranger.call('listVideoLabels')).toEqual({ folders: [], tags: [] });
    await expect(stranger.call('updateVideo', { params: { id: ids[0] ?? '' }, body: { folder: 'Mine' } })).rejects.toMatchObject({
      code: 'not_found',
    });
  });
});
