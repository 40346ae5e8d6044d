/**
 * One chunk of an object, encrypted and bound to its place. The work goes in steps of 64 KiB through buffers that are used again: fresh ones
 * of 1 MiB cost more in page faults than the encryption itself.
 */
import { createCipheriv, createDecipheriv, randomFillSync } from 'node:crypto';
import { StorageError } from '../storageError.ts';
import { nonceBytes, tagBytes } from './format.ts';

const stepBytes = 64 * 1024;

/** Which chunk of which object. `objectId` is 32 hexadecimal digits. */
export interface ChunkPlace {
  objectId: string;
  index: number;
  isLast: boolean;
}

/**
 * What a chunk is bound to: the object, its place, and whether the object ends with it. Swapping chunks between places or objects, cutting
 * chunks off, or adding some makes the tag wrong.
 */
function chunkContext({ objectId, index, isLast }: ChunkPlace): Buffer {
  const context = Buffer.alloc(30);
  context.write('carmic:', 0, 'latin1');
  context.write(objectId, 7, 'hex');
  context.writeUIntBE(index, 23, 6);
  context[29] = isLast ? 1 : 0;
  return context;
}

/** Encrypts one chunk into its record at the start of `target`, and returns that record. */
export function sealChunk(objectKey: Uint8Array, place: ChunkPlace, plain: Uint8Array, target: Buffer): Buffer {
  const length = nonceBytes + plain.length + tagBytes;
  const nonce = randomFillSync(target.subarray(0, nonceBytes));
  const cipher = createCipheriv('aes-256-gcm', objectKey, nonce);
  cipher.setAAD(chunkContext(place));
  for (let offset = 0; offset < plain.length; offset += stepBytes) {
    target.set(cipher.update(plain.subarray(offset, offset + stepBytes)), nonceBytes + offset);
  }
  cipher.final();
  target.set(cipher.getAuthTag(), length - tagBytes);
  return target.subarray(0, length);
}

/** Decrypts one record into pieces that follow each other. Throws corrupt before a single wrong byte leaves. */
export function openChunk(objectKey: Uint8Array, place: ChunkPlace, record: Buffer): Buffer[] {
  const end = record.length - tagBytes;
  const decipher = createDecipheriv('aes-256-gcm', objectKey, record.subarray(0, nonceBytes), { authTagLength: tagBytes });
  decipher.setAAD(chunkContext(place));
  decipher.setAuthTag(record.subarray(end));
  const pieces: Buffer[] = [];
  for (let offset = nonceBytes; offset < end; offset += stepBytes) {
    pieces.push(decipher.update(record.subarray(offset, Math.min(offset + stepBytes, end))));
  }
  try {
    decipher.final();
  } catch {
    throw new StorageError('corrupt', 'A stored file was altered or damaged.');
  }
  return pieces;
}
