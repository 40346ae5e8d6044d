/**
 * Objects as encrypted files. Keeps: S1.
 *
 * Below the data directory's `objects`: `blobs/<key>` are the finished objects, `uploads/` the open ones (uploadFiles.ts), `scratch/` what is
 * being written, `keys/` the workspaces' keys (keyFiles.ts). `key-check` is there as long as objects may hang on the key that wrapped
 * everything before workspaces had keys. Nothing is ever written in the clear, a file gets its name when it is whole and
 * durable, and a name that is gone is gone durably. format.ts and header.ts say what a file looks like.
 */
import { chmod, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Clock } from '../../core/clock.ts';
import { makeFolder } from '../../core/makeFolder.ts';
import type { ColumnRing } from '../../keyring/columnKeys.ts';
import type { KeyProvider } from '../../keyring/keyProvider.ts';
import { keys } from '../keys.ts';
import type { ByteRange, ListedObject, ListedVersion, ObjectStore, OpenObject, StoredInfo } from '../objectStore.ts';
import type { ObjectKeys } from '../objectKeys.ts';
import { requireContentType } from '../contentType.ts';
import type { ServedStore, SignedWriter } from '../servedStore.ts';
import { createUrlSigner } from '../signing.ts';
import { hasErrno, refineDiskError, StorageError } from '../storageError.ts';
import { checkDisk } from './checks.ts';
import { createDiskKeys } from './diskKeys.ts';
import { directoryMode, makeDirectory, removeEmptyDirectories, syncDirectory } from './files.ts';
import type { ObjectFacts } from './header.ts';
import { checkRootKey } from './keyCheck.ts';
import { createKeyRing, type KeyRing } from './keyRing.ts';
import { type Multiparts, openMultiparts } from './multipart.ts';
import { openObject, streamObject } from './readObject.ts';
import type { FsyncPolicy } from './sealStream.ts';
import { openScratch, type Scratch } from './scratch.ts';
import { walkObjects } from './walk.ts';
import { deriveFormerKey } from './wrappingKey.ts';
import { writeObject, type WriteRequest } from './writeObject.ts';

export interface DiskStoreOptions {
  /** The objects are kept in `objects` below it. */
  dataDir: string;
  /** 32 bytes from which the keys of links derive, and the key that wrapped everything before workspaces had keys. */
  secret: Uint8Array;
  /** Further keys that links derive from. */
  columnKeys?: ColumnRing | undefined;
  /** What wraps the workspaces' keys; never stored beside the data. */
  rootKeys: KeyProvider;
  /** Address under which this server is reached, for signed URLs. */
  baseUrl: () => string;
  clock: Clock;
  /** Free disk space that writing must leave. */
  minimumFreeBytes: number;
  /** `always` when absent. */
  fsync?: FsyncPolicy | undefined;
  /** How long a former key of a workspace is kept at least. */
  keyGraceMs?: number | undefined;
}

/** The disk driver: this server answers all of its URLs. */
export interface DiskStore extends ServedStore {
  readonly keys: ObjectKeys;
  readonly writer: SignedWriter;
}

/**
 * Opens the disk store and removes what killed processes left half-written. Throws wrong_key when the objects there belong to another root
 * key, unavailable when the directory cannot be used.
 */
export async function openDiskStore(options: DiskStoreOptions): Promise<DiskStore> {
  const root = join(options.dataDir, 'objects');
  const blobs = join(root, 'blobs');
  try {
    await makeFolder(options.dataDir, directoryMode);
    await makeDirectory(blobs);
    await chmod(root, directoryMode);
    const scratch = await openScratch(join(root, 'scratch'));
    const former = deriveFormerKey(options.secret);
    const { newPath } = scratch;
    const ring = createKeyRing({ directory: join(root, 'keys'), rootKeys: options.rootKeys, former, newPath, clock: options.clock });
    await checkRootKey({ formerMark: join(root, 'key-check'), ring, tryAnyObject: () => tryAnyObject(blobs, ring) });
    const space = { directory: root, reserveBytes: options.minimumFreeBytes };
    const multiparts = await openMultiparts({
      directory: join(root, 'uploads'),
      scratch,
      ring,
      fsync: options.fsync ?? 'always',
      space,
      pathOf: (key) => pathIn(blobs, key),
      findObject: (key) => findFacts(blobs, ring, key),
      now: () => options.clock.now(),
    });
    return buildStore({ options, root, blobs, ring, scratch, space, multiparts });
  } catch (error) {
    throw explainOpening(error, options.dataDir);
  }
}

