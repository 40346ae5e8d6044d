/**
 * Brings models of the catalogue into the models folder: from the base URL that the operator names, and from nowhere without one. A
 * download goes on where it stopped, and only a file with the catalogue's SHA-256 gets a model's name.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fetch } from 'undici';
import { type CatalogueModel, catalogue } from './modelCatalogue.ts';

export interface FetchModelsOptions {
  names: readonly string[];
  /** Folder of the files on a web server, for example a mirror in the operator's network. */
  baseUrl: string;
  modelsDir: string;
  signal: AbortSignal;
  onProgress: (name: string, share: number) => void;
  log: { info(o: object, m: string): void; warn(o: object, m: string): void };
  /** Waits between attempts; grows with each. */
  retryMs?: number;
  models?: readonly CatalogueModel[];
}

/** A model that cannot be fetched, however often it is tried. */
export class ModelFetchError extends Error {
  override readonly name = 'ModelFetchError';
}

const mostAttempts = 6;
const lasting = (status: number) => status >= 400 && status < 500 && status !== 408 && status !== 429;

async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => null))?.size ?? 0;
}

async function sha256Of(path: string, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { signal })) {
    hash.update(chunk as Buffer);
  }
  return hash.digest('hex');
}

/** Fetches what is missing of a file. A server that ignores the range sends it whole, and the file begins anew. */
async function fetchRest(url: string, part: string, model: CatalogueModel, options: FetchModelsOptions): Promise<void> {
  const have = await sizeOf(part);
  if (have >= model.sizeBytes) {
    return;
  }
  const response = await fetch(url, { signal: options.signal, headers: have > 0 ? { range: `bytes=${have}-` } : {} });
  if (response.status === 416) {
    await rm(part, { force: true });
    throw new Error('the file on the server is shorter than what is here');
  }
  if (!response.ok || response.body === null) {
    await response.body?.cancel();
    const message = `${url} answered ${response.status}`;
    throw lasting(response.status) ? new ModelFetchError(`${message}. Check CARMIC_MODELS_URL.`) : new Error(message);
  }
  const isResumed = response.status === 206;
  const file = await open(part, isResumed ? 'a' : 'w', 0o600);
  let size = isResumed ? have : 0;
  try {
    for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
      size += chunk.length;
      if (size > model.sizeBytes) {
        throw new ModelFetchError(`${url} is larger than ${model.fileName} is. Check CARMIC_MODELS_URL.`);
      }
      await file.write(chunk);
      options.onProgress(model.name, size / model.sizeBytes);
    }
  } finally {
    await file.close();
  }
  if (size < model.sizeBytes) {
    throw new Error(`the download ended after ${size} of ${model.sizeBytes} bytes`);
  }
}

async function fetchModel(model: CatalogueModel, options: FetchModelsOptions): Promise<void> {
  const target = join(options.modelsDir, model.fileName);
  if ((await sizeOf(target)) > 0) {
    options.onProgress(model.name, 1);
    return;
  }
  const part = `${target}.part`;
  const url = `${options.baseUrl.replace(/\/+$/, '')}/${model.fileName}`;
  for (let attempt = 1; ; attempt += 1) {
    try {
      await fetchRest(url, part, model, options);
      const sha256 = await sha256Of(part, options.signal);
      if (sha256 !== model.sha256) {
        await rm(part, { force: true });
        throw new ModelFetchError(`${url} is not the published ${model.fileName}: its SHA-256 is ${sha256}.`);
      }
      await rename(part, target);
      options.log.info({ model: model.name, sizeBytes: model.sizeBytes }, 'a speech model was fetched');
      return;
    } catch (error) {
      options.signal.throwIfAborted();
      if (error instanceof ModelFetchError || attempt >= mostAttempts) {
        throw error;
      }
      options.log.warn({ model: model.name, attempt, error: String(error) }, 'fetching a speech model stopped; it goes on');
      await sleep((options.retryMs ?? 2000) * 2 ** (attempt - 1), undefined, { signal: options.signal });
    }
  }
}

/** Fetches the named models one after the other; what is there already is left alone. Throws ModelFetchError for an unknown name. */
export async function fetchModels(options: FetchModelsOptions): Promise<void> {
  const models = options.models ?? catalogue;
  const wanted = options.names.map((name) => {
    const found = models.find((candidate) => candidate.name === name);
    if (found === undefined) {
      throw new ModelFetchError(`There is no model ${name}. Choose from ${models.map((candidate) => candidate.name).join(', ')}.`);
    }
    return found;
  });
  await mkdir(options.modelsDir, { recursive: true });
  for (const model of wanted) {
    await fetchModel(model, options);
  }
}
