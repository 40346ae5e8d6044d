import { createHash, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ApiError, type Upload, type Video } from '@carmic/contract';
import { afterEach, describe, expect, it } from 'vitest';
import { buildCall } from '../api/client.ts';
import { en } from '../messages/en.ts';
import { PartError, type PutPart } from './putPart.ts';
import { FileChangedError, type SendDeps, sendFile } from './sendFile.ts';
import { Slots } from './slots.ts';

const uploadId = '00000000-0000-4000-8000-000000000001';
const videoId = '00000000-0000-4000-8000-000000000002';
const partSizeBytes = 1000;

/** A small server that takes parts over HTTP as the real one does, and misbehaves when told to. */
class UploadServer {
  readonly stored = new Map<number, Buffer>();
  state: Video['state'] = 'uploading';
  mostAtOnce = 0;
  partRequests = 0;
  /** Answers the status to refuse a part with, or 0 to cut the connection, or undefined to take it. */
  misbehave: (partNumber: number, request: number) => number | undefined = () => undefined;
  completionStatus = () => 200;
  #open = 0;
  readonly #server: Server = createServer((request, response) => void this.#answer(request, response));

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) {
      chunks.push(chunk as Buffer);
    }
    const body = Buffer.concat(chunks);
    const url = request.url ?? '';
    const reply = (status: number, json: unknown) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(json));
    const refuse = (status: number, code: string) => reply(status, { error: { code, message: code, requestId: 'r' } });
    if (url.endsWith('/part-urls')) {
      const { parts } = JSON.parse(body.toString()) as { parts: { partNumber: number; sha256: string }[] };
      const origin = `http://${request.headers.host ?? ''}`;
      reply(201, { parts: parts.map((part) => ({ ...part, url: `${origin}/put/${part.partNumber}/${part.sha256}`, headers: {} })) });
    } else if (url.startsWith('/put/')) {
      await this.#takePart(url, body, request, response);
    } else if (url.endsWith('/completion')) {
      const status = this.completionStatus();
      if (status === 200) {
        this.state = 'inspecting';
        reply(200, buildVideo(this.state));
      } else {
        refuse(status, status === 409 ? 'wrong_state' : 'unavailable');
      }
    } else {
      reply(200, buildVideo(this.state));
    }
  }

  async #takePart(url: string, body: Buffer, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [, , number = '', sha256 = ''] = url.split('/');
    this.partRequests += 1;
    const nth = this.partRequests;
    this.#open += 1;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.#open);
    await new Promise((resolve) => setTimeout(resolve, 5));
    this.#open -= 1;
    const refusal = this.misbehave(Number(number), nth);
    if (refusal === 0) {
      request.socket.destroy();
    } else if (refusal !== undefined) {
      response.writeHead(refusal).end();
    } else if (createHash('sha256').update(body).digest('hex') === sha256) {
      this.stored.set(Number(number), body);
      response.writeHead(200).end();
    } else {
      response.writeHead(400).end();
    }
  }
}

function buildVideo(state: Video['state']): Video {
  return {
    id: videoId,
    title: 'a',
    fileName: 'a.mp4',
    sizeBytes: 1,
    state,
    stages: [],
    failure: null,
    notices: [],
    duplicateOf: null,
    folder: null,
    tags: [],
    probe: null,
    options: { clipCount: 5, aspects: ['9:16'], captionStyle: 'karaoke', minClipSeconds: 15, maxClipSeconds: 60, language: null },
    clipCount: 0,
    uploadId,
    keptFrom: null,
    expiresAt: null,
    keeping: null,
    legalHold: null,
    createdAt: '2026-01-01T00:00:00Z',
    media: { proxyUrl: null, thumbnailUrl: null },
    isSensitive: false,
  };
}

function buildUpload(sizeBytes: number, storedParts: Upload['storedParts'] = []): Upload {
  const partCount = Math.ceil(sizeBytes / partSizeBytes);
  return { id: uploadId, videoId, state: 'open', sizeBytes, partSizeBytes, partCount, storedParts, expiresAt: '2030-01-01T00:00:00Z' };
}

const putByFetch: PutPart = async (target, body, onProgress, signal) => {
  onProgress(body.byteLength / 2);
  const response = await fetch(target.url, { method: 'PUT', headers: target.headers, body, signal }).catch((error: unknown) => {
    signal.throwIfAborted();
    throw new PartError(0, { cause: error });
  });
  if (!response.ok) {
    throw new PartError(response.status);
  }
};

