/**
 * The instance against the reference model over random steps: uploads, changes of plan, jumps of the clock, deletions, holds, and workers that
 * meet faults or die. What readers see is compared after every step; bytes and rows whenever everything has settled.
 */
import { setTimeout } from 'node:timers/promises';
import { ApiError, type Plan } from '@carmic/contract';
import { expect } from 'vitest';
import { keys } from '../../server/src/storage/keys.ts';
import { workErasures } from '../../server/src/retention/erasure/work.ts';
import { sweepExpired } from '../../server/src/retention/sweep.ts';
import type { Deps } from '../../server/src/deps.ts';
import type { Caller, TestInstance } from './instance.ts';
import { ReferenceModel } from './referenceModel.ts';
import { uploadVideo } from './upload.ts';

const hour = 3_600_000;
/** Room for a handful of uploads, so that the quota is met often. */
const smallQuotaBytes = 24;
const uploadBytes = 4;

/** A fault: does the work with a storage or a database that misbehaves. Rejects or hangs as it likes. */
export type Fault = (deps: Deps, work: (deps: Deps) => Promise<number>) => Promise<unknown>;

interface ModelRunOptions {
  instance: TestInstance;
  random: () => number;
  faults: Readonly<Record<string, Fault>>;
}

/** How often each step was done. */
type StepCounts = Record<string, number>;

/** One run; `step` does and checks one random step, `settle` lets everything due be done and compares what is left. */
class ModelRun {
  readonly counts: StepCounts = {};
  readonly #instance: TestInstance;
  readonly #random: () => number;
  readonly #faults: Readonly<Record<string, Fault>>;
  readonly #model = new ReferenceModel(Date.now());
  readonly #holds = new Map<string, string>();
  #admin: Caller | undefined;
  #callers: Caller[] = [];
  #plans: Plan[] = [];

  constructor({ instance, random, faults }: ModelRunOptions) {
    this.#instance = instance;
    this.#random = random;
    this.#faults = faults;
  }

