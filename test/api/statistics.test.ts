/** Anonymous figures of encodes, from the agent's report to the settings of the next clip. Keeps: A3. */
import type { CompressionSettings, EncodingReport, RenderResult } from '@carmic/contract';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { newId } from '../../server/src/core/ids.ts';
import type { Deps } from '../../server/src/deps.ts';
import { recordEncoding } from '../../server/src/clips/tuning/reports.ts';
import { releaseStatistics } from '../../server/src/clips/tuning/release.ts';
import { tuningFor } from '../../server/src/clips/tuning/tuner.ts';
import { sealFileName, sealTitle } from '../../server/src/library/content.ts';
import { type Caller, startInstance, type TestInstance } from '../support/instance.ts';

let instance: TestInstance;
let admin: Caller;
let people: { userId: string; workspaceId: string; videoId: string; call: Caller['call'] }[];
/** Each test has a day of its own. */
let day = Date.UTC(2027, 0, 1);
const group = 6;

beforeAll(async () => {
  instance = await startInstance({ env: { CARMIC_WATCHDOG_SECONDS: '86400' } });
  admin = await instance.createCaller({ isAdmin: true });
  people = [];
  for (let index = 0; index < group + 2; index++) {
    const caller = await instance.createCaller();
    people.push({ ...caller, videoId: await addVideo(caller) });
  }
});
afterAll(() => instance.stop());

const at = (hour: number, minute = 0): Deps => ({
  ...instance.server.deps,
  clock: { now: () => new Date(day + (hour * 60 + minute) * 60_000) },
});
const today = () => new Date(day).toISOString().slice(0, 10);
beforeEach(async () => {
  day += 40 * 24 * 3600 * 1000;
  await set({});
});

async function set(changes: Partial<CompressionSettings>): Promise<void> {
  const settings = await admin.call('getCompressionSettings');
  const fresh: CompressionSettings = {
    ...settings,
    statistics: 'on',
    tuner: 'on',
    minimumGroup: group,
    target: 0.95,
    pinned: [],
    ...changes,
  };
  await admin.call('putCompressionSettings', { body: fresh }, { ifMatch: '*' });
}

async function addVideo({ userId, workspaceId }: Caller): Promise<string> {
  const { deps } = instance.server;
  const id = newId();
  await deps.db.asSystem((tx) =>
    deps.db.change(
      tx,
      `INSERT INTO videos (id, workspace_id, title_sealed, file_name_sealed, size_bytes, state, options, created_by)
       VALUES (:id, :workspaceId, :title, :name, 1, 'ready', '{}', :userId)`,
      { id, workspaceId, userId, title: sealTitle(deps, id, 'A talk'), name: sealFileName(deps, id, 'talk.mp4') },
    ),
  );
  return id;
}

const clip = { width: 1080, height: 1920, frameRate: 30, durationSeconds: 20, codec: 'h264' } as const;
const result = (tries: EncodingReport['tries'] | null, changes: Partial<RenderResult> = {}): RenderResult => ({
  kind: 'render',
  ...clip,
  frameCount: 600,
  encoder: 'libx264',
  layout: 'center',
  layoutReason: 'For the test.',
  captionsBurnedIn: false,
  certificate: [],
  ...(tries === null ? {} : { encoding: { tries } }),
  ...changes,
});
const tried = (rate: number, score: number | null, bitsPerPixel = 0.1) => ({ preset: 'veryfast', rate, score, bitsPerPixel });
const report = (deps: Deps, person: (typeof people)[number], given: RenderResult) =>
  deps.db.inWorkspace(person.workspaceId, (tx) => recordEncoding(deps, tx, person.workspaceId, person.videoId, given));
const rows = <R extends object>(sql: string) => instance.server.deps.db.systemRows<R>(sql);
const countRows = async (table: string) =>
  Number((await rows<{ n: string }>(`SELECT count(*) AS n FROM ${table} WHERE day = '${today()}'`))[0]?.n);

/** A day on which the first `count` people make two clips each. */
async function makeDay(count: number, given = result([tried(21, 0.98)])): Promise<void> {
  for (const person of people.slice(0, count)) {
    await report(at(10), person, given);
    await report(at(11), person, given);
  }
}

