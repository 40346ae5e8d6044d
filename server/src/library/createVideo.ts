import { type RouteInput, videoOptionsSchema } from '@carmic/contract';
import { addSeconds } from '../core/clock.ts';
import { AppError, invalidInput, notFound } from '../core/errors.ts';
import { newId } from '../core/ids.ts';
import type { Deps } from '../deps.ts';
import type { Person } from '../http/request.ts';
import { requireRoom } from '../plans/quota.ts';
import { requireMinutes } from '../plans/usage.ts';
import { uploadLimits } from '../plans/workspacePlan.ts';
import { keys } from '../storage/keys.ts';
import { planParts } from '../storage/planParts.ts';
import { sealFileName, sealTitle } from './content.ts';
import { type UploadRow, Uploads, type Video, Videos } from './model.ts';
import { expectObject } from './storedObjects.ts';

const sourceContentType = 'application/octet-stream';

/** Announces a video and opens its upload. Throws invalid_input for an empty file, payload_too_large over the limit, quota_exceeded. */
export async function createVideo(
  deps: Deps,
  person: Person,
  body: RouteInput<'createVideo'>['body'],
): Promise<{ video: Video; upload: UploadRow }> {
  const { db, env, clock, store, appendEvent } = deps;
  if (body.sizeBytes === 0) {
    throw invalidInput('This file is empty: choose a file that is not empty.');
  }
  await requireAllowed(deps, person, body).catch(async (error: unknown) => {
    if (error instanceof AppError && error.code === 'quota_exceeded') {
      // Its own transaction: the refused one leaves nothing behind.
      await db.inWorkspace(person.workspaceId, (tx) =>
        appendEvent(tx, {
          workspaceId: person.workspaceId,
          type: 'quota.refused',
          actorId: person.userId,
          data: { neededBytes: body.sizeBytes },
        }),
      );
    }
    throw error;
  });
  const options = videoOptionsSchema.parse(body.options ?? {});
  if (options.minClipSeconds > options.maxClipSeconds) {
    throw invalidInput('The shortest clip length is above the longest: swap them.');
  }
  const id = newId();
  const now = clock.now();
  const parts = planParts(body.sizeBytes);
  const key = keys.source(person.workspaceId, id);
  const objectId = newId();
  const { uploadId } = await store.createMultipart(key, {
    sizeBytes: body.sizeBytes,
    partSizeBytes: parts.partSizeBytes,
    contentType: sourceContentType,
  });

  return db.inWorkspace(person.workspaceId, async (tx) => {
    await requireRoom(deps, tx, person.workspaceId, body.sizeBytes);
    const video = await db.model(Videos).create(
      {
        id,
        workspaceId: person.workspaceId,
        createdBy: person.userId,
        titleSealed: sealTitle(deps, id, body.title ?? titleFromFileName(body.fileName)),
        fileNameSealed: sealFileName(deps, id, body.fileName),
        sizeBytes: body.sizeBytes,
        state: 'uploading',
        stageTimes: { upload: { startedAt: now.toISOString() } },
        notices: [],
        options,
        createdAt: now,
        updatedAt: now,
      },
      { transaction: tx },
    );
    await expectObject(deps, tx, {
      id: objectId,
      workspaceId: person.workspaceId,
      videoId: id,
      key,
      kind: 'source',
      contentType: sourceContentType,
      sizeBytes: body.sizeBytes,
    });
    const upload = await db.model(Uploads).create(
      {
        id: newId(),
        workspaceId: person.workspaceId,
        videoId: id,
        objectId,
        storageUploadId: uploadId,
        state: 'open',
        sizeBytes: body.sizeBytes,
        ...parts,
        expiresAt: addSeconds(now, env.CARMIC_UPLOAD_EXPIRY_SECONDS),
        createdAt: now,
      },
      { transaction: tx },
    );
    await appendEvent(tx, { workspaceId: person.workspaceId, type: 'video.created', videoId: id, subjectId: id, actorId: person.userId });
    return { video, upload };
  });
}

function requireSize(sizeBytes: number, limitBytes: number): void {
  if (sizeBytes > limitBytes) {
    const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;
    throw new AppError(
      'payload_too_large',
      `This file has ${gigabytes(sizeBytes)}; ${gigabytes(limitBytes)} is the limit here. Upload a smaller file, or ask the administrator to raise the limit.`,
    );
  }
}

/** The file name without its ending; shown literally. */
export function titleFromFileName(fileName: string): string {
  const base = fileName.replace(/\.[A-Za-z0-9]{1,5}$/, '').trim();
  return (base === '' ? fileName : base).slice(0, 200);
}

/** Throws payload_too_large, quota_exceeded, or not_found for a brand kit that is not there. */
async function requireAllowed(deps: Deps, person: Person, body: RouteInput<'createVideo'>['body']): Promise<void> {
  const { db } = deps;
  await db.inWorkspace(person.workspaceId, async (tx) => {
    requireSize(body.sizeBytes, (await uploadLimits(deps, tx, person.workspaceId)).uploadBytes);
    await requireMinutes(deps, tx, person.workspaceId);
    await requireRoom(deps, tx, person.workspaceId, body.sizeBytes);
    const kitId = body.options?.brandKitId ?? null;
    if (kitId !== null && (await db.rows(tx, 'SELECT 1 FROM brand_kits WHERE id = :kitId', { kitId })).length === 0) {
      throw notFound('brand kit');
    }
  });
}
