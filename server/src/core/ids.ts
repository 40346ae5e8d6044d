import { randomBytes, randomUUID } from 'node:crypto';

/** A new random resource id (UUID version 4). */
export function newId(): string {
  return randomUUID();
}

/** A new secret of 256 random bits in base64url, with a prefix that secret scanners can recognise. */
export function newSecret(prefix: string): string {
  return `${prefix}_${randomBytes(32).toString('base64url')}`;
}
