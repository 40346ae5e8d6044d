import { type FileHandle, open, rm } from 'node:fs/promises';
import type { StoredPart } from '../objectStore.ts';
import { StorageError } from '../storageError.ts';
import { fileMode, readFully, writeFully } from './files.ts';
import { chunkBytes, chunkCount, recordBytes, recordOffset } from './format.ts';
import type { Scratch } from './scratch.ts';
import { createRecordWriter, createTally, type FsyncPolicy, rechunk } from './sealStream.ts';
import { dataPath, readPartRecord, removePartRecord, type Upload, writePartRecord } from './uploadFiles.ts';

/** A body that arrives: its bytes, and a way to give it up. */
export interface BodySource {
  bytes: AsyncIterable<Uint8Array>;
  cancel: (reason: Error) => void;
}

/** One part to be stored. */
export interface PartRequest {
  partNumber: number;
  sha256: string;
  body: BodySource;
}

/**
 * Stores one part. The same part again is only verified. Another body for a stored part goes to a side file first and replaces the old
 * bytes when it has proved right, so that a bad body never costs a good part.
 */
export async function storePart(
  options: { scratch: Scratch; fsync: FsyncPolicy },
  upload: Upload,
  request: PartRequest,
  sizeBytes: number,
): Promise<StoredPart> {
  const { scratch, fsync } = options;
  const { partNumber, sha256, body } = request;
  const part = { partNumber, sizeBytes, sha256 };
  const stored = await readPartRecord(upload, partNumber);
  if (stored?.sha256 === sha256) {
    await receivePart(upload, part, body, null);
    return stored;
  }
  const data = await open(dataPath(upload.directory), 'r+');
  try {
    if (stored === null) {
      await receivePart(upload, part, body, { file: data, shift: 0, fsync });
    } else {
      await replacePart(upload, part, body, { data, fsync, sidePath: scratch.newPath() });
    }
    if (fsync === 'always') {
      await data.datasync();
    }
  } finally {
    await data.close();
  }
  await writePartRecord(upload, part, scratch.newPath());
  return part;
}

function firstChunk(upload: Upload, partNumber: number): number {
  return ((partNumber - 1) * upload.facts.partSizeBytes) / chunkBytes;
}

/** Reads, checks and (with a target) encrypts and writes the body of a part. Throws incomplete, too_large, checksum_mismatch. */
async function receivePart(
  upload: Upload,
  part: StoredPart,
  body: BodySource,
  target: { file: FileHandle; shift: number; fsync: FsyncPolicy } | null,
): Promise<void> {
  const tally = createTally();
  const { id, sizeBytes } = upload.facts;
  const lastIndex = chunkCount(sizeBytes) - 1;
  const records = target === null ? null : createRecordWriter(target.file, { objectKey: upload.objectKey, objectId: id }, target);
  let index = firstChunk(upload, part.partNumber);
  try {
    for await (const { data } of rechunk(body.bytes, part.sizeBytes, tally)) {
      await records?.write(index, index === lastIndex, data);
      index += 1;
    }
    await records?.finish();
  } finally {
    await records?.settle();
  }
  if (tally.sizeBytes !== part.sizeBytes) {
    throw new StorageError('incomplete', `The part has ${tally.sizeBytes} bytes instead of ${part.sizeBytes}.`);
  }
  if (tally.sha256() !== part.sha256) {
    throw new StorageError('checksum_mismatch', 'The part’s bytes do not have the announced SHA-256: send the part again.');
  }
}

async function replacePart(
  upload: Upload,
  part: StoredPart,
  body: BodySource,
  place: { data: FileHandle; fsync: FsyncPolicy; sidePath: string },
): Promise<void> {
  const { data, fsync, sidePath } = place;
  const start = recordOffset(firstChunk(upload, part.partNumber));
  const side = await open(sidePath, 'wx+', fileMode);
  try {
    await receivePart(upload, part, body, { file: side, shift: start, fsync });
    await removePartRecord(upload, part.partNumber);
    for (let position = 0; ; position += recordBytes) {
      const records = await readFully(side, recordBytes, position);
      if (records.length === 0) {
        break;
      }
      await writeFully(data, [records], start + position);
    }
  } finally {
    await side.close();
    await rm(sidePath, { force: true });
  }
}
