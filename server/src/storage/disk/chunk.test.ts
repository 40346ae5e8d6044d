import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { openChunk, sealChunk } from './chunk.ts';
import { recordBytes } from './format.ts';

const key = randomBytes(32);
const place = { objectId: 'ab'.repeat(16), index: 7, isLast: false };
const seal = (plain: Buffer, at = place) => Buffer.from(sealChunk(key, at, plain, Buffer.allocUnsafe(recordBytes)));
const corrupt = expect.objectContaining({ code: 'corrupt' }) as unknown;

function outcome(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error;
  }
}

describe('a chunk', () => {
  it.each([0, 1, 65_535, 65_536, 65_537, 1_048_576])('of %i bytes opens in its place', (size) => {
    const plain = randomBytes(size);
    const record = seal(plain);
    expect(record.length).toBe(size + 28);
    expect(Buffer.concat(openChunk(key, place, record)).equals(plain)).toBe(true);
  });

  it.each([
    ['another object', { ...place, objectId: 'ba'.repeat(16) }],
    ['another index', { ...place, index: 8 }],
    ['the end', { ...place, isLast: true }],
  ])('does not open as that of %s', (_, other) => {
    const record = seal(randomBytes(1000));
    expect(outcome(() => openChunk(key, other, record))).toEqual(corrupt);
  });

  it('does not open under another key or with a shortened tag', () => {
    const record = seal(randomBytes(1000));
    expect(outcome(() => openChunk(randomBytes(32), place, record))).toEqual(corrupt);
    expect(outcome(() => openChunk(key, place, record.subarray(0, -1)))).toEqual(corrupt);
  });

  it('never has the same nonce or text twice', () => {
    const plain = Buffer.alloc(1000);
    const records = Array.from({ length: 100 }, () => seal(plain));
    expect(new Set(records.map((record) => record.toString('hex', 0, 12))).size).toBe(100);
    expect(new Set(records.map((record) => record.toString('hex', 12, 44))).size).toBe(100);
  });
});
