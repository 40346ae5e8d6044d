/**
 * The journal of deletions, kept in the object store. Keeps: R6.
 *
 * A database that is put back from a backup has forgotten the deletions since. So each deletion is written here, outside the database, before it
 * counts as done; a start compares the newest days with the rows and buries again what came back, before anything is served.
 */
import { text } from 'node:stream/consumers';
import { z } from 'zod';
import type { Tx } from '../../db/database.ts';
import { uuidArray } from '../../db/uuidArray.ts';
import type { Deps } from '../../deps.ts';
import { keys } from '../../storage/keys.ts';
import { buryRenditions, buryVideos, type StartedErasure } from './bury.ts';
import { buryBrandFiles } from './buryBrandFiles.ts';

const entrySchema = z.object({
  version: z.literal(1),
  erasureId: z.uuid(),
  workspaceId: z.uuid(),
  requestedAt: z.iso.datetime(),
  videoIds: z.array(z.uuid()),
  renditionIds: z.array(z.uuid()),
  clipIds: z.array(z.uuid()),
  /** Absent in entries of before brand kits were deleted this way. */
  brandFileIds: z.array(z.uuid()).default([]),
  kitIds: z.array(z.uuid()).default([]),
  /** Whose account was erased, with the workspaces that were theirs alone. */
  userIds: z.array(z.uuid()).default([]),
  workspaceIds: z.array(z.uuid()).default([]),
});
type Entry = z.infer<typeof entrySchema>;
/** What one entry of the journal says was deleted. */
export type JournalEntry = Readonly<Entry>;

/** Reads one entry. */
export function parseJournalEntry(content: string): JournalEntry {
  return entrySchema.parse(JSON.parse(content));
}

const maxEntryBytes = 64 * 1024 * 1024;

/** Writes the journal's entry of each of these deletions that has none yet. */
export async function journalErasures(deps: Deps, erasureIds: readonly string[]): Promise<void> {
  const { db, store, clock } = deps;
  const missing = await db.asSystem((tx) =>
    db.rows<{
      id: string;
      workspace_id: string;
      requested_at: Date;
      clip_ids: string[];
      kit_ids: string[];
      brand_files: string[] | null;
      videos: string[] | null;
      renditions: string[] | null;
    }>(
      tx,
      `SELECT e.id, e.workspace_id, e.requested_at, e.clip_ids, e.kit_ids,
         (SELECT json_agg(i.subject_id) FROM erasure_items i WHERE i.erasure_id = e.id AND i.subject = 'video') AS videos,
         (SELECT json_agg(i.subject_id) FROM erasure_items i WHERE i.erasure_id = e.id AND i.subject = 'rendition') AS renditions,
         (SELECT json_agg(i.subject_id) FROM erasure_items i WHERE i.erasure_id = e.id AND i.subject = 'brand_file') AS brand_files
       FROM erasures e WHERE e.id = ANY(CAST(:ids AS uuid[])) AND e.journaled_at IS NULL`,
      { ids: uuidArray(erasureIds) },
    ),
  );
  for (const row of missing) {
    const requestedAt = row.requested_at.toISOString();
    const entry: Entry = {
      version: 1,
      erasureId: row.id,
      workspaceId: row.workspace_id,
      requestedAt,
      videoIds: row.videos ?? [],
      renditionIds: row.renditions ?? [],
      clipIds: row.clip_ids,
      brandFileIds: row.brand_files ?? [],
      kitIds: row.kit_ids,
      userIds: [],
      workspaceIds: [],
    };
    await store.put(keys.journal(requestedAt.slice(0, 10), row.id), Buffer.from(JSON.stringify(entry)), {
      contentType: 'application/json',
      maxBytes: maxEntryBytes,
    });
  }
  if (missing.length > 0) {
    await db.asSystem((tx) =>
      db.change(tx, 'UPDATE erasures SET journaled_at = :now WHERE id = ANY(CAST(:ids AS uuid[]))', {
        now: clock.now(),
        ids: uuidArray(missing.map((row) => row.id)),
      }),
    );
  }
}

/** What a person's tombstone says. */
export interface PersonTombstone {
  erasureId: string;
  userId: string;
  workspaceIds: string[];
  requestedAt: string;
}

/** Stands in the place of a workspace where a deletion is of a person. */
export const nobodysWorkspace = '00000000-0000-0000-0000-000000000000';

/** Writes the tombstone of a person whose account was erased. */
export async function journalPerson(deps: Deps, { erasureId, requestedAt, userId, workspaceIds }: PersonTombstone): Promise<void> {
  const nothing = { videoIds: [], renditionIds: [], clipIds: [], brandFileIds: [], kitIds: [] };
  const entry: Entry = { version: 1, erasureId, workspaceId: nobodysWorkspace, requestedAt, ...nothing, userIds: [userId], workspaceIds };
  await deps.store.put(keys.journal(requestedAt.slice(0, 10), erasureId), Buffer.from(JSON.stringify(entry)), {
    contentType: 'application/json',
    maxBytes: maxEntryBytes,
  });
}

/** Writes the journal before the caller is answered; when the storage is away, the saga does it as its first step. */
export async function journalNow(deps: Deps, started: readonly StartedErasure[]): Promise<void> {
  try {
    await journalErasures(
      deps,
      started.map((each) => each.erasureId),
    );
  } catch (error) {
    deps.log.warn({ err: error }, 'the journal of deletions could not be written yet; the deletion goes on with it');
  }
}

const dayMs = 24 * 3_600_000;
const deletesAtOnce = 1000;

