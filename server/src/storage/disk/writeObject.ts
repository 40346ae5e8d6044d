import { randomBytes } from 'node:crypto';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { refineDiskError, StorageError } from '../storageError.ts';
import { sealChunk } from './chunk.ts';
import { fileMode, moveInto, writeFully } from './files.ts';
import { chunkBytes, fileSize, headerBytes } from './format.ts';
import { requireSpace } from './freeSpace.ts';
import { type ObjectFacts, sealHeader } from './header.ts';
import type { WrappingKey } from './wrappingKey.ts';
import { type KeyRing, ownerOf } from './keyRing.ts';
import { keepUpWithKey } from './rewrapHeader.ts';
import { createRecordWriter, createTally, type FsyncPolicy, rechunk } from './sealStream.ts';

const spaceCheckChunks = 64;

/** What writing a whole object needs to know. */
export interface WriteRequest {
  key: string;
  /** Where the object goes. */
  path: string;
  /** An unused path on the same file system. */
  temporaryPath: string;
  body: AsyncIterable<unknown> | Uint8Array;
  contentType: string;
  maxBytes: number;
  /** What the body must be, when that is known before. */
  expected?: { sizeBytes: number; sha256: string } | undefined;
  createdAt: Date;
  ring: KeyRing;
  fsync: FsyncPolicy;
  space: { directory: string; reserveBytes: number };
  /** Called when everything is written and before it can be seen; throwing here leaves nothing. */
  beforeCommit?: (() => Promise<void>) | undefined;
}

/** Encrypts a body into a new file and gives it its name when it is complete and durable. Leaves nothing behind when it fails. */
export async function writeObject(request: WriteRequest): Promise<ObjectFacts> {
  const { body, space, temporaryPath } = request;
  await requireSpace(space.directory, space.reserveBytes, body instanceof Uint8Array ? body.length : 0);
  // Before a byte is taken: a key service that is away is told at once.
  await request.ring.forWriting(ownerOf(request.key));
  const file = await open(temporaryPath, 'wx', fileMode);
  try {
    let written: Written;
    try {
      written = await writeContent(file, request);
      requireExpected(written.facts, request.expected);
      await file.utimes(request.createdAt, request.createdAt);
      if (request.fsync === 'always') {
        await file.sync();
      }
    } finally {
      await file.close();
    }
    await request.beforeCommit?.();
    await moveInto(temporaryPath, request.path);
    await keepUpWithKey(request.ring, request.path, request.key, written.wrapping);
    return written.facts;
  } catch (error) {
    await rm(temporaryPath, { force: true });
    throw refineDiskError(error);
  }
}

function requireExpected(facts: ObjectFacts, expected: WriteRequest['expected']): void {
  if (expected !== undefined && (facts.sizeBytes !== expected.sizeBytes || facts.sha256 !== expected.sha256)) {
    throw new StorageError('checksum_mismatch', 'The bytes that arrived are not the ones that were announced.');
  }
}

/** An object that is written but has no name yet, and the key its own key is wrapped under. */
interface Written {
  facts: ObjectFacts;
  wrapping: WrappingKey;
}

async function writeContent(file: FileHandle, request: WriteRequest): Promise<Written> {
  const { body, contentType, key, maxBytes, ring, space } = request;
  const objectKey = randomBytes(32);
  const id = randomBytes(16).toString('hex');
  const tally = createTally();
  const finish = async (...records: Buffer[]): Promise<Written> => {
    const facts: ObjectFacts = {
      id,
      sizeBytes: tally.sizeBytes,
      sha256: tally.sha256(),
      sha256Kind: 'whole',
      contentType,
      createdAtMs: request.createdAt.getTime(),
    };
    const wrapping = await ring.forWriting(ownerOf(key));
    await writeFully(file, [sealHeader(wrapping, `object:${key}`, { objectKey, facts }), ...records], 0);
    return { facts, wrapping };
  };
  const records = createRecordWriter(file, { objectKey, objectId: id }, { fsync: request.fsync });
  let index = 0;
  try {
    for await (const { data, isLast } of rechunk(body instanceof Uint8Array ? [body] : body, maxBytes, tally)) {
      if (isLast && index === 0) {
        const record = sealChunk(objectKey, { objectId: id, index, isLast }, data, Buffer.allocUnsafe(fileSize(data.length) - headerBytes));
        return await finish(record);
      }
      if (index % spaceCheckChunks === 0) {
        await requireSpace(space.directory, space.reserveBytes, spaceCheckChunks * chunkBytes);
      }
      await records.write(index, isLast, data);
      index += 1;
    }
    await records.finish();
  } finally {
    await records.settle();
  }
  return finish();
}
