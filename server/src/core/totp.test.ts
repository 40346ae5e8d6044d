import { describe, expect, test } from 'vitest';
import { matchTotp, toBase32, totpCode } from './totp.ts';

const secret = Buffer.from('12345678901234567890');

describe('time-based one-time passwords', () => {
  test('the codes are those of RFC 6238, appendix B, shortened to six digits', () => {
    const codes = [59, 1111111109, 1111111111, 1234567890, 2000000000, 20000000000].map((time) => totpCode(secret, Math.floor(time / 30)));
    expect(codes).toEqual(['287082', '081804', '050471', '005924', '279037', '353130']);
  });
  test('a secret is written as the RFC’s Base32', () => {
    expect(toBase32(secret)).toBe('GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ');
    expect(toBase32(Buffer.from('f'))).toBe('MY');
  });
  test('a code works one step early or late, once, and no further away', () => {
    const now = new Date(1111111109 * 1000);
    const step = Math.floor(1111111109 / 30);
    expect(matchTotp(secret, totpCode(secret, step), now, 0)).toBe(step);
    expect(matchTotp(secret, totpCode(secret, step - 1), now, 0)).toBe(step - 1);
    expect(matchTotp(secret, totpCode(secret, step + 1), now, 0)).toBe(step + 1);
    expect(matchTotp(secret, totpCode(secret, step + 2), now, 0)).toBeNull();
    expect(matchTotp(secret, totpCode(secret, step), now, step)).toBeNull();
  });
});
