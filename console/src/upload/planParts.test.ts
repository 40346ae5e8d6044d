import { describe, expect, it } from 'vitest';
import { bytesOf, missingParts, planParts } from './planParts.ts';

describe('planning the parts of an upload', () => {
  it('cuts equal parts and leaves the rest to the last', () => {
    expect(planParts({ sizeBytes: 25, partSizeBytes: 10, partCount: 3 })).toEqual([
      { partNumber: 1, startByte: 0, endByte: 10 },
      { partNumber: 2, startByte: 10, endByte: 20 },
      { partNumber: 3, startByte: 20, endByte: 25 },
    ]);
  });

  it('covers every byte exactly once, whatever the sizes', () => {
    for (const sizeBytes of [1, 9, 10, 11, 99, 100, 101]) {
      const parts = planParts({ sizeBytes, partSizeBytes: 10, partCount: Math.ceil(sizeBytes / 10) });
      expect(bytesOf(parts)).toBe(sizeBytes);
      parts.slice(1).forEach((part, index) => expect(part.startByte).toBe(parts[index]?.endByte));
    }
  });

  it('leaves out the parts that are stored', () => {
    const parts = planParts({ sizeBytes: 25, partSizeBytes: 10, partCount: 3 });
    expect(missingParts(parts, new Set([1, 3])).map((part) => part.partNumber)).toEqual([2]);
  });
});
