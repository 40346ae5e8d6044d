/** One ZIP over many files: what is in it, what is left out, for whom its link works, and how it ends when nobody reads on. Keeps: S4. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { get, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import type { Bundle, Clip, Video } from '@carmic/contract';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { addSeconds } from '../../server/src/core/clock.ts';
import { newId } from '../../server/src/core/ids.ts';
import { type Caller, startInstance, type TestInstance, until } from '../support/instance.ts';
import { enrolAgent, type ProtocolAgent } from '../support/protocolAgent.ts';
import { uploadVideo } from '../support/upload.ts';

const run = promisify(execFile);
let instance: TestInstance;
let owner: Caller;
let agent: ProtocolAgent;
let video: Video;
let clips: Clip[];
let directory: string;

const clock = (seconds: number) => `00:00:${String(seconds).padStart(2, '0')},000`;
const captions = [
  'The river rose in the night and we carried four hundred books up the stairs before the morning came.',
  'What would you do differently? We would build the library on the hill, where the old mill stands today.',
  'The mayor visited us, and he brought bread and a very long rope that nobody ever used again.',
]
  .map((line, i) => `${i + 1}\n${clock(i * 8)} --> ${clock(i * 8 + 7)}\n${line}\n`)
  .join('\n');

async function readyVideo(fileName: string): Promise<Video> {
  const made = await uploadVideo(owner.call, instance.baseUrl, Buffer.from(fileName), {
    captions,
    fileName,
    wishes: { clipCount: 2, minClipSeconds: 5, maxClipSeconds: 10, language: 'en', aspects: ['9:16', '1:1'] },
  });
  return until(`the clips of ${fileName}`, async () => {
    const lease = await agent.lease(['inspect', 'render'], 0);
    if (lease !== null) {
      await agent.finish(lease);
    }
    const now = await owner.call('getVideo', { params: { id: made.id } });
    return now.state === 'ready' ? now : null;
  });
}

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'carmic-bundles-'));
  instance = await startInstance({ env: { CARMIC_LEASE_SECONDS: '600' } });
  owner = await instance.createCaller();
  agent = await enrolAgent(instance);
  video = await readyVideo('harbours: a talk?.mp4');
  clips = (await owner.call('listClips', { params: { id: video.id } })).items.toSorted((a, b) => a.rank - b.rank);
  for (const { id } of clips) {
    await owner.call('updateClip', { params: { id }, body: { title: 'Möwen / "über" ../Meer', tags: ['Möwen'] } });
  }
}, 120_000);
afterEach(() => vi.restoreAllMocks());
afterAll(async () => {
  await instance.stop();
  rmSync(directory, { recursive: true, force: true });
});

const idsOf = (list: readonly Clip[]) => list.flatMap(({ renditions }) => renditions.map(({ id }) => id));
const bundle = (renditionIds: string[], who = owner): Promise<Bundle> =>
  who.call('createBundle', { params: { id: video.id }, body: { renditionIds } });
// A connection that idles while Python works may be closed by the server just when it is used again.
const fetchZip = (url: string) => fetch(new URL(url, instance.baseUrl), { headers: { connection: 'close' } });
const change = (sql: string, values: Record<string, unknown>) =>
  instance.server.deps.db.asSystem((tx) => instance.server.deps.db.change(tx, sql, values));

/** What Python's own module finds in a ZIP: every entry with its text, how it is stored, and whether `zipfile -t` passes. */
async function readZip(bytes: Buffer): Promise<{ files: Record<string, string>; kinds: number[] }> {
  const path = join(directory, `${newId()}.zip`);
  writeFileSync(path, bytes);
  expect((await run('python3', ['-m', 'zipfile', '-t', path])).stdout).toContain('Done testing');
  const script =
    'import json,sys,zipfile\nz=zipfile.ZipFile(sys.argv[1])\nprint(json.dumps({"files":{n: z.read(n).decode() for n in z.namelist()},"kinds":sorted({i.compress_type for i in z.infolist()})}))';
  return JSON.parse((await run('python3', ['-c', script, path])).stdout) as { files: Record<string, string>; kinds: number[] };
}
interface Manifest {
  video: string;
  clips: { folder: string; title: string; tags: string[]; aspect: string; files: string[] }[];
  leftOut: { renditionId: string; clipTitle: string | null; reason: string; because: string }[];
}
const manifestOf = (files: Record<string, string>) => JSON.parse(files['manifest.json'] ?? '') as Manifest;

