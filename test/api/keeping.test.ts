/** The ledger of processing minutes, legal holds, notices before content ends, and the comparison of storage and rows. */
import { ApiError, type Plan, type PlanOverrides, type Reconciliation, type Video } from '@carmic/contract';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writePng } from '../../server/src/clips/brand/logoFile.ts';
import { newId } from '../../server/src/core/ids.ts';
import type { Tx } from '../../server/src/db/database.ts';
import { readStatement } from '../../server/src/plans/statement.ts';
import { requireMinutes, reserveMinutes, settleMinutes } from '../../server/src/plans/usage.ts';
import { emptyWorkspace } from '../../server/src/retention/emptyWorkspace.ts';
import { replayJournal } from '../../server/src/retention/erasure/journal.ts';
import { giveNotices } from '../../server/src/retention/notices.ts';
import { reconcile } from '../../server/src/retention/reconcile.ts';
import { sweepExpired } from '../../server/src/retention/sweep.ts';
import { keys } from '../../server/src/storage/keys.ts';
import { watch } from '../../server/src/watchdog.ts';
import { type Caller, startInstance, type TestInstance, until } from '../support/instance.ts';
import { enrolAgent, type ProtocolAgent } from '../support/protocolAgent.ts';
import { uploadVideo } from '../support/upload.ts';

let instance: TestInstance;
let admin: Caller;
let agent: ProtocolAgent;
let plans: Map<string, Plan>;
const deps = () => instance.server.deps;

beforeAll(async () => {
  instance = await startInstance({ env: { CARMIC_WATCHDOG_SECONDS: '86400', CARMIC_LEASE_SECONDS: '60' } });
  admin = await instance.createCaller({ isAdmin: true });
  agent = await enrolAgent(instance);
  plans = new Map((await admin.call('listPlans')).items.map((plan) => [plan.slug, plan]));
});
afterAll(() => instance.stop());

const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'ok',
    (error: unknown) => (error instanceof ApiError ? error.code : String(error)),
  );
const upload = (who: Caller) =>
  uploadVideo(who.call, instance.baseUrl, Buffer.from(`a video ${Math.random()}`), {
    wishes: { clipCount: 2, minClipSeconds: 5, maxClipSeconds: 10 },
  });
async function withOverrides(overrides: PlanOverrides, slug = 'enterprise'): Promise<Caller> {
  const caller = await instance.createCaller();
  await admin.call('assignPlan', { params: { id: caller.workspaceId }, body: { planId: plans.get(slug)?.id ?? '', overrides } });
  return caller;
}
const stateOf = (who: Caller, id: string, state: Video['state']) =>
  until(`the video to be ${state}`, async () => {
    const video = await who.call('getVideo', { params: { id } });
    return video.state === state ? video : null;
  });
/** Moves the clock that everybody in the server reads; the move ends with the test that made it. */
async function at<T>(ms: number, work: () => Promise<T>): Promise<T> {
  const { clock } = deps();
  const { now } = clock;
  clock.now = () => new Date(Date.now() + ms);
  try {
    return await work();
  } finally {
    clock.now = now;
  }
}

