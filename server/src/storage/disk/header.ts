/**
 * The header of a stored file, and of an upload's description. Keeps: S1.
 *
 *   0    magic and version (8)
 *   8    id of the workspace's key (16)
 *   24   the object's own random key, wrapped under it (12 + 32 + 16)
 *   84   what is known of the object, sealed under that key, padded to the header's length
 *
 * The wrapped key is bound to the object's name: a file moved to another name does not open. The sealed part is bound to everything
 * before it, and is sealed because the SHA-256 of a known film would tell who has it.
 */
import { z } from 'zod';
import { equalBytes } from '../../core/crypto.ts';
import { StorageError } from '../storageError.ts';
import { headerBytes, nonceBytes, tagBytes } from './format.ts';
import { openBytes, sealBytes } from '../../core/sealedBytes.ts';
import type { KeyRing } from './keyRing.ts';
import type { WrappingKey } from './wrappingKey.ts';

const magic = Buffer.from('CARMIC\x00\x01', 'latin1');
const keyIdEnd = magic.length + 16;
const wrappedEnd = keyIdEnd + nonceBytes + 32 + tagBytes;

/** What a header belongs to: an object by its key, or an upload by its id. */
export type HeaderSubject = `object:${string}` | `upload:${string}`;

/** A header's content: the object's key and the facts that `schema` describes. */
export interface HeaderContent<T> {
  objectKey: Uint8Array;
  facts: T;
}

const hexId = z.string().regex(/^[0-9a-f]{32}$/);

/** The facts in the header of a finished object. */
export const objectFactsSchema = z.object({
  id: hexId,
  sizeBytes: z.number().int().nonnegative(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  sha256Kind: z.enum(['whole', 'composite']),
  contentType: z.string(),
  createdAtMs: z.number(),
});
export type ObjectFacts = z.infer<typeof objectFactsSchema>;

/** The facts of an open upload. Its id is also the id of the object it becomes. */
export const uploadFactsSchema = z.object({
  id: hexId,
  key: z.string(),
  sizeBytes: z.number().int().nonnegative(),
  partSizeBytes: z.number().int().positive(),
  contentType: z.string(),
  createdAtMs: z.number(),
});
export type UploadFacts = z.infer<typeof uploadFactsSchema>;

function wrapContext(keyId: Buffer, subject: HeaderSubject): Buffer {
  return Buffer.concat([magic, keyId, Buffer.from(`key of ${subject}`)]);
}

function factsContext(start: Buffer, subject: HeaderSubject): Buffer {
  return Buffer.concat([start, Buffer.from(`facts of ${subject}`)]);
}

/** Builds the header of `subject`: always `headerBytes` long. */
export function sealHeader<T extends ObjectFacts | UploadFacts>(
  wrapping: WrappingKey,
  subject: HeaderSubject,
  { objectKey, facts }: HeaderContent<T>,
): Buffer {
  const wrapped = sealBytes(wrapping.key, wrapContext(wrapping.id, subject), objectKey);
  const start = Buffer.concat([magic, wrapping.id, wrapped]);
  const room = headerBytes - start.length - nonceBytes - tagBytes;
  const text = Buffer.from(JSON.stringify(facts));
  if (text.length > room) {
    throw new StorageError('invalid_content_type', 'The description of the object is too long.');
  }
  const padded = Buffer.alloc(room, ' ');
  text.copy(padded);
  return Buffer.concat([start, sealBytes(objectKey, factsContext(start, subject), padded)]);
}

/** The id of the key that a header says it is wrapped under. */
export function wrappingIdIn(header: Buffer): Buffer {
  return header.subarray(magic.length, keyIdEnd);
}

/** Opens a header of `owner`. Throws wrong_key when a foreign key wrote it, corrupt when it was altered or belongs to something else. */
export async function openHeader<T extends ObjectFacts | UploadFacts>(
  ring: KeyRing,
  owner: string,
  subject: HeaderSubject,
  header: Buffer,
  schema: z.ZodType<T>,
): Promise<HeaderContent<T>> {
  if (header.length !== headerBytes || !equalBytes(header.subarray(0, magic.length), magic)) {
    throw damaged();
  }
  const wrapped = header.subarray(keyIdEnd, wrappedEnd);
  const opens = (wrapping: WrappingKey) => openBytes(wrapping.key, wrapContext(wrapping.id, subject), wrapped);
  const wrapping = await ring.find(owner, wrappingIdIn(header));
  if (wrapping === null) {
    // A wrapped key that opens although the file claims another key: the claim was altered.
    const isOurs = (await ring.all(owner)).some((each) => opens(each) !== null);
    throw isOurs ? damaged() : new StorageError('wrong_key', 'This file was encrypted under a key that is not here.');
  }
  const objectKey = opens(wrapping);
  const start = header.subarray(0, wrappedEnd);
  const text = objectKey === null ? null : openBytes(objectKey, factsContext(start, subject), header.subarray(wrappedEnd));
  if (objectKey === null || text === null) {
    throw damaged();
  }
  return { objectKey, facts: schema.parse(JSON.parse(text.toString('utf8'))) };
}

function damaged(): StorageError {
  return new StorageError('corrupt', 'The header of a stored file was altered or damaged.');
}