describe('one ZIP over many files', () => {
  test('holds every file of every rendition under a name that is safe and its own, stored as it is, and says its size beforehand', async () => {
    const ids = idsOf(clips);
    expect(ids).toHaveLength(4);
    const made = await bundle(ids);
    const reply = await fetchZip(made.url);
    expect(reply.headers.get('content-disposition')).toMatch(/^attachment; filename="harbours- a talk-\.zip"/);
    const bytes = Buffer.from(await reply.arrayBuffer());
    expect([Number(reply.headers.get('content-length')), made.sizeBytes]).toEqual([bytes.length, bytes.length]);
    const { files, kinds } = await readZip(bytes);
    expect(kinds, 'nothing is deflated').toEqual([0]);
    expect(Object.keys(files).toSorted()).toEqual(made.entries.map(({ name }) => name).toSorted());
    const manifest = manifestOf(files);
    expect(manifest.clips.map(({ folder }) => folder)).toEqual(
      clips.flatMap(({ rank }) => ['9x16', '1x1'].map((form) => `0${rank} Möwen - -über- ..-Meer ${form} karaoke`)),
    );
    for (const { folder, title, tags, files: own } of manifest.clips) {
      expect(own).toEqual(
        expect.arrayContaining(
          'clip.mp4 cover.jpg captions.srt captions.vtt captions.ass transcript.json cut.otio cut.fcpxml cut.edl clip.json'.split(' '),
        ),
      );
      expect(own.every((name) => files[`${folder}/${name}`] !== undefined)).toBe(true);
      expect([title, tags, files[`${folder}/clip.mp4`]]).toEqual(['Möwen / "über" ../Meer', ['Möwen'], 'the video']);
    }
    expect([manifest.leftOut, made.leftOut]).toEqual([[], []]);
  });

  test('leaves out what waits for a review, is not rendered or is gone, and says so in its listing and inside', async () => {
    const [first, second] = clips;
    const [kept, waiting] = first?.renditions ?? [];
    const { deps } = instance.server;
    const content = {
      reason: 'x',
      title: 'x',
      span: { startSeconds: 0, endSeconds: 1 },
      titleStops: [],
      editVersion: 1,
      grounds: {},
      allowed: [],
    };
    const sealed = deps.sealer.seal(
      `clip_safety.content:${second?.id}`,
      JSON.stringify({ ...content, decision: null, appeal: null, canAppeal: false }),
    );
    await change(
      `INSERT INTO clip_safety (clip_id, workspace_id, video_id, state, content_sealed, updated_at) VALUES (:id, :w, :v, 'held', :sealed, now())`,
      { id: second?.id, w: owner.workspaceId, v: video.id, sealed },
    );
    await change("UPDATE renditions SET state = 'rendering' WHERE id = :id", { id: waiting?.id });
    const strange = newId();
    try {
      const made = await bundle([...idsOf(clips), strange]);
      expect(made.leftOut.map(({ renditionId, reason }) => [renditionId, reason])).toEqual([
        [waiting?.id, 'not_ready'],
        ...(second?.renditions ?? []).map(({ id }) => [id, 'withheld']),
        [strange, 'gone'],
      ]);
      const { files } = await readZip(Buffer.from(await (await fetchZip(made.url)).arrayBuffer()));
      const manifest = manifestOf(files);
      expect(manifest.clips.map(({ folder }) => folder)).toEqual([expect.stringMatching(/9x16 karaoke$/)]);
      expect(Object.values(files).filter((text) => text === 'the video')).toHaveLength(1);
      expect(manifest.leftOut.map(({ reason, because }) => [reason, because.length > 10])).toEqual(
        made.leftOut.map(({ reason }) => [reason, true]),
      );
      expect(manifest.leftOut[1]?.clipTitle).toBe('Möwen / "über" ../Meer');
      const early = await bundle([kept?.id ?? '']);
      expect(early.leftOut).toEqual([]);
      // What is held after the link was made is not given out by it either.
      await change('UPDATE clip_safety SET clip_id = :other WHERE clip_id = :id', { other: first?.id, id: second?.id });
      await change('UPDATE clip_safety SET content_sealed = :sealed WHERE clip_id = :id', {
        id: first?.id,
        sealed: deps.sealer.seal(
          `clip_safety.content:${first?.id}`,
          JSON.stringify({ ...content, decision: null, appeal: null, canAppeal: false }),
        ),
      });
      const later = await readZip(Buffer.from(await (await fetchZip(early.url)).arrayBuffer()));
      expect(Object.keys(later.files)).toEqual(['manifest.json']);
    } finally {
      await change('DELETE FROM clip_safety WHERE video_id = :v', { v: video.id });
      await change("UPDATE renditions SET state = 'ready' WHERE id = :id", { id: waiting?.id });
    }
  });

  test('looks up what is in it when its link is opened: what was held or deleted meanwhile is not given out', async () => {
    const other = await readyVideo('second.mp4');
    const own = (await owner.call('listClips', { params: { id: other.id } })).items;
    const [gone, stays] = idsOf(own);
    const { url } = await owner.call('createBundle', { params: { id: other.id }, body: { renditionIds: [gone ?? '', stays ?? ''] } });
    await owner.call('cancelRendition', { params: { id: gone ?? '' } });
    const { files } = await readZip(Buffer.from(await (await fetchZip(url)).arrayBuffer()));
    expect(manifestOf(files)).toMatchObject({ clips: [{}], leftOut: [{ renditionId: gone, reason: 'gone' }] });
    await owner.call('deleteVideo', { params: { id: other.id } });
    expect((await fetchZip(url)).status).toBe(404);
    await expect(owner.call('createBundle', { params: { id: other.id }, body: { renditionIds: [stays ?? ''] } })).rejects.toMatchObject({
      status: 404,
    });
  });

  test('is for viewers too, for nobody of another workspace, and its link ends with its time or their seat (S4)', async () => {
    const viewer = await instance.createCaller({ workspaceId: owner.workspaceId, role: 'viewer' });
    const stranger = await instance.createCaller();
    const ids = idsOf(clips).slice(0, 1);
    await expect(bundle(ids, stranger)).rejects.toMatchObject({ status: 404 });
    await expect(bundle([])).rejects.toMatchObject({ code: 'invalid_input' });
    await expect(bundle(Array.from({ length: 101 }, newId))).rejects.toMatchObject({ code: 'invalid_input' });
    const { url, expiresAt } = await bundle(ids, viewer);
    expect((await fetchZip(url)).status).toBe(200);
    const altered = `${url.slice(0, -3)}${url.endsWith('AAA') ? 'BBB' : 'AAA'}`;
    expect((await fetchZip(altered)).status).toBe(410);
    await change('UPDATE workspaces SET suspended_at = now() WHERE id = :w', { w: owner.workspaceId });
    expect((await fetchZip(url)).status).toBe(410);
    await change('UPDATE workspaces SET suspended_at = NULL WHERE id = :w', { w: owner.workspaceId });
    expect((await fetchZip(url)).status).toBe(200);
    await change('UPDATE users SET suspended_at = now() WHERE id = :id', { id: viewer.userId });
    expect((await fetchZip(url)).status).toBe(410);
    await change('UPDATE users SET suspended_at = NULL WHERE id = :id', { id: viewer.userId });
    expect((await fetchZip(url)).status).toBe(200);
    await change('DELETE FROM members WHERE user_id = :id', { id: viewer.userId });
    expect((await fetchZip(url)).status).toBe(410);
    const own = await bundle(ids);
    vi.spyOn(instance.server.deps.clock, 'now').mockReturnValue(addSeconds(new Date(expiresAt), 1));
    expect((await fetchZip(own.url)).status).toBe(410);
  });

  test('takes a hundred renditions by an address that proxies take', async () => {
    const { url } = await bundle([...idsOf(clips), ...Array.from({ length: 96 }, newId)]);
    expect(url.length).toBeLessThan(4000);
    const manifest = manifestOf((await readZip(Buffer.from(await (await fetchZip(url)).arrayBuffer()))).files);
    expect([manifest.clips.length, manifest.leftOut.length]).toEqual([4, 96]);
  });
});

