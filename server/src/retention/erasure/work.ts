/**
 * The work of a deletion, in batches over many items, so that the storage is asked with full lists of keys. Keeps: R6.
 *
 * Several workers may run at once: each claims its items for a while and renews the claim; one that dies is replaced when its claim has run out. A
 * fault of the storage or the network puts the items off; nothing is called done before both have answered that there is nothing.
 */
import { setTimeout } from 'node:timers/promises';
import { addSeconds } from '../../core/clock.ts';
import { newId } from '../../core/ids.ts';
import { uuidArray } from '../../db/uuidArray.ts';
import type { Deps } from '../../deps.ts';
import { keys } from '../../storage/keys.ts';
import { StorageError } from '../../storage/storageError.ts';
import { CdnError } from '../cdn/cdnError.ts';
import { finishEmptyErasures, finishItems, type ProvenItem } from './finish.ts';
import { journalErasures } from './journal.ts';
import type { ItemRow, StepTimes } from './steps.ts';

/** Items that failed this often are tried alone, so that they hold up nobody. */
const triesBeforeAlone = 3;
const keysAtOnce = 10_000;
const probesAtOnce = 16;
/** Items whose receipts are held in memory and whose rows go together. */
const finishedAtOnce = 96;
/** At most this many URLs of one item are asked for again at the content network. */
const cdnProbesPerItem = 100;
/** How hard a worker works. */
interface Pace {
  /** Items of one batch. */
  batchSize: number;
  /** It rests for this share of the time it worked, so that other requests get the database and the storage too. */
  restShare: number;
}

const paces = {
  none: { batchSize: 400, restShare: 0 },
  /** A process of its own. About 20,000 keys a batch, so that the last, partly filled list of keys weighs little. */
  usual: { batchSize: 400, restShare: 0.5 },
  /** In the process that answers requests, while nobody asks: whoever comes shall not wait for a long batch. */
  shared: { batchSize: 100, restShare: 0.5 },
  /** The same while somebody asks, who waits whenever this one computes: little at once, and at rest most of the time. */
  yielding: { batchSize: 20, restShare: 4 },
} as const satisfies Record<string, Pace>;
const longestRestMs = 1000;

/** What a worker is told. */
export interface WorkOptions {
  /** Ends the work before the next batch. */
  signal?: AbortSignal;
  /** `usual` when nothing is said; a function is asked before each batch. */
  pace?: keyof typeof paces | (() => keyof typeof paces);
}

/** Works on deletions until nothing is due. Answers how many items were finished. */
export async function workErasures(deps: Deps, options: WorkOptions = {}): Promise<number> {
  const { pace: named = 'usual' } = options;
  await finishEmptyErasures(deps);
  let finished = 0;
  while (options.signal?.aborted !== true) {
    const pace = paces[typeof named === 'function' ? named() : named];
    const claim = { id: newId(), renewAtMs: renewalTime(deps) };
    const items = await claimItems(deps, claim.id, pace.batchSize);
    if (items.length === 0) {
      break;
    }
    const startedAt = performance.now();
    const groups = items.some((item) => item.tries >= triesBeforeAlone) ? items.map((item) => [item]) : [items];
    for (const group of groups) {
      finished += await workOnGroup(deps, claim, group);
    }
    if (pace.restShare > 0) {
      await setTimeout(Math.min(longestRestMs, (performance.now() - startedAt) * pace.restShare));
    }
  }
  return finished;
}

function claimItems(deps: Deps, claim: string, batchSize: number): Promise<ItemRow[]> {
  const { db, clock, env } = deps;
  const now = clock.now();
  return db.asSystem((tx) =>
    db.rows<ItemRow>(
      tx,
      `WITH due AS MATERIALIZED (
         SELECT id FROM erasure_items WHERE step <> 'done' AND run_after <= :now AND (claimed_until IS NULL OR claimed_until <= :now)
         ORDER BY run_after LIMIT :batchSize FOR UPDATE SKIP LOCKED)
       UPDATE erasure_items i SET claim = :claim, claimed_until = :until FROM due WHERE i.id = due.id
       RETURNING i.id, i.erasure_id, i.workspace_id, i.subject, i.subject_id, i.step, i.times, i.quiet_after, i.tries`,
      { now, claim, batchSize, until: addSeconds(now, env.CARMIC_ERASURE_CLAIM_SECONDS) },
    ),
  );
}

