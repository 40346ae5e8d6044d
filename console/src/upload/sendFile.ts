import type { Upload, Video } from '@carmic/contract';
import { ApiError, type Call, isPassing } from '../api/client.ts';
import { bytesOf, missingParts, type Part, planParts } from './planParts.ts';
import { PartError, type PutPart } from './putPart.ts';
import type { Sha256 } from './sha256.ts';
import type { Slots } from './slots.ts';

/** The file cannot be read any more: it was changed, moved or deleted. */
export class FileChangedError extends Error {
  override readonly name = 'FileChangedError';
}

export interface SendDeps {
  call: Call;
  putPart: PutPart;
  sha256: Sha256;
  /** Shared by all uploads of the page, so that together they leave connections for everything else. */
  slots: Slots;
  sleep: (ms: number, signal: AbortSignal) => Promise<void>;
}

export interface SendHooks {
  /** Bytes that are stored or on their way, of the whole file. */
  onSent: (sentBytes: number) => void;
  /** Whether the line is cut and parts are being tried again. */
  onWaiting: (isWaiting: boolean) => void;
}

const partsAtOnce = 3;
const mostAttempts = 8;
const longestPauseMs = 15_000;

/**
 * Sends the parts of a file that the server does not have yet, several at a time, and completes the upload. A cut line is waited
 * for without end; a store that refuses is asked a few times, each time with a fresh URL. Throws ApiError, PartError,
 * FileChangedError or the signal's reason.
 */
export async function sendFile(deps: SendDeps, file: Blob, upload: Upload, hooks: SendHooks, signal: AbortSignal): Promise<Video> {
  const parts = planParts(upload);
  const hashes = new Map(upload.storedParts.map((part) => [part.partNumber, part.sha256]));
  const queue = missingParts(parts, new Set(hashes.keys()));
  const sent = new SentBytes(upload.sizeBytes - bytesOf(queue), hooks.onSent);
  const stop = new AbortController();
  const both = AbortSignal.any([signal, stop.signal]);

  const work = async () => {
    for (let part = queue.shift(); part !== undefined; part = queue.shift()) {
      hashes.set(part.partNumber, await sendPart(deps, file, upload.id, part, sent, hooks, both));
    }
  };
  try {
    await Promise.all(Array.from({ length: partsAtOnce }, work));
  } catch (error) {
    stop.abort(error);
    throw error;
  }
  return complete(deps, upload, hashes, hooks, signal);
}

async function sendPart(
  deps: SendDeps,
  file: Blob,
  uploadId: string,
  part: Part,
  sent: SentBytes,
  hooks: SendHooks,
  signal: AbortSignal,
): Promise<string> {
  let refusals = 0;
  for (let attempt = 0; ; attempt += 1) {
    const release = await deps.slots.take(signal);
    try {
      const body = await readPart(file, part);
      const sha256 = await deps.sha256(body);
      const { parts } = await deps.call(
        'createPartUrls',
        { params: { id: uploadId }, body: { parts: [{ partNumber: part.partNumber, sha256 }] } },
        { signal },
      );
      const target = parts[0];
      if (!target) {
        throw new ApiError(0, 'internal', 'No URL was answered for the part.');
      }
      await deps.putPart(target, body, (bytes) => sent.set(part.partNumber, bytes), signal);
      sent.set(part.partNumber, part.endByte - part.startByte);
      hooks.onWaiting(false);
      return sha256;
    } catch (error) {
      signal.throwIfAborted();
      sent.set(part.partNumber, 0);
      if (!isWorthRetrying(error)) {
        throw error;
      }
      if (isCut(error)) {
        hooks.onWaiting(true);
      } else {
        refusals += 1;
        if (refusals >= mostAttempts) {
          throw error;
        }
      }
    } finally {
      release();
    }
    await deps.sleep(retryPauseMs(attempt), signal);
  }
}

async function readPart(file: Blob, part: Part): Promise<ArrayBuffer> {
  let body: ArrayBuffer;
  try {
    body = await file.slice(part.startByte, part.endByte).arrayBuffer();
  } catch (error) {
    throw new FileChangedError('The file could not be read.', { cause: error });
  }
  if (body.byteLength !== part.endByte - part.startByte) {
    throw new FileChangedError('The file is shorter than it was.');
  }
  return body;
}

async function complete(
  deps: SendDeps,
  upload: Upload,
  hashes: ReadonlyMap<number, string>,
  hooks: SendHooks,
  signal: AbortSignal,
): Promise<Video> {
  const parts = [...hashes].map(([partNumber, sha256]) => ({ partNumber, sha256 })).sort((a, b) => a.partNumber - b.partNumber);
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await deps.call('completeUpload', { params: { id: upload.id }, body: { parts } }, { signal });
    } catch (error) {
      signal.throwIfAborted();
      if (!isPassing(error) || (!isCut(error) && attempt >= mostAttempts)) {
        // The answer to an earlier completion may have been lost on the way.
        const video = await deps.call('getVideo', { params: { id: upload.videoId } }, { signal });
        if (video.state !== 'uploading') {
          return video;
        }
        throw error;
      }
      hooks.onWaiting(isCut(error));
    }
    await deps.sleep(retryPauseMs(attempt), signal);
  }
}

/** Pause before attempt `attempt + 1`: doubling from half a second. */
export function retryPauseMs(attempt: number): number {
  return Math.min(longestPauseMs, 500 * 2 ** attempt);
}

function isCut(error: unknown): boolean {
  return (error instanceof ApiError || error instanceof PartError) && error.status === 0;
}

function isWorthRetrying(error: unknown): boolean {
  if (error instanceof PartError) {
    // Refusals other than a full store may come from a URL that ran out: the next attempt gets a new one.
    return error.status !== 507;
  }
  return isPassing(error);
}

/** Sums up what is stored and what is on its way. */
class SentBytes {
  readonly #perPart = new Map<number, number>();
  readonly #storedBytes: number;
  readonly #onSent: (sentBytes: number) => void;

  constructor(storedBytes: number, onSent: (sentBytes: number) => void) {
    this.#storedBytes = storedBytes;
    this.#onSent = onSent;
    onSent(storedBytes);
  }

  set(partNumber: number, bytes: number): void {
    this.#perPart.set(partNumber, bytes);
    let total = this.#storedBytes;
    for (const part of this.#perPart.values()) {
      total += part;
    }
    this.#onSent(total);
  }
}