describe('a download that is not read on', () => {
  const mebibyte = 1024 * 1024;
  const sizeBytes = 96 * mebibyte;

  /** Files that are open in the data directory of the server, which runs in this process. */
  const openFiles = () =>
    readdirSync('/proc/self/fd').flatMap((fd) => {
      try {
        return [readlinkSync(`/proc/self/fd/${fd}`)].filter((path) => path.startsWith(instance.directory) && !path.endsWith('.log'));
      } catch {
        // It was closed between the two calls.
        return [];
      }
    });

  async function begin(url: string): Promise<IncomingMessage> {
    const reply = await new Promise<IncomingMessage>((resolve, reject) => {
      get(new URL(url, instance.baseUrl), { agent: false }, resolve).once('error', reject);
    });
    await new Promise((resolve) => reply.once('readable', resolve));
    return reply;
  }

  test('is held back at the storage, and closes everything when the reader hangs up', async () => {
    const [id] = idsOf(clips);
    const { store } = instance.server.deps;
    const before = openFiles();
    await change("UPDATE stored_objects SET size_bytes = :sizeBytes WHERE rendition_id = :id AND kind = 'video'", { id, sizeBytes });
    const streams: Readable[] = [];
    let given = 0;
    const whole = store.get.bind(store);
    vi.spyOn(store, 'get').mockImplementation(async (key, options) => {
      const found = await whole(key, options);
      if (!key.endsWith('/video')) {
        return found;
      }
      found.stream.destroy();
      async function* pieces() {
        for (; given < sizeBytes; given += mebibyte) {
          yield Buffer.alloc(mebibyte);
          await new Promise(setImmediate);
        }
      }
      const stream = Readable.from(pieces(), { objectMode: false });
      streams.push(stream);
      return { ...found, stream };
    });
    const { url } = await bundle([id ?? '']);
    const reply = await begin(url);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(streams).toHaveLength(1);
    expect(given, 'what the socket takes was read ahead, not the file').toBeLessThan(sizeBytes / 3);
    reply.destroy();
    await until('the storage to be let go', () => Promise.resolve(streams[0]?.destroyed === true ? true : null), 5000);
    expect(given).toBeLessThan(sizeBytes / 3);
    expect(openFiles()).toEqual(before);

    // Whoever reads on gets all of it, from a stream of its own.
    given = 0;
    const bytes = Buffer.from(await (await fetchZip(url)).arrayBuffer());
    expect(bytes.length).toBeGreaterThan(sizeBytes);
    expect(openFiles()).toEqual(before);
  });
});
