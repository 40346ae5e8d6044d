/**
 * Archives of a person's data, from asking to fetching: made by a job, kept encrypted in the storage for at most seven days, and given out by links
 * that work once and need a fresh sign-in. Keeps: G1, G5.
 */
import type { DataArchive } from '@carmic/contract';
import { Readable } from 'node:stream';
import { z } from 'zod';
import { requireFresh } from '../../accounts/reauthenticate.ts';
import { addSeconds } from '../../core/clock.ts';
import { hashSecret } from '../../core/crypto.ts';
import type { DataMap } from '../../core/dataMap.ts';
import { AppError, conflict, notFound, wrongState } from '../../core/errors.ts';
import { newId, newSecret } from '../../core/ids.ts';
import { isUniqueViolation } from '../../db/database.ts';
import { uuidArray } from '../../db/uuidArray.ts';
import type { Deps } from '../../deps.ts';
import type { FileAnswer, Person } from '../../http/request.ts';
import { keys } from '../../storage/keys.ts';
import { buryPeople } from '../requests/erasePerson.ts';
import { remindOfRequests } from '../requests/letters.ts';
import { prepareArchive } from './buildArchive.ts';

const archiveSeconds = 7 * 24 * 3600;
const linkSeconds = 3600;
const sweepSeconds = 600;

interface ArchiveRecord {
  id: string;
  user_id: string;
  state: DataArchive['state'];
  requested_at: Date;
  ready_at: Date | null;
  expires_at: Date;
  size_bytes: string | null;
  entry_count: number | null;
  downloaded_at: Date | null;
  failure: string | null;
}

function present(deps: Deps, row: ArchiveRecord): DataArchive {
  const isOver = row.expires_at <= deps.clock.now();
  return {
    id: row.id,
    state: isOver ? 'expired' : row.state,
    requestedAt: row.requested_at.toISOString(),
    readyAt: row.ready_at?.toISOString() ?? null,
    expiresAt: row.expires_at.toISOString(),
    sizeBytes: row.size_bytes === null ? null : Number(row.size_bytes),
    entryCount: row.entry_count,
    downloadedAt: row.downloaded_at?.toISOString() ?? null,
    failure: row.failure,
  };
}

/** A person's archives, newest first. */
export async function listArchives(deps: Deps, userId: string): Promise<DataArchive[]> {
  const rows = await deps.db.systemRows<ArchiveRecord>(
    'SELECT * FROM data_archives WHERE user_id = :userId ORDER BY requested_at DESC, id LIMIT 20',
    { userId },
  );
  return rows.map((row) => present(deps, row));
}

/** Asks for an archive of everything that is kept about somebody. Throws conflict while one is being made. */
export async function orderArchive(deps: Deps, userId: string, actorId: string): Promise<DataArchive> {
  const { appendEvent, clock, db, jobs } = deps;
  const id = newId();
  const now = clock.now();
  try {
    await db.asSystem(async (tx) => {
      await db.change(
        tx,
        `INSERT INTO data_archives (id, user_id, state, requested_at, expires_at) VALUES (:id, :userId, 'making', :now, :expiresAt)`,
        { id, userId, now, expiresAt: addSeconds(now, archiveSeconds) },
      );
      await appendEvent(tx, { workspaceId: null, type: 'privacy.archive_requested', subjectId: userId, actorId, data: { archiveId: id } });
    });
  } catch (error) {
    throw isUniqueViolation(error) ? conflict('An archive is being made already: wait for it.') : error;
  }
  await jobs.enqueue('privacy.archive', { archiveId: id });
  return oneArchive(deps, userId, id);
}

async function oneArchive(deps: Deps, userId: string, id: string): Promise<DataArchive> {
  const [row] = await deps.db.systemRows<ArchiveRecord>('SELECT * FROM data_archives WHERE id = :id AND user_id = :userId', { id, userId });
  if (row === undefined) {
    throw notFound('archive');
  }
  return present(deps, row);
}

/** Makes a link that fetches the archive once. Needs a fresh sign-in; a former link stops working. */
export async function createArchiveLink(deps: Deps, person: Person, id: string): Promise<{ url: string; expiresAt: string }> {
  requireFresh(deps, person);
  const { clock, db } = deps;
  const archive = await oneArchive(deps, person.userId, id);
  if (archive.state !== 'ready') {
    throw wrongState(
      archive.state === 'making' ? 'This archive is still being made.' : 'This archive is not there any more: ask for a new one.',
    );
  }
  const token = newSecret('carmic_archive');
  const wanted = addSeconds(clock.now(), linkSeconds);
  const expiresAt = wanted < new Date(archive.expiresAt) ? wanted : new Date(archive.expiresAt);
  await db.asSystem((tx) =>
    db.change(tx, 'UPDATE data_archives SET token_hash = :hash, token_expires_at = :expiresAt WHERE id = :id', {
      id,
      hash: hashSecret(token),
      expiresAt,
    }),
  );
  return { url: `${deps.baseUrl()}/api/v1/archive-files/${token}`, expiresAt: expiresAt.toISOString() };
}