/** A worker's hold on its items: other workers leave them alone until it has run out. */
interface Claim {
  readonly id: string;
  /** From then on it has to be renewed, on the clock of this process. */
  renewAtMs: number;
}

function renewalTime({ env }: Deps): number {
  return performance.now() + (env.CARMIC_ERASURE_CLAIM_SECONDS * 1000) / 4;
}

/** Prolongs a claim while long work goes on; quick work needs no write for it. */
async function renewClaim(deps: Deps, claim: Claim): Promise<void> {
  const { db, clock, env } = deps;
  if (performance.now() < claim.renewAtMs) {
    return;
  }
  claim.renewAtMs = renewalTime(deps);
  await db.asSystem((tx) =>
    db.change(tx, "UPDATE erasure_items SET claimed_until = :until WHERE claim = :claim AND step <> 'done'", {
      claim: claim.id,
      until: addSeconds(clock.now(), env.CARMIC_ERASURE_CLAIM_SECONDS),
    }),
  );
}

async function workOnGroup(deps: Deps, claim: Claim, items: readonly ItemRow[]): Promise<number> {
  try {
    return await workOn(deps, claim, items);
  } catch (error) {
    await putOff(deps, claim, items, error);
    return 0;
  }
}

const longestDelaySeconds = 600;

/** Puts items off after a fault: longer each time, and at least as long as the other side asked for. */
async function putOff(deps: Deps, claim: Claim, items: readonly ItemRow[], error: unknown): Promise<void> {
  const { db, clock, log } = deps;
  const isKnown = error instanceof StorageError || error instanceof CdnError || error instanceof StillThereError;
  log[isKnown ? 'warn' : 'error']({ err: error, items: items.length }, 'a deletion was put off');
  const asked = error instanceof CdnError || error instanceof StorageError ? (error.retryAfterSeconds ?? 0) : 0;
  const tries = Math.max(...items.map((item) => item.tries));
  const delay = Math.max(Math.min(longestDelaySeconds, 2 ** Math.min(tries, 10)), Math.min(asked, 24 * 3600));
  await db.asSystem((tx) =>
    db.change(
      tx,
      `UPDATE erasure_items SET tries = tries + 1, last_error = :message, claim = NULL, claimed_until = NULL, run_after = :runAfter
       WHERE id = ANY(CAST(:ids AS uuid[])) AND claim = :claim AND step <> 'done'`,
      {
        claim: claim.id,
        ids: uuidArray(items.map((item) => item.id)),
        message: isKnown ? error.message : 'This step failed inside the server; the log says why.',
        runAfter: addSeconds(clock.now(), delay),
      },
    ),
  );
}

/** Something was there although it had been deleted: a late write. It is deleted again. */
class StillThereError extends Error {
  override readonly name = 'StillThereError';
}

async function workOn(deps: Deps, claim: Claim, items: readonly ItemRow[]): Promise<number> {
  const { clock, store, cdn } = deps;
  await journalErasures(deps, [...new Set(items.map((item) => item.erasure_id))]);
  const manifest = await loadManifest(deps, items);
  const undeleted = items.filter((item) => item.step === 'cancelled');
  await abortUploads(deps, undeleted);
  const doomed = undeleted.flatMap((item) => manifest.get(item.id) ?? []);
  for (let start = 0; start < doomed.length; start += keysAtOnce) {
    await store.delete(doomed.slice(start, start + keysAtOnce));
    await renewClaim(deps, claim);
  }
  await recordStep(deps, claim, undeleted, 'deleted');
  await purge(deps, claim, items, manifest);
  const early = items.filter((item) => item.quiet_after !== null && item.quiet_after > clock.now());
  await waitForQuiet(deps, claim, early);
  const ready = items.filter((item) => !early.includes(item));
  let finished = 0;
  for (let start = 0; start < ready.length; start += finishedAtOnce) {
    const proven = await proveSome(deps, claim, ready.slice(start, start + finishedAtOnce), manifest);
    finished += await finishItems(deps, claim.id, proven);
    if (cdn.name !== 'none') {
      await renewClaim(deps, claim);
    }
  }
  return finished;
}

