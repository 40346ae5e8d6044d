/** Bodies of stored objects on their way into a backup and out of it: hashed as the store hashes them. */
import { createHash, type Hash } from 'node:crypto';
import { Readable } from 'node:stream';
import { z } from 'zod';
import { StartError } from '../core/errors.ts';
import type { ObjectStore, StoredInfo } from './objectStore.ts';
import { compositeSha256, planParts } from './planParts.ts';

const factsSchema = z.object({
  key: z.string(),
  sizeBytes: z.number().int().nonnegative(),
  sha256: z.string(),
  sha256Kind: z.enum(['whole', 'composite']),
  contentType: z.string(),
});
/** What is written before an object's bytes. */
export type BodyFacts = z.infer<typeof factsSchema>;

/** Computes an object's SHA-256 while its bytes go by: of the whole, or of its parts as its upload was cut. */
export function createBodyHash({ sha256Kind, sizeBytes }: Pick<BodyFacts, 'sha256Kind' | 'sizeBytes'>) {
  const partBytes = sha256Kind === 'whole' ? Number.POSITIVE_INFINITY : planParts(sizeBytes).partSizeBytes;
  const digests: string[] = [];
  let current: Hash = createHash('sha256');
  let filled = 0;
  let total = 0;
  return {
    add(bytes: Uint8Array) {
      total += bytes.length;
      for (let rest = bytes; rest.length > 0;) {
        if (filled === partBytes) {
          digests.push(current.digest('hex'));
          current = createHash('sha256');
          filled = 0;
        }
        const taken = rest.subarray(0, partBytes - filled);
        current.update(taken);
        filled += taken.length;
        rest = rest.subarray(taken.length);
      }
    },
    /** Whether all bytes were there and are the right ones. */
    isRight(facts: Pick<BodyFacts, 'sha256'>): boolean {
      const last = current.digest('hex');
      const sha256 = sha256Kind === 'whole' ? last : compositeSha256([...digests, last]);
      return total === sizeBytes && sha256 === facts.sha256;
    },
  };
}

/** An object as it is written into a backup: four bytes, its facts, its bytes. Throws StartError when they are not the ones the store says. */
export async function* packObject(store: ObjectStore, info: StoredInfo): AsyncGenerator<Uint8Array> {
  const { contentType, key, sha256, sha256Kind, sizeBytes } = info;
  const facts = Buffer.from(JSON.stringify({ key, sizeBytes, sha256, sha256Kind, contentType } satisfies BodyFacts));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(facts.length);
  yield Buffer.concat([length, facts]);
  const hash = createBodyHash(info);
  const { stream } = await store.get(key);
  for await (const bytes of stream as AsyncIterable<Buffer>) {
    hash.add(bytes);
    yield bytes;
  }
  if (!hash.isRight(info)) {
    throw new StartError(`The stored object ${key} is not the one its SHA-256 says: it is damaged in the storage.`);
  }
}

/** Reads an object of a backup: its facts, then its bytes. */
export async function unpackObject(
  path: string,
  source: AsyncIterable<Buffer>,
): Promise<{ facts: BodyFacts; body: AsyncGenerator<Buffer> }> {
  const pieces = source[Symbol.asyncIterator]();
  let start = Buffer.alloc(0);
  const fill = async (bytes: number) => {
    while (start.length < bytes) {
      const { done, value } = await pieces.next();
      if (done === true) {
        throw new StartError(`The file ${path} of the backup is damaged.`);
      }
      start = Buffer.concat([start, value]);
    }
  };
  await fill(4);
  const end = 4 + start.readUInt32BE(0);
  await fill(end);
  const facts = factsSchema.parse(JSON.parse(start.subarray(4, end).toString('utf8')));
  async function* body(): AsyncGenerator<Buffer> {
    yield start.subarray(end);
    for (let next = await pieces.next(); next.done !== true; next = await pieces.next()) {
      yield next.value;
    }
  }
  return { facts, body: body() };
}

/** Stores an object of a backup as its upload had stored it, so that its SHA-256 stays what its row says. */
export async function storeObject(store: ObjectStore, facts: BodyFacts, body: AsyncIterable<Buffer>): Promise<void> {
  const { contentType, key, sha256, sha256Kind, sizeBytes } = facts;
  if (sha256Kind === 'whole') {
    await store.put(key, Readable.from(body), { contentType, maxBytes: sizeBytes, expected: { sizeBytes, sha256 } });
    return;
  }
  const { partSizeBytes } = planParts(sizeBytes);
  const { uploadId } = await store.createMultipart(key, { sizeBytes, partSizeBytes, contentType });
  try {
    const named: { partNumber: number; sha256: string }[] = [];
    for await (const part of inParts(body, partSizeBytes)) {
      const partNumber = named.length + 1;
      const digest = createHash('sha256').update(part).digest('hex');
      await store.putPart(key, uploadId, { partNumber, sizeBytes: part.length, sha256: digest, body: part });
      named.push({ partNumber, sha256: digest });
    }
    const stored = await store.completeMultipart(key, uploadId, named);
    if (stored.sha256 !== sha256 || stored.sizeBytes !== sizeBytes) {
      await store.delete([key]);
      throw new StartError(`The object ${key} of the backup is not the one its SHA-256 says.`);
    }
  } catch (error) {
    await store.abortMultipart(key, uploadId);
    throw error;
  }
}

async function* inParts(body: AsyncIterable<Buffer>, partBytes: number): AsyncGenerator<Buffer> {
  let held: Buffer[] = [];
  let heldBytes = 0;
  let count = 0;
  for await (const piece of body) {
    for (let rest = piece; rest.length > 0;) {
      const taken = rest.subarray(0, partBytes - heldBytes);
      held.push(taken);
      heldBytes += taken.length;
      rest = rest.subarray(taken.length);
      if (heldBytes === partBytes) {
        yield Buffer.concat(held);
        count += 1;
        held = [];
        heldBytes = 0;
      }
    }
  }
  if (heldBytes > 0 || count === 0) {
    yield Buffer.concat(held);
  }
}
