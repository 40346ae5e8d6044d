import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Api, createApi } from './api.ts';
import { makeDemoVideo } from './demo/makeDemoVideo.ts';
import { formatSeconds } from './printable.ts';
import type { Progress } from './progress.ts';
import type { Instance } from './startInstance.ts';
import { uploadFile } from './uploadFile.ts';

export interface DemoOptions {
  instance: Instance;
  progress: Progress;
  signal: AbortSignal;
}

const markName = 'demo.done';

/** Tells whether this installation still waits for its demonstration video. */
export function needsDemo(instance: Instance): boolean {
  return !existsSync(join(instance.data.path, markName));
}

/** Notes that this installation has, or does not want, its demonstration video. */
export function markDemo(instance: Instance): void {
  writeFileSync(join(instance.data.path, markName), `${new Date().toISOString()}\n`, { mode: 0o600 });
}

/**
 * Makes a short video of our own and uploads it like any other, so that the console opens on real results. An instance that has a
 * video already gets none.
 */
export async function showDemo({ instance, progress, signal }: DemoOptions): Promise<void> {
  const api = await createApi(instance);
  const { items } = await api.call('listVideos', { query: { limit: 1 } }, { signal });
  if (items.length > 0) {
    markDemo(instance);
    return;
  }
  const folder = join(instance.data.path, 'demo');
  const step = progress.step('Demo', 'making a short video of our own');
  try {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { mode: 0o700 });
    const made = await makeDemoVideo(instance.ffmpeg, folder, (share) => step.update('making a short video of our own', share), signal);
    step.update('uploading it');
    await send(api, made.videoPath, made.captionsPath, signal);
    markDemo(instance);
    step.done(`a video of ${formatSeconds(made.seconds)} is being processed: see the console`);
  } catch (error) {
    step.fail(signal.aborted ? 'stopped; made at the next start' : 'not made');
    throw error;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function send(api: Api, path: string, captionsPath: string, signal: AbortSignal): Promise<void> {
  const { video, upload } = await api.call(
    'createVideo',
    {
      body: {
        fileName: 'carmic-in-a-minute.mp4',
        title: 'Carmic in a minute',
        sizeBytes: statSync(path).size,
        options: { clipCount: 3, language: 'en' },
      },
    },
    { signal, idempotencyKey: crypto.randomUUID() },
  );
  await api.call(
    'putCaptions',
    {
      params: { id: video.id },
      body: { fileName: 'carmic-in-a-minute.srt', contentBase64: readFileSync(captionsPath).toString('base64') },
    },
    { signal },
  );
  await uploadFile({ api, upload, path, signal, onProgress: () => undefined });
}
