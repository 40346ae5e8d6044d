/** Videos fetched from an address, sources that are here already, and what a video would cost. Keeps: T2, R3, S4. */
import { type Video } from '@carmic/contract';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type FileServer, startFileServer, videoBytes } from '../support/fileServer.ts';
import { type Caller, startInstance, type TestInstance, until } from '../support/instance.ts';
import { uploadVideo } from '../support/upload.ts';

let instance: TestInstance;
let files: FileServer;
let owner: Caller;
const limitBytes = 3_000_000;

beforeAll(async () => {
  files = await startFileServer();
  instance = await startInstance({
    env: {
      CARMIC_IMPORT_HOSTS: '127.0.0.1 127.0.0.2 10.0.0.1',
      CARMIC_OUTGOING_PRIVATE_RANGES: '127.0.0.1/32',
      CARMIC_MAX_UPLOAD_BYTES: String(limitBytes),
    },
  });
  owner = await instance.createCaller();
});
afterAll(async () => {
  await instance.stop();
  await files.stop();
});

const importFrom = (url: string, caller = owner) => caller.call('createVideoImport', { body: { url } });
const ended = (id: string, caller = owner) =>
  until(
    'the import to end',
    async () => {
      const video = await caller.call('getVideo', { params: { id } });
      return video.state === 'uploading' ? null : video;
    },
    60_000,
  );
const failureOf = async (path: string) => {
  const { failure } = await ended((await importFrom(files.url(path))).id);
  return `${failure?.stage} ${failure?.code}: ${failure?.message}`;
};
const storedBytes = async (id: string): Promise<Buffer> => {
  const { db, store } = instance.server.deps;
  const [row] = await db.asSystem((tx) =>
    db.rows<{ key: string }>(tx, "SELECT key FROM stored_objects WHERE video_id = :id AND kind = 'source' AND state = 'ready'", { id }),
  );
  const { stream } = await store.get(row?.key ?? '');
  return Buffer.concat((await stream.toArray()) as Buffer[]);
};
const usedBytes = async (workspaceId: string) => {
  const { db } = instance.server.deps;
  const [row] = await db.asSystem((tx) =>
    db.rows<{ used_bytes: string }>(tx, 'SELECT used_bytes FROM storage_usage WHERE workspace_id = :workspaceId', { workspaceId }),
  );
  return Number(row?.used_bytes ?? 0);
};
const serve = (path: string, bytes: Buffer, headers: Record<string, string | number> = { 'content-length': bytes.length }) =>
  files.answer(path, (_, response) => response.writeHead(200, headers).end(bytes));

test('an address becomes a video with the file’s bytes, name and size, and goes on like an upload', async () => {
  const bytes = videoBytes(1_500_000);
  serve('/talks/A%20talk.mp4', bytes);
  const made = await importFrom(files.url('/talks/A%20talk.mp4'));
  expect(made).toMatchObject({ title: 'A talk', fileName: 'A talk.mp4', state: 'uploading', uploadId: null });
  const video = await ended(made.id);
  expect(video).toMatchObject({ state: 'inspecting', sizeBytes: bytes.length, failure: null });
  expect((await storedBytes(video.id)).equals(bytes)).toBe(true);
  const { items } = await owner.call('listEvents', { query: { limit: 100 } });
  const ofVideo = items.filter((event) => event.videoId === video.id).map((event) => event.type);
  expect(ofVideo.slice(0, 2)).toEqual(['video.created', 'upload.completed']);
});

test('a broken connection is picked up where it stopped; a server that is away is asked again', async () => {
  const bytes = videoBytes(2_000_000, 2);
  let asked = 0;
  files.answer('/shaky.mp4', (request, response) => {
    asked += 1;
    const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
    if (asked === 1) {
      response.writeHead(503).end();
      return;
    }
    const headers = { 'accept-ranges': 'bytes', etag: '"v1"', 'content-length': bytes.length - from };
    response.writeHead(
      from === 0 ? 200 : 206,
      from === 0 ? headers : { ...headers, 'content-range': `bytes ${from}-${bytes.length - 1}/${bytes.length}` },
    );
    if (asked === 2) {
      response.write(bytes.subarray(0, 700_000), () => response.destroy());
      return;
    }
    response.end(bytes.subarray(from));
  });
  const video = await ended((await importFrom(files.url('/shaky.mp4'))).id);
  expect(video.state).toBe('inspecting');
  expect((await storedBytes(video.id)).equals(bytes)).toBe(true);
  const ranges = files.seen.filter(({ path }) => path === '/shaky.mp4').map(({ range }) => range);
  expect(ranges.slice(0, 2)).toEqual([undefined, undefined]);
  expect(ranges[2]).toMatch(/^bytes=[1-9]\d*-$/);
});

