/** The end of a deletion: rows go, and what was proven is signed. Keeps: R6. */
import { createHash } from 'node:crypto';
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

/** Objects whose rows go in one transaction: short ones, because the counter of the workspace's storage is held meanwhile. */
const objectsPerTransaction = 2000;

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
  return createHash('sha256').update(text).digest('hex');
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
    const rows = await db.rows<{ id: string; erasure_id: string; object_count: number; subject: string; subject_id: string }>(
      tx,
      `UPDATE erasure_items i SET step = 'done', times = d.times, object_count = d.object_count, receipt = d.receipt, claim = NULL,
         claimed_until = NULL, last_error = NULL
       FROM jsonb_to_recordset(CAST(:items AS jsonb)) AS d(id uuid, times jsonb, object_count integer, receipt text)
       WHERE i.id = d.id AND i.claim = :claim AND i.step <> 'done' RETURNING i.id, i.erasure_id, i.object_count, i.subject, i.subject_id`,
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
    await removeRows(deps, tx, rows);
    for (const erasureId of erasureIds) {
      const own = rows.filter((row) => row.erasure_id === erasureId);
      await countDone(
        deps,
        tx,
        erasureId,
        own.length,
        own.reduce((sum, row) => sum + row.object_count, 0),
      );
    }
    return rows.length;
  });
}

async function removeRows(deps: Deps, tx: Tx, rows: readonly { subject: string; subject_id: string }[]): Promise<void> {
  const { db } = deps;
  const idsOf = (subject: string) => rows.filter((row) => row.subject === subject).map((row) => row.subject_id);
  const [videoIds, renditionIds] = [idsOf('video'), idsOf('rendition')];
  if (videoIds.length > 0) {
    const ids = uuidArray(videoIds);
    await db.change(tx, 'DELETE FROM stored_objects WHERE video_id = ANY(CAST(:ids AS uuid[]))', { ids });
    await db.change(tx, 'DELETE FROM videos WHERE id = ANY(CAST(:ids AS uuid[])) AND deleted_at IS NOT NULL', { ids });
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

/** Counts ended items; the last one ends the deletion with a receipt over those of its items. */
async function countDone(deps: Deps, tx: Tx, erasureId: string, items: number, objects: number): Promise<void> {
  const { db } = deps;
  const [erasure] = await db.rows<ErasureRow>(
    tx,
    `UPDATE erasures SET done_count = done_count + :items, object_count = object_count + :objects WHERE id = :erasureId RETURNING *`,
    { erasureId, items, objects },
  );
  if (erasure === undefined || erasure.finished_at !== null || erasure.done_count < erasure.item_count) {
    return;
  }
  await endErasure(deps, tx, erasure);
}

async function endErasure(deps: Deps, tx: Tx, erasure: ErasureRow): Promise<void> {
  const { db, clock, receipts, appendEvent } = deps;
  const now = clock.now();
  const items = await db.rows<{ subject: string; subject_id: string; object_count: number; sha256: string }>(
    tx,
    `SELECT subject, subject_id, object_count, encode(sha256(convert_to(receipt, 'UTF8')), 'hex') AS sha256
     FROM erasure_items WHERE erasure_id = :id ORDER BY id`,
    { id: erasure.id },
  );
  const receipt = receipts.sign({
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
  });
  await db.change(tx, 'UPDATE erasures SET finished_at = :now, receipt = :receipt WHERE id = :id', {
    id: erasure.id,
    now,
    receipt: JSON.stringify(receipt),
  });
  await appendEvent(tx, {
    workspaceId: erasure.workspace_id,
    type: 'erasure.finished',
    subjectId: erasure.id,
    actorId: erasure.requested_by,
    data: { scope: erasure.scope, cause: erasure.cause, items: erasure.item_count, objects: Number(erasure.object_count) },
  });
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
    for (const erasure of empty) {
      await endErasure(deps, tx, erasure);
    }
  });
}
