import { z } from 'zod';
import type { CreateMultipartOptions, ObjectStore, StoredInfo, StoredPart } from '../objectStore.ts';
import { compositeSha256 } from '../planParts.ts';
import { objectNotFound, StorageError } from '../storageError.ts';
import type { S3Client } from './s3Client.ts';
import type { EncryptionHeaders } from './s3Encryption.ts';
import { readFailure, refined } from './s3Failure.ts';
import { escapeXml, readError, readXml } from './s3Xml.ts';

const mebibyte = 1024 * 1024;
const smallestPartBytes = 5 * mebibyte;

const createdSchema = z.object({ UploadId: z.string().min(1) });
const partsSchema = z.object({
  IsTruncated: z.string().optional(),
  NextPartNumberMarker: z.string().optional(),
  Part: z
    .array(
      z.object({
        PartNumber: z.coerce.number().int(),
        ETag: z.string(),
        Size: z.coerce.number().int(),
        ChecksumSHA256: z.string().optional(),
      }),
    )
    .default([]),
});

interface PartOnServer extends StoredPart {
  etag: string;
}

/** What uploads in parts need of the store. */
export interface S3MultipartOptions {
  client: S3Client;
  encryption: EncryptionHeaders;
  /** The object's name in the bucket. Throws invalid_key. */
  nameOf: (key: string) => string;
  head: (key: string) => Promise<StoredInfo | null>;
}

export type S3Multipart = Pick<
  ObjectStore,
  'createMultipart' | 'presignPart' | 'putPart' | 'listParts' | 'completeMultipart' | 'abortMultipart'
>;

/** Lower-case hexadecimal as S3's base64. */
export function toBase64(sha256: string): string {
  return Buffer.from(sha256, 'hex').toString('base64');
}

/** Uploads in parts whose SHA-256 the server checks and keeps. `publicClient` signs what browsers and agents use. */
export function createS3Multipart(options: S3MultipartOptions, publicClient: S3Client): S3Multipart {
  const { client, encryption, nameOf } = options;
  const partHeaders = (key: string, sha256: string) => ({ 'x-amz-checksum-sha256': toBase64(sha256), ...encryption.access(key) });
  const partQuery = (uploadId: string, partNumber: number) => ({ partNumber: String(requirePartNumber(partNumber)), uploadId });
  return {
    async createMultipart(key, request) {
      const object = nameOf(key);
      requireParts(request);
      const headers = {
        'content-type': request.contentType,
        'x-amz-checksum-algorithm': 'SHA256',
        ...encryption.write(key),
      };
      const { text } = await refined(() => client.sendForText({ method: 'POST', object, query: { uploads: '' }, headers }));
      return { uploadId: readXml(text, 'InitiateMultipartUploadResult', createdSchema).UploadId };
    },
    async presignPart(key, uploadId, { partNumber, sha256, expiresInSeconds }) {
      const headers = partHeaders(key, sha256);
      const query = partQuery(uploadId, partNumber);
      return { url: publicClient.presign({ method: 'PUT', object: nameOf(key), query, headers }, expiresInSeconds), headers };
    },
    async putPart(key, uploadId, { partNumber, sizeBytes, sha256, body }) {
      if (body.length !== sizeBytes) {
        throw new StorageError('incomplete', `The part has ${body.length} bytes instead of ${sizeBytes}.`);
      }
      const headers = partHeaders(key, sha256);
      await refined(() =>
        client.sendForText({ method: 'PUT', object: nameOf(key), query: partQuery(uploadId, partNumber), headers, body }),
      );
      return { partNumber, sizeBytes, sha256 };
    },
    async listParts(key, uploadId) {
      const parts = await readParts(options, key, uploadId);
      return parts.map(({ partNumber, sizeBytes, sha256 }) => ({ partNumber, sizeBytes, sha256 }));
    },
    completeMultipart: (key, uploadId, named) => complete(options, key, uploadId, named),
    async abortMultipart(key, uploadId) {
      try {
        await refined(() => client.sendForText({ method: 'DELETE', object: nameOf(key), query: { uploadId } }));
      } catch (error) {
        if (!isNotFound(error)) {
          throw error;
        }
      }
    },
  };
}

function isNotFound(error: unknown): boolean {
  return error instanceof StorageError && error.code === 'not_found';
}

function requireParts({ partSizeBytes, sizeBytes }: CreateMultipartOptions): void {
  if (!Number.isInteger(partSizeBytes) || partSizeBytes <= 0 || partSizeBytes % mebibyte !== 0) {
    throw new StorageError('invalid_part', 'The size of parts is a multiple of 1 MiB.');
  }
  if (sizeBytes > partSizeBytes && partSizeBytes < smallestPartBytes) {
    throw new StorageError('invalid_part', 'S3 takes parts of 5 MiB and more.');
  }
  if (Math.ceil(sizeBytes / partSizeBytes) > 10_000) {
    throw new StorageError('invalid_part', 'An upload has 10,000 parts at most: choose larger parts.');
  }
}

