/** The page of clips remembers what it composed: after every change it says what each clip says by itself. */
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { clipCount, seedClipPage } from '../bench/support/clipPage.ts';
import { sealContent } from '../../server/src/clips/content.ts';
import { callerFor, startInstance, type TestInstance } from '../support/instance.ts';

let instance: TestInstance;
let seeded: Awaited<ReturnType<typeof seedClipPage>>;
beforeAll(async () => {
  instance = await startInstance({ processes: ['web'] });
  seeded = await seedClipPage(instance.server.deps);
  // Links are made anew at every quarter of an hour, which may strike between two answers that are held against each other.
  vi.spyOn(instance.server.deps.clock, 'now').mockReturnValue(new Date());
});
afterAll(async () => {
  vi.restoreAllMocks();
  await instance.stop();
});

const call = () => callerFor(() => instance.baseUrl, seeded.token);
const page = async () => (await call()('listClips', { params: { id: seeded.videoId } })).items;
const change = (sql: string, values: Record<string, unknown> = {}) => {
  const { db } = instance.server.deps;
  return db.asSystem((tx) => db.change(tx, sql, { videoId: seeded.videoId, workspaceId: seeded.workspaceId, ...values }));
};

test('a page that is asked for again opens nothing sealed', async () => {
  const first = await page();
  expect(first).toHaveLength(clipCount);
  const opened = vi.spyOn(instance.server.deps.sealer, 'open');
  expect(await page()).toEqual(first);
  expect(opened).not.toHaveBeenCalled();
  opened.mockRestore();
});

const clip = '(SELECT id FROM clips WHERE video_id = :videoId AND rank = 3)';
const rendition = `(SELECT id FROM renditions WHERE clip_id = ${clip})`;
const changes: Record<string, () => Promise<unknown>> = {
  'a title': async () => {
    const { deps } = instance.server;
    const id = (await page())[2]?.id ?? '';
    const content = sealContent(deps, id, { title: 'Another title', tags: [], scoreParts: [], excerpt: '', boundaries: [] });
    return change('UPDATE clips SET content_sealed = :content WHERE id = :id', { id, content });
  },
  'a state': () => change(`UPDATE clips SET state = 'kept' WHERE id = ${clip}`),
  'the segments of an edit': () =>
    change(`UPDATE clip_edits SET segments = '[{"startSeconds": 1, "endSeconds": 9}]' WHERE clip_id = ${clip}`),
  'a rendition': () => change(`UPDATE renditions SET state = 'rendering' WHERE clip_id = ${clip}`),
  'how far it is': () =>
    change(
      `INSERT INTO media_tasks (id, workspace_id, video_id, rendition_id, kind, state, progress, queued_at, created_at)
       VALUES (gen_random_uuid(), :workspaceId, :videoId, ${rendition}, 'render', 'leased', 0.4, now(), now())`,
    ),
  'how far it is later': () => change("UPDATE media_tasks SET progress = 0.7 WHERE video_id = :videoId AND state = 'leased'"),
  'a rendition that is ready again': () => change(`UPDATE renditions SET state = 'ready' WHERE clip_id = ${clip}`),
  'a file that is gone': () => change(`UPDATE stored_objects SET state = 'deleting' WHERE rendition_id = ${rendition} AND kind = 'srt'`),
  'the size of a file': () => change(`UPDATE stored_objects SET size_bytes = 4321 WHERE rendition_id = ${rendition} AND kind = 'video'`),
  'a file more': () =>
    change(
      `INSERT INTO stored_objects (id, workspace_id, video_id, rendition_id, key, kind, state, content_type, size_bytes, sha256, created_at)
       SELECT gen_random_uuid(), workspace_id, video_id, rendition_id, regexp_replace(key, 'video$', 'ass'), 'ass', 'ready', 'text/plain', 1, sha256, now()
       FROM stored_objects WHERE rendition_id = ${rendition} AND kind = 'video'`,
    ),
  'an end of the video': () => change("UPDATE videos SET expires_at = now() + interval '3 days' WHERE id = :videoId"),
  'a clip less': () => change('DELETE FROM clips WHERE video_id = :videoId AND rank = 5'),
};
test.each(Object.entries(changes))('shows %s', async (_, make) => {
  const before = await page();
  await make();
  const after = await page();
  expect(after).not.toEqual(before);
  for (const item of after) {
    expect(item).toEqual(await call()('getClip', { params: { id: item.id } }));
  }
});

test('its links are made anew when their time comes', async () => {
  const { clock } = instance.server.deps;
  const urlOf = async () => (await page())[0]?.renditions[0]?.media.videoUrl;
  const before = await urlOf();
  const later = new Date(clock.now().getTime() + 1000 * 1000);
  vi.mocked(clock.now).mockReturnValue(later);
  expect(await urlOf()).not.toEqual(before);
});
