import { createHash, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fetchModels, ModelFetchError } from './fetchModels.ts';
import { catalogue } from './modelCatalogue.ts';

const bytes = randomBytes(400_000);
const sha256 = createHash('sha256').update(bytes).digest('hex');
const model = { name: 'test', fileName: 'ggml-test.bin', sizeBytes: bytes.length, languages: 'many', sha256 } as const;
const log = { info: () => undefined, warn: () => undefined };

let folder = '';
let server: Server | undefined;
const ranges: (string | undefined)[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'carmic-models-'));
  ranges.length = 0;
});
afterEach(async () => {
  server?.closeAllConnections();
  await new Promise((resolve) => (server === undefined ? resolve(null) : server.close(resolve)));
  server = undefined;
  await rm(folder, { recursive: true, force: true });
});

async function serve(answer: (request: IncomingMessage, response: ServerResponse, count: number) => void): Promise<string> {
  server = createServer((request, response) => {
    ranges.push(request.headers.range);
    answer(request, response, ranges.length);
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/models/`;
}

const send = (request: IncomingMessage, response: ServerResponse, end = bytes.length) => {
  const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
  response.writeHead(from > 0 ? 206 : 200, { 'content-length': String(bytes.length - from) });
  response.write(bytes.subarray(from, end), () => (end < bytes.length ? response.destroy() : response.end()));
};

const ask = (
  baseUrl: string,
  change: { names?: string[]; onProgress?: (name: string, share: number) => void; signal?: AbortSignal } = {},
) =>
  fetchModels({
    names: ['test'],
    baseUrl,
    modelsDir: folder,
    signal: new AbortController().signal,
    onProgress: () => undefined,
    log,
    retryMs: 1,
    models: [model],
    ...change,
  });

describe('fetchModels', () => {
  it('goes on where a broken download stopped, says how far it is, and checks the file', async () => {
    const shares: number[] = [];
    const url = await serve((request, response, count) => send(request, response, count === 1 ? 150_000 : bytes.length));
    await ask(url, { onProgress: (_, share) => shares.push(share) });
    expect(ranges[0]).toBeUndefined();
    expect(ranges[1]).toMatch(/^bytes=[1-9]\d*-$/);
    expect(shares.at(-1)).toBe(1);
    expect([...shares].sort((a, b) => a - b)).toEqual(shares);
    expect((await readFile(join(folder, model.fileName))).equals(bytes)).toBe(true);
    expect(await readdir(folder)).toEqual([model.fileName]);
    await ask(url);
    expect(ranges).toHaveLength(2);
  });

  it('begins anew where the server knows no ranges', async () => {
    await writeFile(join(folder, `${model.fileName}.part`), randomBytes(1000));
    const url = await serve((_, response) => response.end(bytes));
    await ask(url);
    expect((await readFile(join(folder, model.fileName))).equals(bytes)).toBe(true);
  });

  it('never names a file that is not the published one, and says why', async () => {
    const url = await serve((_, response) => response.end(randomBytes(bytes.length)));
    await expect(ask(url)).rejects.toThrow(/SHA-256/);
    expect(await readdir(folder)).toEqual([]);
    server?.close();
    const large = await serve((_, response) => response.end(Buffer.concat([bytes, bytes])));
    await expect(ask(large)).rejects.toThrow(/larger/);
  });

  it('gives up at once on an address or a name that is wrong', async () => {
    const url = await serve((_, response) => {
      response.writeHead(404);
      response.end();
    });
    await expect(ask(url)).rejects.toThrow(ModelFetchError);
    expect(ranges).toHaveLength(1);
    await expect(ask(url, { names: ['huge'] })).rejects.toThrow(/no model huge/);
  });

  it('stops when it is called off', async () => {
    const controller = new AbortController();
    const reason = new Error('draining');
    const url = await serve((_, response) => {
      response.writeHead(200);
      response.write(bytes.subarray(0, 1000), () => controller.abort(reason));
    });
    await expect(ask(url, { signal: controller.signal })).rejects.toBe(reason);
  });
});

describe('catalogue', () => {
  it('names every model once, with a size and a SHA-256', () => {
    expect(new Set(catalogue.map((item) => item.name)).size).toBe(catalogue.length);
    expect(catalogue.every((item) => /^[0-9a-f]{64}$/.test(item.sha256) && item.sizeBytes > 50_000_000)).toBe(true);
  });
});
