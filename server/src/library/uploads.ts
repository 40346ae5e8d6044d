import type { RouteInput, Upload } from '@carmic/contract';
import { addSeconds } from '../core/clock.ts';
import { AppError, invalidInput, wrongState } from '../core/errors.ts';
import type { Tx } from '../db/database.ts';
import type { Deps } from '../deps.ts';
import type { Person } from '../http/request.ts';
import { loadWorkspacePlan } from '../plans/workspacePlan.ts';
import { keys } from '../storage/keys.ts';
import { loadUpload, loadVideo } from './load.ts';
import { browserUrl } from './mediaUrls.ts';
import { type UploadRow, Uploads, type Video, Videos } from './model.ts';
import { confirmObject } from './storedObjects.ts';

const partUrlSeconds = 3600;

/** An upload as its owner sees it, with the parts that need not be sent again. */
export async function presentUpload(deps: Deps, upload: UploadRow): Promise<Upload> {
  const stored = upload.state === 'open' ? await deps.store.listParts(keyOf(upload), upload.storageUploadId) : [];
  return {
    id: upload.id,
    videoId: upload.videoId,
    state: upload.state,
    sizeBytes: upload.sizeBytes,
    partSizeBytes: upload.partSizeBytes,
    partCount: upload.partCount,
    storedParts: stored.map(({ partNumber, sha256 }) => ({ partNumber, sha256 })),
    expiresAt: upload.expiresAt.toISOString(),
  };
}

function keyOf(upload: Pick<UploadRow, 'workspaceId' | 'videoId'>): string {
  return keys.source(upload.workspaceId, upload.videoId);
}

/** Signs the URLs of some parts. Each binds the part's SHA-256. */
export async function createPartUrls(deps: Deps, person: Person, id: string, parts: RouteInput<'createPartUrls'>['body']['parts']) {
  const { upload } = await deps.db.inWorkspace(person.workspaceId, (tx) => loadUpload(deps, tx, id));
  requireOpen(deps, upload);
  return {
    parts: await Promise.all(
      parts.map(async ({ partNumber, sha256 }) => {
        if (partNumber > upload.partCount) {
          throw invalidInput(`This upload has ${upload.partCount} parts; there is no part ${partNumber}.`);
        }
        const { url, headers } = await deps.store.presignPart(keyOf(upload), upload.storageUploadId, {
          partNumber,
          sha256,
          expiresInSeconds: partUrlSeconds,
        });
        return { partNumber, url: browserUrl(deps, url), headers };
      }),
    ),
  };
}

function requireOpen(deps: Deps, upload: UploadRow): void {
  if (upload.state !== 'open') {
    throw wrongState(`This upload is ${upload.state}.`);
  }
  if (upload.expiresAt <= deps.clock.now()) {
    throw new AppError('gone', 'This upload has expired: start it again.');
  }
}

/** Checks that every part is stored as announced, joins them and lets the video go on. Repeating it is harmless. */
export async function completeUpload(
  deps: Deps,
  person: Person,
  id: string,
  parts: RouteInput<'completeUpload'>['body']['parts'],
): Promise<Video> {
  const { db, store, appendEvent } = deps;
  const { upload, video } = await db.inWorkspace(person.workspaceId, (tx) => loadUpload(deps, tx, id));
  if (upload.state === 'completed') {
    return video;
  }
  requireOpen(deps, upload);
  const announced = new Set(parts.map((part) => part.partNumber));
  if (announced.size !== upload.partCount || parts.length !== upload.partCount || Math.max(...announced) !== upload.partCount) {
    throw invalidInput(`This upload has ${upload.partCount} parts, and ${announced.size} were named: send the missing ones first.`);
  }
  const ordered = [...parts].sort((a, b) => a.partNumber - b.partNumber);
  const stored = await store.completeMultipart(keyOf(upload), upload.storageUploadId, ordered);
  if (stored.sizeBytes !== upload.sizeBytes) {
    throw new AppError(
      'checksum_mismatch',
      `The stored file has ${stored.sizeBytes} bytes instead of ${upload.sizeBytes}: upload it again.`,
    );
  }
  return db.inWorkspace(person.workspaceId, async (tx) => {
    const changed = await closeUpload(deps, tx, upload.id, 'completed');
    if (changed) {
      await confirmObject(deps, tx, upload.objectId, stored);
      await startRetention(deps, tx, video);
      await appendEvent(tx, {
        workspaceId: person.workspaceId,
        type: 'upload.completed',
        videoId: video.id,
        subjectId: upload.id,
        actorId: person.userId,
      });
    }
    return loadVideo(deps, tx, video.id);
  });
}

/** The retention begins now. The workspace's row is held, so that a change of plan comes wholly before or wholly after. */
export async function startRetention(deps: Deps, tx: Tx, video: Pick<Video, 'id' | 'workspaceId'>): Promise<void> {
  const { workspace } = await loadWorkspacePlan(deps, tx, video.workspaceId, 'share');
  const keptFrom = deps.clock.now();
  const expiresAt = workspace.retentionDays === null ? null : addSeconds(keptFrom, workspace.retentionDays * 24 * 3600);
  await deps.db.model(Videos).update({ keptFrom, expiresAt }, { where: { id: video.id }, transaction: tx });
}

/** Ends an open upload; false when it was no longer open. */
export async function closeUpload(deps: Deps, tx: Tx, id: string, state: 'completed' | 'aborted'): Promise<boolean> {
  const [count] = await deps.db.model(Uploads).update({ state }, { where: { id, state: 'open' }, transaction: tx });
  return count === 1;
}
