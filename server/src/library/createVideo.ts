import { type RouteInput, type VideoOptions, videoOptionsSchema } from '@carmic/contract';
import { addSeconds } from '../core/clock.ts';
import { AppError, invalidInput, notFound } from '../core/errors.ts';
import { newId } from '../core/ids.ts';
import type { Tx } from '../db/database.ts';
import type { Deps } from '../deps.ts';
import type { Person } from '../http/request.ts';
import { chargeVideo, listDepartments } from '../plans/departments.ts';
import { requireRoom } from '../plans/quota.ts';
import { requireMinutes } from '../plans/usage.ts';
import { uploadLimits } from '../plans/workspacePlan.ts';
import { keys } from '../storage/keys.ts';
import { planParts } from '../storage/planParts.ts';
import { sealFileName, sealTitle } from './content.ts';
import { type UploadRow, Uploads, type Video, Videos } from './model.ts';
import { expectObject } from './storedObjects.ts';

/** What a source is stored as: nobody believes its name. */
export const sourceContentType = 'application/octet-stream';

/** Announces a video and opens its upload. Throws invalid_input for an empty file, payload_too_large over the limit, quota_exceeded. */
export async function createVideo(
  deps: Deps,
  person: Person,
  body: RouteInput<'createVideo'>['body'],
): Promise<{ video: Video; upload: UploadRow }> {
  const { db, env, clock, store } = deps;
  if (body.sizeBytes === 0) {
    throw invalidInput('This file is empty: choose a file that is not empty.');
  }
  const options = await requireAllowed(deps, person, body);
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
    const video = await insertVideo(deps, tx, person, { id, objectId, ...body, options });
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
    return { video, upload };
  });
}

/** Adds a video that waits for its source, and the row of that source. `sizeBytes` is reserved. */
export async function insertVideo(
  deps: Deps,
  tx: Tx,
  person: Person,
  wish: {
    id: string;
    objectId: string;
    fileName: string;
    title?: string | undefined;
    sizeBytes: number;
    options: VideoOptions;
    departmentId?: string | null | undefined;
  },
): Promise<Video> {
  const { db, clock, appendEvent } = deps;
  const { id, fileName, sizeBytes, options } = wish;
  const { workspaceId, userId } = person;
  const now = clock.now();
  const video = await db.model(Videos).create(
    {
      id,
      workspaceId,
      createdBy: userId,
      titleSealed: sealTitle(deps, id, wish.title ?? titleFromFileName(fileName)),
      fileNameSealed: sealFileName(deps, id, fileName),
      sizeBytes,
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
    id: wish.objectId,
    workspaceId,
    videoId: id,
    key: keys.source(workspaceId, id),
    kind: 'source',
    contentType: sourceContentType,
    sizeBytes,
  });
  await chargeVideo(deps, tx, { id, workspaceId }, wish.departmentId);
  await appendEvent(tx, { workspaceId, type: 'video.created', videoId: id, subjectId: id, actorId: userId });
  return video;
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

/**
 * Answers the whole options of a wished video. Throws payload_too_large, quota_exceeded (which is an event too), invalid_input, or not_found
 * for a brand kit or a department that is not there.
 */
export async function requireAllowed(
  deps: Deps,
  person: Person,
  wish: Pick<RouteInput<'createVideo'>['body'], 'sizeBytes' | 'options' | 'departmentId'>,
): Promise<VideoOptions> {
  const { db, appendEvent } = deps;
  const { workspaceId, userId } = person;
  const options = videoOptionsSchema.parse(wish.options ?? {});
  if (options.minClipSeconds > options.maxClipSeconds) {
    throw invalidInput('The shortest clip length is above the longest: swap them.');
  }
  try {
    await db.inWorkspace(workspaceId, (tx) => checkLimits(deps, tx, workspaceId, { ...wish, kitId: options.brandKitId ?? null }));
  } catch (error) {
    if (error instanceof AppError && error.code === 'quota_exceeded') {
      // Its own transaction: the refused one leaves nothing behind.
      await db.inWorkspace(workspaceId, (tx) =>
        appendEvent(tx, { workspaceId, type: 'quota.refused', actorId: userId, data: { neededBytes: wish.sizeBytes } }),
      );
    }
    throw error;
  }
  return options;
}

async function checkLimits(
  deps: Deps,
  tx: Tx,
  workspaceId: string,
  wish: { sizeBytes: number; kitId: string | null; departmentId?: string | null | undefined },
): Promise<void> {
  const { sizeBytes, kitId } = wish;
  requireSize(sizeBytes, (await uploadLimits(deps, tx, workspaceId)).uploadBytes);
  await requireMinutes(deps, tx, workspaceId);
  await requireRoom(deps, tx, workspaceId, sizeBytes);
  if (kitId !== null && (await deps.db.rows(tx, 'SELECT 1 FROM brand_kits WHERE id = :kitId', { kitId })).length === 0) {
    throw notFound('brand kit');
  }
  if (wish.departmentId != null && !(await listDepartments(deps, tx, workspaceId)).some(({ id }) => id === wish.departmentId)) {
    throw notFound('department');
  }
}