  /** Makes the people, workspaces and plans. The instance's clock is the model's from now on. */
  async begin(): Promise<void> {
    const { deps } = this.#instance.server;
    deps.clock.now = () => new Date(this.#model.now);
    this.#admin = await this.#instance.createCaller({ isAdmin: true });
    this.#callers = [await this.#instance.createCaller(), await this.#instance.createCaller()];
    await deps.db.asSystem((tx) =>
      deps.db.change(tx, "UPDATE sessions SET expires_at = now() + interval '100 years', last_seen_at = now() + interval '100 years'"),
    );
    const { items } = await this.#admin.call('listPlans');
    const free = items.find((plan) => plan.slug === 'free');
    if (free === undefined) {
      throw new Error('There is a free plan from the beginning.');
    }
    const small = await this.#admin.call('createPlan', {
      body: { name: 'Small', retention: { kind: 'fixed', storageBytes: smallQuotaBytes }, limits: free.limits },
    });
    this.#plans = [...items.filter((plan) => ['free', 'standard', 'enterprise'].includes(plan.slug)), small];
    for (const { workspaceId } of this.#callers) {
      this.#model.addWorkspace(workspaceId, 3);
    }
  }

  /** Does one random step and compares what readers see. */
  async step(): Promise<void> {
    const names = [
      'upload',
      'upload',
      'upload',
      'deletion',
      'hold',
      'release',
      'plan',
      'clock',
      'clock',
      'fault',
      'fault',
      'settling',
    ] as const;
    const name = this.#pick(names) ?? 'upload';
    this.#count(name);
    await this.#actions[name]();
    await this.#compareReaders().catch((error: unknown) => {
      throw new Error(`After ${name}: ${String(error)}`, { cause: error });
    });
  }

  readonly #actions = {
    upload: () => this.#upload(),
    deletion: () => this.#delete(),
    hold: () => this.#hold(),
    release: () => this.#release(),
    plan: () => this.#changePlan(),
    clock: () => this.#moveClock(),
    fault: () => this.#workThroughFault(),
    settling: () => this.settle(),
  };

  async #upload(): Promise<void> {
    const caller = this.#anyCaller();
    const outcome = await uploadVideo(caller.call, this.#instance.baseUrl, Buffer.alloc(uploadBytes, 'x')).catch((error: unknown) => {
      if (error instanceof ApiError && error.code === 'quota_exceeded') {
        return null;
      }
      throw error;
    });
    const { least, most, limit } = this.#model.room(caller.workspaceId);
    if (outcome === null) {
      this.#count('upload: refused for the quota');
      expect(most + uploadBytes, 'an upload was refused that fits').toBeGreaterThan(limit);
      return;
    }
    expect(least + uploadBytes, 'an upload was taken that does not fit').toBeLessThanOrEqual(limit);
    this.#model.upload(outcome.id, caller.workspaceId, uploadBytes);
  }

  async #delete(): Promise<void> {
    const caller = this.#anyCaller();
    const own = this.#readable().filter(([, video]) => video.workspace === caller.workspaceId);
    const [id] = this.#pick(own) ?? [];
    if (id === undefined) {
      return;
    }
    const isDone = await caller.call('createErasure', { body: { scope: 'video', videoId: id } }).then(
      () => true,
      (error: unknown) => {
        if (error instanceof ApiError && error.code === 'wrong_state') {
          return false;
        }
        throw error;
      },
    );
    expect(isDone).toBe(this.#model.delete(id));
  }

  async #hold(): Promise<void> {
    const [id, video] = this.#pick(this.#readable()) ?? [];
    if (id === undefined || video === undefined || video.isHeld) {
      return;
    }
    const hold = await this.#asAdmin('placeHold', { body: { workspaceId: video.workspace, videoId: id, reason: 'test' } });
    this.#holds.set(id, hold.id);
    video.isHeld = true;
  }

  async #release(): Promise<void> {
    const [videoId, id] = this.#pick([...this.#holds]) ?? [];
    const video = this.#model.videos.get(videoId ?? '');
    if (videoId === undefined || id === undefined || video === undefined) {
      return;
    }
    await this.#asAdmin('releaseHold', { params: { id } });
    this.#holds.delete(videoId);
    video.isHeld = false;
  }

  async #changePlan(): Promise<void> {
    const [{ workspaceId }, plan] = [this.#anyCaller(), this.#pick(this.#plans)];
    if (plan === undefined) {
      return;
    }
    const params = { id: workspaceId };
    const { fingerprint, expiring } = await this.#asAdmin('previewWorkspacePlan', { params, body: { planId: plan.id } });
    const confirmation = { fingerprint, typedVideoCount: expiring.videos };
    await this.#asAdmin('assignPlan', { params, body: { planId: plan.id, confirmation } });
    const { retention } = plan;
    const moved = this.#model.changeRule(
      workspaceId,
      retention.kind === 'expires' ? retention.days : null,
      retention.kind === 'fixed' ? retention.storageBytes : Infinity,
    );
    expect(expiring.videos, 'the preview of a change of plan').toBe(moved);
  }

  /** Mostly onwards, at times by days; now and then back a little, as a clock that is set right does. */
  #moveClock(): Promise<void> {
    const isBack = this.#random() < 0.1;
    const hours = this.#random() < 0.3 ? 200 : 20;
    this.#count(isBack ? 'clock: set back' : 'clock: onwards');
    this.#model.now += isBack ? -Math.round(this.#random() * hour) : Math.round(hours * this.#random() * hour);
    return Promise.resolve();
  }

  async #workThroughFault(): Promise<void> {
    const { deps } = this.#instance.server;
    // So that there is something to do.
    await this.#delete();
    await sweepExpired(deps);
    // What the sweeper took is on its way, whatever is held or rescued from now on.
    this.#model.settle();
    const name = this.#pick(Object.keys(this.#faults)) ?? '';
    const fault = this.#faults[name];
    if (fault === undefined) {
      return;
    }
    this.#count(`fault: ${name}`);
    await fault(deps, (faulty) => workErasures(faulty, { pace: 'none' })).catch(() => this.#count(`fault thrown: ${name}`));
    await this.#untilWell();
  }

  /** Requests that meet a database which is just coming back are told to try again, which they do here until none is. */
  async #untilWell(): Promise<void> {
    for (let wellInARow = 0, tries = 0; wellInARow < 3; tries += 1) {
      const outcome = await this.#asAdmin('listPlans').then(
        () => null,
        (error: unknown) => error,
      );
      if (outcome !== null && !(outcome instanceof ApiError && outcome.code === 'unavailable' && tries < 200)) {
        throw new Error('The instance does not come back.', { cause: outcome });
      }
      wellInARow = outcome === null ? wellInARow + 1 : 0;
      if (outcome !== null) {
        this.#count('told to try again');
        await setTimeout(50);
      }
    }
  }

  /** Lets everything due be done, as often as it takes; the clock moves past what was put off. */
  async settle(): Promise<void> {
    const { deps } = this.#instance.server;
    for (let round = 0; round < 30; round += 1) {
      await sweepExpired(deps);
      this.#model.settle();
      await workErasures(deps, { pace: 'none' });
      const open = await deps.db.asSystem((tx) => deps.db.rows(tx, 'SELECT 1 FROM erasures WHERE finished_at IS NULL LIMIT 1'));
      if (open.length === 0) {
        this.#model.erase();
        await this.#compareRest();
        return;
      }
      this.#model.now += 700_000;
    }
    throw new Error('The deletions do not come to an end.');
  }

  /** What readers see is what the model says, to the millisecond. */
  async #compareReaders(): Promise<void> {
    for (const caller of this.#callers) {
      const seen = new Map<string, number | null>();
      for (let cursor: string | null | undefined; cursor !== null;) {
        const page = await caller.call('listVideos', { query: { limit: 100, ...(cursor === undefined ? {} : { cursor }) } });
        for (const video of page.items) {
          seen.set(video.id, video.expiresAt === null ? null : Date.parse(video.expiresAt));
        }
        cursor = page.nextCursor;
      }
      const wanted = this.#readable().filter(([, video]) => video.workspace === caller.workspaceId);
      expect(seen).toEqual(new Map(wanted.map(([id, video]) => [id, video.expiresAt])));
    }
  }

  /** Nothing is lost that should stay, and nothing kept that should go: bytes, rows, the counter, open uploads. */
  async #compareRest(): Promise<void> {
    const { db, store } = this.#instance.server.deps;
    const kept: string[] = [];
    for await (const { key, isMarker } of store.listVersions(keys.allPrefix())) {
      kept.push(`${isMarker ? 'marker of ' : ''}${key.split('/')[3] ?? ''}`);
    }
    for await (const { key } of store.listMultipart(keys.allPrefix())) {
      kept.push(`upload of ${key}`);
    }
    const there = [...this.#model.videos].filter(([, video]) => !video.isGone);
    expect(kept.sort()).toEqual(there.map(([id]) => id).sort());
    const rows = await db.asSystem((tx) => db.rows<{ id: string }>(tx, 'SELECT id FROM videos ORDER BY id'));
    expect(rows.map((row) => row.id)).toEqual(there.map(([id]) => id).sort());
    for (const { workspaceId } of this.#callers) {
      const [usage] = await db.asSystem((tx) =>
        db.rows<{ used_bytes: string }>(tx, 'SELECT used_bytes FROM storage_usage WHERE workspace_id = :workspaceId', { workspaceId }),
      );
      expect(Number(usage?.used_bytes)).toBe(this.#model.room(workspaceId).least);
    }
  }

  #readable() {
    return [...this.#model.videos].filter(([, video]) => this.#model.isReadable(video));
  }

  #anyCaller(): Caller {
    const caller = this.#pick(this.#callers);
    if (caller === undefined) {
      throw new Error('A run begins with its people.');
    }
    return caller;
  }

  get #asAdmin(): Caller['call'] {
    if (this.#admin === undefined) {
      throw new Error('A run begins with its people.');
    }
    return this.#admin.call;
  }

  #pick<T>(items: readonly T[]): T | undefined {
    return items[Math.floor(this.#random() * items.length)];
  }

  #count(name: string): void {
    this.counts[name] = (this.counts[name] ?? 0) + 1;
  }
}

/** Prints what a longer run, one that `CARMIC_MODEL_STEPS` asked for, has come to. */
export function reportModelRun(report: Record<string, number>): void {
  if (process.env['CARMIC_MODEL_STEPS'] !== undefined) {
    process.stdout.write(`${JSON.stringify(report)}\n`);
  }
}

/** Does that many random steps and lets everything come to its end. Answers how often each was done. */
export async function runModel(options: ModelRunOptions, { seed, steps }: { seed: number; steps: number }): Promise<StepCounts> {
  const run = new ModelRun(options);
  await run.begin();
  for (let step = 0; step < steps; step += 1) {
    await run.step().catch((error: unknown) => {
      throw new Error(`Seed ${seed}, step ${step}: ${String(error)}`, { cause: error });
    });
    if ((step + 1) % 250 === 0) {
      reportModelRun({ seed, steps: step + 1, ...run.counts });
    }
  }
  await run.settle();
  return run.counts;
}
