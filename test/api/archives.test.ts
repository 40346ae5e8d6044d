import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { createClient, type Clip, type DataArchive, type Rendition, type Video } from '@carmic/contract';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openSession } from '../../server/src/accounts/sessions.ts';
import { writeZip, zipSize } from '../../server/src/clips/exports/zip.ts';
import { dataMap } from '../../server/src/dataMap.ts';
import { sweepArchives } from '../../server/src/privacy/archive/archives.ts';
import { archiveManifestSchema, prepareArchive } from '../../server/src/privacy/archive/buildArchive.ts';
import { importArchive } from '../../server/src/privacy/archive/importArchive.ts';
import { openZip } from '../../server/src/privacy/archive/readZip.ts';
import { keys } from '../../server/src/storage/keys.ts';
import { type Caller, startInstance, type TestInstance, until } from '../support/instance.ts';
import { enrolAgent } from '../support/protocolAgent.ts';
import { uploadVideo } from '../support/upload.ts';

let from: TestInstance;
let to: TestInstance;
let directory: string;
let person: Caller;
let video: Video;
let archive: DataArchive;
const waitMs = 60_000;
const otherSecret = 'Nobody else may read of the heron';
/** Everybody who must not be in the archive: a colleague in a shared workspace, people who were invited, and a guest who commented. */
const others = ['Quentin Colleague', 'quentin@colleague.example', 'invited@elsewhere.example', 'asked@elsewhere.example', 'Aunt Ottilie'];
let shared: Caller;
const captions = [
  'The harbour wakes before the town does.',
  'Nobody told the gulls about the fish market.',
  'That is why we came back every summer.',
]
  .map(
    (line, index) =>
      `${index + 1}\n00:00:${String(index * 15 + 1).padStart(2, '0')},000 --> 00:00:${String(index * 15 + 12).padStart(2, '0')},000\n${line}\n`,
  )
  .join('\n');

async function readyVideo(caller: Caller, fileName: string): Promise<Video> {
  const agent = await enrolAgent(from);
  const uploaded = await uploadVideo(caller.call, from.baseUrl, Buffer.from(`a video called ${fileName}`), {
    ...{ fileName, captions, wishes: { clipCount: 2 } },
  });
  return until(
    'a ready video',
    async () => {
      const lease = await agent.lease(['inspect', 'render']);
      if (lease !== null) {
        await agent.finish(lease);
      }
      const found = await caller.call('getVideo', { params: { id: uploaded.id } });
      return found.state === 'ready' ? found : undefined;
    },
    waitMs,
  );
}

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'carmic-archives-'));
  [from, to] = await Promise.all([startInstance({ env: { CARMIC_LEASE_SECONDS: '60' } }), startInstance({ processes: ['web'] })]);
  person = await from.createCaller();
  shared = await from.createCaller();
  await from.server.deps.db.asSystem((tx) =>
    from.server.deps.db.change(tx, 'UPDATE users SET name = :name, email = :email WHERE id = :id', {
      ...{ id: shared.userId, name: others[0], email: others[1] },
    }),
  );
  await from.server.deps.db.asSystem((tx) =>
    from.server.deps.db.change(tx, "INSERT INTO members (workspace_id, user_id, role, created_at) VALUES (:w, :u, 'editor', now())", {
      ...{ w: shared.workspaceId, u: person.userId },
    }),
  );
  video = await readyVideo(person, 'Möwen & Fische.mp4');
  await readyVideo(shared, `${otherSecret}.mp4`);
  const { call } = person;
  await call('createTerm', { body: { term: 'Scheveningen', soundsLike: ['shaving again'] } });
  const [clip] = (await call('listClips', { params: { id: video.id } })).items;
  expect(clip?.isTitleSuggested).toBe(true);
  const renamed = await call('updateClip', { params: { id: clip?.id ?? '' }, body: { title: 'Titel von Hand', tags: ['Deichbruch'] } });
  expect(renamed.isTitleSuggested, 'A1: a person wrote it').toBe(false);
  await call('createClipEdit', {
    params: { id: clip?.id ?? '' },
    body: { kind: 'segments', baseVersion: 1, segments: [{ startSeconds: 2, endSeconds: 9 }] },
  });
  // What two people do in one workspace: each invites somebody, the colleague touches the person's video, a guest comments on a clip.
  await shared.call('createInvitation', { body: { email: 'invited@elsewhere.example', role: 'viewer' } });
  await call('createInvitation', { body: { email: 'asked@elsewhere.example', role: 'viewer' } });
  const headers = () => ({ authorization: `Bearer ${person.token}`, 'carmic-workspace': shared.workspaceId });
  const common = await readyVideo({ ...person, call: createClient({ baseUrl: from.baseUrl, headers }) }, 'Zusammen.mp4');
  const [touched] = (await shared.call('listClips', { params: { id: common.id } })).items;
  await shared.call('updateClip', { params: { id: touched?.id ?? '' }, body: { title: 'Renamed by the colleague' } });
  await shared.call('createClipEdit', {
    params: { id: touched?.id ?? '' },
    body: { kind: 'segments', baseVersion: 1, segments: [{ startSeconds: 2, endSeconds: 9 }] },
  });
  const { url } = await call('createClipLink', {
    params: { id: clip?.id ?? '' },
    body: { kind: 'review', password: 'a password of nobody' },
  });
  await createClient({ baseUrl: from.baseUrl })('addSharedComment', {
    body: {
      linkToken: url.split('token=')[1] ?? '',
      password: 'a password of nobody',
      kind: 'comment',
      atSeconds: 1,
      name: 'Aunt Ottilie',
      text: 'Shorter, please.',
    },
  });
}, 180_000);
afterAll(async () => {
  await Promise.all([from.stop(), to.stop()]);
  rmSync(directory, { recursive: true, force: true });
});