/**
 * Removes entries that are older than every backup that may still be put back (`CARMIC_JOURNAL_DAYS`). Those of deletions that are not
 * finished stay. Answers how many were removed.
 */
export async function pruneJournal(deps: Deps): Promise<number> {
  const { db, store, clock, env } = deps;
  const before = new Date(clock.now().getTime() - env.CARMIC_JOURNAL_DAYS * dayMs);
  const lastDay = before.toISOString().slice(0, 10);
  const open = await db.asSystem((tx) =>
    db.rows<{ id: string }>(tx, 'SELECT id FROM erasures WHERE finished_at IS NULL AND requested_at < :before', { before }),
  );
  const openIds = new Set(open.map((row) => row.id));
  let removed = 0;
  let batch: string[] = [];
  const flush = async () => {
    await store.delete(batch);
    removed += batch.length;
    batch = [];
  };
  for await (const { key } of store.list(keys.journalPrefix())) {
    const entry = keys.parse(key);
    if (entry.kind === 'journal' && entry.day < lastDay && !openIds.has(entry.erasureId)) {
      batch.push(key);
    }
    if (batch.length === deletesAtOnce) {
      await flush();
    }
  }
  if (batch.length > 0) {
    await flush();
  }
  if (removed > 0) {
    deps.log.info({ removed, before: lastDay }, 'old entries of the journal of deletions were removed');
  }
  return removed;
}

/** The days whose entries a database may have forgotten: from the day before its newest deletion on; all of them when it knows of none. */
function prefixesSince(newest: Date | null, now: Date): string[] {
  if (newest === null) {
    return [keys.journalPrefix()];
  }
  const prefixes: string[] = [];
  // A day more at either end: clocks of several machines differ.
  for (let time = newest.getTime() - dayMs; time <= now.getTime() + dayMs; time += dayMs) {
    prefixes.push(keys.journalPrefix(new Date(time).toISOString().slice(0, 10)));
  }
  return [...new Set(prefixes)];
}

const batchSize = 500;

/** Buries again whatever the journal says was deleted and the database brought back. Answers how many deletions were repeated. */
export async function replayJournal(deps: Deps): Promise<number> {
  const { db, store, clock } = deps;
  const [newest] = await db.asSystem((tx) =>
    db.rows<{ at: Date | null }>(tx, 'SELECT max(requested_at) AS at FROM erasures WHERE journaled_at IS NOT NULL'),
  );
  let replayed = 0;
  let batch: string[] = [];
  const flush = async () => {
    replayed += await replayUnknown(deps, batch);
    batch = [];
  };
  for (const prefix of prefixesSince(newest?.at ?? null, clock.now())) {
    for await (const object of store.list(prefix)) {
      batch.push(object.key);
      if (batch.length === batchSize) {
        await flush();
      }
    }
  }
  await flush();
  return replayed;
}

function idIn(key: string): string {
  return key.slice(key.lastIndexOf('/') + 1);
}

async function replayUnknown(deps: Deps, journalKeys: readonly string[]): Promise<number> {
  const { db, store, log } = deps;
  if (journalKeys.length === 0) {
    return 0;
  }
  const known = await db.asSystem((tx) =>
    db.rows<{ id: string }>(tx, 'SELECT id FROM erasures WHERE id = ANY(CAST(:ids AS uuid[]))', { ids: uuidArray(journalKeys.map(idIn)) }),
  );
  const knownIds = new Set(known.map((row) => row.id));
  const forgotten = journalKeys.filter((key) => !knownIds.has(idIn(key)));
  for (const key of forgotten) {
    const { stream } = await store.get(key);
    const entry = parseJournalEntry(await text(stream));
    const items = await db.asSystem((tx) => replayEntry(deps, tx, entry));
    log.warn({ erasureId: entry.erasureId, items }, 'a deletion that the database had forgotten was repeated');
  }
  return forgotten.length;
}

/** The entry's deletion is remembered from now on, so that the next start passes over it. */
async function replayEntry(deps: Deps, tx: Tx, entry: JournalEntry): Promise<number> {
  const { db, clock } = deps;
  const wish = { scope: 'selection', cause: 'backup_restored', actorId: null } as const;
  const videos = await buryVideos(deps, tx, wish, entry.videoIds);
  const renditions = await buryRenditions(deps, tx, wish, {
    workspaceId: entry.workspaceId,
    clipIds: entry.clipIds,
    renditionIds: entry.renditionIds,
  });
  const { workspaceId, kitIds, brandFileIds: objectIds } = entry;
  const files = await buryBrandFiles(deps, tx, wish, { workspaceId, kitIds, objectIds });
  await db.change(tx, 'DELETE FROM users WHERE id = ANY(CAST(:ids AS uuid[]))', { ids: uuidArray(entry.userIds) });
  await db.change(tx, 'UPDATE workspaces SET deleted_at = :now WHERE id = ANY(CAST(:ids AS uuid[])) AND deleted_at IS NULL', {
    ids: uuidArray(entry.workspaceIds),
    now: clock.now(),
  });
  await db.change(
    tx,
    `INSERT INTO erasures (id, workspace_id, scope, cause, requested_at, deadline_at, journaled_at, item_count, finished_at)
     VALUES (:id, :workspaceId, :scope, :cause, :requestedAt, :requestedAt, :now, 0, :now) ON CONFLICT DO NOTHING`,
    { ...wish, id: entry.erasureId, workspaceId: entry.workspaceId, requestedAt: entry.requestedAt, now: clock.now() },
  );
  return [...videos, ...renditions, ...files].reduce((sum, each) => sum + each.itemCount, 0);
}