/** Uses a link up and opens its archive. Throws gone when it never was, was used, or has expired. */
export async function openArchive(deps: Deps, token: string): Promise<FileAnswer> {
  const { clock, db, store } = deps;
  const now = clock.now();
  const [row] = await db.asSystem((tx) =>
    db.rows<{ id: string; user_id: string }>(
      tx,
      `UPDATE data_archives SET token_hash = NULL, token_expires_at = NULL, downloaded_at = :now
       WHERE token_hash = :hash AND token_expires_at > :now AND expires_at > :now AND state = 'ready' RETURNING id, user_id`,
      { hash: hashSecret(token), now },
    ),
  );
  if (row === undefined) {
    throw new AppError('gone', 'This link was used or has expired: make a new one on the Privacy page.');
  }
  await db.asSystem((tx) =>
    deps.appendEvent(tx, { workspaceId: null, type: 'privacy.archive_fetched', subjectId: row.user_id, data: { archiveId: row.id } }),
  );
  const { sizeBytes, stream } = await store.get(keys.archive(row.id));
  return { name: `carmic-archive-${now.toISOString().slice(0, 10)}.zip`, type: 'application/zip', body: stream, sizeBytes };
}

async function makeArchive(deps: Deps, map: DataMap, archiveId: string): Promise<void> {
  const { clock, db, store } = deps;
  const [row] = await db.systemRows<ArchiveRecord>("SELECT * FROM data_archives WHERE id = :archiveId AND state = 'making'", { archiveId });
  if (row === undefined) {
    return;
  }
  const prepared = await prepareArchive(deps, map, row.user_id);
  await store.put(keys.archive(archiveId), Readable.from(prepared.write(), { objectMode: false }), {
    contentType: 'application/zip',
    maxBytes: prepared.sizeBytes,
  });
  const done = await db.asSystem((tx) =>
    db.change(
      tx,
      `UPDATE data_archives SET state = 'ready', ready_at = :now, size_bytes = :sizeBytes, entry_count = :entryCount
       WHERE id = :archiveId AND state = 'making'`,
      { archiveId, now: clock.now(), sizeBytes: prepared.sizeBytes, entryCount: prepared.entryCount },
    ),
  );
  if (done === 0) {
    // The account went meanwhile, and its archives with it.
    await store.delete([keys.archive(archiveId)]);
  }
}

/** Removes archives whose time is over, or whose person is gone. */
export async function sweepArchives(deps: Deps): Promise<void> {
  const { clock, db, store } = deps;
  const now = clock.now();
  const names: string[] = [];
  for await (const { key } of store.list(keys.archivesPrefix())) {
    names.push(key);
  }
  const ids = names.map((key) => key.slice(keys.archivesPrefix().length));
  const kept = await db.systemRows<{ id: string }>(
    "SELECT id FROM data_archives WHERE id = ANY(CAST(:ids AS uuid[])) AND expires_at > :now AND state IN ('making', 'ready')",
    { ids: uuidArray(ids), now },
  );
  const wanted = new Set(kept.map((row) => keys.archive(row.id)));
  await store.delete(names.filter((key) => !wanted.has(key)));
  await db.asSystem((tx) =>
    db.change(tx, "UPDATE data_archives SET state = 'expired', token_hash = NULL WHERE expires_at <= :now AND state <> 'expired'", { now }),
  );
}

async function sweepPrivacy(deps: Deps): Promise<void> {
  await sweepArchives(deps);
  await buryPeople(deps);
  await remindOfRequests(deps);
}

/** Tells the job runner how archives are made and removed. */
export function defineArchiveJobs(deps: Deps, map: DataMap): void {
  deps.jobs.define({
    name: 'privacy.archive',
    payload: z.object({ archiveId: z.uuid() }),
    run: ({ archiveId }) => makeArchive(deps, map, archiveId),
    onExhausted: async ({ archiveId }, reason) => {
      await deps.db.asSystem((tx) =>
        deps.db.change(tx, "UPDATE data_archives SET state = 'failed', failure = :reason WHERE id = :archiveId AND state = 'making'", {
          archiveId,
          reason: `The archive could not be made: ${reason}.`,
        }),
      );
    },
    maxAttempts: 4,
    concurrency: 1,
  });
  deps.jobs.define({ name: 'privacy.sweep', payload: z.object({}), run: () => sweepPrivacy(deps), concurrency: 1 });
  deps.jobs.every('privacy.sweep', sweepSeconds);
}
