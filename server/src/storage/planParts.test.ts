import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compositeSha256, planParts } from './planParts.ts';

const mebibyte = 1024 * 1024;

describe('the plan of parts', () => {
  it('fits every driver for any size up to 5 TB', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 5e12 }), (sizeBytes) => {
        const { partSizeBytes, partCount } = planParts(sizeBytes);
        expect(partSizeBytes % mebibyte).toBe(0);
        expect(partSizeBytes).toBeGreaterThanOrEqual(8 * mebibyte);
        expect(partCount).toBeGreaterThanOrEqual(1);
        expect(partCount).toBeLessThanOrEqual(10_000);
        expect(partCount * partSizeBytes).toBeGreaterThanOrEqual(sizeBytes);
        expect((partCount - 1) * partSizeBytes).toBeLessThanOrEqual(sizeBytes);
      }),
    );
  });

  it('has one empty part for an empty file', () => {
    expect(planParts(0)).toEqual({ partSizeBytes: 8 * mebibyte, partCount: 1 });
  });

  it('hashes the digests of the parts in order', () => {
    // printf of both binary digests | sha256sum
    const a = 'ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb';
    const b = '3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d';
    expect(compositeSha256([a, b])).toBe('e5a01fee14e0ed5c48714f22180f25ad8365b53f9779f79dc4a3d7e93963f94a');
    expect(compositeSha256([b, a])).not.toBe(compositeSha256([a, b]));
  });
});
