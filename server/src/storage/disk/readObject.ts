import { type FileHandle, open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import { hasErrno, objectNotFound, refineDiskError, StorageError } from '../storageError.ts';
import { openChunk } from './chunk.ts';
import { readFully } from './files.ts';
import { chunkBytes, chunkCount, chunkSize, fileSize, headerBytes, nonceBytes, recordOffset, tagBytes } from './format.ts';
import { type HeaderContent, type ObjectFacts, objectFactsSchema, openHeader } from './header.ts';
import { type KeyRing, ownerOf } from './keyRing.ts';

const rereadMs = 10;
const staleAttempts = 3;

/** A stored file whose header has been opened and whose length has been found right. */
export interface OpenFile extends HeaderContent<ObjectFacts> {
  file: FileHandle;
}

/** Opens the file of an object. Throws not_found, corrupt or wrong_key; otherwise the caller closes `file`. */
export async function openObject(path: string, key: string, ring: KeyRing): Promise<OpenFile> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await openOnce(path, key, ring);
    } catch (error) {
      // On NFS a file that another machine has replaced is met under its old handle: its name leads to the new one.
      if (attempt === staleAttempts || !(error instanceof StorageError && hasErrno(error.cause, 'ESTALE'))) {
        throw error;
      }
    }
  }
}

async function openOnce(path: string, key: string, ring: KeyRing): Promise<OpenFile> {
  const file = await openFile(path);
  try {
    const content = await readHeader(file, key, ring);
    const { size } = await file.stat();
    if (size !== fileSize(content.facts.sizeBytes)) {
      throw new StorageError('corrupt', 'A stored file is longer or shorter than it was written.');
    }
    return { file, ...content };
  } catch (error) {
    await file.close();
    throw refineDiskError(error);
  }
}

/** A header that is being put under another key may be met half-written: one that does not open is read once more. */
async function readHeader(file: FileHandle, key: string, ring: KeyRing): Promise<HeaderContent<ObjectFacts>> {
  const open = async () => openHeader(ring, ownerOf(key), `object:${key}`, await readFully(file, headerBytes, 0), objectFactsSchema);
  try {
    return await open();
  } catch {
    await setTimeout(rereadMs);
    return open();
  }
}

async function openFile(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR')) {
      throw objectNotFound();
    }
    throw refineDiskError(error);
  }
}

/** Reads the records of an object one ahead of their decryption, into two buffers in turn. */
function createRecordReader(object: OpenFile, firstIndex: number, lastIndex: number): { next(): Promise<Buffer[]> } {
  const { sizeBytes, id } = object.facts;
  const end = chunkCount(sizeBytes) - 1;
  const lengthOf = (index: number) => nonceBytes + chunkSize(sizeBytes, index) + tagBytes;
  const buffers = [firstIndex, firstIndex + 1]
    .filter((index) => index <= lastIndex)
    .map((index) => Buffer.allocUnsafeSlow(lengthOf(index)));
  const read = (index: number) => {
    const record = readFully(object.file, lengthOf(index), recordOffset(index), buffers[(index - firstIndex) % 2]);
    // Awaited when its turn comes; until then a failure must not count as unhandled.
    record.catch(() => undefined);
    return record;
  };
  let index = firstIndex;
  let ahead = read(index);
  return {
    async next() {
      const record = await ahead;
      const place = { objectId: id, index, isLast: index === end };
      if (record.length !== lengthOf(index)) {
        throw new StorageError('corrupt', 'A stored file is shorter than it was written.');
      }
      index += 1;
      if (index <= lastIndex) {
        ahead = read(index);
      }
      return openChunk(object.objectKey, place, record);
    },
  };
}

/**
 * Streams bytes `start` to `end` (not included) of an open object and closes its file at the end, whatever the end is. The first chunk is
 * read and checked before this resolves, so that damage there is an error instead of a broken stream.
 */
export async function streamObject(object: OpenFile, start: number, end: number): Promise<Readable> {
  const lastIndex = Math.max(0, Math.ceil(end / chunkBytes) - 1);
  let index = Math.min(Math.floor(start / chunkBytes), lastIndex);
  const records = createRecordReader(object, index, lastIndex);
  let first: Buffer[] | null;
  try {
    first = await records.next();
  } catch (error) {
    await object.file.close();
    throw refineDiskError(error);
  }
  const next = async (): Promise<Buffer[] | null> => {
    if (index > lastIndex) {
      return null;
    }
    const offset = index * chunkBytes;
    const pieces = first ?? (await records.next());
    first = null;
    index += 1;
    return cut(pieces, Math.max(0, start - offset), Math.max(0, end - offset));
  };
  let waiting: Buffer[] = [];
  return new Readable({
    highWaterMark: 1,
    // One piece at a time: several that wait in the stream are copied into one for whoever reads it by iteration.
    read() {
      const piece = waiting.shift();
      if (piece !== undefined) {
        this.push(piece);
        return;
      }
      next().then(
        (pieces) => {
          waiting = pieces ?? [];
          this.push(waiting.shift() ?? null);
        },
        (error: unknown) => this.destroy(refineDiskError(error) as Error),
      );
    },
    destroy(error, callback) {
      object.file.close().then(
        () => callback(error),
        (closing: Error) => callback(error ?? closing),
      );
    },
  });
}

/** The bytes `start` to `end` of pieces that follow each other. */
function cut(pieces: readonly Buffer[], start: number, end: number): Buffer[] {
  const kept: Buffer[] = [];
  let offset = 0;
  for (const piece of pieces) {
    const wanted = piece.subarray(Math.max(0, start - offset), Math.max(0, end - offset));
    if (wanted.length > 0) {
      kept.push(wanted);
    }
    offset += piece.length;
  }
  return kept;
}
