import { createHmac } from 'node:crypto';
import { deriveKey } from '../../core/crypto.ts';

/** A key that wraps objects' keys, and its name. */
export interface WrappingKey {
  /** 16 bytes that name the key and tell nothing of it: written into headers, so that rotation knows what is left to do. */
  id: Buffer;
  key: Buffer;
}

/** The one key that wrapped every object before workspaces had keys of their own; derived from the instance's secret by HKDF-SHA-256. */
export function deriveFormerKey(secret: Uint8Array): WrappingKey {
  const id = createHmac('sha256', deriveKey(secret, 'storage/key-id')).update('carmic').digest().subarray(0, 16);
  return { id, key: deriveKey(secret, 'storage/wrap') };
}
