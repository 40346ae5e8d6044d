import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { openProcessRegister } from '../../src/ffmpeg/processRegister.ts';
import { createRunner, type Run } from '../../src/ffmpeg/run.ts';
import { findSandbox, type Sandbox } from '../../src/ffmpeg/sandbox.ts';
import { startSourceServer } from '../../src/media/sourceServer.ts';
import type { TaskContext } from '../../src/media/task.ts';
import { startStorage, type TestStorage } from './storage.ts';

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

/** Everything a task runs on, with the product's own runner, sandbox and source server; `storage` is closed with it. */
export async function startEngine(options: { around?: (sandbox: Sandbox) => Sandbox; storage?: TestStorage } = {}): Promise<Engine> {
  const directory = mkdtempSync(join(tmpdir(), 'carmic-engine-'));
  const log = pino({ level: 'silent' });
  const sourceServer = await startSourceServer(join(directory, 'source.sock'));
  const sandbox = await findSandbox({ memoryBytes: 4 * 1024 ** 3, source: sourceServer }, 'ffmpeg', directory);
  const register = openProcessRegister(join(directory, 'processes'));
  const around = options.around ?? ((inner: Sandbox) => inner);
  const run = createRunner({ ffmpegPath: 'ffmpeg', ffprobePath: 'ffprobe', sandbox: around(sandbox), register, log });
  const storage = options.storage ?? (await startStorage());
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
