/** Plans and what they promise of content, on the HTTP level, with the clock moved. */
import { ApiError, type Plan, type Video } from '@carmic/contract';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Caller, startInstance, type TestInstance, until } from '../support/instance.ts';
import { enrolAgent, type ProtocolAgent } from '../support/protocolAgent.ts';
import { uploadVideo } from '../support/upload.ts';

const hour = 3_600_000;
// The watchdog, which sweeps, sleeps unless a test wakes it.
const env: Record<string, string> = { CARMIC_WATCHDOG_SECONDS: '86400' };
let instance: TestInstance;
let admin: Caller;
let agent: ProtocolAgent;
let plans: Map<string, Plan>;

beforeAll(async () => {
  instance = await startInstance({ env });
  admin = await instance.createCaller({ isAdmin: true });
  agent = await enrolAgent(instance);
  plans = new Map((await admin.call('listPlans')).items.map((plan) => [plan.slug, plan]));
});
afterAll(() => instance.stop());

/** Moves the server's clock to `ms` after the real one. */
async function shiftClock(ms: number): Promise<void> {
  env['CARMIC_CLOCK_OFFSET_MS'] = String(Math.round(ms));
  await instance.restart();
}

const idOf = (slug: string) => plans.get(slug)?.id ?? '';
const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'ok',
    (error: unknown) => (error instanceof ApiError ? error.code : String(error)),
  );

/** A new workspace on a plan. */
async function on(slug: string): Promise<Caller> {
  const caller = await instance.createCaller();
  await admin.call('assignPlan', { params: { id: caller.workspaceId }, body: { planId: idOf(slug) } });
  return caller;
}

const upload = (caller: Caller, size = 100) => uploadVideo(caller.call, instance.baseUrl, Buffer.alloc(size, 7));

/** Assigns a plan the way the console does: looks at the impact and confirms it. */
async function assign(caller: Caller, slug: string) {
  const params = { id: caller.workspaceId };
  const impact = await admin.call('previewWorkspacePlan', { params, body: { planId: idOf(slug) } });
  await admin.call('assignPlan', { params, body: { planId: idOf(slug), confirmation: { fingerprint: impact.fingerprint } } });
  return impact;
}

async function uploadInspected(caller: Caller): Promise<Video> {
  const { id } = await upload(caller);
  await agent.finish(await until('the inspection', () => agent.lease(['inspect'], 5)));
  return until('the player copy', async () => {
    const found = await caller.call('getVideo', { params: { id } });
    return found.media.proxyUrl === null ? null : found;
  });
}

