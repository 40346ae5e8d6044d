import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chunkBytes, chunkCount, chunkSize, fileSize, headerBytes, recordBytes, recordOffset, sizeInFile } from './format.ts';

const sizes = fc.oneof(
  fc.integer({ min: 0, max: 1e12 }),
  fc.tuple(fc.integer({ min: 0, max: 1000 }), fc.integer({ min: -2, max: 2 })).map(([count, off]) => Math.max(0, count * chunkBytes + off)),
);

describe('the file format', () => {
  it('finds the size of an object from the length of its file, for every size', () => {
    fc.assert(
      fc.property(sizes, (size) => {
        expect(sizeInFile(fileSize(size))).toBe(size);
      }),
    );
  });

  it('has chunks that add up to the object and end where the file ends', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 20 * chunkBytes }), (size) => {
        const count = chunkCount(size);
        const total = Array.from({ length: count }, (_, index) => chunkSize(size, index)).reduce((sum, length) => sum + length, 0);
        expect(total).toBe(size);
        expect(recordOffset(count - 1) + 28 + chunkSize(size, count - 1)).toBe(fileSize(size));
      }),
    );
  });

  it('knows lengths that no object has', () => {
    for (const length of [
      0,
      headerBytes,
      headerBytes + 27,
      fileSize(chunkBytes) + 1,
      fileSize(chunkBytes) + 28,
      headerBytes + recordBytes + 5,
    ]) {
      expect(sizeInFile(length)).toBeNull();
    }
  });
});
