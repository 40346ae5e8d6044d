/**
 * Deletions and sweeps by two processes at once that are killed at random calls, again and again, until two are let finish. What is compared then: nothing is lost
 * that should stay, nothing is kept that should go, and every receipt verifies. `CARMIC_KILLS=50 CARMIC_KILLS_SEED=3` is a longer run.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { expect } from 'vitest';
import { newId } from '../../server/src/core/ids.ts';
import { verifyReceipt } from '../../server/src/retention/receipts/verifyReceipt.ts';
import { listReceiptKeys } from '../../server/src/retention/receipts/signer.ts';
import { keys } from '../../server/src/storage/keys.ts';
import type { ErasureOrders } from './erasureProcess.ts';
import type { Caller, TestInstance } from './instance.ts';

const program = join(import.meta.dirname, './erasureProcess.ts');
const contentType = 'video/mp4';
const outputs = ['proxy', 'thumbnail', 'video', 'srt'] as const;

/** What shall become of a video. */
type Fate = 'stays' | 'stays, because it is held' | 'expires' | 'is deleted' | 'is deleted during its upload';
const fates: readonly Fate[] = [
  'stays',
  'stays, because it is held',
  'expires',
  'expires',
  'expires',
  'is deleted',
  'is deleted',
  'is deleted during its upload',
];

/** Where the kills fell, for the report. */
export interface KillReport {
  kills: number;
  videosGone: number;
  videosKept: number;
  receipts: number;
  /** Calls of the last two processes, which were let end. */
  calls: number;
  /** How many kills fell behind each call. */
  points: Record<string, number>;
}

interface Worker {
  child: ChildProcess;
  lines: Interface;
}

/** Starts a process that loads and waits for orders. */
function startWorker(): Worker {
  const child = spawn(process.execPath, ['--import', 'tsx', program], { stdio: ['pipe', 'pipe', 'inherit'] });
  return { child, lines: createInterface({ input: child.stdout }) };
}

const startPair = (): readonly Worker[] => [startWorker(), startWorker()];

/** Gives orders; kills the process behind its `killAt`th call. Answers the calls it said, and whether it was done before. */
async function runWorker({ child, lines }: Worker, orders: ErasureOrders, killAt: number): Promise<{ calls: string[]; isDone: boolean }> {
  const calls: string[] = [];
  let isDone = false;
  let isStarted = false;
  lines.on('line', (line) => {
    isDone ||= line === 'done';
    if (isStarted && !isDone) {
      calls.push(line);
    }
    isStarted ||= line === 'started';
    if (calls.length === killAt) {
      child.kill('SIGKILL');
    }
  });
  child.stdin?.write(`${JSON.stringify(orders)}\n`);
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  if (!isDone && signal !== 'SIGKILL') {
    throw new Error(`The process that deletes ended with ${code ?? signal} after: ${calls.at(-1) ?? 'nothing'}`);
  }
  return { calls, isDone };
}

/**
 * Runs kills on an instance without a worker of its own. `env` is what its storage needs; `hide` puts a delete marker over an object where
 * the bucket has versions.
 */
export class KilledErasures {
  readonly #instance: TestInstance;
  readonly #env: Record<string, string>;
  readonly #random: () => number;
  readonly #hide: (key: string) => Promise<void>;
  readonly #videos = new Map<string, { fate: Fate; workspaceId: string; objects: Map<string, Buffer> }>();
  #callers: Caller[] = [];

