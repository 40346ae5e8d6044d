/**
 * Objects in a bucket of an S3 server: Cloudflare R2, MinIO, Amazon, any other. Keeps: S1, S4.
 *
 * Bytes go straight between browsers, agents and the bucket. Whoever writes holds a URL for one name (and, for parts, one SHA-256); people
 * read through a link to this server that is asked again every time and then leads to the bucket. Deleting removes every version.
 */
import { createHash } from 'node:crypto';
import type { Clock } from '../../core/clock.ts';
import type { ColumnRing } from '../../keyring/columnKeys.ts';
import { contentDisposition } from '../contentDisposition.ts';
import { keys } from '../keys.ts';
import type { ByteRange, ObjectStore, OpenObject, PresignGetOptions } from '../objectStore.ts';
import type { ServedStore } from '../servedStore.ts';
import { createUrlSigner } from '../signing.ts';
import { StorageError } from '../storageError.ts';
import { requireContentType } from '../contentType.ts';
import { createS3Client, type S3Client, type S3Connection } from './s3Client.ts';
import { checkS3 } from './s3Checks.ts';
import { deleteAllVersions, deleteNames } from './s3Delete.ts';
import { createEncryptionHeaders, type EncryptionHeaders, type S3Encryption } from './s3Encryption.ts';
import { refined, S3Failure } from './s3Failure.ts';
import { createS3Listing } from './s3Listing.ts';
import { createS3Multipart } from './s3Multipart.ts';
import { putObject } from './s3Put.ts';
import { createVersioning } from './s3Versioning.ts';

export interface S3StoreOptions extends S3Connection {
  /** Start of every name in the bucket, empty or ending in a slash. */
  prefix: string;
  /** Address under which browsers and agents reach the same server, when it is another one. */
  publicEndpoint?: string | undefined;
  encryption: S3Encryption;
  /** Cloudflare R2, which does not say how it encrypts. */
  isR2?: boolean | undefined;
  /** 32 bytes; signs the links for people. */
  secret: Uint8Array;
  /** Further keys that links derive from. */
  columnKeys?: ColumnRing | undefined;
  /** Address under which this server is reached, for links for people. */
  baseUrl: () => string;
  clock: Clock;
  /** Origins of the console, which the bucket must let in. */
  origins: () => readonly string[];
}

/** A store in a bucket. */
export interface S3Store extends ServedStore {
  close(): void;
}

/** How many objects' SHA-256 are remembered that had to be read for it. */
const rememberedHashes = 1000;

/** Opens a store in a bucket; nothing is sent before the first use. */
export function openS3Store(options: S3StoreOptions): S3Store {
  const client = createS3Client(options);
  const publicClient = createS3Client({ ...options, endpoint: options.publicEndpoint ?? options.endpoint });
  const encryption = createEncryptionHeaders(options.encryption);
  const signer = createUrlSigner(options);
  const listing = createS3Listing(client);
  const versioning = createVersioning(client);
  const nameOf = (key: string) => {
    keys.parse(key);
    return options.prefix + key;
  };
  const head = createHead({ client, encryption, nameOf });
  const multipart = createS3Multipart({ client, encryption, nameOf, head }, publicClient);
  const view = (key: string, { expiresInSeconds, contentType, downloadName }: PresignGetOptions) =>
    signer.sign({ op: 'get', key, contentType, downloadName }, expiresInSeconds);
  const direct = (method: 'GET' | 'HEAD', key: string, { expiresInSeconds, contentType, downloadName }: PresignGetOptions) => {
    const query = {
      'response-content-type': requireContentType(contentType),
      'response-content-disposition': contentDisposition(downloadName),
      'response-cache-control': 'private, no-cache',
    };
    // The same question within a quarter of the time gets the same URL, so that players and caches are not disturbed.
    const gridMs = Math.max(1, Math.floor(expiresInSeconds / 4)) * 1000;
    const date = new Date(Math.floor(Date.now() / gridMs) * gridMs);
    return publicClient.presign({ method, object: nameOf(key), query }, expiresInSeconds, date);
  };
  const own = async function* <T extends { key: string }>(found: AsyncIterable<T>): AsyncGenerator<T> {
    for await (const item of found) {
      const key = item.key.slice(options.prefix.length);
      if (isKey(key)) {
        yield { ...item, key };
      }
    }
  };
  const below = (prefix: string) => options.prefix + keys.parsePrefix(prefix);
  const store: S3Store = {
    place: {
      driver: 's3',
      place: `${options.endpoint}/${options.bucket}${options.prefix === '' ? '' : `/${options.prefix}`}`,
      origin: new URL(publicClient.presign({ method: 'GET', object: 'x' }, 60)).origin,
    },
    signer,
    writer: null,
    ...multipart,
    createMultipart: async (key, request) => {
      requireContentType(request.contentType);
      return multipart.createMultipart(key, request);
    },
    presignGet: async (key, request) => (encryption.isKeyNeededToRead ? view(key, request) : direct('GET', key, request)),
    presignView: view,
    redirect: async (method, key, request) => (encryption.isKeyNeededToRead ? null : direct(method, key, request)),
    async presignPut(key, { contentType, expiresInSeconds }) {
      const headers = { 'if-none-match': '*', ...encryption.write(key) };
      const url = publicClient.presign({ method: 'PUT', object: nameOf(key), headers }, expiresInSeconds);
      return { url, headers: { ...headers, 'content-type': requireContentType(contentType) } };
    },
    listMultipart: (prefix) => own(listUploads(listing, below(prefix), options.prefix)),
    async put(key, body, request) {
      requireContentType(request.contentType);
      return putObject({ client, encryption, nameOf, multipart }, key, body, request);
    },
    get: (key, range) => getObject({ client, encryption, nameOf }, key, range),
    head,
    async delete(doomed) {
      const names = doomed.map(nameOf);
      if (names.length === 0) {
        return;
      }
      await ((await versioning.isOn()) ? deleteAllVersions(client, listing, names, videoOf) : deleteNames(client, names));
    },
    list: (prefix) => own(listing.objects(below(prefix))),
    async *listVersions(prefix) {
      const name = below(prefix);
      if (await versioning.isOn()) {
        yield* own(listing.versions(name));
        return;
      }
      for await (const object of own(listing.objects(name))) {
        yield { ...object, versionId: 'null', isLatest: true, isMarker: false };
      }
    },
    check: () =>
      checkS3({
        client,
        publicClient,
        store,
        versioning,
        encryption: options.encryption,
        isR2: options.isR2 === true,
        origins: options.origins(),
        nameOf,
      }),
    close() {
      client.close();
      publicClient.close();
    },
  };
  return store;
}

