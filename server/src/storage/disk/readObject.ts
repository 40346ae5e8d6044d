import { type FileHandle, open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { hasErrno, objectNotFound, refineDiskError, StorageError } from '../storageError.ts';
import { openChunk } from './chunk.ts';
import { readFully } from './files.ts';
import { chunkBytes, chunkCount, chunkSize, fileSize, headerBytes, nonceBytes, recordOffset, tagBytes } from './format.ts';
import { type HeaderContent, type ObjectFacts, objectFactsSchema, openHeader } from './header.ts';
import type { WrappingKey } from './wrappingKey.ts';

/** A stored file whose header has been opened and whose length has been found right. */
export interface OpenFile extends HeaderContent<ObjectFacts> {
  file: FileHandle;
}

/** Opens the file of an object. Throws not_found, corrupt or wrong_key; otherwise the caller closes `file`. */
export async function openObject(path: string, key: string, wrapping: WrappingKey): Promise<OpenFile> {
  const file = await openFile(path);
  try {
    const content = openHeader(wrapping, `object:${key}`, await readFully(file, headerBytes, 0), objectFactsSchema);
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

async function readChunk(object: OpenFile, index: number): Promise<Buffer> {
  const { sizeBytes, id } = object.facts;
  const length = nonceBytes + chunkSize(sizeBytes, index) + tagBytes;
  const record = await readFully(object.file, length, recordOffset(index));
  if (record.length !== length) {
    throw new StorageError('corrupt', 'A stored file is shorter than it was written.');
  }
  return openChunk(object.objectKey, { objectId: id, index, isLast: index === chunkCount(sizeBytes) - 1 }, record);
}

/**
 * Streams bytes `start` to `end` (not included) of an open object and closes its file at the end, whatever the end is. The first chunk is
 * read and checked before this resolves, so that damage there is an error instead of a broken stream.
 */
export async function streamObject(object: OpenFile, start: number, end: number): Promise<Readable> {
  const lastIndex = Math.max(0, Math.ceil(end / chunkBytes) - 1);
  let index = Math.min(Math.floor(start / chunkBytes), lastIndex);
  let ahead: Buffer | null;
  try {
    ahead = await readChunk(object, index);
  } catch (error) {
    await object.file.close();
    throw refineDiskError(error);
  }
  const next = async (): Promise<Buffer | null> => {
    if (index > lastIndex) {
      return null;
    }
    const offset = index * chunkBytes;
    const chunk = ahead ?? (await readChunk(object, index));
    ahead = null;
    index += 1;
    return chunk.subarray(Math.max(0, start - offset), Math.max(0, end - offset));
  };
  return new Readable({
    highWaterMark: chunkBytes,
    read() {
      next().then(
        (piece) => this.push(piece === null || piece.length === 0 ? null : piece),
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
