import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { createSealer, deriveKey, equalBytes, rootKeyFingerprint } from './crypto.ts';

const rootKey = randomBytes(32);

describe('a sealed value', () => {
  const sealer = createSealer(rootKey);
  const sealed = sealer.seal('videos.title:1', 'Ünïcode & “quotes”');

  test('opens to what was sealed, and shows nothing of it (S1)', () => {
    expect(sealer.open('videos.title:1', sealed)).toBe('Ünïcode & “quotes”');
    expect(sealed.includes(Buffer.from('quotes'))).toBe(false);
  });
  test('does not open in another row or column', () => {
    expect(() => sealer.open('videos.title:2', sealed)).toThrow();
    expect(() => sealer.open('videos.file_name:1', sealed)).toThrow();
  });
  test('does not open when any byte was changed', () => {
    for (let index = 0; index < sealed.length; index++) {
      const altered = Buffer.from(sealed);
      altered[index] = (altered[index] ?? 0) ^ 1;
      expect(() => sealer.open('videos.title:1', altered)).toThrow();
    }
  });
  test('does not open under another root key', () => {
    expect(() => createSealer(randomBytes(32)).open('videos.title:1', sealed)).toThrow();
  });
  test('is different every time', () => {
    expect(sealer.seal('videos.title:1', 'same').equals(sealer.seal('videos.title:1', 'same'))).toBe(false);
  });
});

test('each purpose gets a key of its own, and a fingerprint is stable per root key', () => {
  expect(deriveKey(rootKey, 'a').equals(deriveKey(rootKey, 'b'))).toBe(false);
  expect(rootKeyFingerprint(rootKey)).toBe(rootKeyFingerprint(Buffer.from(rootKey)));
  expect(rootKeyFingerprint(rootKey)).not.toBe(rootKeyFingerprint(randomBytes(32)));
});

test('byte strings of different lengths are unequal without an exception', () => {
  expect(equalBytes(Buffer.from('a'), Buffer.from('ab'))).toBe(false);
  expect(equalBytes(Buffer.from('ab'), Buffer.from('ab'))).toBe(true);
});
