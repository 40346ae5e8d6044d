/**
 * Videos that the server fetches from an address. The row of `video_imports` is the truth: an attempt claims it, keeps the claim while bytes
 * come, and ends when it loses it or the video is deleted. Room is reserved before bytes are taken, so that a plan's limits hold for a
 * server that names no size, or a wrong one.
 */
import { Readable } from 'node:stream';
import type { RouteInput } from '@carmic/contract';
import { addSeconds } from '../../core/clock.ts';
import { AppError, buildFailure, invalidInput } from '../../core/errors.ts';
import { newId } from '../../core/ids.ts';
import type { Tx } from '../../db/database.ts';
import type { Deps } from '../../deps.ts';
import { EgressRefusedError } from '../../egress/egress.ts';
import { checkPublicUrl, createPublicOpen } from '../../egress/publicFetch.ts';
import type { Person } from '../../http/request.ts';
import { formatBytes, requireRoom } from '../../plans/quota.ts';
import { uploadLimits } from '../../plans/workspacePlan.ts';
import { keys } from '../../storage/keys.ts';
import { StorageError } from '../../storage/storageError.ts';
import { insertVideo, requireAllowed, sourceContentType } from '../createVideo.ts';
import { Uploads, type Video, Videos } from '../model.ts';
import { moveVideo } from '../moveVideo.ts';
import { confirmObject } from '../storedObjects.ts';
import { startRetention } from '../uploads.ts';
import { ImportInterruptedError, ImportRefusedError, openDownload } from './download.ts';
import { looksLikeVideo, sniffBytes } from './looksLikeVideo.ts';
import { createPartDigest } from './partDigest.ts';

interface ImportRow {
  video_id: string;
  workspace_id: string;
  object_id: string;
  url_sealed: Buffer;
  attempts: number;
}

const urlContext = (videoId: string) => `video_imports.url:${videoId}`;
/** An attempt whose process died is followed by another one after this. */
const claimSeconds = 60;
/** How often an attempt says how far it is, and learns that it is no longer wanted. */
const reportMs = 1000;
/** What is reserved at a time when the server names no size. */
const reserveStepBytes = 64_000_000;

const rulesOf = ({ env }: Deps) => ({
  hosts: env.CARMIC_IMPORT_HOSTS,
  privateRanges: env.CARMIC_OUTGOING_PRIVATE_RANGES,
  setting: 'CARMIC_IMPORT_HOSTS',
});

/** Makes a video whose source will be fetched. Throws invalid_input for an address that is not called from here, quota_exceeded. */
export async function createImport(deps: Deps, person: Person, body: RouteInput<'createVideoImport'>['body']): Promise<Video> {
  const { db, clock, env, sealer } = deps;
  const { workspaceId } = person;
  const url = checkAddress(deps, body.url);
  const options = await requireAllowed(deps, person, { sizeBytes: 1, options: body.options, departmentId: body.departmentId });
  const id = newId();
  const objectId = newId();
  const video = await db.inWorkspace(workspaceId, async (tx) => {
    const made = await insertVideo(deps, tx, person, {
      id,
      objectId,
      fileName: fileNameIn(url),
      title: body.title,
      sizeBytes: 0,
      options,
      departmentId: body.departmentId,
    });
    const now = clock.now();
    await db.change(
      tx,
      `INSERT INTO video_imports (workspace_id, video_id, object_id, url_sealed, state, expires_at, created_at)
       VALUES (:workspaceId, :id, :objectId, :sealed, 'open', :expiresAt, :now)`,
      {
        workspaceId,
        id,
        objectId,
        sealed: sealer.seal(urlContext(id), url.href),
        expiresAt: addSeconds(now, env.CARMIC_UPLOAD_EXPIRY_SECONDS),
        now,
      },
    );
    return made;
  });
  await nudge(deps, { workspaceId, videoId: id });
  return video;
}

function checkAddress(deps: Deps, text: string): URL {
  try {
    return checkPublicUrl(text, rulesOf(deps));
  } catch (error) {
    throw error instanceof EgressRefusedError ? invalidInput(error.message) : error;
  }
}

/** The last part of the address, as people would name the file. */
function fileNameIn(url: URL): string {
  const last = url.pathname.split('/').findLast((part) => part !== '') ?? url.hostname;
  try {
    return decodeURIComponent(last).slice(0, 255);
  } catch {
    return last.slice(0, 255);
  }
}