const sha256 = async (data: ArrayBuffer) => createHash('sha256').update(Buffer.from(data)).digest('hex');
const neverAborted = new AbortController().signal;

describe('sending a file', () => {
  let server: UploadServer;
  afterEach(() => server.stop());

  async function prepare(): Promise<SendDeps> {
    server = new UploadServer();
    const call = buildCall(await server.start(), en, { signedOut: () => undefined, proofNeeded: async () => false });
    return { call, putPart: putByFetch, sha256, slots: new Slots(4), sleep: async () => undefined };
  }

  async function send(deps: SendDeps, file: Blob, upload: Upload, signal = neverAborted) {
    const sent: number[] = [];
    const waits: boolean[] = [];
    const video = await sendFile(
      deps,
      file,
      upload,
      { onSent: (bytes) => sent.push(bytes), onWaiting: (isWaiting) => waits.push(isWaiting) },
      signal,
    );
    return { video, sent, waits };
  }

  it('sends all parts, three at a time, and completes', async () => {
    const deps = await prepare();
    const bytes = randomBytes(9_500);
    const { video, sent } = await send(deps, new Blob([bytes]), buildUpload(bytes.length));
    expect(video.state).toBe('inspecting');
    const parts = [...server.stored].sort(([a], [b]) => a - b).map(([, body]) => body);
    expect(Buffer.concat(parts).equals(bytes)).toBe(true);
    expect(server.mostAtOnce).toBe(3);
    expect(sent.at(-1)).toBe(bytes.length);
  });

  it('sends only the parts that are missing', async () => {
    const deps = await prepare();
    const bytes = randomBytes(3000);
    const stored = [1, 3].map((partNumber) => ({ partNumber, sha256: 'a'.repeat(64) }));
    const { sent } = await send(deps, new Blob([bytes]), buildUpload(bytes.length, stored));
    expect([...server.stored.keys()]).toEqual([2]);
    expect(sent[0]).toBe(2000);
  });

  it('tries a refused part again with a fresh URL', async () => {
    const deps = await prepare();
    server.misbehave = (partNumber, request) => (partNumber === 2 && request < 6 ? 503 : undefined);
    await send(deps, new Blob([randomBytes(3000)]), buildUpload(3000));
    expect(server.stored.size).toBe(3);
  });

  it('waits for a cut line, says so, and goes on', async () => {
    const deps = await prepare();
    server.misbehave = (_, request) => (request <= 12 ? 0 : undefined);
    const { waits } = await send(deps, new Blob([randomBytes(2000)]), buildUpload(2000));
    expect(waits).toContain(true);
    expect(waits.at(-1)).toBe(false);
    expect(server.stored.size).toBe(2);
  });

  it('gives up on a store that keeps refusing, and at once on a full one', async () => {
    const deps = await prepare();
    server.misbehave = () => 500;
    await expect(send(deps, new Blob([randomBytes(100)]), buildUpload(100))).rejects.toMatchObject({ name: 'PartError', status: 500 });
    expect(server.partRequests).toBe(8);
    server.misbehave = () => 507;
    await expect(send(deps, new Blob([randomBytes(100)]), buildUpload(100))).rejects.toMatchObject({ status: 507 });
    expect(server.partRequests).toBe(9);
  });

  it('says when the file is not what it was', async () => {
    const deps = await prepare();
    await expect(send(deps, new Blob([randomBytes(1500)]), buildUpload(2000))).rejects.toBeInstanceOf(FileChangedError);
  });

  it('stops at once when it is paused', async () => {
    const deps = await prepare();
    const pause = new AbortController();
    server.misbehave = (_, request) => {
      if (request === 2) {
        pause.abort(new Error('paused'));
      }
      return undefined;
    };
    await expect(send(deps, new Blob([randomBytes(20_000)]), buildUpload(20_000), pause.signal)).rejects.toThrow('paused');
    expect(server.stored.size).toBeLessThan(6);
  });

  it('takes an upload whose completion was answered into the void as complete', async () => {
    const deps = await prepare();
    server.completionStatus = () => {
      server.state = 'inspecting';
      return 409;
    };
    const { video } = await send(deps, new Blob([randomBytes(10)]), buildUpload(10));
    expect(video.state).toBe('inspecting');
  });

  it('passes on a refused completion', async () => {
    const deps = await prepare();
    server.completionStatus = () => 409;
    await expect(send(deps, new Blob([randomBytes(10)]), buildUpload(10))).rejects.toBeInstanceOf(ApiError);
  });
});
