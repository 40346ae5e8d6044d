import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { StorageError } from '../storageError.ts';
import { sealChunk } from './chunk.ts';
import { writeFully } from './files.ts';
import { chunkBytes, recordBytes, recordOffset } from './format.ts';

/** A chunk of plain text on its way to the disk. `data` is valid until the next chunk is asked for. */
export interface PlainChunk {
  data: Uint8Array;
  isLast: boolean;
}

/** What went through `rechunk`. */
export interface Tally {
  sizeBytes: number;
  add(piece: Uint8Array): void;
  /** Lower-case hexadecimal SHA-256 of all bytes. Asked once, after the last. */
  sha256(): string;
}

/** Counts and hashes what passes. */
export function createTally(): Tally {
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
 * One buffer is filled over and over: fresh ones for every chunk would keep the garbage collector busier than the encryption.
 */
export async function* rechunk(
  source: AsyncIterable<unknown> | Iterable<unknown>,
  maxBytes: number,
  tally: Tally,
): AsyncGenerator<PlainChunk, void, void> {
  let staging: Buffer | null = null;
  let filled: Uint8Array = new Uint8Array(0);
  for await (const piece of source) {
    let rest = asBytes(piece);
    if (tally.sizeBytes + rest.length > maxBytes) {
      throw new StorageError('too_large', `The body is larger than the ${maxBytes} bytes that are allowed here.`);
    }
    tally.add(rest);
    while (filled.length + rest.length > chunkBytes) {
      if (filled.length === chunkBytes) {
        yield { data: filled, isLast: false };
        filled = new Uint8Array(0);
        continue;
      }
      if (filled.length === 0) {
        yield { data: rest.subarray(0, chunkBytes), isLast: false };
        rest = rest.subarray(chunkBytes);
        continue;
      }
      staging ??= Buffer.allocUnsafeSlow(chunkBytes);
      const room = chunkBytes - filled.length;
      append(staging, filled, rest.subarray(0, room));
      yield { data: staging, isLast: false };
      rest = rest.subarray(room);
      filled = new Uint8Array(0);
    }
    if (filled.length === 0) {
      filled = rest;
    } else if (rest.length > 0) {
      staging ??= Buffer.allocUnsafeSlow(chunkBytes);
      filled = append(staging, filled, rest);
    }
  }
  yield { data: filled, isLast: true };
}

/** Puts `more` behind what is there, which is either the start of `staging` already or still the sender's own piece. */
function append(staging: Buffer, filled: Uint8Array, more: Uint8Array): Uint8Array {
  if (filled.buffer !== staging.buffer) {
    staging.set(filled, 0);
  }
  staging.set(more, filled.length);
  return staging.subarray(0, filled.length + more.length);
}

function asBytes(piece: unknown): Uint8Array {
  if (piece instanceof Uint8Array) {
    return piece;
  }
  if (typeof piece === 'string') {
    return Buffer.from(piece);
  }
  throw new TypeError('A body delivers bytes.');
}

/** Encrypts chunks and writes them to a file while the next ones arrive. */
export interface RecordWriter {
  /** `data` may be used again when this resolves. Throws what earlier writing threw. */
  write(index: number, isLast: boolean, data: Uint8Array): Promise<void>;
  /** Waits until everything is written. */
  finish(): Promise<void>;
  /** Waits until nothing runs, whatever became of it: for clearing up after another error. */
  settle(): Promise<void>;
}

/**
 * Records after which the disk is set going. Without it the disk would begin when the encryption is done and everything is waited for twice;
 * whoever wants the bytes durable still has to sync at the end, and finds most of them there.
 */
const recordsPerFlush = 16;

/** Whether the bytes of objects are on the disk itself before they count as written: CARMIC_DISK_FSYNC. Keys and names always are. */
export type FsyncPolicy = 'always' | 'never';

/** Writes records of one object to `file`; `shift` moves them towards the file's start. Two buffers are used in turn. */
export function createRecordWriter(
  file: FileHandle,
  object: { objectKey: Uint8Array; objectId: string },
  options: { fsync: FsyncPolicy; shift?: number },
): RecordWriter {
  const { fsync, shift = 0 } = options;
  const buffers: Buffer[] = [];
  let count = 0;
  let writing = Promise.resolve();
  let flushing: Promise<void> | null = null;
  let flushError: Error | null = null;
  const flush = () => {
    flushing ??= file
      .datasync()
      .catch((error: Error) => {
        flushError ??= error;
      })
      .finally(() => {
        flushing = null;
      });
  };
  return {
    async write(index, isLast, data) {
      const buffer = (buffers[count % 2] ??= Buffer.allocUnsafeSlow(recordBytes));
      count += 1;
      const record = sealChunk(object.objectKey, { objectId: object.objectId, index, isLast }, data, buffer);
      await writing;
      writing = writeFully(file, [record], recordOffset(index) - shift);
      if (fsync === 'always' && count % recordsPerFlush === 0) {
        flush();
      }
      // Awaited with the next record; until then a failure must not count as unhandled.
      writing.catch(() => undefined);
    },
    async finish() {
      await writing;
      await flushing;
      // A disk reports a failed write once: to whoever syncs first, which may have been us.
      if (flushError !== null) {
        throw flushError;
      }
    },
    async settle() {
      await Promise.allSettled([writing, flushing]);
    },
  };
}