describe('A3: reports of encodes', () => {
  test('hold bands and settings only, are released once at the end of the day, and are gone then', async () => {
    await makeDay(group, result([tried(23, 0.96, 0.07), tried(21, 0.98)]));
    const [row] = await rows(`SELECT * FROM encoding_reports WHERE day = '${today()}'`);
    expect(Object.keys(row ?? {}).sort()).toEqual([
      'bits_per_pixel',
      'created_at',
      'day',
      'duration',
      'encoder',
      'frame_rate',
      'preset',
      'rate',
      'resolution',
      'score',
      'user_id',
      'workspace_id',
    ]);
    // It is the first try that counts.
    expect(row).toMatchObject({
      encoder: 'libx264',
      resolution: 'full_hd',
      frame_rate: 'video',
      duration: 'under_30',
      preset: 'veryfast',
      rate: 23,
    });
    await releaseStatistics(at(22, 59));
    expect([await countRows('encoding_reports'), await countRows('encoding_releases')]).toEqual([2 * group, 0]);
    await releaseStatistics(at(23));
    expect([await countRows('encoding_reports'), await countRows('encoding_statistics'), await countRows('encoding_releases')]).toEqual([
      0, 1, 1,
    ]);
    expect(await rows(`SELECT * FROM encoding_statistics WHERE day = '${today()}'`)).toMatchObject([{ contributors: group, deviation: 0 }]);
  });

  test('are deleted after 24 hours, released or not, and none is taken in the last hour', async () => {
    await report(at(0, 1), people[0] ?? expect.fail(), result([tried(21, 0.98)]));
    await report(at(23), people[1] ?? expect.fail(), result([tried(21, 0.98)]));
    expect(await countRows('encoding_reports')).toBe(1);
    // Nobody worked in the last hour of that day; the one row that is a day old counts for nothing.
    await releaseStatistics(at(24, 1));
    expect([await countRows('encoding_reports'), await countRows('encoding_statistics'), await countRows('encoding_releases')]).toEqual([
      0, 0, 0,
    ]);
  });

  test('a released day is never changed: a late report is deleted, and the database refuses a change', async () => {
    await makeDay(group);
    await releaseStatistics(at(23));
    const before = await rows(`SELECT * FROM encoding_statistics WHERE day = '${today()}'`);
    // As a transaction would leave it that began before the release.
    await report(at(12), people[group] ?? expect.fail(), result([tried(21, 0.5)]));
    await releaseStatistics(at(23, 10));
    await releaseStatistics(at(23, 20));
    expect(await rows(`SELECT * FROM encoding_statistics WHERE day = '${today()}'`)).toEqual(before);
    expect(await countRows('encoding_reports')).toBe(0);
    const { db } = instance.server.deps;
    await expect(db.asSystem((tx) => db.change(tx, 'UPDATE encoding_statistics SET contributors = contributors + 1'))).rejects.toThrow(
      /permission denied/,
    );
    await expect(db.asSystem((tx) => db.change(tx, 'DELETE FROM encoding_releases'))).rejects.toThrow(/permission denied/);
  });

  test('two days cannot be compared: none holds a clip of another', async () => {
    await makeDay(group);
    await releaseStatistics(at(23));
    day += 24 * 3600 * 1000;
    await makeDay(1, result([tried(21, 0.6)]));
    await releaseStatistics(at(23));
    expect([await countRows('encoding_reports'), await countRows('encoding_statistics')]).toEqual([0, 0]);
  });

  test('fewer workspaces than the smallest group, or several of one owner, make no figure', async () => {
    await makeDay(group - 1);
    const owner = people[0] ?? expect.fail();
    const second = await owner.call('createWorkspace', { body: { name: 'A second one' } });
    const { db } = instance.server.deps;
    await db.asSystem((tx) =>
      db.change(tx, 'UPDATE videos SET workspace_id = :id WHERE id = :videoId', { id: second.id, videoId: owner.videoId }),
    );
    await report(at(12), { ...owner, workspaceId: second.id }, result([tried(21, 0.98)]));
    await db.asSystem((tx) =>
      db.change(tx, 'UPDATE videos SET workspace_id = :id WHERE id = :videoId', { id: owner.workspaceId, videoId: owner.videoId }),
    );
    expect(await countRows('encoding_reports')).toBe(2 * group - 1);
    await releaseStatistics(at(23));
    expect(await countRows('encoding_statistics')).toBe(0);
  });

  test('a larger smallest group deletes days that have smaller ones', async () => {
    await makeDay(group);
    await releaseStatistics(at(23));
    expect(await countRows('encoding_statistics')).toBe(1);
    await set({ minimumGroup: group + 1 });
    expect(await countRows('encoding_statistics')).toBe(0);
  });

  test('an objection takes what is there along, and nothing more is reported of that person', async () => {
    await makeDay(group + 1);
    const objecting = people[group] ?? expect.fail();
    await objecting.call('updateRights', { body: { objectsToStatistics: true } });
    expect(await countRows('encoding_reports')).toBe(2 * group);
    await report(at(12), objecting, result([tried(21, 0.5)]));
    expect(await countRows('encoding_reports')).toBe(2 * group);
    await releaseStatistics(at(23));
    expect(await rows(`SELECT * FROM encoding_statistics WHERE day = '${today()}'`)).toMatchObject([{ contributors: group }]);
    await objecting.call('updateRights', { body: { objectsToStatistics: false } });
  });

  test('switched off, what is there goes at once, nothing is reported, and nothing is asked of agents', async () => {
    await makeDay(group);
    await set({ statistics: 'off', tuner: 'off' });
    expect(await countRows('encoding_reports')).toBe(0);
    await makeDay(group);
    expect(await countRows('encoding_reports')).toBe(0);
    const { deps } = instance.server;
    expect(await deps.db.asSystem((tx) => tuningFor(deps, tx, clip, newId()))).toBeNull();
  });

  test('agents of the version before, and encoders that cannot tell, report nothing', async () => {
    const person = people[0] ?? expect.fail();
    await report(at(10), person, result(null));
    await report(at(10), person, result([tried(23, null)], { encoder: 'h264_nvenc' }));
    await report(at(10), person, result([tried(23, null)]));
    expect(await countRows('encoding_reports')).toBe(0);
  });
});