/** Proves items, several at once; those that are not gone are put off. */
async function proveSome(
  deps: Deps,
  claim: Claim,
  items: readonly ItemRow[],
  manifest: ReadonlyMap<string, string[]>,
): Promise<ProvenItem[]> {
  const proven: ProvenItem[] = [];
  for (let start = 0; start < items.length; start += probesAtOnce) {
    const some = items.slice(start, start + probesAtOnce);
    const outcomes = await Promise.allSettled(some.map((item) => prove(deps, item, manifest.get(item.id) ?? [])));
    for (const [index, outcome] of outcomes.entries()) {
      if (outcome.status === 'fulfilled') {
        proven.push(outcome.value);
      } else {
        await putOff(deps, claim, some.slice(index, index + 1), outcome.reason);
      }
    }
  }
  return proven;
}

/** Every key ever written for each item. */
async function loadManifest(deps: Deps, items: readonly ItemRow[]): Promise<Map<string, string[]>> {
  const { db } = deps;
  const manifest = new Map<string, string[]>(items.map((item) => [item.id, []]));
  const bySubject = new Map(items.map((item) => [item.subject_id, item.id]));
  const idsOf = (subject: ItemRow['subject']) => uuidArray(items.filter((item) => item.subject === subject).map((item) => item.subject_id));
  const rows = await db.asSystem((tx) =>
    db.rows<{ subject_id: string; keys: string[] }>(
      tx,
      // One row for each subject: a row for each key costs more to send and to hold than the key itself.
      `SELECT video_id AS subject_id, json_agg(key) AS keys FROM stored_objects
       WHERE video_id = ANY(CAST(:videoIds AS uuid[])) GROUP BY video_id
       UNION ALL
       SELECT rendition_id, json_agg(key) FROM stored_objects
       WHERE rendition_id = ANY(CAST(:renditionIds AS uuid[])) GROUP BY rendition_id
       UNION ALL
       SELECT id, json_build_array(key) FROM stored_objects WHERE id = ANY(CAST(:brandFileIds AS uuid[]))`,
      { videoIds: idsOf('video'), renditionIds: idsOf('rendition'), brandFileIds: idsOf('brand_file') },
    ),
  );
  for (const { subject_id: subjectId, keys: written } of rows) {
    const itemId = bySubject.get(subjectId);
    if (itemId !== undefined) {
      manifest.set(itemId, written);
    }
  }
  return manifest;
}

/** Gives up whatever was uploaded in parts and never completed. */
async function abortUploads(deps: Deps, items: readonly ItemRow[]): Promise<void> {
  const { db, store } = deps;
  const uploads = await db.asSystem((tx) =>
    db.rows<{ workspace_id: string; video_id: string; storage_upload_id: string }>(
      tx,
      `SELECT u.workspace_id, u.video_id, u.storage_upload_id FROM videos v
       JOIN uploads u ON u.workspace_id = v.workspace_id AND u.video_id = v.id
       WHERE v.id = ANY(CAST(:ids AS uuid[])) AND u.state <> 'completed'`,
      { ids: uuidArray(items.filter((item) => item.subject === 'video').map((item) => item.subject_id)) },
    ),
  );
  for (const upload of uploads) {
    const prefix = keys.videoPrefix(upload.workspace_id, upload.video_id);
    await store.abortMultipart(keys.source(upload.workspace_id, upload.video_id), upload.storage_upload_id);
    for await (const open of store.listMultipart(prefix)) {
      await store.abortMultipart(open.key, open.uploadId);
    }
  }
}

