/** The end of a deletion: rows go, and what was proven is signed. Keeps: R6. */
import { hash } from 'node:crypto';
import type { CanonicalValue } from '../../core/canonicalJson.ts';
import type { Tx } from '../../db/database.ts';
import { uuidArray } from '../../db/uuidArray.ts';
import type { Deps } from '../../deps.ts';
import { journalErasures } from './journal.ts';
import { erasureSteps, type ErasureRow, type ItemRow, type StepTimes } from './steps.ts';

/** An item of which storage and content network have said that nothing is left. */
export interface ProvenItem {
  item: ItemRow;
  keys: readonly string[];
  probes: { target: string; method: 'list_versions' | 'head'; asked: number; found: 0 }[];
}

/** Objects whose rows go in one transaction. The counters of the workspaces' storage are held only while its last statement runs. */
const objectsPerTransaction = 5000;

/** Ends proven items with their receipts. Items whose claim is lost are left to their new holder. Answers how many were ended. */
export async function finishItems(deps: Deps, claim: string, proven: readonly ProvenItem[]): Promise<number> {
  let finished = 0;
  for (let start = 0; start < proven.length;) {
    let end = start;
    for (let objects = 0; end < proven.length && (end === start || objects < objectsPerTransaction); end += 1) {
      objects += proven[end]?.keys.length ?? 0;
    }
    finished += await finishSome(deps, claim, proven.slice(start, end));
    start = end;
  }
  return finished;
}

function hashOf(text: string): string {
  // In one call: a hash object for every key is memory outside of the heap, which is given back late.
  return hash('sha256', text);
}

async function finishSome(deps: Deps, claim: string, proven: readonly ProvenItem[]): Promise<number> {
  const { db, clock, receipts } = deps;
  const time = clock.now().toISOString();
  return db.asSystem(async (tx) => {
    const erasureIds = [...new Set(proven.map(({ item }) => item.erasure_id))].sort();
    // Locked in the order of their ids, so that two workers never wait for each other.
    const erasures = await db.rows<ErasureRow>(tx, 'SELECT * FROM erasures WHERE id = ANY(CAST(:ids AS uuid[])) ORDER BY id FOR UPDATE', {
      ids: uuidArray(erasureIds),
    });
    const byId = new Map(erasures.map((erasure) => [erasure.id, erasure]));
    const ended = proven.flatMap((each) => {
      const erasure = byId.get(each.item.erasure_id);
      return erasure === undefined ? [] : [{ ...each, body: itemBody(each, erasure, time) }];
    });
    const rows = await db.boundRows<{ id: string; erasure_id: string; object_count: number; subject: string; subject_id: string }>(
      tx,
      `UPDATE erasure_items i SET step = 'done', times = d.times, object_count = d.object_count, receipt = d.receipt, claim = NULL,
         claimed_until = NULL, last_error = NULL
       FROM jsonb_to_recordset(CAST($items AS jsonb)) AS d(id uuid, times jsonb, object_count integer, receipt text)
       WHERE i.id = d.id AND i.claim = $claim AND i.step <> 'done' RETURNING i.id, i.erasure_id, i.object_count, i.subject, i.subject_id`,
      {
        claim,
        items: JSON.stringify(
          ended.map(({ item, keys, body }) => ({
            id: item.id,
            times: { ...item.times, done: time },
            object_count: keys.length,
            receipt: JSON.stringify(receipts.sign(body)),
          })),
        ),
      },
    );
    await countDone(deps, tx, rows);
    await removeRows(deps, tx, rows);
    return rows.length;
  });
}

/** What was deleted is forgotten. The rows of objects are last: their trigger holds the counters of the workspaces until the commit. */
async function removeRows(deps: Deps, tx: Tx, rows: readonly { subject: string; subject_id: string }[]): Promise<void> {
  const { db } = deps;
  const idsOf = (subject: string) => rows.filter((row) => row.subject === subject).map((row) => row.subject_id);
  const [videoIds, renditionIds, brandFileIds] = [idsOf('video'), idsOf('rendition'), idsOf('brand_file')];
  if (videoIds.length > 0) {
    const ids = uuidArray(videoIds);
    await db.change(tx, 'DELETE FROM videos WHERE id = ANY(CAST(:ids AS uuid[])) AND deleted_at IS NOT NULL', { ids });
    await db.change(tx, 'DELETE FROM stored_objects WHERE video_id = ANY(CAST(:ids AS uuid[]))', { ids });
  }
  if (brandFileIds.length > 0) {
    await db.change(tx, 'DELETE FROM stored_objects WHERE id = ANY(CAST(:ids AS uuid[]))', { ids: uuidArray(brandFileIds) });
  }
  if (renditionIds.length > 0) {
    await db.change(
      tx,
      "UPDATE stored_objects SET state = 'removed', size_bytes = 0 WHERE rendition_id = ANY(CAST(:ids AS uuid[])) AND state <> 'removed'",
      { ids: uuidArray(renditionIds) },
    );
  }
}

type Body = { readonly [name: string]: CanonicalValue };

