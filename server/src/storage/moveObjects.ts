/**
 * Moves objects from one store to another while both are in use (movingStore.ts).
 *
 * An object is copied, compared, and only then removed where it was; whoever is stopped in between goes on where the old store still holds
 * something. An object that is deleted meanwhile is gone from the old store when the copy is done, and the copy goes too.
 */
import { createHash } from 'node:crypto';
import type { ObjectStore, StoredInfo } from './objectStore.ts';
import { planParts } from './planParts.ts';
import { StorageError } from './storageError.ts';

/** What a move has done. */
export interface MoveReport {
  movedCount: number;
  movedBytes: number;
  /** Objects that could not be moved, with the reason; they stay where they were. */
  failures: { key: string; reason: string }[];
  /** Uploads that are still open in the old store: they end there, and their objects are moved by the next run. */
  openUploadCount: number;
}

/** Moves every object that `former` holds. `onMoved` is called after each. */
export async function moveObjects(
  former: ObjectStore,
  next: ObjectStore,
  onMoved: (report: Readonly<MoveReport>) => void = () => undefined,
): Promise<MoveReport> {
  const report: MoveReport = { movedCount: 0, movedBytes: 0, failures: [], openUploadCount: 0 };
  for await (const { key } of former.list('')) {
    try {
      report.movedBytes += await moveObject(former, next, key);
      report.movedCount += 1;
    } catch (error) {
      if (!(error instanceof StorageError)) {
        throw error;
      }
      report.failures.push({ key, reason: `${error.code}: ${error.message}` });
    }
    onMoved(report);
  }
  for await (const _ of former.listMultipart('')) {
    report.openUploadCount += 1;
  }
  return report;
}

/** Moves one object and answers its size; 0 for one that is gone already. */
async function moveObject(former: ObjectStore, next: ObjectStore, key: string): Promise<number> {
  const info = await former.head(key);
  if (info === null) {
    return 0;
  }
  if (!isSame(await next.head(key), info)) {
    await (info.sha256Kind === 'whole' ? copyWhole(former, next, info) : copyParts(former, next, info));
    if (!isSame(await next.head(key), info)) {
      throw new StorageError('checksum_mismatch', 'The copy is not the object.');
    }
  }
  if ((await former.head(key)) === null) {
    await next.delete([key]);
    return 0;
  }
  await former.delete([key]);
  return info.sizeBytes;
}

function isSame(copy: StoredInfo | null, info: StoredInfo): boolean {
  return copy !== null && copy.sha256 === info.sha256 && copy.sizeBytes === info.sizeBytes;
}

async function copyWhole(former: ObjectStore, next: ObjectStore, { contentType, key, sha256, sizeBytes }: StoredInfo): Promise<void> {
  const { stream } = await former.get(key);
  await next.put(key, stream, { contentType, maxBytes: sizeBytes, expected: { sizeBytes, sha256 } });
}

/** Cuts the object as its upload was cut, so that the SHA-256 of its parts stays what its row says. */
async function copyParts(former: ObjectStore, next: ObjectStore, { contentType, key, sizeBytes }: StoredInfo): Promise<void> {
  const { partCount, partSizeBytes } = planParts(sizeBytes);
  const { uploadId } = await next.createMultipart(key, { sizeBytes, partSizeBytes, contentType });
  try {
    const named: { partNumber: number; sha256: string }[] = [];
    for (let partNumber = 1; partNumber <= partCount; partNumber += 1) {
      const start = (partNumber - 1) * partSizeBytes;
      const end = Math.min(start + partSizeBytes, sizeBytes);
      const body = sizeBytes === 0 ? Buffer.alloc(0) : Buffer.concat(await (await former.get(key, { start, end })).stream.toArray());
      const sha256 = createHash('sha256').update(body).digest('hex');
      await next.putPart(key, uploadId, { partNumber, sizeBytes: body.length, sha256, body });
      named.push({ partNumber, sha256 });
    }
    await next.completeMultipart(key, uploadId, named);
  } catch (error) {
    await next.abortMultipart(key, uploadId);
    throw error;
  }
}
