/**
 * Sealing of values and hashing of secrets. Keeps: S1.
 *
 * One root key (32 bytes) opens everything; each purpose gets its own key by HKDF-SHA-256 (RFC 5869), so no two parts of the
 * program ever use the same key. A sealed value is bound to the row and column it belongs to and opens nowhere else, and its first byte
 * names the version of the key, so that values can be sealed anew under another one while everything is in use.
 */
import { createCipheriv, createDecipheriv, createHash, createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto';

/** The key that derives from the secret itself. */
export const firstColumnKey = 1;
const nonceBytes = 12;
const tagBytes = 16;

/** Derives the 32-byte key of one purpose from the root key. */
export function deriveKey(rootKey: Uint8Array, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', rootKey, Buffer.alloc(0), `carmic/${purpose}`, 32));
}

/** The keys of columns: by version, and the one that new values are sealed under. */
export interface ColumnKeys {
  writing(): { version: number; key: Uint8Array };
  /** Undefined for a version that is not known here. */
  opening(version: number): Uint8Array | undefined;
}

/** The one key that an installation has whose columns were never sealed anew. */
export function firstColumnKeys(secret: Uint8Array): ColumnKeys {
  const key = deriveKey(secret, 'columns');
  return { writing: () => ({ version: firstColumnKey, key }), opening: (version) => (version === firstColumnKey ? key : undefined) };
}

/** Seals and opens small values with AES-256-GCM. `context` names the row and column, for example `clips.content:<id>`. */
export interface Sealer {
  seal(context: string, plain: string): Buffer;
  /** Throws when the value was altered, moved, or sealed under another key. */
  open(context: string, sealed: Buffer): string;
  /**
   * A keyed hash for finding equal values without storing them: 64 bits of HMAC-SHA-256 as a signed decimal number, which is a bigint of
   * PostgreSQL. Values of one context are equal or not; across contexts, and without the root key, nothing can be told.
   */
  blind(context: string): (value: string) => string;
}

/** Builds the sealer of database columns. */
export function createSealer(rootKey: Uint8Array, keys: ColumnKeys = firstColumnKeys(rootKey)): Sealer {
  const blindKey = deriveKey(rootKey, 'blind-index');
  return {
    seal(context, plain) {
      const { version, key } = keys.writing();
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv('aes-256-gcm', key, nonce);
      cipher.setAAD(Buffer.from(context));
      const body = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()]);
      return Buffer.concat([Buffer.from([version]), nonce, body, cipher.getAuthTag()]);
    },
    open(context, sealed) {
      const key = sealed.length < 1 + nonceBytes + tagBytes ? undefined : keys.opening(sealed[0] ?? 0);
      if (key === undefined) {
        throw new Error(`The sealed value of ${context.split(':')[0]} has an unknown form.`);
      }
      const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(1, 1 + nonceBytes));
      decipher.setAAD(Buffer.from(context));
      decipher.setAuthTag(sealed.subarray(sealed.length - tagBytes));
      return decipher.update(sealed.subarray(1 + nonceBytes, sealed.length - tagBytes), undefined, 'utf8') + decipher.final('utf8');
    },
    blind(context) {
      const own = createHmac('sha256', blindKey).update(context).digest();
      return (value) => createHmac('sha256', own).update(value, 'utf8').digest().readBigInt64BE(0).toString();
    },
  };
}

/** SHA-256 of a high-entropy secret, as it is stored (a slow hash is needed for passwords only). */
export function hashSecret(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

/** Compares two byte strings in time that depends on their length only. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

/** A fingerprint that tells whether two starts used the same root key, and nothing about the key. */
export function rootKeyFingerprint(rootKey: Uint8Array): string {
  return createHmac('sha256', deriveKey(rootKey, 'fingerprint')).update('carmic').digest('hex');
}