test('hosts that are not opened, private addresses, and redirects to them are refused (T2)', async () => {
  await expect(importFrom('https://example.org/a.mp4')).rejects.toMatchObject({
    code: 'invalid_input',
    message: expect.stringContaining('CARMIC_IMPORT_HOSTS'),
  });
  await expect(importFrom('http://10.0.0.1/a.mp4')).rejects.toMatchObject({
    code: 'invalid_input',
    message: expect.stringContaining('private network'),
  });
  await expect(importFrom('file:///etc/passwd')).rejects.toMatchObject({ status: 400 });
  for (const [path, location, words] of [
    ['/inside', 'http://127.0.0.2:1/secret.mp4', 'private network'],
    ['/elsewhere', 'http://example.org/a.mp4', 'CARMIC_IMPORT_HOSTS'],
    ['/file', 'file:///etc/passwd', 'begin with https'],
    ['/round', files.url('/round'), 'more than 5 times'],
  ] as const) {
    files.answer(path, (_, response) => response.writeHead(302, { location }).end());
    expect(await failureOf(path)).toContain(words);
  }
  serve('/moved.mp4', videoBytes(1000, 3));
  files.answer('/on', (_, response) => response.writeHead(307, { location: '/moved.mp4' }).end());
  expect((await ended((await importFrom(files.url('/on'))).id)).state).toBe('inspecting');
});

test('what is too large, no video, empty or not there ends with a sentence, and its room is free again', async () => {
  const caller = await instance.createCaller();
  const tell = async (path: string) => {
    const { failure } = await ended((await importFrom(files.url(path), caller)).id, caller);
    return `${failure?.code}: ${failure?.message} ${failure?.nextAction}`;
  };
  serve('/large.mp4', videoBytes(1000), { 'content-length': limitBytes + 1 });
  expect(await tell('/large.mp4')).toMatch(/^too_large: .*3\.0 MB/);
  let sent = 0;
  // No size is named, and the body does not end.
  files.answer('/endless.mp4', (_, response) => {
    response.writeHead(200);
    const chunk = videoBytes(64_000);
    const more = () => {
      while (!response.destroyed && response.write(chunk)) {
        sent += chunk.length;
      }
      sent += chunk.length;
    };
    response.on('drain', more);
    more();
  });
  expect(await tell('/endless.mp4')).toMatch(/^too_large/);
  expect(sent).toBeLessThan(limitBytes * 8);
  serve('/page', Buffer.from('<!doctype html><title>A player</title>'.padEnd(2000, ' ')));
  expect(await tell('/page')).toMatch(/^not_a_video: .*page/);
  serve('/empty.mp4', Buffer.alloc(0));
  expect(await tell('/empty.mp4')).toMatch(/^empty_file/);
  expect(await tell('/nothing.mp4')).toMatch(/^import_failed: The server answered 404: there is nothing\. Open the address/);
  expect(await usedBytes(caller.workspaceId)).toBe(0);
});

test('a plan’s storage is reserved while bytes come, and an import that does not fit is refused', async () => {
  const admin = await instance.createCaller({ isAdmin: true });
  const caller = await instance.createCaller();
  const { db } = instance.server.deps;
  await db.asSystem((tx) =>
    db.change(tx, 'UPDATE workspaces SET storage_limit_bytes = 1000000 WHERE id = :id', { id: caller.workspaceId }),
  );
  const bytes = videoBytes(800_000, 4);
  let finish: () => void = () => undefined;
  files.answer('/slow.mp4', (_, response) => {
    response.writeHead(200, { 'content-length': bytes.length });
    response.write(bytes.subarray(0, 400_000));
    finish = () => response.end(bytes.subarray(400_000));
  });
  serve('/second.mp4', videoBytes(300_000, 5));
  const slow = await importFrom(files.url('/slow.mp4'), caller);
  await until('the whole size to be reserved', async () => ((await usedBytes(caller.workspaceId)) === 800_000 ? true : null));
  const shown = await until('progress', async () => {
    const video = await caller.call('getVideo', { params: { id: slow.id } });
    return video.stages[0]?.progress === 0.5 ? video : null;
  });
  expect(shown.stages[0]).toMatchObject({ state: 'running', note: 'Fetched 0.4 MB of 0.8 MB' });
  const second = await ended((await importFrom(files.url('/second.mp4'), caller)).id, caller);
  expect(second.failure?.message).toContain('0.2 MB of the 1.0 MB');
  finish();
  expect((await ended(slow.id, caller)).state).toBe('inspecting');
  expect(await usedBytes(caller.workspaceId)).toBe(800_000);
  expect(admin.workspaceId).not.toBe(caller.workspaceId);
});