describe('processing minutes', () => {
  test('are reserved when the length is known, used by what is delivered, and free again for what failed', async () => {
    const who = await withOverrides({ limits: { processingMinutes: 3 } });
    const { id } = await upload(who);
    await agent.finish(await until('the inspection', () => agent.lease(['inspect'], 5)), { probe: { durationSeconds: 59.2 } });
    await stateOf(who, id, 'rendering');
    expect(await who.call('getUsage')).toMatchObject({ limitMinutes: 3, reservedSeconds: 60, usedSeconds: 0 });
    // One of two renderings fails for good: half of the minute was delivered.
    const first = await until('a rendering', () => agent.lease(['render'], 5));
    const second = await until('another rendering', () => agent.lease(['render'], 5));
    await agent.finish(first);
    await agent.call('failLease', {
      params: { id: second.taskId },
      body: { leaseToken: second.leaseToken, code: 'render_failed', message: 'It failed.', isRetryable: false },
    });
    await stateOf(who, id, 'ready');
    const statement = await who.call('getUsage');
    expect(statement).toMatchObject({
      reservedSeconds: 0,
      usedSeconds: 30,
      lines: [{ videoId: id, reservedSeconds: 60, usedSeconds: 30, releasedSeconds: 30 }],
    });
    // Saying it again changes nothing, and nobody can write the past anew.
    await deps().db.inWorkspace(who.workspaceId, (tx) => settleMinutes(deps(), tx, { id, workspaceId: who.workspaceId }, 1));
    expect(await who.call('getUsage')).toEqual(statement);
    for (const sql of ['UPDATE usage_entries SET seconds = 0', 'DELETE FROM usage_entries']) {
      await expect(deps().db.asSystem((tx) => deps().db.change(tx, sql))).rejects.toThrow(/permission denied/);
    }
  });

  test('that do not suffice end the video with what to do next, cost nothing, and a larger plan lets it go on', async () => {
    const who = await withOverrides({ limits: { processingMinutes: 1 } });
    const { id } = await upload(who);
    await agent.finish(await until('the inspection', () => agent.lease(['inspect'], 5)), { probe: { durationSeconds: 61 } });
    const failed = await stateOf(who, id, 'failed');
    expect(failed.failure).toMatchObject({ stage: 'inspect', code: 'minutes_exhausted', canRetry: true });
    expect(failed.failure?.message).toBe('This video needs 2 minutes of processing, and 1 minute of the 1 of this month are left.');
    expect(await who.call('getUsage')).toMatchObject({ reservedSeconds: 0, usedSeconds: 0, lines: [] });
    await admin.call('assignPlan', { params: { id: who.workspaceId }, body: { overrides: { limits: { processingMinutes: 2 } } } });
    await who.call('retryVideo', { params: { id } });
    await stateOf(who, id, 'rendering');
    expect(await who.call('getUsage')).toMatchObject({ reservedSeconds: 61, limitMinutes: 2 });
    // A deletion in the middle of the work has delivered nothing.
    await who.call('deleteVideo', { params: { id } });
    expect(await who.call('getUsage')).toMatchObject({ reservedSeconds: 0, usedSeconds: 0, lines: [{ releasedSeconds: 61 }] });
  });

  test('that are used up refuse the next upload before a byte is sent, until the next month', async () => {
    const who = await withOverrides({ limits: { processingMinutes: 1 } });
    await deps().db.inWorkspace(who.workspaceId, async (tx) => {
      const video = { id: crypto.randomUUID(), workspaceId: who.workspaceId };
      expect(await reserveMinutes(deps(), tx, video, 60)).toBeNull();
      expect(await reserveMinutes(deps(), tx, video, 60)).toBeNull();
      await settleMinutes(deps(), tx, video, 1);
    });
    expect((await who.call('getUsage')).usedSeconds).toBe(60);
    const create = () => who.call('createVideo', { body: { fileName: 'x.mp4', sizeBytes: 10 } });
    expect(await codeOf(create())).toBe('quota_exceeded');
    const refusals = await deps().db.inWorkspace(who.workspaceId, (tx) =>
      deps().db.rows<{ data: unknown }>(tx, "SELECT data FROM events WHERE workspace_id = :id AND type = 'quota.refused'", {
        id: who.workspaceId,
      }),
    );
    expect(refusals).toEqual([{ data: { neededBytes: 10 } }]);
    // Sessions have ended by then, so the verbs are asked themselves.
    const inNextMonth = <T>(work: (tx: Tx) => Promise<T>) => at(32 * 86_400_000, () => deps().db.inWorkspace(who.workspaceId, work));
    await inNextMonth((tx) => requireMinutes(deps(), tx, who.workspaceId));
    expect((await inNextMonth((tx) => readStatement(deps(), tx, who.workspaceId, { limit: 1 }))).usedSeconds).toBe(0);
  });

  test('twenty reservations at once cannot pass the limit', async () => {
    const who = await withOverrides({ limits: { processingMinutes: 7 } });
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, () =>
        deps().db.inWorkspace(who.workspaceId, (tx) =>
          reserveMinutes(deps(), tx, { id: crypto.randomUUID(), workspaceId: who.workspaceId }, 60),
        ),
      ),
    );
    expect(outcomes.filter((outcome) => outcome === null)).toHaveLength(7);
    expect((await who.call('getUsage')).reservedSeconds).toBe(420);
  });

  test('a plan limits how many tasks of a workspace run at the same time', async () => {
    const who = await withOverrides({ limits: { parallelTasks: 1 } });
    await upload(who);
    await upload(who);
    const first = await until('the first inspection', () => agent.lease(['inspect'], 5));
    expect(first.spec.source.url).toContain(who.workspaceId);
    expect(await agent.lease(['inspect'], 0)).toBeNull();
    await agent.finish(first);
    await agent.finish(await until('the second inspection', () => agent.lease(['inspect'], 5)));
  });
});