/** Up to and with the slash behind the video's id: what one listing finds together. */
function videoOf(name: string): string {
  return /^.*?w\/[^/]+\/v\/[^/]+\//.exec(name)?.[0] ?? name;
}

function isKey(key: string): boolean {
  try {
    keys.parse(key);
    return true;
  } catch (error) {
    if (error instanceof StorageError) {
      return false;
    }
    throw error;
  }
}

/**
 * Open uploads below a prefix. MinIO lists them by the whole name of an object or for the whole bucket, by nothing in between, so that all
 * are asked for and the others dropped; there are never many.
 */
async function* listUploads(listing: ReturnType<typeof createS3Listing>, prefix: string, storePrefix: string) {
  const seen = new Set<string>();
  for (const asked of new Set([prefix, storePrefix, ''])) {
    for await (const upload of listing.uploads(asked)) {
      if (upload.key.startsWith(prefix) && !seen.has(upload.uploadId)) {
        seen.add(upload.uploadId);
        yield upload;
      }
    }
  }
}

interface Reading {
  client: S3Client;
  encryption: EncryptionHeaders;
  nameOf: (key: string) => string;
}

/**
 * Builds `head`. An object that came by a plain PUT has no SHA-256 with the server: it is read once, and remembered by its ETag for as long as
 * this process runs.
 */
function createHead({ client, encryption, nameOf }: Reading): ObjectStore['head'] {
  const hashes = new Map<string, string>();
  return async (key) => {
    const object = nameOf(key);
    const access = encryption.access(key);
    try {
      const { headers } = await client.sendForText({ method: 'HEAD', object, headers: { 'x-amz-checksum-mode': 'ENABLED', ...access } });
      const facts = {
        key,
        sizeBytes: Number(headers['content-length']),
        contentType: headers['content-type'] ?? 'application/octet-stream',
        createdAt: new Date(headers['last-modified'] ?? 0),
      };
      const given = /^([A-Za-z0-9+/=]+?)(-\d+)?$/.exec(String(headers['x-amz-checksum-sha256'] ?? ''));
      if (given !== null) {
        const sha256 = Buffer.from(given[1] ?? '', 'base64').toString('hex');
        const isComposite = given[2] !== undefined || headers['x-amz-checksum-type'] === 'COMPOSITE';
        return { ...facts, sha256, sha256Kind: isComposite ? 'composite' : 'whole' };
      }
      const mark = `${key} ${headers.etag ?? ''}`;
      const sha256 = hashes.get(mark) ?? (await hashObject(client, object, { ...access, 'if-match': headers.etag ?? '*' }));
      hashes.delete(mark);
      hashes.set(mark, sha256);
      for (const oldest of hashes.keys()) {
        if (hashes.size <= rememberedHashes) {
          break;
        }
        hashes.delete(oldest);
      }
      return { ...facts, sha256, sha256Kind: 'whole' };
    } catch (error) {
      if (error instanceof S3Failure && error.status === 404) {
        return null;
      }
      return refined(() => Promise.reject(error as Error));
    }
  };
}

async function hashObject(client: S3Client, object: string, headers: Record<string, string>): Promise<string> {
  const { body } = await client.send({ method: 'GET', object, headers });
  const hash = createHash('sha256');
  for await (const piece of body) {
    hash.update(piece as Buffer);
  }
  return hash.digest('hex');
}

async function getObject({ client, encryption, nameOf }: Reading, key: string, range: ByteRange = { start: 0 }): Promise<OpenObject> {
  const { end, start } = range;
  const isSound = Number.isInteger(start) && start >= 0 && (end === undefined || (Number.isInteger(end) && end > start));
  const object = nameOf(key);
  const isWhole = start === 0 && end === undefined;
  if (!isSound) {
    throw new StorageError('invalid_range', 'The range is outside the object.');
  }
  const span = isWhole ? {} : { range: `bytes=${start}-${end === undefined ? '' : end - 1}` };
  const { body, headers } = await refined(() => client.send({ method: 'GET', object, headers: { ...span, ...encryption.access(key) } }));
  const length = Number(headers['content-length']);
  const sizeBytes = Number(/\/(\d+)$/.exec(headers['content-range'] ?? '')?.[1] ?? length);
  return { stream: body, sizeBytes, start, end: start + length };
}
