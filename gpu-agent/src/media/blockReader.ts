/**
 * Reads a remote file by ranges, in blocks that are kept for a while.
 *
 * ffmpeg opens a source several times and jumps in it; the blocks make that one download. A block that does not come is asked for
 * again until the signal aborts: a server that restarts, or a signed URL that ran out and is replaced by the next renewal, stops
 * nothing. Only an answer that no waiting will change (the file is gone) is an error.
 */
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, interceptors, request } from 'undici';
import { TaskFailure } from './taskFailure.ts';

export interface BlockReaderOptions {
  sizeBytes: number;
  /** The URL to use now; renewals replace it. */
  url: () => string;
  signal: AbortSignal;
}

export interface BlockReader {
  readonly sizeBytes: number;
  /** The bytes from `start` on, as many as lie together; at least one while `start` is inside of the file. */
  read(start: number): Promise<Buffer>;
  /** Exactly the bytes of a span; fewer at the end of the file. */
  readSpan(start: number, end: number): Promise<Buffer>;
}

export const blockBytes = 1024 * 1024;
const keptBlocks = 64;
const readAheadBlocks = 3;
const requestTimeoutMs = 60_000;
const longestPauseMs = 3000;
const dispatcher = new Agent().compose(interceptors.redirect({ maxRedirections: 5 }));

/** Makes a reader of one remote file. */
export function createBlockReader({ sizeBytes, url, signal }: BlockReaderOptions): BlockReader {
  const blocks = new Map<number, Promise<Block>>();

  const load = (index: number): Promise<Block> => {
    const kept = blocks.get(index);
    if (kept) {
      blocks.delete(index);
      blocks.set(index, kept);
      return kept;
    }
    const start = index * blockBytes;
    const loading = fetchRange({ url, signal }, start, Math.min(start + blockBytes, sizeBytes));
    blocks.set(index, loading);
    loading.catch(() => blocks.delete(index));
    const [oldest] = blocks.keys();
    if (blocks.size > keptBlocks && oldest !== undefined) {
      blocks.delete(oldest);
    }
    return loading;
  };

  const read = async (start: number): Promise<Buffer> => {
    const index = Math.floor(start / blockBytes);
    // Only a reader that moves forward is helped by reading ahead; a jump for an index at the end is not.
    const isSequential = blocks.has(index) || blocks.has(index - 1);
    const wanted = load(index);
    for (let ahead = index + 1; isSequential && ahead <= index + readAheadBlocks && ahead * blockBytes < sizeBytes; ahead++) {
      load(ahead).catch(() => undefined);
    }
    return pieceAt(await wanted, start - index * blockBytes);
  };

  return {
    sizeBytes,
    read,
    async readSpan(start, end) {
      const parts: Buffer[] = [];
      for (let at = start; at < Math.min(end, sizeBytes);) {
        const part = await read(at);
        parts.push(part.subarray(0, end - at));
        at += part.length;
      }
      return Buffer.concat(parts);
    },
  };
}

/** A block lies in memory as it came, piece by piece: to put it together would be a copy of every byte of every source. */
type Block = readonly Buffer[];

function pieceAt(block: Block, offset: number): Buffer {
  let from = offset;
  for (const piece of block) {
    if (from < piece.length) {
      return piece.subarray(from);
    }
    from -= piece.length;
  }
  return Buffer.alloc(0);
}

type Origin = Pick<BlockReaderOptions, 'url' | 'signal'>;

async function fetchRange({ url, signal }: Origin, start: number, end: number): Promise<Block> {
  for (let pauseMs = 100; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
    signal.throwIfAborted();
    const usedUrl = url();
    const body = await tryRange(usedUrl, signal, start, end);
    if (body !== null) {
      return body;
    }
    // A fresh URL may be there already; otherwise the next renewal brings it.
    await sleep(usedUrl === url() ? pauseMs : 0, undefined, { signal });
  }
}

/**
 * One request; null when it is worth asking again.
 *
 * Not by `fetch`, whose streams and copies cost more than all else the agent does with a source.
 */
async function tryRange(url: string, signal: AbortSignal, start: number, end: number): Promise<Block | null> {
  let status: number;
  try {
    const { statusCode, body } = await request(url, {
      dispatcher,
      headers: { range: `bytes=${start}-${end - 1}` },
      signal: AbortSignal.any([signal, AbortSignal.timeout(requestTimeoutMs)]),
    });
    if (statusCode === 206 || (statusCode === 200 && start === 0)) {
      return await readBlock(body, end - start);
    }
    status = statusCode;
    await body.dump();
  } catch {
    // The connection broke, or nobody answers: the server may be restarting.
    return null;
  }
  if (status === 404 || status === 410 || status === 416) {
    throw new TaskFailure('storage_failed', `The source is not in storage any more (${status}).`, { isRetryable: true });
  }
  return null;
}

/** The first `length` bytes of a body; null when it ends before. */
async function readBlock(body: Readable, length: number): Promise<Block | null> {
  const pieces: Buffer[] = [];
  let missing = length;
  // What is left out of a body is not missed.
  body.on('error', () => undefined);
  for await (const piece of body as AsyncIterable<Buffer>) {
    if (missing === 0) {
      break;
    }
    pieces.push(piece.subarray(0, missing));
    missing -= Math.min(missing, piece.length);
  }
  return missing === 0 ? pieces : null;
}