describe('retention', () => {
  test('R1: a Free video is readable at 71 h 59 min and refused at 72 h 1 min on every URL, with the sweeper stopped', async () => {
    await shiftClock(0);
    const caller = await instance.createCaller();
    const video = await uploadInspected(caller);
    expect(Date.parse(video.expiresAt ?? '') - Date.parse(video.keptFrom ?? '')).toBe(72 * hour);
    const clips = await until('the clips', async () => {
      const { items } = await caller.call('listClips', { params: { id: video.id } });
      return items.length === 0 ? null : items;
    });
    expect(clips[0]?.expiresAt).toBe(video.expiresAt);
    const ageAt = (age: number) => Date.parse(video.keptFrom ?? '') + age - Date.now();

    await shiftClock(ageAt(72 * hour - 60_000));
    const late = await caller.call('getVideo', { params: { id: video.id } });
    const url = new URL(late.media.proxyUrl ?? '', instance.baseUrl);
    expect((await fetch(url)).status).toBe(200);
    expect((await caller.call('listVideos')).items.map(({ id }) => id)).toEqual([video.id]);

    await shiftClock(ageAt(72 * hour + 60_000));
    expect((await fetch(url)).status).not.toBe(200);
    expect((await fetch(url, { headers: { range: 'bytes=0-3' } })).status).toBeGreaterThanOrEqual(400);
    expect(await codeOf(caller.call('getVideo', { params: { id: video.id } }))).toBe('not_found');
    expect(await codeOf(caller.call('listClips', { params: { id: video.id } }))).toBe('not_found');
    expect(await codeOf(caller.call('getClip', { params: { id: clips[0]?.id ?? '' } }))).toBe('not_found');
    expect((await caller.call('listVideos')).items).toEqual([]);

    // An upgrade does not bring it back.
    await assign(caller, 'enterprise');
    expect(await codeOf(caller.call('getVideo', { params: { id: video.id } }))).toBe('not_found');

    // With the sweeper awake, bytes and rows go.
    await instance.server.deps.jobs.enqueue('watchdog', {});
    const left = () =>
      instance.server.deps.db.asSystem((tx) =>
        instance.server.deps.db.rows(
          tx,
          'SELECT 1 FROM videos WHERE id = :id UNION ALL SELECT 1 FROM stored_objects WHERE video_id = :id',
          {
            id: video.id,
          },
        ),
      );
    await until('rows to be gone', async () => ((await left()).length === 0 ? true : null));
    const keys: string[] = [];
    for await (const object of instance.server.deps.store.list(`w/${caller.workspaceId}/`)) {
      keys.push(object.key);
    }
    expect(keys).toEqual([]);
    await until('the storage to be free', async () => ((await caller.call('getEntitlements')).storage.usedBytes === 0 ? true : null));
    await shiftClock(0);
  });

  test('R2, R3, R4: Standard keeps 29 days, the others for as long as it fits', async () => {
    const standard = await upload(await on('standard'));
    expect(Date.parse(standard.expiresAt ?? '') - Date.parse(standard.keptFrom ?? '')).toBe(29 * 24 * hour);
    const limits: Record<string, number> = { professional: 100e9, business: 1e12, enterprise: 1e12 };
    for (const [slug, limitBytes] of Object.entries(limits)) {
      const caller = await on(slug);
      expect((await upload(caller)).expiresAt).toBeNull();
      expect((await caller.call('getEntitlements')).storage).toMatchObject({ limitBytes, usedBytes: 100 });
    }
  });

  test('an upgrade before the expiry rescues', async () => {
    const caller = await instance.createCaller();
    const { id } = await upload(caller);
    const impact = await assign(caller, 'professional');
    expect(impact).toMatchObject({ needsConfirmation: false, rescued: { videos: 1, bytes: 100 } });
    expect((await caller.call('getVideo', { params: { id } })).expiresAt).toBeNull();
  });

  test('a downgrade ends nothing for 14 days, and is done only by one who has seen what it would end', async () => {
    const caller = await on('professional');
    const { id } = await upload(caller);
    const params = { id: caller.workspaceId };
    expect(await codeOf(admin.call('assignPlan', { params, body: { planId: idOf('free') } }))).toBe('confirmation_needed');
    const before = Date.now();
    const body = { workspaceId: caller.workspaceId, videoId: id, reason: 'Case 12' };
    const hold = await admin.call('placeHold', { body });
    expect(await admin.call('previewWorkspacePlan', { params, body: { planId: idOf('free') } })).toMatchObject({
      expiring: { videos: 1, bytes: 100 },
      held: { videos: 1, bytes: 100 },
    });
    await admin.call('releaseHold', { params: { id: hold.id } });
    const impact = await assign(caller, 'free');
    expect(impact.expiring).toEqual({ videos: 1, bytes: 100 });
    expect(impact.held).toEqual({ videos: 0, bytes: 0 });
    expect(impact.workspaces).toMatchObject([{ id: caller.workspaceId, videos: 1, isOverQuota: false }]);
    const video = await caller.call('getVideo', { params: { id } });
    const grace = Date.parse(video.expiresAt ?? '') - before;
    expect(grace).toBeGreaterThanOrEqual(14 * 24 * hour);
    expect(grace).toBeLessThan(14 * 24 * hour + 60_000);
    expect(impact.byDay).toEqual([{ day: video.expiresAt?.slice(0, 10), videos: 1, bytes: 100 }]);
    expect((await caller.call('getCalendar', { query: { days: 30 } })).days).toMatchObject([
      { day: video.expiresAt?.slice(0, 10), videos: 1, items: [{ videoId: id, title: 'talk', sizeBytes: 100 }] },
    ]);
    expect(video.keeping).toEqual({ by: 'grace', planName: 'Free' });
    // What comes after the downgrade has no grace.
    const late = await upload(caller);
    expect(late.keeping).toEqual({ by: 'plan', planName: 'Free' });
    expect(Date.parse(late.expiresAt ?? '') - Date.parse(late.keptFrom ?? '')).toBe(72 * hour);
    expect((await caller.call('getEntitlements')).notices).toHaveLength(1);
  });

  test('a grace gives no more than the rule before did', async () => {
    const caller = await on('standard');
    const video = await upload(caller);
    const params = { id: caller.workspaceId };
    const overrides = { retention: { kind: 'expires', days: 28 } } as const;
    const impact = await admin.call('previewWorkspacePlan', { params, body: { overrides } });
    await admin.call('assignPlan', { params, body: { overrides, confirmation: { fingerprint: impact.fingerprint } } });
    const now = await caller.call('getVideo', { params: { id: video.id } });
    expect(Date.parse(now.expiresAt ?? '') - Date.parse(now.keptFrom ?? '')).toBe(28 * 24 * hour);
    expect(now.keeping).toEqual({ by: 'workspace', planName: 'Standard' });
    const { video: open } = await caller.call('createVideo', { body: { fileName: 'x.mp4', sizeBytes: 100 } });
    expect(open.keeping).toBeNull();
  });
});

