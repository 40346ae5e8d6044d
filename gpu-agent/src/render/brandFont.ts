import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RenderSpec } from '@carmic/contract';
import { loadBrandFont, type LoadedFont } from '@carmic/captions';
import type { TaskContext } from '../media/task.ts';
import { TaskFailure } from '../media/taskFailure.ts';
import { renderFiles } from './filterGraph.ts';

const requestTimeoutMs = 30_000;
const tries = 3;

/** Fetches the font of a brand kit into the scratch folder; null when there is none. The server has checked it and written it anew. */
export async function fetchBrandFont(spec: RenderSpec, context: TaskContext): Promise<LoadedFont | null> {
  const font = spec.captions?.font;
  if (font === undefined) {
    return null;
  }
  const bytes = await fetchWhole(font.file, context.signal);
  await writeFile(join(context.directory, renderFiles.brandFont), bytes, { mode: 0o600 });
  return loadBrandFont(font.family, bytes);
}

async function fetchWhole({ url, sizeBytes }: { url: string; sizeBytes: number }, signal: AbortSignal): Promise<Buffer> {
  let reason = '';
  for (let attempt = 0; attempt < tries; attempt++) {
    try {
      const response = await fetch(url, {
        headers: { range: `bytes=0-${sizeBytes - 1}` },
        signal: AbortSignal.any([signal, AbortSignal.timeout(requestTimeoutMs)]),
      });
      const bytes = response.ok ? Buffer.from(await response.arrayBuffer()) : null;
      if (bytes?.length === sizeBytes) {
        return bytes;
      }
      reason = bytes === null ? `the storage answers ${response.status}` : `${bytes.length} of ${sizeBytes} bytes came`;
    } catch (error) {
      signal.throwIfAborted();
      reason = error instanceof Error ? error.message : String(error);
    }
  }
  throw new TaskFailure('storage_failed', `The font of the brand kit cannot be fetched: ${reason}.`, { isRetryable: true });
}