describe('A3: the tuner', () => {
  const asked = async (deps: Deps, id: string) => deps.db.asSystem((tx) => tuningFor(deps, tx, clip, id));
  const [even, odd] = ['00000000-0000-4000-8000-000000000000', '00000000-0000-4000-8000-000000000001'];

  test('gives the next clip what the figures say, tries a step on half of them, and shows why', async () => {
    const base = { target: null, choices: [{ encoder: 'libx264', preset: 'veryfast', rate: 21 }] };
    expect(await asked(at(9), even)).toEqual(base);
    await makeDay(group, result([tried(21, 0.98, 0.1)]));
    await releaseStatistics(at(23));
    expect(await asked(at(23, 5), even)).toEqual(base);
    expect(await asked(at(23, 5), odd)).toEqual({ target: 0.95, choices: [{ encoder: 'libx264', preset: 'veryfast', rate: 24 }] });
    day += 24 * 3600 * 1000;
    await makeDay(group, result([tried(24, 0.965, 0.07)]));
    await releaseStatistics(at(23));
    expect(await asked(at(23, 5), even)).toMatchObject({ choices: [{ rate: 24 }] });
    const { presentCompression } = await import('../../server/src/clips/tuning/tuner.ts');
    const { bands } = await instance.server.deps.db.asSystem((tx) => presentCompression(at(23, 5), tx));
    expect(bands).toMatchObject([
      {
        encoder: 'libx264',
        resolution: 'full_hd',
        frameRate: 'video',
        duration: 'under_30',
        chosen: { rate: 24 },
        reason: 'held',
        savedShare: 0.3,
      },
    ]);
    // Another kind of clip knows nothing of it; four weeks later nothing is known.
    const { deps } = instance.server;
    expect(await deps.db.asSystem((tx) => tuningFor(at(23, 5), tx, { ...clip, height: 480, width: 270 }, even))).toEqual(base);
    day += 29 * 24 * 3600 * 1000;
    expect(await asked(at(1), even)).toEqual(base);
  });

  test('measures a quarter of the clips that get the settings of the product, as many on both sides of a trial, and every clip that gets others', async () => {
    const ids = Array.from({ length: 64 }, (_, index) => `00000000-0000-4000-8000-0000000000${index.toString(16).padStart(2, '0')}`);
    const askedOf = async (deps: Deps) => Promise.all(ids.map((id) => asked(deps, id)));
    const measured = (await askedOf(at(9)))
      .map((tuning, index) => ({ tuning, isOdd: index % 2 === 1 }))
      .filter(({ tuning }) => tuning !== null);
    expect([measured.length, measured.filter(({ isOdd }) => isOdd).length]).toEqual([16, 8]);
    await makeDay(group, result([tried(21, 0.98, 0.1)]));
    await releaseStatistics(at(23));
    const later = await askedOf(at(23, 5));
    expect(later.filter((_, index) => index % 2 === 1).map((tuning) => tuning?.choices[0]?.rate)).toEqual(
      Array.from({ length: 32 }, () => 24),
    );
    expect(later.filter((tuning) => tuning?.choices[0]?.rate === 21)).toHaveLength(8);
    await set({ tuner: 'off' });
    expect((await askedOf(at(9))).filter((tuning) => tuning !== null)).toHaveLength(16);
  });

  test('is pinned, or off, and says no to what no encoder knows', async () => {
    const pinned = [{ encoder: 'libx264' as const, preset: 'faster', rate: 26 }];
    await set({ tuner: 'pinned', pinned });
    expect(await asked(at(9), odd)).toEqual({ target: 0.95, choices: pinned });
    await set({ tuner: 'off' });
    expect(await asked(at(9), odd)).toEqual({ target: null, choices: [] });
    await expect(set({ tuner: 'pinned', pinned: [] })).rejects.toMatchObject({ code: 'invalid_input' });
    await expect(set({ tuner: 'pinned', pinned: [{ encoder: 'libx264', preset: 'placebo', rate: 26 }] })).rejects.toMatchObject({
      code: 'invalid_input',
    });
  });

  test('is for administrators', async () => {
    const somebody = people[0] ?? expect.fail();
    await expect(somebody.call('getCompression')).rejects.toMatchObject({ code: 'forbidden' });
  });
});
