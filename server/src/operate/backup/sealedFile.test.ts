import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { openFile, sealFile } from './sealedFile.ts';

const key = randomBytes(32);
const mebibyte = 1024 * 1024;

async function collect(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of source) {
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}
const seal = (plain: Uint8Array, name = 'a') => collect(sealFile(key, name, [plain]));
const open = (sealed: Uint8Array, name = 'a', by: Uint8Array = key) => collect(openFile(by, name, [sealed]));

describe('files of a backup (S1)', () => {
  test.each([0, 1, mebibyte - 1, mebibyte, mebibyte + 1, 3 * mebibyte])(
    '%i bytes come back as they were, in pieces of any size',
    async (size) => {
      const plain = randomBytes(size);
      const sealed = await seal(plain);
      expect((await open(sealed)).equals(plain)).toBe(true);
      const crumbs = Array.from({ length: Math.ceil(sealed.length / 70_001) }, (_, at) => sealed.subarray(at * 70_001, (at + 1) * 70_001));
      expect((await collect(openFile(key, 'a', crumbs))).equals(plain)).toBe(true);
    },
  );

  test('hold nothing that can be read', async () => {
    expect((await seal(Buffer.from('a planted sentence'))).includes('planted')).toBe(false);
  });

  test('that were cut, joined, changed, renamed or sealed under another key do not open', async () => {
    const sealed = await seal(randomBytes(2 * mebibyte + 5));
    const flipped = Buffer.from(sealed);
    flipped[mebibyte] = (flipped[mebibyte] ?? 0) ^ 1;
    const cutAtRecord = sealed.subarray(0, 40 + mebibyte + 16);
    for (const broken of [
      flipped,
      cutAtRecord,
      sealed.subarray(0, sealed.length - 1),
      sealed.subarray(0, 20),
      Buffer.alloc(0),
      Buffer.concat([sealed, sealed]),
    ]) {
      await expect(open(broken)).rejects.toThrow(/The file a of the backup is damaged/);
    }
    await expect(open(sealed, 'b')).rejects.toThrow(/The file b/);
    await expect(open(sealed, 'a', randomBytes(32))).rejects.toThrow(/damaged/);
  });
});