describe('a legal hold', () => {
  test('keeps content from people, plans and the sweeper until it ends, and does not make it readable again', async () => {
    const who = await withOverrides({}, 'free');
    const [held, free] = [await upload(who), await upload(who)];
    const body = { workspaceId: who.workspaceId, videoId: held.id, reason: 'Case 12/2026' };
    const hold = await admin.call('placeHold', { body });
    expect(hold).toMatchObject({ reason: 'Case 12/2026', isInForce: true, endsAt: null, placedBy: 'Somebody' });
    expect(await codeOf(who.call('deleteVideo', { params: { id: held.id } }))).toBe('wrong_state');
    const seen = async (id: string) => (await who.call('getVideo', { params: { id } })).legalHold;
    expect([await seen(held.id), await seen(free.id)]).toEqual([{ endsAt: null }, null]);
    // Members learn that there is a hold and until when, and never why.
    expect(JSON.stringify(await who.call('listVideos', { query: {} }))).not.toContain('Case 12');
    const endsAt = new Date(Date.now() + 86_400_000).toISOString();
    const whole = await admin.call('placeHold', { body: { workspaceId: who.workspaceId, reason: 'All of it', endsAt } });
    expect([await seen(held.id), await seen(free.id)]).toEqual([{ endsAt: null }, { endsAt }]);
    await admin.call('releaseHold', { params: { id: whole.id } });
    expect(await seen(free.id)).toBeNull();
    const both = { scope: 'selection' as const, videoIds: [held.id, free.id] };
    expect(await codeOf(who.call('createErasure', { body: both }))).toBe('wrong_state');
    await at(4 * 86_400_000, async () => {
      await sweepExpired(deps());
      expect(await codeOf(who.call('getVideo', { params: { id: held.id } }))).toBe('not_found');
    });
    const left = () =>
      deps().db.asSystem((tx) =>
        deps().db.rows<{ id: string }>(tx, 'SELECT id FROM videos WHERE workspace_id = :id AND deleted_at IS NULL', {
          id: who.workspaceId,
        }),
      );
    expect(await left()).toEqual([{ id: held.id }]);
    expect(await deps().store.head(`w/${who.workspaceId}/v/${held.id}/source`)).not.toBeNull();
    expect((await admin.call('releaseHold', { params: { id: hold.id } })).isInForce).toBe(false);
    await at(4 * 86_400_000, async () => {
      await sweepExpired(deps());
    });
    expect(await left()).toEqual([]);
    expect((await admin.call('listHolds')).items.map(({ id }) => id)).toContain(hold.id);
    expect(await codeOf(admin.call('placeHold', { body: { ...body, endsAt: '2020-01-01T00:00:00Z' } }))).toBe('invalid_input');
    expect(await codeOf(admin.call('placeHold', { body: { ...body, videoId: who.workspaceId } }))).toBe('not_found');
  });
});

