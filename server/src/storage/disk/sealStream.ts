import { createHash } from 'node:crypto';
import { StorageError } from '../storageError.ts';
import { chunkBytes } from './format.ts';

/** A chunk of plain text on its way to the disk. */
export interface PlainChunk {
  data: Buffer;
  isLast: boolean;
}

/** What went through `rechunk`. */
export interface StreamTally {
  sizeBytes: number;
  /** Lower-case hexadecimal SHA-256 of all bytes; complete when the stream has ended. */
  sha256(): string;
}

/** Counts and hashes what passes. */
export function createTally(): StreamTally & { add(piece: Uint8Array): void } {
  const hash = createHash('sha256');
  return {
    sizeBytes: 0,
    add(piece) {
      this.sizeBytes += piece.length;
      hash.update(piece);
    },
    sha256: () => hash.digest('hex'),
  };
}

/**
 * Cuts a stream into chunks of 1 MiB, at least one, and says which is the last. Throws too_large as soon as more than `maxBytes` came.
 * Holds two chunks at most.
 */
export async function* rechunk(
  source: AsyncIterable<unknown> | Iterable<unknown>,
  maxBytes: number,
  tally: { sizeBytes: number; add(piece: Uint8Array): void },
): AsyncGenerator<PlainChunk, void, void> {
  let pieces: Buffer[] = [];
  let filled = 0;
  for await (const piece of source) {
    let rest = asBuffer(piece);
    if (tally.sizeBytes + rest.length > maxBytes) {
      throw new StorageError('too_large', `The body is larger than the ${maxBytes} bytes that are allowed here.`);
    }
    tally.add(rest);
    while (filled + rest.length > chunkBytes) {
      const room = chunkBytes - filled;
      pieces.push(rest.subarray(0, room));
      rest = rest.subarray(room);
      yield { data: join(pieces), isLast: false };
      pieces = [];
      filled = 0;
    }
    if (rest.length > 0) {
      pieces.push(rest);
      filled += rest.length;
    }
  }
  yield { data: join(pieces), isLast: true };
}

function join(pieces: Buffer[]): Buffer {
  const [only] = pieces;
  return pieces.length === 1 && only !== undefined ? only : Buffer.concat(pieces);
}

function asBuffer(piece: unknown): Buffer {
  if (piece instanceof Uint8Array) {
    return Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
  }
  if (typeof piece === 'string') {
    return Buffer.from(piece);
  }
  throw new TypeError('A body delivers bytes.');
}