/** A lost nudge is made good by the watchdog. */
async function nudge(deps: Deps, subject: { workspaceId: string; videoId: string }): Promise<void> {
  await deps.jobs.enqueue('videos.import', subject).catch((error: unknown) => {
    deps.log.warn({ err: error }, 'an import was not enqueued; the watchdog will');
  });
}

/** Starts imports again whose nudge was lost or whose process died. */
export async function nudgeImports(deps: Deps): Promise<void> {
  const waiting = await deps.db.asSystem((tx) =>
    deps.db.rows<{ workspace_id: string; video_id: string }>(
      tx,
      `SELECT workspace_id, video_id FROM video_imports
       WHERE state = 'open' AND COALESCE(claimed_until, created_at + interval '${claimSeconds} seconds') < :now ORDER BY created_at LIMIT 200`,
      { now: deps.clock.now() },
    ),
  );
  for (const { workspace_id: workspaceId, video_id: videoId } of waiting) {
    await nudge(deps, { workspaceId, videoId });
  }
}

/** Fetches a video's source. Throws what may pass, so that the job tries again; what cannot succeed ends the video as failed. */
export async function importVideo(deps: Deps, workspaceId: string, videoId: string): Promise<void> {
  const row = await claim(deps, workspaceId, videoId);
  if (row === null) {
    return;
  }
  try {
    await fetchSource(deps, row);
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal === null) {
      await release(deps, row, error instanceof ImportInterruptedError ? error.message : 'It was interrupted.');
      throw error;
    }
    await failImport(deps, workspaceId, videoId, refusal);
  }
}

/** The refusal that an error means, or null when another attempt may succeed. */
function refusalOf(error: unknown): ImportRefusedError | null {
  if (error instanceof ImportRefusedError) {
    return error;
  }
  if (error instanceof AppError && error.code === 'quota_exceeded') {
    return new ImportRefusedError('too_large', error.message);
  }
  if (error instanceof StorageError && error.code === 'no_space') {
    return new ImportRefusedError('storage_failed', 'The storage is full.');
  }
  return null;
}

async function claim(deps: Deps, workspaceId: string, videoId: string): Promise<ImportRow | null> {
  const now = deps.clock.now();
  const [row] = await deps.db.inWorkspace(workspaceId, (tx) =>
    deps.db.rows<ImportRow>(
      tx,
      `UPDATE video_imports i SET attempts = attempts + 1, claimed_until = :until, received_bytes = 0, note = NULL
       WHERE video_id = :videoId AND state = 'open' AND (claimed_until IS NULL OR claimed_until < :now)
         AND EXISTS (SELECT 1 FROM videos v WHERE v.id = i.video_id AND v.deleted_at IS NULL AND v.state = 'uploading')
       RETURNING video_id, workspace_id, object_id, url_sealed, attempts`,
      { videoId, now, until: addSeconds(now, claimSeconds) },
    ),
  );
  return row ?? null;
}

function release(deps: Deps, row: ImportRow, note: string): Promise<number> {
  return deps.db.inWorkspace(row.workspace_id, (tx) =>
    deps.db.change(
      tx,
      "UPDATE video_imports SET claimed_until = NULL, note = :note WHERE video_id = :videoId AND attempts = :attempt AND state = 'open'",
      { videoId: row.video_id, attempt: row.attempts, note },
    ),
  );
}

/** Keeps an attempt's claim and tells how far it is; false when the attempt is over. */
async function report(deps: Deps, row: ImportRow, receivedBytes: number, totalBytes: number | null): Promise<boolean> {
  const count = await deps.db.inWorkspace(row.workspace_id, (tx) =>
    deps.db.change(
      tx,
      `UPDATE video_imports i SET received_bytes = :receivedBytes, total_bytes = :totalBytes, claimed_until = :until
       WHERE video_id = :videoId AND attempts = :attempt AND state = 'open' AND expires_at > :now
         AND EXISTS (SELECT 1 FROM videos v WHERE v.id = i.video_id AND v.deleted_at IS NULL)`,
      {
        videoId: row.video_id,
        attempt: row.attempts,
        receivedBytes,
        totalBytes,
        now: deps.clock.now(),
        until: addSeconds(deps.clock.now(), claimSeconds),
      },
    ),
  );
  return count === 1;
}

