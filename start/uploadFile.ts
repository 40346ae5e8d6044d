import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { ApiError, type Upload, type Video } from '@carmic/contract';
import type { Api } from './api.ts';
import { StartFailure } from './startFailure.ts';

export interface UploadFileOptions {
  api: Api;
  upload: Upload;
  path: string;
  signal: AbortSignal;
  /** Called with the share that is stored, 0 to 1. */
  onProgress: (share: number) => void;
}

const parallelParts = 3;
const attempts = 4;

/** Sends a file part by part to presigned URLs, each with its hash, and completes the upload. */
export async function uploadFile({ api, upload, path, signal, onProgress }: UploadFileOptions): Promise<Video> {
  const file = await open(path, 'r');
  const hashes = new Map<number, string>(upload.storedParts.map((part) => [part.partNumber, part.sha256]));
  const waiting = Array.from({ length: upload.partCount }, (_, index) => index + 1).filter((number) => !hashes.has(number));
  try {
    const work = async () => {
      for (let number = waiting.shift(); number !== undefined; number = waiting.shift()) {
        hashes.set(number, await sendPart(api, upload, file, number, signal));
        onProgress(hashes.size / upload.partCount);
      }
    };
    await Promise.all(Array.from({ length: Math.min(parallelParts, upload.partCount) }, work));
  } finally {
    await file.close();
  }
  const parts = [...hashes].sort(([a], [b]) => a - b).map(([partNumber, sha256]) => ({ partNumber, sha256 }));
  return api.call('completeUpload', { params: { id: upload.id }, body: { parts } }, { signal });
}

async function sendPart(api: Api, upload: Upload, file: FileHandle, partNumber: number, signal: AbortSignal): Promise<string> {
  const body = await readPart(file, upload, partNumber);
  const sha256 = createHash('sha256').update(body).digest('hex');
  for (let attempt = 1; ; attempt++) {
    const { parts } = await api.call(
      'createPartUrls',
      { params: { id: upload.id }, body: { parts: [{ partNumber, sha256 }] } },
      { signal },
    );
    const target = parts[0];
    if (target === undefined) {
      throw new Error('The server named no address for a part.');
    }
    const status = await put(new URL(target.url, api.baseUrl), body, target.headers, signal);
    if (status >= 200 && status < 300) {
      return sha256;
    }
    const mayPass = status === 0 || status === 429 || status >= 500;
    if (!mayPass || attempt === attempts) {
      throw new ApiError(status, status === 507 ? 'storage_full' : 'unavailable', uploadMessage(status));
    }
    await pause(300 * 2 ** attempt, undefined, { signal });
  }
}

async function put(url: URL, body: Buffer<ArrayBuffer>, headers: Record<string, string>, signal: AbortSignal): Promise<number> {
  try {
    const response = await fetch(url, { method: 'PUT', body, headers, signal });
    await response.arrayBuffer();
    return response.status;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof TypeError) {
      return 0;
    }
    throw error;
  }
}

function uploadMessage(status: number): string {
  return status === 507
    ? 'The disk of the data folder is full. Free some space, then start again.'
    : `A part of the file could not be stored (the storage answered ${status}).`;
}

async function readPart(file: FileHandle, upload: Upload, partNumber: number): Promise<Buffer<ArrayBuffer>> {
  const start = (partNumber - 1) * upload.partSizeBytes;
  const body = Buffer.alloc(Math.min(upload.partSizeBytes, upload.sizeBytes - start));
  let read = 0;
  while (read < body.length) {
    const { bytesRead } = await file.read(body, read, body.length - read, start + read);
    if (bytesRead === 0) {
      throw new StartFailure(
        'dataError',
        'The file became shorter while it was being read. Wait until it is written completely, then start again.',
      );
    }
    read += bytesRead;
  }
  return body;
}
