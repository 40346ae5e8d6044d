import { createHmac } from 'node:crypto';
import { deriveKey } from '../../core/crypto.ts';

/** The key that wraps objects' keys, and a short name of the root key it comes from. */
export interface WrappingKey {
  /** 16 bytes that name the root key and tell nothing of it: written into headers, so that rotation knows what is left to do. */
  id: Buffer;
  key: Buffer;
}

/** Derives the wrapping key from the root key by HKDF-SHA-256. */
export function deriveWrappingKey(rootKey: Uint8Array): WrappingKey {
  const id = createHmac('sha256', deriveKey(rootKey, 'storage/key-id')).update('carmic').digest().subarray(0, 16);
  return { id, key: deriveKey(rootKey, 'storage/wrap') };
}
