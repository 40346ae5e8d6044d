/**
 * The instance against a reference model over random steps: uploads, changes of plan, jumps of the clock, deletions, holds, and workers that
 * meet faults or die. A seed repeats a run: `CARMIC_MODEL_SEED=7 CARMIC_MODEL_STEPS=5000 npx vitest run --project api test/api/retentionModel.test.ts`.
 */
import type { Plan } from '@carmic/contract';
import { ApiError } from '@carmic/contract';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { workErasures } from '../../server/src/retention/erasure/work.ts';
import { sweepExpired } from '../../server/src/retention/sweep.ts';
import type { ObjectStore } from '../../server/src/storage/objectStore.ts';
import { StorageError } from '../../server/src/storage/storageError.ts';
import { type Caller, startInstance, type TestInstance } from '../support/instance.ts';
import { ReferenceModel } from '../support/referenceModel.ts';
import { uploadVideo } from '../support/upload.ts';

const steps = Number(process.env['CARMIC_MODEL_STEPS'] ?? 100);
const seed = Number(process.env['CARMIC_MODEL_SEED'] ?? 1);
const hour = 3_600_000;

/** Mulberry32: small, and the same everywhere. */
function createRandom(start: number): () => number {
  let state = start >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

let instance: TestInstance;
let admin: Caller;
let callers: Caller[];
let plans: Plan[];
const random = createRandom(seed);
const model = new ReferenceModel(Date.now());
const holds = new Map<string, string>();
const counts: Record<string, number> = {};
const pick = <T>(items: readonly T[]): T | undefined => items[Math.floor(random() * items.length)];
const daysOf = (plan: Plan) => (plan.retention.kind === 'expires' ? plan.retention.days : null);

beforeAll(async () => {
  instance = await startInstance({ processes: ['web'] });
  instance.server.deps.clock.now = () => new Date(model.now);
  admin = await instance.createCaller({ isAdmin: true });
  callers = [await instance.createCaller(), await instance.createCaller()];
  const { db } = instance.server.deps;
  await db.asSystem((tx) => db.change(tx, "UPDATE sessions SET expires_at = now() + interval '100 years'"));
  plans = (await admin.call('listPlans')).items.filter((plan) => ['free', 'standard', 'enterprise'].includes(plan.slug));
  for (const { workspaceId } of callers) {
    model.addWorkspace(workspaceId, 3);
  }
});
afterAll(() => instance.stop());

/** A storage whose calls fail, hang for ever or lie, each with a chance. */
function faulty(store: ObjectStore, kind: 'fails' | 'hangs' | 'lies'): ObjectStore {
  const happens = () => random() < 0.4;
  const fault = (): Promise<never> => {
    count(`fault: ${kind}`);
    return kind === 'hangs' ? new Promise<never>(() => undefined) : Promise.reject(new StorageError('unavailable', 'The storage is away.'));
  };
  const overrides: Partial<ObjectStore> = {
    delete: (keys) => (!happens() ? store.delete(keys) : kind === 'lies' ? Promise.resolve() : fault()),
    put: (...args) => (happens() && kind !== 'lies' ? fault() : store.put(...args)),
    async *listVersions(prefix) {
      if (happens() && kind !== 'lies') {
        await fault();
      }
      yield* store.listVersions(prefix);
    },
  };
  return Object.assign(Object.create(store) as ObjectStore, overrides);
}

function count(name: string): void {
  counts[name] = (counts[name] ?? 0) + 1;
}

const actions: Record<string, () => Promise<void>> = {
  async upload() {
    const caller = pick(callers);
    if (caller !== undefined) {
      const { id } = await uploadVideo(caller.call, instance.baseUrl, Buffer.from('x'));
      model.upload(id, caller.workspaceId);
    }
  },
  async 'change of plan'() {
    const [caller, plan] = [pick(callers), pick(plans)];
    if (caller === undefined || plan === undefined) {
      return;
    }
    const params = { id: caller.workspaceId };
    const { fingerprint, expiring } = await admin.call('previewWorkspacePlan', { params, body: { planId: plan.id } });
    const confirmation = { fingerprint, typedVideoCount: expiring.videos };
    await admin.call('assignPlan', { params, body: { planId: plan.id, confirmation } });
    model.changeRule(caller.workspaceId, daysOf(plan));
  },
  async 'jump of the clock'() {
    model.now += Math.round((random() < 0.3 ? 200 : 20) * random() * hour);
    await Promise.resolve();
  },
  async deletion() {
    const caller = pick(callers);
    const own = [...model.videos].filter(([, video]) => video.workspace === caller?.workspaceId && model.isReadable(video));
    const chosen = pick(own);
    if (caller === undefined || chosen === undefined) {
      return;
    }
    const outcome = await caller.call('createErasure', { body: { scope: 'video', videoId: chosen[0] } }).then(
      () => true,
      (error: unknown) => (error instanceof ApiError && error.code === 'wrong_state' ? false : Promise.reject(error as Error)),
    );
    expect(outcome).toBe(model.delete(chosen[0]));
  },
  async hold() {
    const chosen = pick([...model.videos].filter(([, video]) => model.isReadable(video)));
    if (chosen !== undefined && !chosen[1].isHeld) {
      const hold = await admin.call('placeHold', { body: { workspaceId: chosen[1].workspace, videoId: chosen[0], reason: 'test' } });
      holds.set(chosen[0], hold.id);
      chosen[1].isHeld = true;
    }
  },
  async 'release of a hold'() {
    const chosen = pick([...holds]);
    const video = model.videos.get(chosen?.[0] ?? '');
    if (chosen !== undefined && video !== undefined) {
      await admin.call('releaseHold', { params: { id: chosen[1] } });
      holds.delete(chosen[0]);
      video.isHeld = false;
    }
  },
  async 'work through faults'() {
    const { deps } = instance.server;
    await sweepExpired(deps);
    // What the sweeper took is on its way, whatever is held or rescued from now on.
    model.settle();
    const kind = pick(['fails', 'hangs', 'lies'] as const) ?? 'fails';
    const hanging = new Promise<void>((resolve) => setTimeout(resolve, 150));
    // A worker that hangs is one that was killed: nobody waits for it, and its claim runs out.
    await Promise.race([
      workErasures({ ...deps, store: faulty(deps.store, kind) }, { isUnpaced: true }),
      ...(kind === 'hangs' ? [hanging] : []),
    ]);
  },
  async settling() {
    await settle();
  },
};

/** Lets everything due be done, as often as it takes; the clock moves past what was put off. */
async function settle(): Promise<void> {
  const { deps } = instance.server;
  await sweepExpired(deps);
  model.settle();
  for (let round = 0; round < 20; round += 1) {
    model.now += 700_000;
    await workErasures(deps, { isUnpaced: true });
    await sweepExpired(deps);
    model.settle();
    const open = await deps.db.asSystem((tx) => deps.db.rows(tx, "SELECT 1 FROM erasure_items WHERE step <> 'done' LIMIT 1"));
    if (open.length === 0) {
      await compareBytes();
      return;
    }
  }
  throw new Error('The deletions do not come to an end.');
}

/** What readers see is what the model says, to the millisecond. */
async function compareReaders(): Promise<void> {
  for (const caller of callers) {
    const seen = new Map<string, number | null>();
    for (let cursor: string | null | undefined; cursor !== null;) {
      const page = await caller.call('listVideos', { query: { limit: 100, ...(cursor === undefined ? {} : { cursor }) } });
      for (const video of page.items) {
        seen.set(video.id, video.expiresAt === null ? null : Date.parse(video.expiresAt));
      }
      cursor = page.nextCursor;
    }
    const wanted = [...model.videos].filter(([, video]) => video.workspace === caller.workspaceId && model.isReadable(video));
    expect(seen).toEqual(new Map(wanted.map(([id, video]) => [id, video.expiresAt])));
  }
}

/** Nothing is lost that should stay, and nothing kept that should go. */
async function compareBytes(): Promise<void> {
  const kept: string[] = [];
  for await (const object of instance.server.deps.store.list('w/')) {
    kept.push(object.key.split('/')[3] ?? '');
  }
  const wanted = [...model.videos].filter(([, video]) => !video.isGone).map(([id]) => id);
  expect(kept.sort()).toEqual(wanted.sort());
}

test('the instance does what the model says', { timeout: 60_000 + steps * 2000 }, async () => {
  const weights = [
    'upload',
    'upload',
    'upload',
    'deletion',
    'hold',
    'release of a hold',
    'change of plan',
    'jump of the clock',
    'jump of the clock',
  ];
  const names = [...weights, 'work through faults', 'work through faults', 'settling'];
  for (let step = 0; step < steps; step += 1) {
    const name = pick(names) ?? 'upload';
    count(name);
    await actions[name]?.();
    await compareReaders().catch((error: unknown) => {
      throw new Error(`Seed ${seed}, step ${step} (${name}): ${String(error)}`, { cause: error });
    });
  }
  await settle();
  if (process.env['CARMIC_MODEL_STEPS'] !== undefined) {
    process.stdout.write(`${JSON.stringify({ seed, steps, ...counts })}\n`);
  }
  expect(counts['settling'] ?? 0).toBeGreaterThan(0);
});
