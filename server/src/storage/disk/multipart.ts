import { randomBytes } from 'node:crypto';
import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { CreateMultipartOptions, OpenMultipart, StoredPart } from '../objectStore.ts';
import { compositeSha256 } from '../planParts.ts';
import { hasErrno, refineDiskError, StorageError } from '../storageError.ts';
import { directoryMode, exists, fileMode, makeDirectory, moveInto, syncDirectory, writeFully } from './files.ts';
import { chunkBytes, fileSize } from './format.ts';
import { requireSpace } from './freeSpace.ts';
import { type ObjectFacts, sealHeader } from './header.ts';
import { instanceOwner, type KeyRing, ownerOf } from './keyRing.ts';
import { createPartWriters } from './partWriters.ts';
import { keepUpWithKey } from './rewrapHeader.ts';
import type { Scratch } from './scratch.ts';
import { type PartRequest, storePart } from './storePart.ts';
import type { FsyncPolicy } from './sealStream.ts';
import { dataPath, headerPath, partCount, partSize, partsPath, readPartRecords, readUpload, type Upload } from './uploadFiles.ts';

export interface MultipartOptions {
  /** Directory of the open uploads, on the file system of the objects. */
  directory: string;
  scratch: Scratch;
  ring: KeyRing;
  fsync: FsyncPolicy;
  space: { directory: string; reserveBytes: number };
  pathOf: (key: string) => string;
  /** The facts of a finished object, or null. */
  findObject: (key: string) => Promise<ObjectFacts | null>;
  now: () => Date;
}

/** Uploads in parts. Errors are those of ObjectStore. */
export interface Multiparts {
  create(key: string, options: CreateMultipartOptions): Promise<{ uploadId: string }>;
  putPart(key: string, uploadId: string, part: PartRequest): Promise<StoredPart>;
  listParts(key: string, uploadId: string): Promise<StoredPart[]>;
  complete(key: string, uploadId: string, parts: readonly { partNumber: number; sha256: string }[]): Promise<ObjectFacts>;
  abort(key: string, uploadId: string): Promise<void>;
  list(prefix: string): AsyncIterable<OpenMultipart>;
}

/** Opens the uploads below a directory, after removing those whose data has already become an object. */
export async function openMultiparts(options: MultipartOptions): Promise<Multiparts> {
  await makeDirectory(options.directory);
  for (const name of await readdir(options.directory)) {
    const directory = join(options.directory, name);
    if (!(await exists(dataPath(directory)))) {
      await rm(directory, { recursive: true, force: true });
    }
  }
  const writers = createPartWriters();
  let creating: Promise<unknown> = Promise.resolve();
  return {
    create: (key, request) => {
      // One after the other: two must not be promised the same free space.
      const created = creating.then(() => createUpload(options, key, request)).catch(rethrow);
      creating = created.catch(() => undefined);
      return created;
    },
    putPart: async (key, uploadId, part) => {
      const upload = await requireUpload(options, key, uploadId);
      const sizeBytes = partSize(upload.facts, part.partNumber);
      await requireSpace(options.space.directory, options.space.reserveBytes, sizeBytes);
      return writers.write(uploadId, part.partNumber, part.body.cancel, () => storePart(options, upload, part, sizeBytes)).catch(rethrow);
    },
    listParts: async (key, uploadId) => readPartRecords(await requireUpload(options, key, uploadId)).catch(rethrow),
    complete: (key, uploadId, parts) => writers.close(uploadId, () => completeUpload(options, key, uploadId, parts)).catch(rethrow),
    abort: (key, uploadId) => writers.close(uploadId, () => abortUpload(options, key, uploadId)).catch(rethrow),
    list: (prefix) => listUploads(options, prefix),
  };
}

function uploadGone(): StorageError {
  return new StorageError('not_found', 'There is no such open upload.');
}

function rethrow(error: unknown): never {
  // Files vanish under a part when its upload is given up.
  throw hasErrno(error, 'ENOENT') ? uploadGone() : refineDiskError(error);
}

async function findUpload(options: MultipartOptions, key: string, uploadId: string): Promise<Upload | null> {
  if (!/^[0-9a-f]{32}$/.test(uploadId)) {
    return null;
  }
  const upload = await readUpload(join(options.directory, uploadId), uploadId, options.ring);
  return upload?.facts.key === key ? upload : null;
}

async function requireUpload(options: MultipartOptions, key: string, uploadId: string): Promise<Upload> {
  const upload = await findUpload(options, key, uploadId);
  if (upload === null) {
    throw uploadGone();
  }
  return upload;
}

async function createUpload(options: MultipartOptions, key: string, request: CreateMultipartOptions): Promise<{ uploadId: string }> {
  const { partSizeBytes, sizeBytes } = request;
  if (!Number.isInteger(partSizeBytes) || partSizeBytes <= 0 || partSizeBytes % chunkBytes !== 0) {
    throw new StorageError('invalid_part', 'The size of parts is a multiple of 1 MiB.');
  }
  if (Math.ceil(sizeBytes / partSizeBytes) > 10_000) {
    throw new StorageError('invalid_part', 'An upload has 10,000 parts at most: choose larger parts.');
  }
  const promisedBytes = await sumPromisedBytes(options.directory);
  await requireSpace(options.space.directory, options.space.reserveBytes, promisedBytes + fileSize(sizeBytes));
  const uploadId = randomBytes(16).toString('hex');
  const facts = { id: uploadId, key, sizeBytes, partSizeBytes, contentType: request.contentType, createdAtMs: options.now().getTime() };
  const header = sealHeader(await options.ring.forWriting(instanceOwner), `upload:${uploadId}`, { objectKey: randomBytes(32), facts });
  const staged = options.scratch.newPath();
  try {
    await mkdir(staged, { mode: directoryMode });
    await mkdir(partsPath(staged), { mode: directoryMode });
    await writeNewFile(headerPath(staged), (file) => writeFully(file, [header], 0));
    await writeNewFile(dataPath(staged), (file) => file.truncate(fileSize(sizeBytes)));
    await syncDirectory(staged);
    await moveInto(staged, join(options.directory, uploadId));
  } catch (error) {
    await rm(staged, { recursive: true, force: true });
    throw error;
  }
  return { uploadId };
}