test('a legal hold on a video keeps each of its clips, made or not, its renditions and its translations, and says so', async () => {
  const who = await withOverrides({}, 'enterprise');
  const { id: videoId } = await upload(who);
  await agent.finish(await until('the inspection', () => agent.lease(['inspect'], 5)), { probe: { durationSeconds: 60 } });
  await stateOf(who, videoId, 'rendering');
  const [clip, unmade] = (await who.call('listClips', { params: { id: videoId } })).items;
  const translationId = newId();
  const { db } = deps();
  await db.asSystem(async (tx) => {
    await db.change(tx, 'DELETE FROM renditions WHERE clip_id = :id', { id: unmade?.id });
    await db.change(tx, "UPDATE renditions SET state = 'ready' WHERE clip_id = :id", { id: clip?.id });
    await db.change(
      tx,
      `INSERT INTO translations (id, workspace_id, video_id, language, state, created_at, updated_at)
       VALUES (:translationId, :workspaceId, :videoId, 'de', 'draft', now(), now())`,
      { translationId, videoId, workspaceId: who.workspaceId },
    );
  });
  const hold = await admin.call('placeHold', { body: { workspaceId: who.workspaceId, videoId, reason: 'Case 13/2026' } });
  const renditionId = clip?.renditions[0]?.id ?? '';
  const deletions = [
    () => who.call('createErasure', { body: { scope: 'clip', clipId: clip?.id ?? '' } }),
    () => who.call('createErasure', { body: { scope: 'clip', clipId: unmade?.id ?? '' } }),
    () => who.call('createErasure', { body: { scope: 'rendition', renditionId } }),
    () => who.call('cancelRendition', { params: { id: renditionId } }),
    () => who.call('deleteTranslation', { params: { id: translationId } }),
  ];
  for (const work of deletions) {
    await expect(work()).rejects.toMatchObject({ code: 'wrong_state', message: expect.stringContaining('under a legal hold') as string });
  }
  const { items } = await who.call('listClips', { params: { id: videoId } });
  expect(items.map((item) => [item.id, item.renditions.map((each) => each.id)])).toEqual([
    [clip?.id, [renditionId]],
    [unmade?.id, []],
  ]);
  await admin.call('releaseHold', { params: { id: hold.id } });
  const superuser = new Client({ connectionString: instance.database.superuserUrl });
  await superuser.connect();
  try {
    await superuser.query(`CREATE TABLE clip_before AS SELECT * FROM clips WHERE id = '${unmade?.id}'`);
    const { id } = await who.call('createErasure', { body: { scope: 'clip', clipId: unmade?.id ?? '' } });
    // A restored database of before knows the hold and not the deletion after it: that is done again, and the start does not fail on it.
    await superuser.query('INSERT INTO clips SELECT * FROM clip_before; DROP TABLE clip_before');
    await superuser.query(`DELETE FROM erasures WHERE id = '${id}'`);
    await superuser.query(`UPDATE legal_holds SET released_at = NULL WHERE id = '${hold.id}'`);
    // Deletions of the days to which other tests put the clock would be newer than everything that is looked for.
    await superuser.query("UPDATE erasures SET requested_at = now() WHERE requested_at > now() + interval '1 day'");
    expect(await replayJournal(deps())).toBe(1);
    await admin.call('releaseHold', { params: { id: hold.id } });
  } finally {
    await superuser.end();
  }
  expect((await who.call('listClips', { params: { id: videoId } })).items.map((item) => item.id)).toEqual([clip?.id]);
  expect(await codeOf(who.call('deleteTranslation', { params: { id: translationId } }))).toBe('ok');
  expect(await codeOf(who.call('cancelRendition', { params: { id: renditionId } }))).toBe('ok');
});

