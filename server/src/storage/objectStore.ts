import type { StorageCheck } from '@carmic/contract';
import type { Readable } from 'node:stream';
import type { ObjectKeys } from './objectKeys.ts';

/**
 * The one interface to stored bytes. Two drivers keep it: `disk` (encrypted files, URLs signed and served by this server) and S3 (any
 * provider); both pass the same suite, test/storage/objectStoreSuite.ts. Every method throws StorageError.
 */

/** One stored object, as it can be known without reading it. */
export interface StoredInfo {
  key: string;
  sizeBytes: number;
  /** Lower-case hexadecimal SHA-256; of what, `sha256Kind` says. */
  sha256: string;
  /**
   * `whole`: of the object's bytes (single puts). `composite`: of the parts' binary SHA-256 digests, concatenated in order (multipart),
   * which is what S3 calls COMPOSITE; `compositeSha256` computes it.
   */
  sha256Kind: 'whole' | 'composite';
  contentType: string;
  createdAt: Date;
}

/** What a listing tells of an object. */
export interface ListedObject {
  key: string;
  sizeBytes: number;
  createdAt: Date;
}

/** One version of an object, or a marker that hides the versions below it. A store without versions has one of each object. */
export interface ListedVersion extends ListedObject {
  versionId: string;
  isLatest: boolean;
  /** A delete marker: no bytes, but a trace of the object's name. */
  isMarker: boolean;
}

/** A part that is stored and need not be sent again. */
export interface StoredPart {
  partNumber: number;
  sizeBytes: number;
  /** Lower-case hexadecimal SHA-256 of the part. */
  sha256: string;
}

/** A multipart upload that is neither completed nor aborted. */
export interface OpenMultipart {
  key: string;
  uploadId: string;
  createdAt: Date;
}

/** A span of an object in bytes, half-open: `start` included, `end` not; without `end` to the last byte. An `end` behind the last byte is cut. */
export interface ByteRange {
  start: number;
  end?: number | undefined;
}

/** An object being read. Whoever asked must read `stream` to its end or destroy it. */
export interface OpenObject {
  stream: Readable;
  /** Size of the whole object. */
  sizeBytes: number;
  /** The span that `stream` delivers. */
  start: number;
  end: number;
}

/** The outcome of one start-up check. */
export type { StorageCheck };

export interface PresignGetOptions {
  /**
   * The URL works at most this long. Drivers may end it up to a quarter earlier, so that asking again within that time answers the same
   * URL and players and caches are not disturbed.
   */
  expiresInSeconds: number;
  contentType: string;
  /** Makes browsers save the file under this name instead of showing it. Any text. */
  downloadName?: string | undefined;
}

export interface PresignPutOptions {
  expiresInSeconds: number;
  /** The type the object is stored under; the sender must send it too. Readers get the type that `presignGet` names. */
  contentType: string;
  /** A longer body is refused with too_large and nothing is kept; S3 cannot do that, so whoever accepts the object looks at its size. */
  maxBytes: number;
  /** Id of the row that stands for the object; it comes back in the check whether writing is still allowed. */
  objectId: string;
}

export interface CreateMultipartOptions {
  sizeBytes: number;
  /** Size of every part but the last; a multiple of 1 MiB. `planParts` chooses one that every driver takes. */
  partSizeBytes: number;
  contentType: string;
}

export interface PresignPartOptions {
  /** Counted from 1. */
  partNumber: number;
  /** Lower-case hexadecimal SHA-256 of the part: another body is refused with checksum_mismatch and nothing of it is kept. */
  sha256: string;
  expiresInSeconds: number;
}

/** A URL to PUT to, and the headers that must be sent with it. */
export interface PutTarget {
  url: string;
  headers: Record<string, string>;
}

export interface PutOptions {
  contentType: string;
  /** A longer body throws too_large and nothing is kept. */
  maxBytes: number;
  /** Size and SHA-256 when they are known before; another body throws checksum_mismatch and nothing is kept. */
  expected?: { sizeBytes: number; sha256: string } | undefined;
}