function explainOpening(error: unknown, dataDir: string): unknown {
  const errno = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  if (error instanceof StorageError || errno === undefined) {
    return error;
  }
  if (hasErrno(error, 'ENOSPC', 'EDQUOT')) {
    return new StorageError('no_space', `The disk of ${dataDir} is full: free some space on it.`, error);
  }
  return new StorageError('unavailable', `The data directory ${dataDir} cannot be used (${errno}): make it writable for this user.`, error);
}

interface Parts {
  options: DiskStoreOptions;
  root: string;
  blobs: string;
  ring: KeyRing;
  scratch: Scratch;
  space: { directory: string; reserveBytes: number };
  multiparts: Multiparts;
}

function buildStore(parts: Parts): DiskStore {
  const { blobs, multiparts, options, ring, root, space } = parts;
  const signer = createUrlSigner(options);
  const write = async (key: string, request: Pick<WriteRequest, 'body' | 'contentType' | 'maxBytes' | 'expected' | 'beforeCommit'>) => {
    const path = pathIn(blobs, key);
    requireContentType(request.contentType);
    const createdAt = options.clock.now();
    const facts = await writeObject({
      ...request,
      key,
      path,
      temporaryPath: parts.scratch.newPath(),
      createdAt,
      ring,
      space,
      fsync: options.fsync ?? 'always',
    });
    return presentFacts(key, facts);
  };
  const view: ObjectStore['presignView'] = (key, { expiresInSeconds, contentType, downloadName }) =>
    signer.sign({ op: 'get', key, contentType, downloadName }, expiresInSeconds);
  const store: DiskStore = {
    place: { driver: 'disk', place: root, origin: null },
    checksEveryWrite: true,
    signer,
    presignGet: async (key, request) => view(key, request),
    presignView: view,
    presignPut: async (key, { expiresInSeconds, contentType, maxBytes, objectId }) => ({
      url: signer.sign({ op: 'put', key, contentType, maxBytes, objectId }, expiresInSeconds),
      headers: {},
    }),
    presignPart: async (key, uploadId, { partNumber, sha256, expiresInSeconds }) => ({
      url: signer.sign({ op: 'part', key, uploadId, partNumber, sha256 }, expiresInSeconds),
      headers: {},
    }),
    createMultipart: async (key, request) => {
      requireContentType(request.contentType);
      return multiparts.create(known(key), request);
    },
    listParts: (key, uploadId) => multiparts.listParts(key, uploadId),
    completeMultipart: async (key, uploadId, named) => presentFacts(key, await multiparts.complete(known(key), uploadId, named)),
    abortMultipart: (key, uploadId) => multiparts.abort(key, uploadId),
    listMultipart: (prefix) => multiparts.list(keys.parsePrefix(prefix)),
    putPart: (key, uploadId, { partNumber, sha256, body }) =>
      multiparts.putPart(key, uploadId, { partNumber, sha256, body: { bytes: onePiece(body), cancel: () => undefined } }),
    put: (key, body, request) => write(key, { body, ...request }),
    writer: {
      receive: (key, request) => write(key, { ...request, body: request.body.bytes }),
      receivePart: (key, uploadId, part) => multiparts.putPart(key, uploadId, part),
    },
    keys: createDiskKeys({
      ring,
      rootKeys: options.rootKeys,
      blobs,
      uploads: join(root, 'uploads'),
      notes: join(root, 'keys', '.notes'),
      formerMark: join(root, 'key-check'),
      newPath: parts.scratch.newPath,
      clock: options.clock,
      graceMs: options.keyGraceMs,
    }),
    redirect: () => Promise.resolve(null),
    get: (key, range) => readObject(blobs, ring, key, range),
    head: async (key) => {
      const facts = await findFacts(blobs, ring, key);
      return facts === null ? null : presentFacts(key, facts);
    },
    delete: (doomed) => removeObjects(blobs, doomed),
    list: (prefix) => walkObjects(join(blobs, keys.parsePrefix(prefix)), prefix),
    listVersions: (prefix) => onlyVersions(walkObjects(join(blobs, keys.parsePrefix(prefix)), prefix)),
    check: () => checkDisk(store, store.keys, root, options.minimumFreeBytes),
  };
  return store;
}