async function recordStep(deps: Deps, claim: Claim, items: readonly ItemRow[], step: 'deleted' | 'purged'): Promise<void> {
  const { db, clock } = deps;
  const time = clock.now();
  for (const item of items) {
    item.step = step;
    item.times = { ...item.times, [step]: time.toISOString() };
  }
  if (items.length > 0) {
    await db.asSystem((tx) =>
      db.change(
        tx,
        `UPDATE erasure_items SET step = :step, times = times || jsonb_build_object(:step, CAST(:time AS text))
         WHERE id = ANY(CAST(:ids AS uuid[])) AND claim = :claim`,
        { step, time: time.toISOString(), claim: claim.id, ids: uuidArray(items.map((item) => item.id)) },
      ),
    );
  }
}

async function purge(deps: Deps, claim: Claim, items: readonly ItemRow[], manifest: ReadonlyMap<string, string[]>): Promise<void> {
  const unpurged = items.filter((item) => item.step === 'deleted');
  const { cdn, clock } = deps;
  if (cdn.name === 'none') {
    // Nothing to do, and no write for it: the time is recorded with the receipt.
    for (const item of unpurged) {
      item.times = { ...item.times, purged: clock.now().toISOString() };
    }
    return;
  }
  const urls = unpurged.flatMap((item) => (manifest.get(item.id) ?? []).flatMap((key) => cdn.urlOf(key) ?? []));
  for (let start = 0; start < urls.length; start += keysAtOnce) {
    await cdn.purge(urls.slice(start, start + keysAtOnce));
    await renewClaim(deps, claim);
  }
  await recordStep(deps, claim, unpurged, 'purged');
}

/** Items to which something may still be written: they are deleted once more and proven when the last URL for writing has expired. */
async function waitForQuiet(deps: Deps, claim: Claim, items: readonly ItemRow[]): Promise<void> {
  if (items.length === 0) {
    return;
  }
  await deps.db.asSystem((tx) =>
    deps.db.change(
      tx,
      `UPDATE erasure_items SET step = 'cancelled', claim = NULL, claimed_until = NULL, run_after = quiet_after
       WHERE id = ANY(CAST(:ids AS uuid[])) AND claim = :claim`,
      { claim: claim.id, ids: uuidArray(items.map((item) => item.id)) },
    ),
  );
}

/** Asks the storage and the network for the item again. Throws StillThereError when something is there. */
async function prove(deps: Deps, item: ItemRow, manifest: readonly string[]): Promise<ProvenItem> {
  const { store, cdn, clock } = deps;
  const found = await findLeft(deps, item, manifest);
  if (found.length > 0) {
    await store.delete(found);
    throw new StillThereError(`${found.length} files were there again after they had been deleted: they are deleted once more.`);
  }
  const probes: ProvenItem['probes'] = [
    { target: 'storage', method: item.subject === 'rendition' ? 'head' : 'list_versions', asked: manifest.length, found: 0 },
  ];
  if (cdn.name !== 'none') {
    const urls = manifest.slice(0, cdnProbesPerItem).flatMap((key) => cdn.urlOf(key) ?? []);
    for (const url of urls) {
      if (await cdn.isServed(url)) {
        await cdn.purge([url]);
        throw new StillThereError('The content network still served a file after the purge: it is purged once more.');
      }
    }
    probes.push({ target: cdn.name, method: 'head', asked: urls.length, found: 0 });
  }
  const times: StepTimes = { ...item.times, probed: clock.now().toISOString() };
  return { item: { ...item, times }, keys: manifest, probes };
}

async function findLeft(deps: Deps, item: ItemRow, manifest: readonly string[]): Promise<string[]> {
  const { store } = deps;
  const left: string[] = [];
  if (item.subject === 'video') {
    for await (const version of store.listVersions(keys.videoPrefix(item.workspace_id, item.subject_id))) {
      left.push(version.key);
    }
    return [...new Set(left)];
  }
  if (item.subject === 'brand_file') {
    for (const key of manifest) {
      for await (const version of store.listVersions(keys.brandPrefixOf(key))) {
        left.push(...(version.key === key ? [key] : []));
      }
    }
    return [...new Set(left)];
  }
  for (const key of manifest) {
    if ((await store.head(key)) !== null) {
      left.push(key);
    }
  }
  return left;
}
