import { totpCode } from '../../server/src/core/totp.ts';

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** The code an authenticator app shows for a key in Base32, some steps ahead of now. */
export function codeOf(base32: string, stepsAhead = 0): string {
  const bits = Array.from(base32.trim(), (letter) => alphabet.indexOf(letter).toString(2).padStart(5, '0')).join('');
  const secret = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
  return totpCode(secret, Math.floor(Date.now() / 30_000) + stepsAhead);
}