test('deleting the video while it is fetched ends the call and leaves nothing', async () => {
  let hungUp = false;
  files.answer('/forever.mp4', (_, response) => {
    response.writeHead(200, { 'content-length': 2_000_000 });
    response.write(videoBytes(500_000, 6));
    response.on('close', () => (hungUp = true));
  });
  const { id } = await importFrom(files.url('/forever.mp4'));
  await until('bytes to come', async () => {
    const { stages } = await owner.call('getVideo', { params: { id } });
    return (stages[0]?.progress ?? 0) > 0 ? true : null;
  });
  await owner.call('deleteVideo', { params: { id } });
  await until('the call to end', () => Promise.resolve(hungUp ? true : null));
  const { db, store } = instance.server.deps;
  await until('the rows to go', async () =>
    (await db.asSystem((tx) => db.rows(tx, 'SELECT 1 FROM videos WHERE id = :id', { id }))).length === 0 ? true : null,
  );
  const left: string[] = [];
  for await (const { key } of store.listVersions('')) {
    if (key.includes(id)) {
      left.push(key);
    }
  }
  expect(left).toEqual([]);
});

test('an Idempotency-Key makes one import of two calls; viewers and an installation without hosts make none', async () => {
  serve('/once.mp4', videoBytes(2000, 7));
  const call = () => owner.call('createVideoImport', { body: { url: files.url('/once.mp4') } }, { idempotencyKey: 'once' });
  const first = await call();
  await ended(first.id);
  expect((await call()).id).toBe(first.id);
  const viewer = await instance.createCaller({ role: 'viewer', workspaceId: owner.workspaceId });
  await expect(importFrom(files.url('/once.mp4'), viewer)).rejects.toMatchObject({ code: 'forbidden' });
});

test('the same bytes again are told within a workspace, by upload or by address, and never across (S4)', async () => {
  const caller = await instance.createCaller();
  const bytes = videoBytes(90_000, 8);
  const first: Video = await uploadVideo(caller.call, instance.baseUrl, bytes);
  expect(first.duplicateOf).toBeNull();
  expect((await uploadVideo(caller.call, instance.baseUrl, bytes, { fileName: 'other name.mov' })).duplicateOf).toBe(first.id);
  serve('/same.mp4', bytes);
  expect((await ended((await importFrom(files.url('/same.mp4'), caller)).id, caller)).duplicateOf).toBe(first.id);
  const { db } = instance.server.deps;
  const [row] = await db.asSystem((tx) =>
    db.rows<{ sha256: string }>(tx, "SELECT sha256 FROM stored_objects WHERE video_id = :id AND kind = 'source'", { id: first.id }),
  );
  const query = { sizeBytes: bytes.length, sourceSha256: row?.sha256 ?? '' };
  expect((await caller.call('getVideoEstimate', { query })).duplicateOf).toBe(first.id);
  expect((await owner.call('getVideoEstimate', { query })).duplicateOf).toBeNull();
  expect((await uploadVideo(owner.call, instance.baseUrl, bytes)).duplicateOf).toBeNull();
  await caller.call('deleteVideo', { params: { id: first.id } });
  expect((await caller.call('getVideoEstimate', { query })).duplicateOf).not.toBe(first.id);
});

test('an estimate tells minutes, storage and time before anything is sent, and changes nothing', async () => {
  const caller = await instance.createCaller();
  const { db } = instance.server.deps;
  await db.asSystem((tx) => db.change(tx, 'UPDATE workspaces SET storage_limit_bytes = 1000 WHERE id = :id', { id: caller.workspaceId }));
  const before = await usedBytes(caller.workspaceId);
  expect(await caller.call('getVideoEstimate', { query: { sizeBytes: 1001, durationSeconds: 61 } })).toMatchObject({
    storage: { neededBytes: 1001, freeBytes: 1000, fits: false },
    minutes: { charged: 2 },
    wallSeconds: null,
    basedOnVideos: 0,
    duplicateOf: null,
  });
  await db.asSystem((tx) =>
    db.change(
      tx,
      `INSERT INTO videos (id, workspace_id, title_sealed, file_name_sealed, size_bytes, state, stage_times, probe, options)
       VALUES (gen_random_uuid(), :id, '', '', 1, 'ready', CAST(:times AS jsonb), '{"durationSeconds": 100}', '{}')`,
      {
        id: caller.workspaceId,
        times: JSON.stringify({ inspect: { startedAt: '2026-01-01T00:00:00.000Z' }, render: { finishedAt: '2026-01-01T00:00:50.000Z' } }),
      },
    ),
  );
  expect(await caller.call('getVideoEstimate', { query: { sizeBytes: 1000, durationSeconds: 600 } })).toMatchObject({
    storage: { fits: true },
    minutes: { charged: 10 },
    wallSeconds: 300,
    basedOnVideos: 1,
  });
  expect(await usedBytes(caller.workspaceId)).toBe(before);
});