async function* onePiece(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(bytes);
}

/** A file system keeps one version of everything. */
async function* onlyVersions(objects: AsyncIterable<ListedObject>): AsyncGenerator<ListedVersion> {
  for await (const object of objects) {
    yield { ...object, versionId: 'null', isLatest: true, isMarker: false };
  }
}

function known(key: string): string {
  keys.parse(key);
  return key;
}

function pathIn(blobs: string, key: string): string {
  return join(blobs, known(key));
}

function presentFacts(key: string, facts: ObjectFacts): StoredInfo {
  const { sizeBytes, sha256, sha256Kind, contentType, createdAtMs } = facts;
  return { key, sizeBytes, sha256, sha256Kind, contentType, createdAt: new Date(createdAtMs) };
}

async function findFacts(blobs: string, ring: KeyRing, key: string): Promise<ObjectFacts | null> {
  try {
    const { file, facts } = await openObject(pathIn(blobs, key), key, ring);
    await file.close();
    return facts;
  } catch (error) {
    if (error instanceof StorageError && error.code === 'not_found') {
      return null;
    }
    throw error;
  }
}

async function readObject(blobs: string, ring: KeyRing, key: string, range: ByteRange = { start: 0 }): Promise<OpenObject> {
  const object = await openObject(pathIn(blobs, key), key, ring);
  const { sizeBytes } = object.facts;
  const { start } = range;
  const end = Math.min(range.end ?? sizeBytes, sizeBytes);
  const isWhole = start === 0 && end === sizeBytes;
  if (!Number.isInteger(start) || !Number.isInteger(end) || start < 0 || (!isWhole && end <= start)) {
    await object.file.close();
    throw new StorageError('invalid_range', `The range is outside the object’s ${sizeBytes} bytes.`);
  }
  const stream = await streamObject(object, start, end);
  return { stream, sizeBytes, start, end };
}

const deletionsAtOnce = 16;

async function removeObjects(blobs: string, doomed: readonly string[]): Promise<void> {
  const paths = doomed.map((key) => pathIn(blobs, key));
  const directories = new Set<string>();
  try {
    for (let start = 0; start < paths.length; start += deletionsAtOnce) {
      await Promise.all(
        paths.slice(start, start + deletionsAtOnce).map(async (path) => {
          if (await removeFile(path)) {
            directories.add(dirname(path));
          }
        }),
      );
    }
    for (const directory of directories) {
      await syncDirectory(directory).catch(ignoreMissing);
      await removeEmptyDirectories(directory, blobs);
    }
  } catch (error) {
    throw refineDiskError(error);
  }
}

async function removeFile(path: string): Promise<boolean> {
  try {
    await unlink(path);
    return true;
  } catch (error) {
    ignoreMissing(error);
    return false;
  }
}

function ignoreMissing(error: unknown): void {
  if (!hasErrno(error, 'ENOENT', 'ENOTDIR')) {
    throw error;
  }
}

/** Where no key is yet, one stored object shows whether this is the right root key. */
async function tryAnyObject(blobs: string, ring: KeyRing): Promise<void> {
  for await (const { key } of walkObjects(blobs, '')) {
    const { file } = await openObject(pathIn(blobs, key), key, ring);
    await file.close();
    return;
  }
}