/** One part that this process stores itself. */
export interface PutPartOptions {
  /** Counted from 1. */
  partNumber: number;
  sizeBytes: number;
  /** Lower-case hexadecimal SHA-256 of the part. */
  sha256: string;
  body: Uint8Array;
}

/** Which driver keeps the objects, and where; holds no secret. */
export interface StorePlace {
  driver: 'disk' | 's3';
  place: string;
  /** Where browsers are sent to for bytes; null when that is this server. */
  origin: string | null;
}

export interface ObjectStore {
  readonly place: StorePlace;
  /**
   * True when every write through a signed URL is checked against the rows before it is kept. Without it a URL that was given out stays
   * good until it expires, and a deletion has to look again after that.
   */
  readonly checksEveryWrite?: boolean;
  /** The keys of workspaces; missing where objects have no keys of ours that could be replaced. */
  readonly keys?: ObjectKeys | undefined;

  /**
   * A URL for programs that reads the object: GET and single ranges, straight from where the bytes are. Does not look whether the object
   * exists.
   */
  presignGet(key: string, options: PresignGetOptions): Promise<string>;
  /**
   * A URL for people. It always leads through this server, which asks at every request whether the object may still be read; the bytes then
   * come from here (disk) or by a redirect from the storage (S3).
   */
  presignView(key: string, options: PresignGetOptions): string;
  /**
   * A URL that stores the object with one PUT. S3 does not ask this server whether the object is still wanted; there a second PUT is answered
   * with 412, so that bytes which were verified are never replaced by late ones.
   */
  presignPut(key: string, options: PresignPutOptions): Promise<PutTarget>;

  /** Opens an upload in parts. Nothing can be read under `key` before it completes. Throws no_space when the object would not fit. */
  createMultipart(key: string, options: CreateMultipartOptions): Promise<{ uploadId: string }>;
  /** A URL that stores one part with one PUT, and the headers to send with it. A part may be sent again until the upload completes. */
  presignPart(key: string, uploadId: string, options: PresignPartOptions): Promise<PutTarget>;
  /** Stores one part from this process. */
  putPart(key: string, uploadId: string, options: PutPartOptions): Promise<StoredPart>;
  /** The stored parts in order; they survive a restart. Throws not_found when the upload is completed or aborted. */
  listParts(key: string, uploadId: string): Promise<StoredPart[]>;
  /**
   * Makes the object readable from its parts, at once and whole. May be called again after it succeeded. Throws incomplete when a part is
   * missing, checksum_mismatch when a stored part is another, not_found when the upload is gone.
   */
  completeMultipart(key: string, uploadId: string, parts: readonly { partNumber: number; sha256: string }[]): Promise<StoredInfo>;
  /** Gives an upload up and removes its parts; one that is gone already is no error. */
  abortMultipart(key: string, uploadId: string): Promise<void>;
  /** Every open upload whose key starts with `prefix`. */
  listMultipart(prefix: string): AsyncIterable<OpenMultipart>;

  /** Stores a whole object at once or not at all, replacing what was there. */
  put(key: string, body: Readable | Uint8Array, options: PutOptions): Promise<StoredInfo>;
  /** Opens an object or a span of it. Throws not_found, invalid_range (start behind the end), corrupt. The stream may fail with corrupt too. */
  get(key: string, range?: ByteRange): Promise<OpenObject>;
  /**
   * What is known of an object, or null. Throws corrupt when its description was altered. On S3 an object that came by a plain PUT is read
   * once for its SHA-256.
   */
  head(key: string): Promise<StoredInfo | null>;
  /**
   * Removes objects for good, with every version and delete marker; those that are not there are no error. Keys of one video next to each
   * other cost the fewest calls.
   */
  delete(keys: readonly string[]): Promise<void>;
  /** Every object whose key starts with `prefix` (see keys.ts), in no particular order, with flat memory. */
  list(prefix: string): AsyncIterable<ListedObject>;
  /** Every version and delete marker of every object whose key starts with `prefix`: what must be empty after a deletion. */
  listVersions(prefix: string): AsyncIterable<ListedVersion>;

  /** Looks whether this store can be used as it must be; never throws for what it finds. */
  check(): Promise<StorageCheck[]>;
}