async function order(caller: Caller): Promise<DataArchive> {
  const { id } = await caller.call('createArchive');
  return until(
    'an archive',
    async () => {
      const found = (await caller.call('listArchives')).items.find((each) => each.id === id);
      return found?.state === 'making' ? undefined : found;
    },
    waitMs,
  );
}

async function readArchive(path: string) {
  const zip = await openZip(path);
  const read = async (name: string) => {
    const entry = zip.entries.get(name);
    if (entry === undefined) {
      throw new Error(`There is no ${name} in the archive.`);
    }
    return buffer(Readable.from(entry.read()));
  };
  const json = async (name: string) => JSON.parse((await read(name)).toString('utf8')) as unknown;
  const manifest = archiveManifestSchema.parse(await json('manifest.json'));
  const rows = async (table: string) => (await json(`data/${table}.json`)) as Record<string, unknown>[];
  return { zip, read, json, manifest, rows };
}

describe('the archive of a person (G1, G5)', () => {
  test('is made in the background, fetched once by a link that needs a fresh sign-in, and whole', async () => {
    archive = await order(person);
    expect(archive).toMatchObject({ state: 'ready', failure: null });
    const { url } = await person.call('createArchiveLink', { params: { id: archive.id } });
    const reply = await fetch(url);
    expect(reply.status).toBe(200);
    const bytes = Buffer.from(await reply.arrayBuffer());
    expect(bytes.length).toBe(archive.sizeBytes);
    writeFileSync(join(directory, 'archive.zip'), bytes);
    const again = await fetch(url);
    expect([again.status, await again.json()]).toMatchObject([410, { error: { code: 'gone' } }]);

    const { manifest, read, zip } = await readArchive(join(directory, 'archive.zip'));
    expect(zip.entries.size).toBe(archive.entryCount);
    expect(manifest.entries.length).toBe(zip.entries.size - 1);
    for (const { name, sha256, sizeBytes } of manifest.entries) {
      const content = await read(name);
      expect([name, content.length, createHash('sha256').update(content).digest('hex')]).toEqual([name, sizeBytes, sha256]);
    }
    expect(manifest.missing).toEqual([]);
    await zip.close();
  });

  test('holds every table that the data map says is somebody’s, with a schema that its rows follow', async () => {
    const { json, rows, zip } = await readArchive(join(directory, 'archive.zip'));
    for (const table of dataMap.tables.filter(({ subjects }) => subjects.length > 0)) {
      const schema = (await json(`schemas/${table.name}.schema.json`)) as { items: { required: string[]; properties: object } };
      for (const row of await rows(table.name)) {
        expect(Object.keys(row), table.name).toEqual(schema.items.required);
      }
      expect(Object.keys(schema.items.properties)).toEqual(schema.items.required);
    }
    expect((await rows('videos')).map((row) => row['file_name']).sort()).toEqual(['Möwen & Fische.mp4', 'Zusammen.mp4']);
    expect((await rows('videos')).find((row) => row['id'] === video.id)).toMatchObject({ title: expect.any(String) as unknown });
    expect(await rows('users')).toMatchObject([{ id: person.userId, email: `${person.userId}@example.test` }]);
    expect((await rows('clips')).map((row) => (row['content'] as { title: string }).title)).toContain('Titel von Hand');
    expect((await rows('clips')).flatMap((row) => (row['content'] as { tags: string[] }).tags)).toContain('Deichbruch');
    expect((await rows('glossary_terms')).map((row) => row['content'])).toMatchObject([{ term: 'Scheveningen' }]);
    expect((await rows('sessions')).every((row) => row['user_id'] === person.userId)).toBe(true);
    expect((await rows('events')).length).toBeGreaterThan(3);
    await zip.close();
  });

  test('has nothing of other people and no secret', async () => {
    const { manifest, read, zip } = await readArchive(join(directory, 'archive.zip'));
    const text = (await Promise.all(manifest.entries.filter(({ name }) => name.startsWith('data/')).map(({ name }) => read(name)))).join(
      '\n',
    );
    expect(text).toContain(person.userId);
    expect(text).not.toContain(otherSecret);
    expect(text).not.toContain('heron');
    const users = await from.server.deps.db.systemRows<{ id: string }>('SELECT id FROM users WHERE id <> :id', { id: person.userId });
    expect(users.length).toBeGreaterThan(0);
    for (const { id } of users) {
      expect(text).not.toContain(id);
    }
    expect(text).not.toMatch(/password_hash|token_hash|totp_sealed|\$argon2/);
    for (const other of others) {
      expect(text, other).not.toContain(other);
    }
    expect(text).not.toContain(shared.userId);
    // What was done with the person’s own content stays, without whose hand it was.
    expect(text).toContain('Renamed by the colleague');
    expect(text).toContain('Shorter, please.');
    const rows = async (table: string) => JSON.parse((await read(`data/${table}.json`)).toString('utf8')) as Record<string, unknown>[];
    const hands = (await rows('clip_edits')).map((row) => row['created_by']);
    expect([...new Set(hands)].sort()).toEqual([person.userId, null].sort());
    expect(await rows('invitations')).toMatchObject([{ created_by: person.userId, role: 'viewer' }]);
    await zip.close();
  });

  test('needs a fresh sign-in, and only one is made at a time', async () => {
    const stale = await from.createCaller();
    await from.server.deps.db.asSystem((tx) =>
      from.server.deps.db.change(tx, "UPDATE sessions SET authenticated_at = now() - interval '1 hour' WHERE user_id = :id", {
        id: stale.userId,
      }),
    );
    await expect(stale.call('createArchive')).rejects.toMatchObject({ code: 'reauthentication_needed' });
    await expect(stale.call('createArchiveLink', { params: { id: archive.id } })).rejects.toMatchObject({
      code: 'reauthentication_needed',
    });
    const other = await from.createCaller();
    await expect(other.call('createArchiveLink', { params: { id: archive.id } })).rejects.toMatchObject({ code: 'not_found' });
    const answers = await Promise.allSettled([other.call('createArchive'), other.call('createArchive'), other.call('createArchive')]);
    expect(answers.filter(({ status }) => status === 'fulfilled').length).toBeGreaterThan(0);
    const rows = await from.server.deps.db.systemRows("SELECT 1 FROM data_archives WHERE user_id = :id AND state = 'making'", {
      id: other.userId,
    });
    expect(rows.length).toBeLessThanOrEqual(1);
  });

  test('and a video says which engines worked on it, where, and that what they made is a suggestion (A1)', async () => {
    const { items } = await person.call('listEngineRuns', { params: { id: video.id } });
    const runs = items.map(({ engine, isSuggestion, optOut, place, sent, task }) => ({ engine, isSuggestion, optOut, place, sent, task }));
    const inside = { place: 'server', sent: null, optOut: null };
    expect(runs).toContainEqual({ ...inside, task: 'transcription', engine: 'supplied SRT', isSuggestion: false });
    expect(runs).toContainEqual({ ...inside, task: 'selection', engine: 'built-in ranker', isSuggestion: true });
    expect(runs).toContainEqual({ ...inside, task: 'safety', engine: 'built-in', isSuggestion: true });
    const promised = ['transcription', 'translation', 'selection', 'framing', 'safety'];
    expect(runs.filter(({ task }) => !promised.includes(task))).toEqual([]);
    const other = await from.createCaller();
    await expect(other.call('listEngineRuns', { params: { id: video.id } })).rejects.toMatchObject({ code: 'not_found' });
  });

  test('is taken in by a fresh instance, object by object the same', async () => {
    const file = join(directory, 'archive.zip');
    const email = 'moved@example.test';
    const { deps } = to.server;
    const report = await importArchive(deps, dataMap, { file, email });
    expect(report).toMatchObject({ workspaces: 2, videos: 2, skippedVideos: 0 });
    expect(report.objects).toBeGreaterThan(5);
    const [user] = await deps.db.systemRows<{ id: string }>('SELECT id FROM users WHERE email = :email', { email });
    const userId = user?.id ?? '';
    writeFileSync(join(directory, 'again.zip'), await buffer(Readable.from((await prepareArchive(deps, dataMap, userId)).write())));

    const [before, after] = await Promise.all([readArchive(file), readArchive(join(directory, 'again.zip'))]);
    const tables = ['videos', 'clips', 'clip_edits', 'renditions', 'stored_objects', 'transcripts', 'safety_verdicts', 'glossary_terms'];
    tables.push('clip_links', 'clip_comments');
    // When it ends, and whose number is on it, is the new installation's own.
    const own = new Set(['expires_at', 'kept_from', 'created_by', 'updated_by', 'week_notice_for', 'day_notice_for']);
    const plain = (rows: Record<string, unknown>[]) =>
      rows
        .filter((row) => row['state'] !== 'removed' && row['state'] !== 'deleting')
        .map((row) => Object.fromEntries(Object.entries(row).filter(([name]) => !own.has(name))));
    for (const table of tables) {
      const [wanted, found] = [plain(await before.rows(table)), plain(await after.rows(table))];
      expect(wanted.length, table).toBeGreaterThan(0);
      expect(found, table).toEqual(wanted);
    }
    const objects = (manifest: typeof before.manifest) =>
      manifest.entries.flatMap(({ object, sha256, sizeBytes }) => (object === undefined ? [] : [{ ...object, bytes: sha256, sizeBytes }]));
    expect(objects(after.manifest)).toEqual(objects(before.manifest));

    const { token } = await deps.db.asSystem((tx) => openSession(deps, tx, userId));
    const call = createClient({
      baseUrl: to.baseUrl,
      headers: () => ({ authorization: `Bearer ${token}`, 'carmic-workspace': person.workspaceId }),
    });
    const shown = async (ask: typeof call) => {
      const { items } = await ask('listClips', { params: { id: video.id } });
      const transcript = await ask('getTranscript', { params: { id: video.id } });
      const clip = ({ excerpt, id, isTitleSuggested, score, startSeconds, tags, areTagsSuggested, title, renditions }: Clip) => ({
        ...{ excerpt, id, isTitleSuggested, score, startSeconds, tags, areTagsSuggested, title },
        renditions: renditions.map(({ aspect, height, state, width, id: renditionId }: Rendition) => ({
          aspect,
          height,
          state,
          width,
          renditionId,
        })),
      });
      return { clips: items.map(clip), transcript };
    };
    expect(await shown(call)).toEqual(await shown(person.call));
    const { comments, links } = await call('listReviews', { params: { id: video.id } });
    expect(comments).toMatchObject([{ text: 'Shorter, please.', atSeconds: 1, name: '–' }]);
    expect(
      links.map(({ expiresAt }) => Date.parse(expiresAt) <= Date.now()),
      'a link whose secret is elsewhere is not shown as open',
    ).toEqual([true]);
    await expect(importArchive(deps, dataMap, { file, email })).rejects.toThrow('in this installation already');
    await Promise.all([before.zip.close(), after.zip.close()]);
  });

  test('is refused when a byte of it was changed, and leaves nothing behind', async () => {
    const bytes = readFileSync(join(directory, 'archive.zip'));
    const at = bytes.indexOf('Titel von Hand');
    bytes.write('Titel von Wand', at);
    const file = join(directory, 'altered.zip');
    writeFileSync(file, bytes);
    const fresh = await startInstance({ processes: [] });
    try {
      await expect(importArchive(fresh.server.deps, dataMap, { file, email: 'x@example.test' })).rejects.toThrow('damaged');
      expect(await fresh.server.deps.db.systemRows('SELECT 1 FROM videos')).toEqual([]);
      writeFileSync(file, bytes.subarray(0, bytes.length - 500));
      await expect(importArchive(fresh.server.deps, dataMap, { file, email: 'x@example.test' })).rejects.toThrow('not an archive');
    } finally {
      await fresh.stop();
    }
  });

  test('goes after seven days: no link opens it, and its bytes are removed', async () => {
    const { deps } = from.server;
    const { url } = await person.call('createArchiveLink', { params: { id: archive.id } });
    expect(Date.parse(archive.expiresAt) - Date.parse(archive.requestedAt)).toBe(7 * 24 * 3600 * 1000);
    await deps.db.asSystem((tx) => deps.db.change(tx, 'UPDATE data_archives SET expires_at = now() WHERE id = :id', { id: archive.id }));
    expect((await fetch(url)).status).toBe(410);
    await expect(person.call('createArchiveLink', { params: { id: archive.id } })).rejects.toMatchObject({ code: 'wrong_state' });
    expect(await deps.store.head(keys.archive(archive.id))).not.toBeNull();
    await sweepArchives(deps);
    expect(await deps.store.head(keys.archive(archive.id))).toBeNull();
  });
});