describe('a legal hold in a deleted workspace', () => {
  test('keeps what it is on, lets the rest go at once, and what it kept when it ends', async () => {
    const who = await instance.createCaller();
    const [held, free] = [await upload(who), await upload(who)];
    const body = { workspaceId: who.workspaceId, videoId: held.id, reason: 'A court asks.' };
    const hold = await admin.call('placeHold', { body });
    const { db } = deps();
    await db.asSystem((tx) => db.change(tx, 'UPDATE workspaces SET deleted_at = now() WHERE id = :id', { id: who.workspaceId }));
    const left = async () =>
      (
        await db.asSystem((tx) =>
          db.rows<{ id: string }>(tx, 'SELECT id FROM videos WHERE workspace_id = :id AND deleted_at IS NULL', { id: who.workspaceId }),
        )
      ).map(({ id }) => id);
    expect((await left()).sort()).toEqual([held.id, free.id].sort());
    await emptyWorkspace(deps(), who.workspaceId);
    expect(await left()).toEqual([held.id]);
    await watch(deps());
    expect(await left()).toEqual([held.id]);
    await admin.call('releaseHold', { params: { id: hold.id } });
    await watch(deps());
    await until('the rest to go', async () => ((await left()).length === 0 ? true : null));
  });
});

describe('notices', () => {
  test('come a week and a day before content ends, once each, and again for another expiry', async () => {
    const who = await withOverrides({ retention: { kind: 'expires', days: 29 } });
    const video = await upload(who);
    // Straight from the table: the API shows an event only when no older transaction runs anywhere in the cluster.
    const noticesIn = (workspaceId: string) =>
      deps()
        .db.inWorkspace(workspaceId, (tx) =>
          deps().db.rows<{ data: Record<string, unknown> }>(
            tx,
            "SELECT data FROM events WHERE workspace_id = :workspaceId AND type = 'retention.notice' ORDER BY id",
            { workspaceId },
          ),
        )
        .then((rows) => rows.map(({ data }) => data));
    const noticesOf = () => noticesIn(who.workspaceId);
    const days = (n: number) => at(n * 86_400_000, () => giveNotices(deps()));
    await days(21.9);
    expect(await noticesOf()).toEqual([]);
    // A round leaves out a row that something else holds at that moment (the inspection of the upload): the next one has it.
    const daysNoticed = async (n: number) => {
      await days(n);
      return (await noticesOf()).map((data) => data['days']);
    };
    await expect.poll(() => daysNoticed(22.1)).toEqual([7]);
    expect(await daysNoticed(22.2)).toEqual([7]);
    expect(await noticesOf()).toMatchObject([{ days: 7, videos: 1, videoIds: [video.id], firstExpiresAt: video.expiresAt }]);
    await expect.poll(() => daysNoticed(28.1)).toEqual([7, 1]);
    expect(await daysNoticed(28.2)).toEqual([7, 1]);
    await admin.call('assignPlan', { params: { id: who.workspaceId }, body: { overrides: { retention: { kind: 'expires', days: 60 } } } });
    await expect.poll(() => daysNoticed(54)).toEqual([7, 1, 7]);
    // Content that is kept for three days is not announced a week ahead.
    const short = await withOverrides({}, 'free');
    await upload(short);
    await days(0);
    expect(await noticesIn(short.workspaceId)).toEqual([]);
  });
});

