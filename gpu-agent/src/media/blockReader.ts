/**
 * Reads a remote file by ranges, in blocks that are kept for a while.
 *
 * ffmpeg opens a source several times and jumps in it; the blocks make that one download. A block that does not come is asked for
 * again until the signal aborts: a server that restarts, or a signed URL that ran out and is replaced by the next renewal, stops
 * nothing. Only an answer that no waiting will change (the file is gone) is an error.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { TaskFailure } from './taskFailure.ts';

export interface BlockReaderOptions {
  sizeBytes: number;
  /** The URL to use now; renewals replace it. */
  url: () => string;
  signal: AbortSignal;
  fetch?: typeof globalThis.fetch;
}

export interface BlockReader {
  readonly sizeBytes: number;
  /** The bytes from `start` up to the end of the block that holds `start`. */
  read(start: number): Promise<Buffer>;
  /** Exactly the bytes of a span; fewer at the end of the file. */
  readSpan(start: number, end: number): Promise<Buffer>;
}

export const blockBytes = 1024 * 1024;
const keptBlocks = 64;
const readAheadBlocks = 3;
const requestTimeoutMs = 60_000;
const longestPauseMs = 3000;

/** Makes a reader of one remote file. */
export function createBlockReader({ sizeBytes, url, signal, fetch = globalThis.fetch }: BlockReaderOptions): BlockReader {
  const blocks = new Map<number, Promise<Buffer>>();

  const load = (index: number): Promise<Buffer> => {
    const kept = blocks.get(index);
    if (kept) {
      blocks.delete(index);
      blocks.set(index, kept);
      return kept;
    }
    const start = index * blockBytes;
    const loading = fetchRange({ url, signal, fetch }, start, Math.min(start + blockBytes, sizeBytes));
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
    return (await wanted).subarray(start - index * blockBytes);
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

type Origin = Pick<Required<BlockReaderOptions>, 'url' | 'signal' | 'fetch'>;

async function fetchRange({ url, signal, fetch }: Origin, start: number, end: number): Promise<Buffer> {
  for (let pauseMs = 100; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
    signal.throwIfAborted();
    const usedUrl = url();
    const body = await tryRange(fetch, usedUrl, signal, start, end);
    if (body !== null) {
      return body;
    }
    // A fresh URL may be there already; otherwise the next renewal brings it.
    await sleep(usedUrl === url() ? pauseMs : 0, undefined, { signal });
  }
}

/** One request; null when it is worth asking again. */
async function tryRange(
  fetch: typeof globalThis.fetch,
  url: string,
  signal: AbortSignal,
  start: number,
  end: number,
): Promise<Buffer | null> {
  let response: Response;
  try {
    response = await fetch(url, {
      headers: { range: `bytes=${start}-${end - 1}` },
      signal: AbortSignal.any([signal, AbortSignal.timeout(requestTimeoutMs)]),
    });
    if (response.status === 206 || (response.status === 200 && start === 0)) {
      const body = Buffer.from(await response.arrayBuffer()).subarray(0, end - start);
      return body.length === end - start ? body : null;
    }
    await response.body?.cancel();
  } catch {
    // The connection broke, or nobody answers: the server may be restarting.
    return null;
  }
  if (response.status === 404 || response.status === 410 || response.status === 416) {
    throw new TaskFailure('storage_failed', `The source is not in storage any more (${response.status}).`, { isRetryable: true });
  }
  return null;
}
