/**
 * How fast the disk store is, held against the same disk written and read without it, in the same run. Two chunks of random data are used
 * over and over: neither the floor nor the store can gain from it.
 */
import { createDecipheriv, createHash, randomBytes, randomInt, randomUUID } from 'node:crypto';
import { execFile } from 'node:child_process';
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { promisify } from 'node:util';
import Koa from 'koa';
import { createFixedKeys } from '../../server/src/keyring/fileKeys.ts';
import { type DiskStore, openDiskStore } from '../../server/src/storage/disk/diskStore.ts';
import { keys } from '../../server/src/storage/keys.ts';
import { createStorageMiddleware } from '../../server/src/storage/routes.ts';

const run = promisify(execFile);
const mebibyte = 1024 * 1024;
const contentType = 'video/mp4';
const partSizeBytes = 16 * mebibyte;
const newSource = () => keys.source(randomUUID(), randomUUID());

/** What one run measured; throughputs in MB (10^6 bytes) per second. */
export interface StorageBench {
  bench: 'storage';
  /** Writing through the store, as a share of `dd bs=1M conv=fsync` of the same bytes on the same disk. At least 0.5. */
  diskWriteRatio: number;
  plainWriteMbPerSecond: number;
  putMbPerSecond: number;
  httpPartsMbPerSecond: number;
  plainReadMbPerSecond: number;
  readMbPerSecond: number;
  /** Random spans of 4 MiB. At least 200. */
  diskRangeMbPerS: number;
  /** AES-256-GCM of Node alone, on one thread, in the same run: what decryption allows here. */
  rawDecryptMbPerS: number;
  /** By how much the memory of the process grew while ranges were read. */
  rangeRssGrowthMb: number;
  /** Random spans of 64 KiB: one chunk decrypted for each. */
  smallRangesPerSecond: number;
  smallObjectsPerSecond: number;
  peakRssMb: number;
}

function megabytesPerSecond(bytes: number, startedMs: number): number {
  return Math.round(bytes / 1000 / (performance.now() - startedMs));
}

function blocks(sizeBytes: number): Buffer[] {
  const patterns = [randomBytes(mebibyte), randomBytes(mebibyte)];
  return Array.from({ length: sizeBytes / mebibyte }, (_, index) => patterns[index % 2] ?? Buffer.alloc(0));
}

/** `dd` from a file that is in memory already. */
async function plainWrite(from: string, path: string, sizeBytes: number): Promise<number> {
  const started = performance.now();
  await run('dd', [`if=${from}`, `of=${path}`, 'bs=1M', 'conv=fsync', 'status=none']);
  return megabytesPerSecond(sizeBytes, started);
}

async function plainRead(path: string, sizeBytes: number): Promise<number> {
  const started = performance.now();
  const file = await open(path, 'r');
  const buffer = Buffer.alloc(mebibyte);
  for (let position = 0; position < sizeBytes; position += mebibyte) {
    await file.read(buffer, 0, mebibyte, position);
  }
  await file.close();
  return megabytesPerSecond(sizeBytes, started);
}

async function put(store: DiskStore, key: string, sizeBytes: number): Promise<number> {
  const started = performance.now();
  await store.put(key, Readable.from(blocks(sizeBytes)), { contentType, maxBytes: sizeBytes });
  return megabytesPerSecond(sizeBytes, started);
}

/** Uploads over loopback HTTP, four parts at a time; the sender runs in this process too. */
async function uploadParts(store: DiskStore, sizeBytes: number): Promise<number> {
  const key = newSource();
  const part = randomBytes(partSizeBytes);
  const sha256 = createHash('sha256').update(part).digest('hex');
  const named = Array.from({ length: sizeBytes / partSizeBytes }, (_, index) => ({ partNumber: index + 1, sha256 }));
  const started = performance.now();
  const { uploadId } = await store.createMultipart(key, { sizeBytes, partSizeBytes, contentType });
  const waiting = [...named];
  const sender = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const { url } = await store.presignPart(key, uploadId, { ...next, expiresInSeconds: 600 });
      const reply = await fetch(url, { method: 'PUT', body: new Uint8Array(part) });
      if (reply.status !== 200) {
        throw new Error(`A part was answered with ${reply.status}: ${await reply.text()}`);
      }
      await reply.arrayBuffer();
    }
  };
  await Promise.all([sender(), sender(), sender(), sender()]);
  await store.completeMultipart(key, uploadId, named);
  const speed = megabytesPerSecond(sizeBytes, started);
  await store.delete([key]);
  return speed;
}

async function drain(store: DiskStore, key: string, range?: { start: number; end: number }): Promise<number> {
  let bytes = 0;
  const { stream } = await store.get(key, range);
  // As an answer over HTTP takes it: piece by piece.
  stream.on('data', (piece: Buffer) => {
    bytes += piece.length;
  });
  await finished(stream);
  return bytes;
}