async function fetchSource(deps: Deps, row: ImportRow): Promise<void> {
  const { store, sealer, db } = deps;
  const limitBytes = (await db.inWorkspace(row.workspace_id, (tx) => uploadLimits(deps, tx, row.workspace_id))).uploadBytes;
  const stopping = new AbortController();
  const seen = { received: 0, total: null as number | null };
  let reportedAt = performance.now();
  const reporting = setInterval(() => {
    report(deps, row, seen.received, seen.total).then(
      (isWanted) => {
        reportedAt = performance.now();
        if (!isWanted) {
          stopping.abort();
        }
      },
      // A database that is away for longer than the claim holds ends the attempt: another process may have begun the next one.
      () => {
        if (performance.now() - reportedAt > (claimSeconds / 2) * 1000) {
          stopping.abort();
        }
      },
    );
  }, reportMs);
  const key = keys.source(row.workspace_id, row.video_id);
  try {
    const url = sealer.open(urlContext(row.video_id), row.url_sealed);
    const download = await openDownload(createPublicOpen(rulesOf(deps)), url, stopping.signal);
    seen.total = download.totalBytes;
    requireFit(download.totalBytes ?? 1, limitBytes);
    const digest = createPartDigest(download.totalBytes ?? 1);
    const body = Readable.from(checked(deps, row, download, { limitBytes, seen, digest }), { objectMode: false });
    await report(deps, row, 0, seen.total);
    const stored = await store.put(key, body, { contentType: sourceContentType, maxBytes: limitBytes });
    const isKept = await finish(deps, row, { sizeBytes: stored.sizeBytes, sha256: digest.digest() });
    if (!isKept) {
      await store.delete([key]);
    }
  } catch (error) {
    if (!stopping.signal.aborted) {
      throw error;
    }
    // Nobody wants it any more: the video is deleted, another attempt has taken over, or the time is over.
    await expire(deps, row);
  } finally {
    clearInterval(reporting);
  }
}

function requireFit(sizeBytes: number, limitBytes: number): void {
  if (sizeBytes === 0) {
    throw new ImportRefusedError('empty_file', 'The file at this address is empty.');
  }
  if (sizeBytes > limitBytes) {
    throw new ImportRefusedError(
      'too_large',
      `The file at this address is larger than the ${formatBytes(limitBytes)} that are allowed here.`,
    );
  }
}

/** Passes bytes on once they are reserved and look like a video's. */
async function* checked(
  deps: Deps,
  row: ImportRow,
  download: { totalBytes: number | null; body: AsyncIterable<Buffer> },
  watch: { limitBytes: number; seen: { received: number }; digest: { update(bytes: Buffer): void } },
): AsyncGenerator<Buffer, undefined> {
  const { seen, limitBytes, digest } = watch;
  let reserved = 0;
  let head: Buffer | null = Buffer.alloc(0);
  const pass = async (chunk: Buffer) => {
    seen.received += chunk.length;
    requireFit(seen.received, limitBytes);
    if (seen.received > reserved) {
      reserved = download.totalBytes ?? Math.min(limitBytes, seen.received + reserveStepBytes);
      await reserve(deps, row, Math.max(reserved, seen.received));
    }
    digest.update(chunk);
    return chunk;
  };
  for await (const chunk of download.body) {
    if (head === null) {
      yield await pass(chunk);
      continue;
    }
    head = Buffer.concat([head, chunk]);
    if (head.length >= sniffBytes) {
      requireVideo(head);
      yield await pass(head);
      head = null;
    }
  }
  if (head !== null) {
    requireFit(head.length, limitBytes);
    requireVideo(head);
    yield await pass(head);
  }
}

function requireVideo(head: Buffer): void {
  if (!looksLikeVideo(head)) {
    throw new ImportRefusedError('not_a_video', 'What is at this address is no video file; it may be a page that shows one.');
  }
}

/** Reserves room for the whole source. Throws quota_exceeded. */
async function reserve(deps: Deps, row: ImportRow, sizeBytes: number): Promise<void> {
  const { db } = deps;
  await db.inWorkspace(row.workspace_id, async (tx) => {
    const [object] = await db.rows<{ size_bytes: string }>(tx, 'SELECT size_bytes FROM stored_objects WHERE id = :id', {
      id: row.object_id,
    });
    await requireRoom(deps, tx, row.workspace_id, sizeBytes - Number(object?.size_bytes ?? 0));
    await setSize(deps, tx, row, sizeBytes);
  });
}