  constructor(
    instance: TestInstance,
    env: Record<string, string>,
    random: () => number,
    hide: (key: string) => Promise<void> = () => Promise.resolve(),
  ) {
    this.#hide = hide;
    this.#instance = instance;
    this.#random = random;
    this.#env = {
      CARMIC_MODE: 'test',
      CARMIC_DATABASE_URL: instance.database.appUrl,
      CARMIC_DATA_DIR: instance.directory,
      CARMIC_MIN_FREE_BYTES: '0',
      CARMIC_ROOT_KEY_FILE: join(instance.directory, 'root.key'),
      CARMIC_ERASURE_CLAIM_SECONDS: '0.3',
      ...env,
    };
  }

  /** Kills `kills` times, then lets the work end, and compares. */
  async run(kills: number): Promise<KillReport> {
    this.#callers = [await this.#instance.createCaller(), await this.#instance.createCaller()];
    const points: Record<string, number> = {};
    let killed = 0;
    let usual = 100;
    for (let next = startPair(); ;) {
      const pair = next;
      const isLast = killed === kills;
      await this.#fill();
      next = isLast ? pair : startPair();
      const orders = { env: this.#env, videoIds: await this.#wished() };
      const runs = await Promise.all(
        pair.map((worker, index) =>
          // Uniform over the calls that such a run makes, with a few behind its end.
          runWorker(worker, orders, killed + index >= kills ? Infinity : 1 + Math.floor(this.#random() * usual * 1.1)),
        ),
      );
      for (const { calls, isDone } of runs) {
        if (!isDone) {
          killed += 1;
          const point = calls.at(-1) ?? '';
          points[point] = (points[point] ?? 0) + 1;
        }
      }
      usual = Math.max(...runs.flatMap(({ calls, isDone }) => (isDone ? [calls.length] : [])), usual / 2);
      if (isLast) {
        return { kills: killed, calls: runs.reduce((sum, run) => sum + run.calls.length, 0), points, ...(await this.#compare()) };
      }
    }
  }

  /** Deletions that nobody has asked for yet, or that were asked for by a process that died before it had written them down. */
  async #wished(): Promise<string[]> {
    const { db } = this.#instance.server.deps;
    const there = await db.asSystem((tx) => db.rows<{ id: string }>(tx, 'SELECT id FROM videos WHERE deleted_at IS NULL'));
    return there.flatMap(({ id }) => (this.#videos.get(id)?.fate.startsWith('is deleted') === true ? [id] : []));
  }

  /** One video of every fate in each workspace, with its bytes. */
  async #fill(): Promise<void> {
    const { db, store, clock } = this.#instance.server.deps;
    for (const fate of fates) {
      const { workspaceId } = this.#callers[Math.floor(this.#random() * this.#callers.length)] ?? {};
      if (workspaceId === undefined) {
        throw new Error('Workspaces are made before they are filled.');
      }
      const id = newId();
      const source = keys.source(workspaceId, id);
      const isUploading = fate === 'is deleted during its upload';
      const objects = new Map<string, Buffer>();
      for (const key of isUploading ? [] : [source, ...outputs.map((name) => keys.output(workspaceId, id, newId(), 1, name))]) {
        objects.set(key, Buffer.from(`${key} of ${fate}`));
      }
      const hasExpired = fate === 'expires' || fate === 'stays, because it is held';
      await db.asSystem((tx) =>
        db.change(
          tx,
          `INSERT INTO videos (id, workspace_id, title_sealed, file_name_sealed, size_bytes, state, options, kept_from, expires_at)
           VALUES (:id, :workspaceId, '', '', 1, :state, '{}', now() - interval '2 days', now() + CAST(:ends AS interval))`,
          { id, workspaceId, state: isUploading ? 'uploading' : 'ready', ends: hasExpired ? '-1 hour' : '1 day' },
        ),
      );
      for (const [key, bytes] of objects) {
        await store.put(key, bytes, { contentType, maxBytes: bytes.length });
        await this.#addObject(id, workspaceId, key, bytes.length, 'ready');
      }
      if (objects.size > 0 && !fate.startsWith('stays')) {
        // An older version below the source, and where there are such things a marker over it.
        await store.put(source, Buffer.from('another version'), { contentType, maxBytes: 100 });
        await this.#hide(source);
      }
      if (isUploading) {
        const { uploadId } = await store.createMultipart(source, { sizeBytes: 5, partSizeBytes: 2 ** 23, contentType });
        const sha256 = createHash('sha256').update('parts').digest('hex');
        await store.putPart(source, uploadId, { partNumber: 1, sizeBytes: 5, sha256, body: Buffer.from('parts') });
        await this.#addObject(id, workspaceId, source, 5, 'pending');
        await db.asSystem((tx) =>
          db.change(
            tx,
            `INSERT INTO uploads (id, workspace_id, video_id, object_id, storage_upload_id, state, size_bytes, part_size_bytes, part_count, expires_at)
             VALUES (gen_random_uuid(), :workspaceId, :id, gen_random_uuid(), :uploadId, 'open', 5, 8388608, 1, now() + interval '1 day')`,
            { id, workspaceId, uploadId },
          ),
        );
      }
      if (fate === 'stays, because it is held') {
        await db.asSystem((tx) =>
          db.change(
            tx,
            `INSERT INTO legal_holds (id, workspace_id, video_id, reason_sealed, placed_at) VALUES (:holdId, :workspaceId, :id, '', :now)`,
            { holdId: newId(), workspaceId, id, now: clock.now() },
          ),
        );
      }
      this.#videos.set(id, { fate, workspaceId, objects });
    }
  }

  #addObject(videoId: string, workspaceId: string, key: string, sizeBytes: number, state: string): Promise<number> {
    const { db } = this.#instance.server.deps;
    return db.asSystem((tx) =>
      db.change(
        tx,
        `INSERT INTO stored_objects (id, workspace_id, video_id, key, kind, state, content_type, size_bytes)
         VALUES (gen_random_uuid(), :workspaceId, :videoId, :key, 'video', :state, :contentType, :sizeBytes)`,
        { videoId, workspaceId, key, state, sizeBytes, contentType },
      ),
    );
  }

  async #compare(): Promise<Pick<KillReport, 'videosGone' | 'videosKept' | 'receipts'>> {
    const { db, store } = this.#instance.server.deps;
    const all = [...this.#videos];
    const kept = all.filter(([, { fate }]) => fate.startsWith('stays'));
    const gone = all.filter(([, { fate }]) => !fate.startsWith('stays'));
    const idsIn = async (sql: string) => (await db.asSystem((tx) => db.rows<{ id: string }>(tx, sql))).map((row) => row.id).sort();
    const wanted = kept.flatMap(([, { objects }]) => [...objects.keys()]).sort();

    // Bytes: exactly those that stay, as they were; no version, marker, part or upload of anything else.
    const listed: string[] = [];
    for await (const { key, isMarker } of store.listVersions(keys.allPrefix())) {
      listed.push(isMarker ? `marker of ${key}` : key);
    }
    expect(listed.sort()).toEqual(wanted);
    for (const [, { objects }] of kept) {
      for (const [key, bytes] of objects) {
        expect(Buffer.concat(await (await store.get(key)).stream.toArray()).equals(bytes)).toBe(true);
      }
    }
    for await (const open of store.listMultipart(keys.allPrefix())) {
      expect.fail(`An upload of ${open.key} is still open.`);
    }

    // Rows.
    expect(await idsIn('SELECT id FROM videos')).toEqual(kept.map(([id]) => id).sort());
    expect(await idsIn('SELECT key AS id FROM stored_objects')).toEqual(wanted);
    expect(await idsIn('SELECT id FROM erasures WHERE finished_at IS NULL OR journaled_at IS NULL OR done_count <> item_count')).toEqual(
      [],
    );
    for (const { workspaceId } of this.#callers) {
      const bytes = kept.filter(([, video]) => video.workspaceId === workspaceId).flatMap(([, { objects }]) => [...objects.values()]);
      const [usage] = await db.asSystem((tx) =>
        db.rows<{ used_bytes: string }>(tx, 'SELECT used_bytes FROM storage_usage WHERE workspace_id = :workspaceId', { workspaceId }),
      );
      expect(Number(usage?.used_bytes)).toBe(bytes.reduce((sum, each) => sum + each.length, 0));
    }

    // Each video has gone once, is said to have gone once, and has a receipt that verifies; so has each deletion.
    const goneIds = gone.map(([id]) => id).sort();
    expect(await idsIn('SELECT subject_id AS id FROM erasure_items')).toEqual(goneIds);
    expect(await idsIn("SELECT video_id AS id FROM events WHERE type = 'video.deleted'")).toEqual(goneIds);
    expect(await idsIn("SELECT subject_id AS id FROM events WHERE type = 'erasure.finished'")).toEqual(
      await idsIn('SELECT id FROM erasures'),
    );
    const receipts = await db.asSystem((tx) =>
      db.rows<{ receipt: string }>(tx, 'SELECT receipt FROM erasure_items UNION ALL SELECT receipt FROM erasures'),
    );
    const keySet = JSON.stringify({ keys: await listReceiptKeys(db) });
    for (const { receipt } of receipts) {
      expect(verifyReceipt(receipt, keySet)).toMatchObject({ isValid: true, isKnownKey: true });
    }

    // The journal knows every deletion.
    const journaled: string[] = [];
    for await (const { key } of store.list(keys.journalPrefix())) {
      journaled.push(key.slice(-36));
    }
    expect(journaled.sort()).toEqual(await idsIn('SELECT id FROM erasures'));
    return { videosGone: gone.length, videosKept: kept.length, receipts: receipts.length };
  }
}