function requirePartNumber(partNumber: number): number {
  if (!Number.isInteger(partNumber) || partNumber < 1 || partNumber > 10_000) {
    throw new StorageError('invalid_part', 'Parts have the numbers 1 to 10,000.');
  }
  return partNumber;
}

/** The parts the server holds, in order; one without a SHA-256 was sent by somebody else and does not count. */
async function readParts({ client, encryption, nameOf }: S3MultipartOptions, key: string, uploadId: string): Promise<PartOnServer[]> {
  const parts: PartOnServer[] = [];
  for (let marker: string | undefined = '0'; marker !== undefined;) {
    const query: Record<string, string> = { uploadId, 'part-number-marker': marker };
    const { text } = await refined(() =>
      client.sendForText({ method: 'GET', object: nameOf(key), query, headers: encryption.access(key) }),
    );
    const found = readXml(text, 'ListPartsResult', partsSchema);
    for (const { ChecksumSHA256, ETag, PartNumber, Size } of found.Part) {
      if (ChecksumSHA256 !== undefined) {
        const sha256 = Buffer.from(ChecksumSHA256, 'base64').toString('hex');
        parts.push({ partNumber: PartNumber, sizeBytes: Size, sha256, etag: bareEtag(ETag) });
      }
    }
    marker = found.IsTruncated === 'true' ? found.NextPartNumberMarker : undefined;
  }
  return parts.sort((a, b) => a.partNumber - b.partNumber);
}

/** The name of a part without its quotation marks, which servers write in several ways. */
function bareEtag(etag: string): string {
  return etag.replaceAll(/&#34;|&quot;|"/g, '');
}

async function complete(
  options: S3MultipartOptions,
  key: string,
  uploadId: string,
  parts: readonly { partNumber: number; sha256: string }[],
): Promise<StoredInfo> {
  const named = [...parts].sort((a, b) => a.partNumber - b.partNumber);
  const sha256 = compositeSha256(named.map((part) => part.sha256));
  try {
    const stored = await readParts(options, key, uploadId);
    await join(options, key, uploadId, requireSameParts(named, stored));
  } catch (error) {
    if (!isNotFound(error)) {
      throw error;
    }
    // A repeated completion answers what the first one did.
    const info = await options.head(key);
    if (info === null || info.sha256 !== sha256) {
      throw error;
    }
    return info;
  }
  const info = await options.head(key);
  if (info === null) {
    throw objectNotFound();
  }
  if (info.sha256 !== sha256) {
    throw new StorageError('checksum_mismatch', 'The object in the storage is another than its parts: upload it again.');
  }
  return info;
}

function requireSameParts(named: readonly { partNumber: number; sha256: string }[], stored: readonly PartOnServer[]): PartOnServer[] {
  if (named.length === 0 || named.some((part, index) => part.partNumber !== index + 1)) {
    throw new StorageError('invalid_part', `Name each of the parts 1 to ${named.length} once.`);
  }
  const byNumber = new Map(stored.map((part) => [part.partNumber, part]));
  const chosen = named.map(({ partNumber, sha256 }) => {
    const part = byNumber.get(partNumber);
    if (part === undefined) {
      throw new StorageError('incomplete', `Part ${partNumber} of ${named.length} is missing: send it.`);
    }
    if (part.sha256 !== sha256) {
      throw new StorageError('checksum_mismatch', `Part ${partNumber} is stored with another SHA-256: send it again.`);
    }
    return part;
  });
  const [first] = chosen;
  const uneven = chosen.slice(0, -1).find((part) => part.sizeBytes !== first?.sizeBytes);
  const last = chosen.at(-1);
  if (uneven !== undefined || (last !== undefined && first !== undefined && last.sizeBytes > first.sizeBytes)) {
    throw new StorageError('invalid_part', 'All parts but the last have the same size, and the last is not larger.');
  }
  return chosen;
}

async function join({ client, encryption, nameOf }: S3MultipartOptions, key: string, uploadId: string, parts: readonly PartOnServer[]) {
  const list = parts.map(
    ({ etag, partNumber, sha256 }) =>
      `<Part><PartNumber>${partNumber}</PartNumber><ETag>&quot;${escapeXml(etag)}&quot;</ETag><ChecksumSHA256>${toBase64(sha256)}</ChecksumSHA256></Part>`,
  );
  const body = Buffer.from(
    `<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${list.join('')}</CompleteMultipartUpload>`,
  );
  await refined(async () => {
    const headers = { 'content-type': 'application/xml', ...encryption.access(key) };
    const reply = await client.sendForText({ method: 'POST', object: nameOf(key), query: { uploadId }, headers, body });
    // Joining takes time; the server may have begun its answer with 200 before it failed.
    if (readError(reply.text) !== null) {
      throw readFailure(500, reply.headers, reply.text);
    }
  });
}
