import { createReadStream, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { openProcessRegister } from '../../src/ffmpeg/processRegister.ts';
import { createRunner, type Run } from '../../src/ffmpeg/run.ts';
import { findSandbox, type Sandbox } from '../../src/ffmpeg/sandbox.ts';
import { parseRange, startSourceServer } from '../../src/media/sourceServer.ts';
import type { TaskContext } from '../../src/media/task.ts';

export interface Engine {
  run: Run;
  sandbox: Sandbox;
  directory: string;
  /** A task's context whose source is the file at `path`, served over HTTP as storage would. */
  contextFor(path: string, options?: { signal?: AbortSignal; onProgress?: TaskContext['onProgress'] }): TaskContext;
  /** Bytes that were read of a file, as storage counts them. */
  bytesReadOf(path: string): number;
  /** A file as a task's spec names it. */
  assetAt(path: string): { url: string; sizeBytes: number };
  close(): Promise<void>;
}

/** Everything a task runs on, with the product's own runner, sandbox and source server. */
export async function startEngine(options: { around?: (sandbox: Sandbox) => Sandbox } = {}): Promise<Engine> {
  const directory = mkdtempSync(join(tmpdir(), 'carmic-engine-'));
  const log = pino({ level: 'silent' });
  const sourceServer = await startSourceServer(join(directory, 'source.sock'));
  const sandbox = await findSandbox({ memoryBytes: 4 * 1024 ** 3, source: sourceServer }, 'ffmpeg', directory);
  const register = openProcessRegister(join(directory, 'processes'));
  const around = options.around ?? ((inner: Sandbox) => inner);
  const run = createRunner({ ffmpegPath: 'ffmpeg', ffprobePath: 'ffprobe', sandbox: around(sandbox), register, log });
  const storage = await startStorage();
  let taskCount = 0;
  return {
    run,
    sandbox,
    directory,
    contextFor(path, { signal = new AbortController().signal, onProgress = () => undefined } = {}) {
      taskCount += 1;
      const taskDirectory = join(directory, `task-${taskCount}`);
      mkdirSync(taskDirectory, { mode: 0o700 });
      const source = sourceServer.open({ url: storage.urlOf(path), sizeBytes: statSync(path).size, signal });
      const openSource = (asset: { url: string; sizeBytes: number }) => sourceServer.open({ ...asset, signal });
      return { directory: taskDirectory, source, openSource, run, signal, onProgress, log };
    },
    bytesReadOf: (path) => storage.bytesReadOf(path),
    assetAt: (path) => ({ url: storage.urlOf(path), sizeBytes: statSync(path).size }),
    async close() {
      await sourceServer.close();
      await storage.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** An engine that counts how often pictures are looked at for framing. */
export function countLooks(engine: Engine): { engine: Engine; readonly looks: number } {
  let looks = 0;
  const contextFor: Engine['contextFor'] = (...input) => {
    const context = engine.contextFor(...input);
    return {
      ...context,
      run: (request) => {
        looks += request.args.includes('rawvideo') && request.args.includes('pipe:1') ? 1 : 0;
        return context.run(request);
      },
    };
  };
  return {
    engine: { ...engine, contextFor },
    get looks() {
      return looks;
    },
  };
}

async function startStorage() {
  const read = new Map<string, number>();
  const server = createServer((request, response) => {
    const path = decodeURIComponent((request.url ?? '').slice(1));
    const size = statSync(path).size;
    const range = parseRange(request.headers.range, size);
    if (range === null || range === 'unsatisfiable') {
      response.writeHead(416).end();
      return;
    }
    read.set(path, (read.get(path) ?? 0) + range.end - range.start);
    response.writeHead(206, { 'content-length': range.end - range.start });
    createReadStream(path, { start: range.start, end: range.end - 1 }).pipe(response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    bytesReadOf: (path: string) => read.get(path) ?? 0,
    urlOf: (path: string) => `http://127.0.0.1:${port}/${encodeURIComponent(path)}`,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