describe('the storage of a workspace', () => {
  async function withRoomFor(bytes: number): Promise<Caller> {
    const caller = await instance.createCaller();
    await admin.call('assignPlan', {
      params: { id: caller.workspaceId },
      body: { overrides: { retention: { kind: 'fixed', storageBytes: bytes } } },
    });
    return caller;
  }

  test('twenty uploads at once cannot exceed it, and nothing is deleted when it is full', async () => {
    const caller = await withRoomFor(1000);
    const kept = await upload(caller, 300);
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, () => codeOf(caller.call('createVideo', { body: { fileName: 'x.mp4', sizeBytes: 100 } }))),
    );
    expect(outcomes.filter((outcome) => outcome === 'ok')).toHaveLength(7);
    expect(new Set(outcomes)).toEqual(new Set(['ok', 'quota_exceeded']));
    const { storage, notices } = await caller.call('getEntitlements');
    expect(storage).toMatchObject({ usedBytes: 1000, reservedBytes: 700, limitBytes: 1000 });
    expect(notices).toHaveLength(1);
    expect((await caller.call('getVideo', { params: { id: kept.id } })).id).toBe(kept.id);
  });

  test('is free again once something is deleted', async () => {
    const caller = await withRoomFor(1000);
    const { id } = await upload(caller, 900);
    expect(await codeOf(caller.call('createVideo', { body: { fileName: 'x.mp4', sizeBytes: 200 } }))).toBe('quota_exceeded');
    await caller.call('deleteVideo', { params: { id } });
    await until('room', async () =>
      (await codeOf(caller.call('createVideo', { body: { fileName: 'x.mp4', sizeBytes: 200 } }))) === 'ok' ? true : null,
    );
  });

  test('a wrong count is found and corrected', async () => {
    const caller = await withRoomFor(1000);
    await upload(caller, 400);
    const { db } = instance.server.deps;
    await db.asSystem((tx) =>
      db.change(tx, 'UPDATE storage_usage SET used_bytes = 990 WHERE workspace_id = :id', { id: caller.workspaceId }),
    );
    const recount = await admin.call('recountStorage', { params: { id: caller.workspaceId } });
    expect(recount).toEqual({ countedBytes: 400, correctedBytes: -590 });
    expect((await admin.call('getWorkspace', { params: { id: caller.workspaceId } })).storage.usedBytes).toBe(400);
  });
});