test('archives above 4 GiB are written as ZIP64, which other programs and we read', async () => {
  const entries = ['a.txt', 'ü.txt'].map((name, index) => ({
    ...{ name, sizeBytes: 5 + index, modifiedAt: new Date('2026-11-27T10:00:00Z') },
    open: () => Promise.resolve(Readable.from([Buffer.from('x'.repeat(5 + index))])),
  }));
  const bytes = await buffer(Readable.from(writeZip(entries, true)));
  expect(bytes.length).toBe(zipSize(entries, true));
  expect(
    zipSize([{ ...entries[0], name: 'big', sizeBytes: 5e9, modifiedAt: new Date(), open: () => Promise.reject(new Error('not read')) }]),
  ).toBeGreaterThan(5e9);
  const path = join(directory, 'large.zip');
  writeFileSync(path, bytes);
  const read =
    'import sys,zipfile\nz=zipfile.ZipFile(sys.argv[1])\nassert z.testzip() is None\nprint([z.read(n).decode() for n in z.namelist()])';
  expect(execFileSync('python3', ['-c', read, path], { encoding: 'utf8' }).trim()).toBe("['xxxxx', 'xxxxxx']");
  const { entries: found, close } = await openZip(path);
  expect(await Promise.all([...found.values()].map(async (entry) => (await buffer(Readable.from(entry.read()))).length))).toEqual([5, 6]);
  await close();
});
