import { StorageError } from '../storageError.ts';
import { openBytes, sealBytes } from './sealedBytes.ts';

/**
 * What a chunk is bound to: the object, its place, and whether the object ends with it. Swapping chunks between places or objects, cutting
 * chunks off, or adding some makes the tag wrong.
 */
function chunkContext(objectId: string, index: number, isLast: boolean): Buffer {
  const context = Buffer.alloc(32);
  context.write('carmic:', 0, 'latin1');
  Buffer.from(objectId, 'hex').copy(context, 7);
  context.writeUIntBE(index, 23, 6);
  context[29] = isLast ? 1 : 0;
  return context;
}

/** Which chunk of which object. `objectId` is 32 hexadecimal digits. */
export interface ChunkPlace {
  objectId: string;
  index: number;
  isLast: boolean;
}

/** Encrypts one chunk into its record. */
export function sealChunk(key: Uint8Array, place: ChunkPlace, plain: Uint8Array): Buffer {
  return sealBytes(key, chunkContext(place.objectId, place.index, place.isLast), plain);
}

/** Decrypts one record. Throws corrupt before a single wrong byte leaves. */
export function openChunk(key: Uint8Array, place: ChunkPlace, record: Buffer): Buffer {
  const plain = openBytes(key, chunkContext(place.objectId, place.index, place.isLast), record);
  if (plain === null) {
    throw new StorageError('corrupt', 'A stored file was altered or damaged.');
  }
  return plain;
}
