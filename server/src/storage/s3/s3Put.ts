import { createHash } from 'node:crypto';
import { type Readable, Transform } from 'node:stream';
import type { ObjectStore, PutOptions, StoredInfo } from '../objectStore.ts';
import { StorageError } from '../storageError.ts';
import type { S3Client } from './s3Client.ts';
import type { EncryptionHeaders } from './s3Encryption.ts';
import { refined } from './s3Failure.ts';
import { toBase64 } from './s3Multipart.ts';

/** Bodies of unknown length are kept in memory up to this size; larger ones go in parts of it. */
const partSizeBytes = 16 * 1024 * 1024;
const largestSinglePut = 5_000_000_000;

const sha256Of = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const tooLarge = (maxBytes: number) =>
  new StorageError('too_large', `The body is larger than the ${maxBytes} bytes that are allowed here.`);
const otherBytes = () => new StorageError('checksum_mismatch', 'The bytes that arrived are not the ones that were announced.');

export interface S3PutContext {
  client: S3Client;
  encryption: EncryptionHeaders;
  nameOf: (key: string) => string;
  multipart: Pick<ObjectStore, 'createMultipart' | 'putPart' | 'completeMultipart' | 'abortMultipart'>;
}

/** Stores a whole object from this process: one PUT when its size or end is known soon enough, parts otherwise. */
export async function putObject(context: S3PutContext, key: string, body: Readable | Uint8Array, options: PutOptions): Promise<StoredInfo> {
  const { expected, maxBytes } = options;
  context.nameOf(key);
  if (body instanceof Uint8Array) {
    if (body.length > maxBytes) {
      throw tooLarge(maxBytes);
    }
    const sha256 = sha256Of(body);
    if (expected !== undefined && (expected.sha256 !== sha256 || expected.sizeBytes !== body.length)) {
      throw otherBytes();
    }
    return putWhole(context, key, body, { sizeBytes: body.length, sha256 }, options.contentType);
  }
  if (expected !== undefined && expected.sizeBytes <= largestSinglePut) {
    const stream = exactly(body, expected.sizeBytes);
    return putWhole(context, key, { stream, sizeBytes: expected.sizeBytes }, expected, options.contentType);
  }
  const pieces = cut(body, maxBytes);
  const first = await pieces.next();
  const start = first.done === true ? { bytes: Buffer.alloc(0), isLast: true } : first.value;
  if (start.isLast) {
    return putWhole(context, key, start.bytes, { sizeBytes: start.bytes.length, sha256: sha256Of(start.bytes) }, options.contentType);
  }
  return putInParts(context, key, start.bytes, pieces, options);
}

async function putWhole(
  { client, encryption, nameOf }: S3PutContext,
  key: string,
  body: Uint8Array | { stream: Readable; sizeBytes: number },
  facts: { sizeBytes: number; sha256: string },
  contentType: string,
): Promise<StoredInfo> {
  const headers = { 'content-type': contentType, 'x-amz-checksum-sha256': toBase64(facts.sha256), ...encryption.write(key) };
  const reply = await refined(() => client.sendForText({ method: 'PUT', object: nameOf(key), headers, body }));
  return { key, ...facts, sha256Kind: 'whole', contentType, createdAt: new Date(reply.headers.date ?? Date.now()) };
}

async function putInParts(
  { multipart }: S3PutContext,
  key: string,
  first: Buffer,
  rest: AsyncGenerator<{ bytes: Buffer; isLast: boolean }>,
  { contentType, maxBytes }: PutOptions,
): Promise<StoredInfo> {
  const { uploadId } = await multipart.createMultipart(key, {
    sizeBytes: Math.min(maxBytes, partSizeBytes * 10_000),
    partSizeBytes,
    contentType,
  });
  const parts: { partNumber: number; sha256: string }[] = [];
  const send = async (body: Buffer) => {
    const part = { partNumber: parts.length + 1, sha256: sha256Of(body) };
    await multipart.putPart(key, uploadId, { ...part, sizeBytes: body.length, body });
    parts.push(part);
  };
  try {
    await send(first);
    for await (const { bytes } of rest) {
      await send(bytes);
    }
    return await multipart.completeMultipart(key, uploadId, parts);
  } catch (error) {
    await multipart.abortMultipart(key, uploadId);
    throw error;
  }
}

/** Cuts a stream into parts of equal size, at least one, and says which is the last. */
async function* cut(source: Readable, maxBytes: number): AsyncGenerator<{ bytes: Buffer; isLast: boolean }, undefined> {
  let waiting: Buffer[] = [];
  let length = 0;
  let total = 0;
  for await (const piece of source) {
    let rest = Buffer.from(piece as Uint8Array);
    total += rest.length;
    if (total > maxBytes) {
      throw tooLarge(maxBytes);
    }
    while (length + rest.length > partSizeBytes) {
      const room = partSizeBytes - length;
      yield { bytes: Buffer.concat([...waiting, rest.subarray(0, room)]), isLast: false };
      rest = rest.subarray(room);
      waiting = [];
      length = 0;
    }
    waiting.push(rest);
    length += rest.length;
  }
  yield { bytes: Buffer.concat(waiting), isLast: true };
}

/** Passes a body on and ends it with an error when it has another size. */
function exactly(body: Readable, sizeBytes: number): Readable {
  let seen = 0;
  const counted = new Transform({
    transform(piece: Uint8Array, _, callback) {
      seen += piece.length;
      callback(seen > sizeBytes ? otherBytes() : null, piece);
    },
    flush(callback) {
      callback(seen === sizeBytes ? null : otherBytes());
    },
  });
  body.on('error', (error) => counted.destroy(error));
  return body.pipe(counted);
}