describe('the comparison of storage and rows', () => {
  const compare = async (isDryRun: boolean): Promise<Reconciliation> => {
    const { id } = await admin.call('createReconciliation', { body: { isDryRun } });
    return until('the report', async () => {
      const { items } = await admin.call('listReconciliations');
      return items.find((report) => report.id === id && report.finishedAt !== null);
    });
  };

  test('finds orphans and missing files, removes only old orphans, and nothing in a dry run', async () => {
    const who = await withOverrides({});
    const [kept, damaged] = [await upload(who), await upload(who)];
    const { store } = deps();
    const keyOf = (videoId: string) => `w/${who.workspaceId}/v/${videoId}/source`;
    const orphan = keyOf(crypto.randomUUID());
    await store.put(orphan, Buffer.from('nobody knows me'), { contentType: 'video/mp4', maxBytes: 100 });
    await store.createMultipart(keyOf(crypto.randomUUID()), { sizeBytes: 100, partSizeBytes: 8_388_608, contentType: 'video/mp4' });
    await store.delete([keyOf(damaged.id)]);

    const young = await compare(false);
    expect(young.counts).toMatchObject({ orphans: 0, openUploads: 0, missing: 1 });
    expect(young.counts.youngOrphans).toBeGreaterThanOrEqual(1);
    expect(young.findings).toMatchObject([{ kind: 'missing', key: keyOf(damaged.id) }]);
    expect(await store.head(orphan)).not.toBeNull();

    await at(25 * 3_600_000, async () => {
      const dry = await compare(true);
      expect(dry.findings.map(({ kind }) => kind).sort()).toEqual(['missing', 'open_upload', 'orphan']);
      expect(dry.counts).toMatchObject({ orphansRemoved: 0, openUploadsRemoved: 0 });
      expect(await store.head(orphan)).not.toBeNull();
      const wet = await compare(false);
      expect(wet.counts).toMatchObject({ orphans: 1, orphansRemoved: 1, openUploads: 1, openUploadsRemoved: 1, missing: 1 });
    });
    expect(await store.head(orphan)).toBeNull();
    expect(await store.head(keyOf(kept.id))).not.toBeNull();
    const after = await compare(false);
    expect(after.counts).toMatchObject({ orphans: 0, youngOrphans: 0, openUploads: 0, missing: 1 });
  });

  test('names a missing file of a brand kit too', async () => {
    const who = await withOverrides({});
    const { id } = await who.call('createBrandKit', { body: { name: 'Ours' } });
    const logo = writePng(40, 20, Buffer.alloc(40 * 20 * 4, 0x80)).toString('base64');
    await who.call('putBrandAsset', { params: { id }, body: { kind: 'logo', contentBase64: logo } });
    const { store } = deps();
    const prefix = `w/${who.workspaceId}/b/`;
    const stored: string[] = [];
    for await (const { key } of store.list(`w/${who.workspaceId}/`)) {
      stored.push(key);
    }
    expect(stored).toEqual([expect.stringContaining(prefix)]);
    await store.delete(stored);
    const { findings } = await compare(true);
    expect(findings.filter(({ key }) => key.startsWith(prefix))).toMatchObject([{ kind: 'missing', key: stored[0] }]);
  });

  test('needs no more memory for 100,000 files than for 1,000', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const { store, db } = deps();
    const peakOf = async (count: number): Promise<number> => {
      const id = newId();
      await db.asSystem((tx) =>
        db.change(tx, 'INSERT INTO reconciliations (id, is_dry_run, started_at) VALUES (:id, true, now())', { id }),
      );
      let peak = 0;
      const large = Object.create(store, {
        list: {
          async *value(prefix: string) {
            for (let index = 0; prefix === keys.allPrefix() && index < count; index += 1) {
              if (index % (count / 10) === 0) {
                collect();
                peak = Math.max(peak, process.memoryUsage().heapUsed);
              }
              yield { key: `w/${admin.workspaceId}/v/${newId()}/source`, sizeBytes: 1, createdAt: new Date() };
            }
          },
        },
      }) as typeof store;
      await reconcile({ ...deps(), store: large }, id);
      const report = (await admin.call('listReconciliations')).items.find((each) => each.id === id);
      expect(report?.counts).toMatchObject({ listedObjects: count, youngOrphans: count });
      return peak;
    };
    const [small, many] = [await peakOf(1000), await peakOf(100_000)];
    expect(many - small).toBeLessThan(25e6);
  });
});