/** Bytes that open uploads will still take: the holes in their sparse files. */
async function sumPromisedBytes(directory: string): Promise<number> {
  let promisedBytes = 0;
  for (const name of await readdir(directory)) {
    try {
      const { size, blocks } = await stat(dataPath(join(directory, name)));
      promisedBytes += Math.max(0, size - blocks * 512);
    } catch (error) {
      if (!hasErrno(error, 'ENOENT')) {
        throw error;
      }
    }
  }
  return promisedBytes;
}

async function writeNewFile(path: string, write: (file: FileHandle) => Promise<void>): Promise<void> {
  const file = await open(path, 'wx', fileMode);
  try {
    await write(file);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function completeUpload(
  options: MultipartOptions,
  key: string,
  uploadId: string,
  parts: readonly { partNumber: number; sha256: string }[],
): Promise<ObjectFacts> {
  const named = [...parts].sort((a, b) => a.partNumber - b.partNumber);
  const sha256 = compositeSha256(named.map((part) => part.sha256));
  const upload = await findUpload(options, key, uploadId);
  if (upload === null || !(await exists(dataPath(upload.directory)))) {
    return alreadyCompleted(options, key, uploadId, sha256);
  }
  requireSameParts(upload, named, await readPartRecords(upload));
  const { objectKey, facts: known } = upload;
  const { sizeBytes, contentType } = known;
  const createdAt = options.now();
  const facts: ObjectFacts = { id: uploadId, sizeBytes, sha256, sha256Kind: 'composite', contentType, createdAtMs: createdAt.getTime() };
  const wrapping = await options.ring.forWriting(ownerOf(key));
  const data = await open(dataPath(upload.directory), 'r+');
  try {
    if ((await data.stat()).size !== fileSize(sizeBytes)) {
      throw new StorageError('corrupt', 'The file of an upload is longer or shorter than it was written.');
    }
    await writeFully(data, [sealHeader(wrapping, `object:${key}`, { objectKey, facts })], 0);
    await data.utimes(createdAt, createdAt);
    if (options.fsync === 'always') {
      await data.sync();
    }
  } finally {
    await data.close();
  }
  await moveInto(dataPath(upload.directory), options.pathOf(key));
  await keepUpWithKey(options.ring, options.pathOf(key), key, wrapping);
  await rm(upload.directory, { recursive: true, force: true });
  return facts;
}

function requireSameParts(upload: Upload, named: readonly { partNumber: number; sha256: string }[], stored: readonly StoredPart[]): void {
  const count = partCount(upload.facts);
  if (named.length !== count || named.some((part, index) => part.partNumber !== index + 1)) {
    throw new StorageError('invalid_part', `Name each of the parts 1 to ${count} once.`);
  }
  const digests = new Map(stored.map((part) => [part.partNumber, part.sha256]));
  const missing = named.filter((part) => !digests.has(part.partNumber));
  if (missing.length > 0) {
    const numbers = missing.slice(0, 10).map((part) => part.partNumber);
    throw new StorageError(
      'incomplete',
      `${missing.length} of ${count} parts are missing: ${numbers.join(', ')}${missing.length > 10 ? ' ...' : ''}.`,
    );
  }
  const other = named.find((part) => digests.get(part.partNumber) !== part.sha256);
  if (other !== undefined) {
    throw new StorageError('checksum_mismatch', `Part ${other.partNumber} is stored with another SHA-256: send it again.`);
  }
}

/** A repeated completion answers what the first one did. */
async function alreadyCompleted(options: MultipartOptions, key: string, uploadId: string, sha256: string): Promise<ObjectFacts> {
  const facts = await options.findObject(key);
  if (facts?.id !== uploadId) {
    throw uploadGone();
  }
  if (facts.sha256 !== sha256) {
    throw new StorageError('checksum_mismatch', 'The upload was completed with other parts.');
  }
  return facts;
}

async function abortUpload(options: MultipartOptions, key: string, uploadId: string): Promise<void> {
  const upload = await findUpload(options, key, uploadId);
  if (upload === null) {
    return;
  }
  const removed = options.scratch.newPath();
  await rename(upload.directory, removed);
  await syncDirectory(options.directory);
  await rm(removed, { recursive: true, force: true });
}

async function* listUploads(options: MultipartOptions, prefix: string): AsyncGenerator<OpenMultipart> {
  for (const uploadId of await readdir(options.directory)) {
    const upload = await readUpload(join(options.directory, uploadId), uploadId, options.ring);
    if (upload?.facts.key.startsWith(prefix)) {
      yield { key: upload.facts.key, uploadId, createdAt: new Date(upload.facts.createdAtMs) };
    }
  }
}