async function readRanges(store: DiskStore, key: string, objectBytes: number, spanBytes: number, count: number) {
  const started = performance.now();
  let bytes = 0;
  for (let index = 0; index < count; index += 1) {
    const start = randomInt(objectBytes - spanBytes);
    bytes += await drain(store, key, { start, end: start + spanBytes });
  }
  return { megabytes: megabytesPerSecond(bytes, started), perSecond: Math.round((count * 1000) / (performance.now() - started)) };
}

/** Decrypts chunks of 1 MiB as the driver does, without a disk. */
function rawDecrypt(): number {
  const [key, nonce, step] = [randomBytes(32), randomBytes(12), randomBytes(64 * 1024)];
  const started = performance.now();
  for (let chunk = 0; chunk < 256; chunk += 1) {
    const decipher = createDecipheriv('aes-256-gcm', key, nonce);
    for (let offset = 0; offset < mebibyte; offset += step.length) {
      decipher.update(step);
    }
  }
  return megabytesPerSecond(256 * mebibyte, started);
}

async function putSmall(store: DiskStore, count: number): Promise<number> {
  const [workspaceId, videoId] = [randomUUID(), randomUUID()];
  const body = randomBytes(20_000);
  const made = Array.from({ length: count }, () => keys.output(workspaceId, videoId, randomUUID(), 1, 'thumbnail'));
  const started = performance.now();
  const waiting = [...made];
  const writer = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      await store.put(next, body, { contentType, maxBytes: body.length });
    }
  };
  await Promise.all(Array.from({ length: 8 }, writer));
  const perSecond = Math.round((count * 1000) / (performance.now() - started));
  await store.delete(made);
  return perSecond;
}

async function serve(store: () => DiskStore): Promise<{ port: number; close: () => void }> {
  const app = new Koa();
  app.use((context, next) =>
    createStorageMiddleware({
      store: store(),
      readableSeconds: () => Promise.resolve(Number.POSITIVE_INFINITY),
      log: { error: () => undefined },
    })(context, next),
  );
  const server = createServer(app.callback());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: (server.address() as AddressInfo).port, close: () => server.closeAllConnections() ?? server.close() };
}

/** Measures the disk store and the bare disk below it. `sizeBytes` is a multiple of 16 MiB. */
export async function benchStorage(sizeBytes = 256 * mebibyte): Promise<StorageBench> {
  const dataDir = await mkdtemp(join(tmpdir(), 'carmic-bench-'));
  let peak = 0;
  const watch = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss());
  }, 20);
  const rootKey = randomBytes(32);
  let store: DiskStore | null = null;
  const http = await serve(() => store ?? fail());
  try {
    store = await openDiskStore({
      dataDir,
      secret: randomBytes(32),
      rootKeys: createFixedKeys(() => [rootKey]),
      baseUrl: () => `http://127.0.0.1:${http.port}`,
      clock: { now: () => new Date() },
      minimumFreeBytes: 0,
    });
    const [source, plain, key] = [join(dataDir, 'source'), join(dataDir, 'plain'), newSource()];
    await writeFile(source, blocks(sizeBytes));
    await plainRead(source, sizeBytes);
    await put(store, newSource(), 32 * mebibyte);
    const writes: { plain: number; put: number }[] = [];
    for (let round = 0; round < 3; round += 1) {
      writes.push({ plain: await plainWrite(source, plain, sizeBytes), put: await put(store, key, sizeBytes) });
    }
    writes.sort((a, b) => a.put / a.plain - b.put / b.plain);
    const { plain: plainWriteMbPerSecond, put: putMbPerSecond } = writes[1] ?? fail();
    const plainReadMbPerSecond = await plainRead(plain, sizeBytes);
    const started = performance.now();
    const readMbPerSecond = megabytesPerSecond(await drain(store, key), started);
    const peakOfWriting = peak;
    peak = 0;
    const rssBefore = process.memoryUsage.rss();
    const large = await readRanges(store, key, sizeBytes, 4 * mebibyte, 100);
    const rangeRssGrowthMb = Math.round((Math.max(peak, process.memoryUsage.rss()) - rssBefore) / 1e6);
    const small = await readRanges(store, key, sizeBytes, 64 * 1024, 300);
    return {
      bench: 'storage',
      diskWriteRatio: Number((putMbPerSecond / plainWriteMbPerSecond).toFixed(2)),
      plainWriteMbPerSecond,
      putMbPerSecond,
      httpPartsMbPerSecond: await uploadParts(store, sizeBytes),
      plainReadMbPerSecond,
      readMbPerSecond,
      diskRangeMbPerS: large.megabytes,
      rawDecryptMbPerS: rawDecrypt(),
      rangeRssGrowthMb,
      smallRangesPerSecond: small.perSecond,
      smallObjectsPerSecond: await putSmall(store, 300),
      peakRssMb: Math.round(Math.max(peak, peakOfWriting) / 1e6),
    };
  } finally {
    clearInterval(watch);
    http.close();
    await rm(dataDir, { recursive: true, force: true });
  }
}

function fail(): never {
  throw new Error('The bench is not set up.');
}