describe('plans', () => {
  test('an edit shows what it would end, needs that confirmed, and is kept as a version', async () => {
    const plan = await admin.call('createPlan', {
      body: { name: 'Trial', retention: { kind: 'expires', days: 60 }, limits: { uploadBytes: 5000, durationSeconds: null } },
    });
    const caller = await instance.createCaller();
    await admin.call('assignPlan', { params: { id: caller.workspaceId }, body: { planId: plan.id } });
    const { id, keptFrom } = await upload(caller);
    const params = { id: plan.id };
    const edit = { version: 1, retention: { kind: 'expires', days: 10 } } as const;
    const impact = await admin.call('previewPlan', { params, body: edit });
    expect(impact).toMatchObject({ affectedWorkspaces: 1, expiring: { videos: 1 }, needsConfirmation: true, needsTyping: false });
    expect(await codeOf(admin.call('updatePlan', { params, body: edit }))).toBe('confirmation_needed');
    const wrong = { fingerprint: 'something else' };
    expect(await codeOf(admin.call('updatePlan', { params, body: { ...edit, confirmation: wrong } }))).toBe('confirmation_needed');
    const confirmation = { fingerprint: impact.fingerprint };
    const edited = await admin.call('updatePlan', { params, body: { ...edit, confirmation } });
    expect(edited).toMatchObject({ version: 2, retention: { kind: 'expires', days: 10 }, workspaceCount: 1 });
    const edge = Date.parse((await caller.call('getVideo', { params: { id } })).expiresAt ?? '');
    expect(new Date(edge).toISOString().slice(0, 10)).toBe(impact.byDay[0]?.day);
    expect(edge - Date.parse(keptFrom ?? '')).toBeGreaterThanOrEqual(14 * 24 * hour);
    expect(await codeOf(admin.call('updatePlan', { params, body: { ...edit, confirmation } }))).toBe('conflict');
    const { items } = await admin.call('listPlanVersions', { params });
    expect(items.map(({ version, retention, changedBy }) => [version, retention, changedBy])).toEqual([
      [2, { kind: 'expires', days: 10 }, 'Somebody'],
      [1, { kind: 'expires', days: 60 }, 'Somebody'],
    ]);
  });

  test('limit the size of an upload', async () => {
    const caller = await instance.createCaller();
    await admin.call('assignPlan', { params: { id: caller.workspaceId }, body: { overrides: { limits: { uploadBytes: 50 } } } });
    expect(await codeOf(upload(caller, 51))).toBe('payload_too_large');
    expect(await codeOf(upload(caller, 50))).toBe('ok');
  });

  test('the default plan and one in use are not archived; an unused one is, and takes nobody', async () => {
    const free = plans.get('free');
    const archive = (plan: Plan) =>
      admin.call('updatePlan', { params: { id: plan.id }, body: { version: plan.version, isArchived: true } });
    expect(free === undefined ? '' : await codeOf(archive(free))).toBe('wrong_state');
    const plan = await admin.call('createPlan', {
      body: { name: 'Old', retention: { kind: 'expires', days: 5 }, limits: { uploadBytes: null, durationSeconds: null } },
    });
    expect((await archive(plan)).isArchived).toBe(true);
    const caller = await instance.createCaller();
    expect(await codeOf(admin.call('assignPlan', { params: { id: caller.workspaceId }, body: { planId: plan.id } }))).toBe('invalid_input');
    expect((await admin.call('listPlans')).items.some(({ id }) => id === plan.id)).toBe(false);
  });
});
