/** A process that stores objects and parts as fast as it can and prints each one that was acknowledged, until it is killed. */
import { createCipheriv, createHash, randomInt, randomUUID } from 'node:crypto';
import { writeSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { createFixedKeys } from '../../server/src/keyring/fileKeys.ts';
import { openDiskStore } from '../../server/src/storage/disk/diskStore.ts';
import { keys } from '../../server/src/storage/keys.ts';

const mebibyte = 1024 * 1024;

/** What the process acknowledged. */
export type Acknowledged =
  | { kind: 'put'; key: string; sizeBytes: number }
  | { kind: 'created'; key: string; uploadId: string }
  | { kind: 'part'; key: string; uploadId: string; partNumber: number; seed: string }
  | { kind: 'resending'; key: string; uploadId: string; partNumber: number }
  | { kind: 'completed'; key: string; seeds: string[] };

/** Parts of every upload the process makes; each has 2 MiB, the last one byte less. */
export const partsPerUpload = 4;
export const partSizeBytes = 2 * mebibyte;
export const uploadSizeBytes = partsPerUpload * partSizeBytes - 1;

/** Bytes that follow from a seed. */
export function bytesOf(seed: string, sizeBytes: number): Buffer {
  const cipher = createCipheriv('aes-128-ctr', createHash('sha256').update(seed).digest().subarray(0, 16), Buffer.alloc(16));
  return cipher.update(Buffer.alloc(sizeBytes));
}

/** Bytes of one part. */
export function partBytes(seed: string, partNumber: number): Buffer {
  return bytesOf(seed, partNumber === partsPerUpload ? partSizeBytes - 1 : partSizeBytes);
}

async function run(dataDir: string, rootKey: Buffer): Promise<never> {
  const store = await openDiskStore({
    dataDir,
    secret: rootKey,
    rootKeys: createFixedKeys(() => [rootKey]),
    baseUrl: () => 'http://localhost',
    clock: { now: () => new Date() },
    minimumFreeBytes: 0,
  });
  const say = (fact: Acknowledged) => writeSync(1, `${JSON.stringify(fact)}\n`);
  const contentType = 'video/mp4';

  const putForever = async () => {
    for (;;) {
      const key = keys.source(randomUUID(), randomUUID());
      const sizeBytes = randomInt(3 * mebibyte);
      await store.put(key, bytesOf(key, sizeBytes), { contentType, maxBytes: sizeBytes });
      say({ kind: 'put', key, sizeBytes });
    }
  };
  const uploadForever = async () => {
    for (;;) {
      const key = keys.source(randomUUID(), randomUUID());
      const { uploadId } = await store.createMultipart(key, { sizeBytes: uploadSizeBytes, partSizeBytes, contentType });
      say({ kind: 'created', key, uploadId });
      const seeds: string[] = [];
      const send = async (partNumber: number) => {
        const seed = randomUUID();
        const body = partBytes(seed, partNumber);
        const bytes = (async function* () {
          yield await Promise.resolve(body);
        })();
        const sha256 = createHash('sha256').update(body).digest('hex');
        await store.writer.receivePart(key, uploadId, { partNumber, sha256, body: { bytes, cancel: () => undefined } });
        seeds[partNumber - 1] = seed;
        say({ kind: 'part', key, uploadId, partNumber, seed });
      };
      const numbers = Array.from({ length: partsPerUpload }, (_, index) => index + 1);
      await Promise.all(numbers.map(send));
      for (const partNumber of [2, partsPerUpload]) {
        say({ kind: 'resending', key, uploadId, partNumber });
        await send(partNumber);
      }
      const named = numbers.map((partNumber) => ({
        partNumber,
        sha256: createHash('sha256')
          .update(partBytes(seeds[partNumber - 1] ?? '', partNumber))
          .digest('hex'),
      }));
      await store.completeMultipart(key, uploadId, named);
      say({ kind: 'completed', key, seeds });
    }
  };
  await Promise.race([putForever(), uploadForever(), uploadForever()]);
  throw new Error('The writers never end by themselves.');
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [, , dataDir = '', rootKey = ''] = process.argv;
  await run(dataDir, Buffer.from(rootKey, 'hex'));
}
