/** Time-based one-time passwords (RFC 6238, with the defaults that every authenticator app has: SHA-1, six digits, 30 seconds). */
import { createHmac } from 'node:crypto';
import { equalBytes } from './crypto.ts';

const stepSeconds = 30;
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** Base32 without padding (RFC 4648, section 6). */
export function toBase32(bytes: Uint8Array): string {
  let text = '';
  let value = 0;
  let bits = 0;
  for (const byte of bytes) {
    value = (value << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += alphabet.charAt((value >>> bits) & 31);
    }
    value &= (1 << bits) - 1;
  }
  return bits === 0 ? text : text + alphabet.charAt((value << (5 - bits)) & 31);
}

/** The code of one time step (RFC 4226, section 5.3). */
export function totpCode(secret: Uint8Array, step: number): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = createHmac('sha1', secret).update(counter).digest();
  const offset = (mac.at(-1) ?? 0) & 15;
  return String((mac.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

/** The step whose code this is, one before or after the clock included, and newer than `lastStep`; null when there is none. */
export function matchTotp(secret: Uint8Array, code: string, now: Date, lastStep: number): number | null {
  const current = Math.floor(now.getTime() / 1000 / stepSeconds);
  const given = Buffer.from(code);
  const found = [current - 1, current, current + 1].filter((step) => equalBytes(Buffer.from(totpCode(secret, step)), given));
  return found.find((step) => step > lastStep) ?? null;
}