function setSize(deps: Deps, tx: Tx, row: ImportRow, sizeBytes: number): Promise<number> {
  return deps.db.change(tx, "UPDATE stored_objects SET size_bytes = :sizeBytes WHERE id = :id AND state = 'pending'", {
    sizeBytes,
    id: row.object_id,
  });
}

/** Lets the video go on with its source; false when it is no longer wanted. */
async function finish(deps: Deps, row: ImportRow, stored: { sizeBytes: number; sha256: string }): Promise<boolean> {
  const { db, clock, appendEvent } = deps;
  const { video_id: videoId, workspace_id: workspaceId } = row;
  return db.inWorkspace(workspaceId, async (tx) => {
    const [video] = await db.rows<{ id: string }>(tx, 'SELECT id FROM videos WHERE id = :videoId AND deleted_at IS NULL FOR UPDATE', {
      videoId,
    });
    const ended = await db.change(
      tx,
      `UPDATE video_imports SET state = 'done', received_bytes = :sizeBytes, total_bytes = :sizeBytes, claimed_until = NULL, note = NULL
       WHERE video_id = :videoId AND attempts = :attempt AND state = 'open'`,
      { videoId, attempt: row.attempts, sizeBytes: stored.sizeBytes },
    );
    if (video === undefined) {
      return false;
    }
    if (ended === 0) {
      // Another attempt writes, or has written, the same file: it is not ours to remove.
      return true;
    }
    await setSize(deps, tx, row, stored.sizeBytes);
    await confirmObject(deps, tx, row.object_id, stored);
    await db.model(Videos).update({ sizeBytes: stored.sizeBytes }, { where: { id: videoId }, transaction: tx });
    const uploadId = newId();
    await db.model(Uploads).create(
      {
        id: uploadId,
        workspaceId,
        videoId,
        objectId: row.object_id,
        storageUploadId: 'import',
        state: 'completed',
        sizeBytes: stored.sizeBytes,
        partSizeBytes: stored.sizeBytes,
        partCount: 1,
        expiresAt: clock.now(),
        createdAt: clock.now(),
      },
      { transaction: tx },
    );
    await startRetention(deps, tx, { id: videoId, workspaceId });
    await appendEvent(tx, { workspaceId, type: 'upload.completed', videoId, subjectId: uploadId, data: { source: 'import' } });
    return true;
  });
}

/** Ends an import whose time is over; one that was deleted or taken over is left alone. */
async function expire(deps: Deps, row: ImportRow): Promise<void> {
  const { db, clock } = deps;
  const late = await db.inWorkspace(row.workspace_id, (tx) =>
    db.rows(tx, "SELECT 1 FROM video_imports WHERE video_id = :videoId AND attempts = :attempt AND state = 'open' AND expires_at <= :now", {
      videoId: row.video_id,
      attempt: row.attempts,
      now: clock.now(),
    }),
  );
  if (late.length > 0) {
    await failImport(deps, row.workspace_id, row.video_id, new ImportRefusedError('import_failed', 'Fetching the file took too long.'));
  }
}

/** Ends an import that failed again and again. */
export async function giveUpImport(deps: Deps, workspaceId: string, videoId: string): Promise<void> {
  const [row] = await deps.db.inWorkspace(workspaceId, (tx) =>
    deps.db.rows<{ note: string | null }>(tx, 'SELECT note FROM video_imports WHERE video_id = :videoId', { videoId }),
  );
  const message = `The file could not be fetched, however often it was tried. ${row?.note ?? ''}`.trim();
  await failImport(deps, workspaceId, videoId, new ImportRefusedError('import_failed', message));
}

/** Ends an import without a result: its room is free again, and the video says why. */
async function failImport(
  deps: Deps,
  workspaceId: string,
  videoId: string,
  { code, message }: Pick<ImportRefusedError, 'code' | 'message'>,
): Promise<void> {
  const { db } = deps;
  await db.inWorkspace(workspaceId, async (tx) => {
    const [row] = await db.rows<{ object_id: string }>(
      tx,
      `UPDATE video_imports SET state = 'failed', claimed_until = NULL, note = NULL WHERE video_id = :videoId AND state = 'open' RETURNING object_id`,
      { videoId },
    );
    if (row !== undefined) {
      await db.change(tx, "UPDATE stored_objects SET state = 'deleting', size_bytes = 0 WHERE id = :id AND state = 'pending'", {
        id: row.object_id,
      });
      await moveVideo(deps, tx, { id: videoId, workspaceId }, ['uploading'], 'failed', { failure: buildFailure('upload', code, message) });
    }
  });
}
