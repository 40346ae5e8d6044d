import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

const nonceBytes = 12;
const tagBytes = 16;

/** Seals bytes with AES-256-GCM under a fresh random nonce: nonce, cipher text, tag. `context` is authenticated with them. */
export function sealBytes(key: Uint8Array, context: Uint8Array, plain: Uint8Array): Buffer {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  cipher.setAAD(context);
  const body = cipher.update(plain);
  cipher.final();
  return Buffer.concat([nonce, body, cipher.getAuthTag()], nonceBytes + plain.length + tagBytes);
}

/** Opens what `sealBytes` made; null when it was altered, belongs to another context, or was sealed under another key. */
export function openBytes(key: Uint8Array, context: Uint8Array, sealed: Buffer): Buffer | null {
  if (sealed.length < nonceBytes + tagBytes) {
    return null;
  }
  const end = sealed.length - tagBytes;
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, nonceBytes), { authTagLength: tagBytes });
  decipher.setAAD(context);
  decipher.setAuthTag(sealed.subarray(end));
  const plain = decipher.update(sealed.subarray(nonceBytes, end));
  try {
    decipher.final();
  } catch {
    return null;
  }
  return plain;
}
