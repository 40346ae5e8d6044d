/**
 * How fast an upload through presigned, checksummed parts to MinIO is, held against the same sender's bare multipart upload to the same server
 * in the same run, and what it costs the server in processor time.
 */
import { createHash, randomBytes, randomUUID, webcrypto } from 'node:crypto';
import { keys } from '../../server/src/storage/keys.ts';
import { planParts } from '../../server/src/storage/planParts.ts';
import type { S3Client } from '../../server/src/storage/s3/s3Client.ts';
import { openS3Store, type S3Store } from '../../server/src/storage/s3/s3Store.ts';
import { fetchMinio } from '../../scripts/fetchMinio.mjs';
import { startMinio } from '../support/minio.ts';

const rounds = 3;
const contentType = 'video/mp4';

export interface S3Bench {
  /** Presigned parts as a share of the bare upload, hashes included. At least 0.8. */
  uploadRatio: number;
  s3PresignedMbPerSecond: number;
  s3RawMbPerSecond: number;
  /** Processor time of signing, listing and joining: for an upload, and for one of eight times its size in parts of the same number. */
  serverCpuMs: number;
  serverCpuMsAtEightTimesTheSize: number;
}

async function send(url: string, headers: Record<string, string>, body: Uint8Array<ArrayBuffer>): Promise<string> {
  const reply = await fetch(url, { method: 'PUT', headers, body });
  if (!reply.ok) {
    throw new Error(`A part was answered with ${reply.status}: ${await reply.text()}`);
  }
  await reply.arrayBuffer();
  return reply.headers.get('etag') ?? '';
}

/** Runs work on every number, four at a time. */
async function fourAtOnce(count: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async () => {
    for (let index = next; index < count; index = next) {
      next += 1;
      await work(index);
    }
  };
  await Promise.all([worker(), worker(), worker(), worker()]);
}

async function uploadPresigned(store: S3Store, part: Uint8Array<ArrayBuffer>, count: number): Promise<number> {
  const key = keys.source(randomUUID(), randomUUID());
  const started = performance.now();
  const sizeBytes = part.length * count;
  const { uploadId } = await store.createMultipart(key, { sizeBytes, partSizeBytes: part.length, contentType });
  const named: { partNumber: number; sha256: string }[] = [];
  await fourAtOnce(count, async (index) => {
    // As browsers do it: beside the sending, not before it.
    const sha256 = Buffer.from(await webcrypto.subtle.digest('SHA-256', part)).toString('hex');
    named[index] = { partNumber: index + 1, sha256 };
    const { url, headers } = await store.presignPart(key, uploadId, { partNumber: index + 1, sha256, expiresInSeconds: 600 });
    await send(url, headers, part);
  });
  await store.completeMultipart(key, uploadId, named);
  const speed = sizeBytes / 1000 / (performance.now() - started);
  await store.delete([key]);
  return speed;
}

async function uploadRaw(client: S3Client, part: Uint8Array<ArrayBuffer>, count: number): Promise<number> {
  const object = `raw/${randomUUID()}`;
  const started = performance.now();
  const { text } = await client.sendForText({ method: 'POST', object, query: { uploads: '' } });
  const uploadId = /<UploadId>([^<]+)</.exec(text)?.[1] ?? '';
  const etags: string[] = [];
  await fourAtOnce(count, async (index) => {
    const query = { partNumber: String(index + 1), uploadId };
    etags[index] = await send(client.presign({ method: 'PUT', object, query }, 600), {}, part);
  });
  const list = etags.map((etag, index) => `<Part><PartNumber>${index + 1}</PartNumber><ETag>${etag}</ETag></Part>`);
  const body = Buffer.from(`<CompleteMultipartUpload>${list.join('')}</CompleteMultipartUpload>`);
  await client.sendForText({ method: 'POST', object, query: { uploadId }, body });
  const speed = (part.length * count) / 1000 / (performance.now() - started);
  await client.sendForText({ method: 'DELETE', object });
  return speed;
}

/** Processor time of what the server does for an upload, the sender's work left out. */
async function measureServer(store: S3Store, partSizeBytes: number, count: number): Promise<number> {
  const key = keys.source(randomUUID(), randomUUID());
  const part = randomBytes(partSizeBytes);
  const sha256 = createHash('sha256').update(part).digest('hex');
  const named = Array.from({ length: count }, (_, index) => ({ partNumber: index + 1, sha256 }));
  let used = 0;
  const counted = async <T>(work: () => Promise<T>): Promise<T> => {
    const before = process.cpuUsage();
    const result = await work();
    const { user, system } = process.cpuUsage(before);
    used += (user + system) / 1000;
    return result;
  };
  const request = { sizeBytes: partSizeBytes * count, partSizeBytes, contentType };
  const { uploadId } = await counted(() => store.createMultipart(key, request));
  for (const { partNumber } of named) {
    const target = await counted(() => store.presignPart(key, uploadId, { partNumber, sha256, expiresInSeconds: 600 }));
    await send(target.url, target.headers, new Uint8Array(part));
  }
  await counted(() => store.completeMultipart(key, uploadId, named));
  await store.delete([key]);
  return used;
}

/** Measures uploads to a MinIO server that is started for it. */
export async function benchS3(sizeBytes = 256 * 1024 * 1024): Promise<S3Bench> {
  const server = await startMinio(await fetchMinio());
  const bucket = await server.createBucket();
  const store = openS3Store({
    ...server.connection,
    bucket,
    prefix: '',
    encryption: { kind: 'bucket' },
    secret: randomBytes(32),
    baseUrl: () => 'http://127.0.0.1',
    clock: { now: () => new Date() },
    origins: () => [],
  });
  try {
    const { partCount, partSizeBytes } = planParts(sizeBytes);
    const part = new Uint8Array(randomBytes(partSizeBytes));
    const client = server.client(bucket);
    await uploadRaw(client, part, 4);
    const found: { presigned: number; raw: number }[] = [];
    for (let round = 0; round < rounds; round += 1) {
      found.push({ raw: await uploadRaw(client, part, partCount), presigned: await uploadPresigned(store, part, partCount) });
    }
    found.sort((a, b) => a.presigned / a.raw - b.presigned / b.raw);
    const { presigned, raw } = found[Math.floor(rounds / 2)] ?? { presigned: 0, raw: 1 };
    return {
      uploadRatio: Number((presigned / raw).toFixed(2)),
      s3PresignedMbPerSecond: Math.round(presigned),
      s3RawMbPerSecond: Math.round(raw),
      serverCpuMs: Math.round(await measureServer(store, partSizeBytes, 8)),
      serverCpuMsAtEightTimesTheSize: Math.round(await measureServer(store, partSizeBytes * 8, 8)),
    };
  } finally {
    store.close();
    await server.stop();
  }
}
