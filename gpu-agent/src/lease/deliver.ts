import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { ApiError, type DeliveredOutput, type OutputName, type OutputSlot } from '@carmic/contract';
import { request } from 'undici';
import { TaskFailure } from '../media/taskFailure.ts';
import { withRetry } from './retry.ts';

export interface DeliverOptions {
  files: readonly { name: OutputName; path: string }[];
  /** The slots to use now; renewals replace their URLs. */
  slots: () => readonly OutputSlot[];
  signal: AbortSignal;
}

const tries = 30;
const stallMs = 60_000;

/** Puts every file to its slot. Throws TaskFailure `too_large`, `output_invalid` or `storage_failed`. */
export async function deliver({ files, slots, signal }: DeliverOptions): Promise<DeliveredOutput[]> {
  const delivered: DeliveredOutput[] = [];
  for (const { name, path } of files) {
    const slot = slots().find((candidate) => candidate.name === name);
    const { size } = await stat(path);
    if (!slot || size === 0) {
      throw new TaskFailure('output_invalid', slot ? `The output ${name} is empty.` : `The server has no place for the output ${name}.`);
    }
    if (size > slot.maxBytes) {
      throw new TaskFailure('too_large', `The output ${name} has ${size} bytes; at most ${slot.maxBytes} are allowed.`);
    }
    const sha256 = await hashFile(path);
    const put = () => putFile(path, size, slots().find((candidate) => candidate.name === name) ?? slot, signal);
    try {
      await withRetry(put, { signal, retries: tries });
    } catch (error) {
      signal.throwIfAborted();
      const message = `Storage did not take the output ${name}: ${error instanceof Error ? error.message : String(error)}`;
      throw new TaskFailure('storage_failed', message, { isRetryable: true, cause: error });
    }
    delivered.push({ name, sizeBytes: size, sha256 });
  }
  return delivered;
}

async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

async function putFile(path: string, size: number, slot: OutputSlot, signal: AbortSignal): Promise<void> {
  const { statusCode, headers, body } = await request(slot.url, {
    method: 'PUT',
    headers: { ...slot.headers, 'content-type': slot.contentType, 'content-length': String(size) },
    body: createReadStream(path),
    signal,
    headersTimeout: stallMs * 5,
    bodyTimeout: stallMs,
  });
  await body.dump();
  // 412: a PUT whose answer was lost has stored the file already. The server compares what is stored with what is announced.
  if ((statusCode >= 200 && statusCode < 300) || statusCode === 412) {
    return;
  }
  // A signed URL that ran out is replaced by the next renewal, so a refusal is worth trying again.
  const isStale = statusCode === 401 || statusCode === 403;
  const retryAfter = Number(headers['retry-after'] ?? Number.NaN);
  throw new ApiError(
    isStale ? 503 : statusCode,
    'unavailable',
    `it answered ${statusCode}.`,
    undefined,
    Number.isFinite(retryAfter) ? retryAfter : undefined,
  );
}