function itemBody({ item, keys, probes }: ProvenItem, erasure: ErasureRow, time: string): Body {
  const steps: StepTimes = { ...item.times, done: time };
  return {
    kind: 'item',
    erasureId: erasure.id,
    itemId: item.id,
    workspaceId: erasure.workspace_id,
    subject: { kind: item.subject, id: item.subject_id },
    cause: erasure.cause,
    requestedAt: erasure.requested_at.toISOString(),
    finishedAt: time,
    steps: erasureSteps.flatMap((name) => (steps[name] === undefined ? [] : [{ name, at: steps[name] }])),
    // What was deleted, without saying more than somebody who knows a key can check.
    keys: { count: keys.length, sha256: keys.map(hashOf).sort() },
    probes: probes.map((probe) => ({ ...probe, at: steps.probed ?? time })),
  };
}

/** Counts ended items; the last one of a deletion ends it with a receipt over those of its items. */
async function countDone(deps: Deps, tx: Tx, ended: readonly { erasure_id: string; object_count: number }[]): Promise<void> {
  const { db } = deps;
  const counts = new Map<string, { id: string; items: number; objects: number }>();
  for (const { erasure_id: id, object_count: objects } of ended) {
    const before = counts.get(id) ?? { id, items: 0, objects: 0 };
    counts.set(id, { id, items: before.items + 1, objects: before.objects + objects });
  }
  if (counts.size === 0) {
    return;
  }
  const erasures = await db.rows<ErasureRow>(
    tx,
    `UPDATE erasures e SET done_count = e.done_count + d.items, object_count = e.object_count + d.objects
     FROM jsonb_to_recordset(CAST(:counts AS jsonb)) AS d(id uuid, items integer, objects bigint) WHERE e.id = d.id RETURNING e.*`,
    { counts: JSON.stringify([...counts.values()]) },
  );
  const isWhole = (erasure: ErasureRow) => erasure.finished_at === null && erasure.done_count >= erasure.item_count;
  await endErasures(deps, tx, erasures.filter(isWhole));
}

async function endErasures(deps: Deps, tx: Tx, erasures: readonly ErasureRow[]): Promise<void> {
  const { db, clock, appendEvent } = deps;
  if (erasures.length === 0) {
    return;
  }
  const now = clock.now();
  const ids = uuidArray(erasures.map((erasure) => erasure.id));
  const items = await db.rows<EndedItem>(
    tx,
    `SELECT erasure_id, subject, subject_id, object_count, encode(sha256(convert_to(receipt, 'UTF8')), 'hex') AS sha256
     FROM erasure_items WHERE erasure_id = ANY(CAST(:ids AS uuid[])) ORDER BY erasure_id, id`,
    { ids },
  );
  const byErasure = new Map<string, EndedItem[]>(erasures.map((erasure) => [erasure.id, []]));
  for (const item of items) {
    byErasure.get(item.erasure_id)?.push(item);
  }
  const signed = erasures.map((erasure) => ({
    id: erasure.id,
    receipt: JSON.stringify(deps.receipts.sign(erasureBody(erasure, byErasure.get(erasure.id) ?? [], now))),
  }));
  await db.change(
    tx,
    `UPDATE erasures e SET finished_at = :now, receipt = s.receipt
     FROM jsonb_to_recordset(CAST(:signed AS jsonb)) AS s(id uuid, receipt text) WHERE e.id = s.id`,
    { now, signed: JSON.stringify(signed) },
  );
  await appendEvent(
    tx,
    erasures.map((erasure) => ({
      workspaceId: erasure.workspace_id,
      type: 'erasure.finished' as const,
      subjectId: erasure.id,
      actorId: erasure.requested_by,
      data: { scope: erasure.scope, cause: erasure.cause, items: erasure.item_count, objects: Number(erasure.object_count) },
    })),
  );
}

interface EndedItem {
  erasure_id: string;
  subject: string;
  subject_id: string;
  object_count: number;
  sha256: string;
}

function erasureBody(erasure: ErasureRow, items: readonly EndedItem[], now: Date): Body {
  return {
    kind: 'erasure',
    erasureId: erasure.id,
    workspaceId: erasure.workspace_id,
    scope: erasure.scope,
    cause: erasure.cause,
    requestedAt: erasure.requested_at.toISOString(),
    finishedAt: now.toISOString(),
    isInTime: now <= erasure.deadline_at,
    objects: items.reduce((sum, item) => sum + item.object_count, 0),
    items: items.map((item) => ({
      subject: { kind: item.subject, id: item.subject_id },
      objects: item.object_count,
      receiptSha256: item.sha256,
    })),
  };
}

/** Ends deletions that had nothing stored: a clip that was never rendered. */
export async function finishEmptyErasures(deps: Deps): Promise<void> {
  const { db } = deps;
  const unfinished = await db.asSystem((tx) =>
    db.rows<{ id: string }>(tx, 'SELECT id FROM erasures WHERE finished_at IS NULL AND item_count = 0 LIMIT 100'),
  );
  if (unfinished.length === 0) {
    return;
  }
  await journalErasures(
    deps,
    unfinished.map((row) => row.id),
  );
  await db.asSystem(async (tx) => {
    const empty = await db.rows<ErasureRow>(
      tx,
      `SELECT * FROM erasures WHERE finished_at IS NULL AND item_count = 0 AND journaled_at IS NOT NULL
       ORDER BY id LIMIT 100 FOR UPDATE SKIP LOCKED`,
    );
    await endErasures(deps, tx, empty);
  });
}
