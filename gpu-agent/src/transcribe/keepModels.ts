import type { Capabilities } from '@carmic/contract';
import type { Logger } from 'pino';
import type { Env } from '../env.ts';
import { fetchModels } from './fetchModels.ts';

export interface ModelDownloads {
  /** What is on its way, for the console. */
  list(): NonNullable<Capabilities['modelDownloads']>;
  /** Called now and then while something is on its way, and when it has arrived. */
  onChange(listener: () => void): void;
}

const tellEveryMs = 5000;

/** Fetches the models that the environment names, beside the agent's work; without CARMIC_MODELS_URL nothing is contacted. */
export function keepModels({ env, signal, log }: { env: Env; signal: AbortSignal; log: Logger }): ModelDownloads {
  const names = (env.CARMIC_MODELS ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  const downloads = new Map<string, { share: number; problem: string | null }>();
  const listeners: (() => void)[] = [];
  const tell = () => listeners.forEach((listener) => listener());
  const list = () => [...downloads].map(([name, state]) => ({ name, ...state }));
  const { CARMIC_MODELS_URL: baseUrl, CARMIC_MODELS_DIR: modelsDir } = env;
  if (names.length > 0 && baseUrl !== undefined && modelsDir !== undefined) {
    const timer = setInterval(tell, tellEveryMs);
    timer.unref();
    names.forEach((name) => downloads.set(name, { share: 0, problem: null }));
    const onProgress = (name: string, share: number) => {
      downloads.set(name, { share: Math.min(1, share), problem: null });
    };
    fetchModels({ names, baseUrl, modelsDir, signal, onProgress, log })
      .then(() => downloads.clear())
      .catch((error: unknown) => {
        const problem = error instanceof Error ? error.message.slice(0, 300) : String(error);
        log.warn({ err: error }, 'a speech model could not be fetched');
        for (const [name, state] of downloads) {
          if (state.share < 1) {
            downloads.set(name, { ...state, problem });
          }
        }
      })
      .finally(() => {
        clearInterval(timer);
        tell();
      });
  } else if (names.length > 0) {
    log.warn({ names }, 'speech models are named, but CARMIC_MODELS_URL or CARMIC_MODELS_DIR is not set');
  }
  return { list, onChange: (listener) => void listeners.push(listener) };
}
