import { createRequire } from 'node:module';
import { sampleRate } from './pcm.ts';
import type { Piece } from './protocol.ts';

/** A loaded model. */
export interface LoadedModel {
  /** `prompt` is text that whisper takes for what was said before: names in it are spelt as they stand there. */
  hear(samples: Float32Array, language: string | null, prompt: string): Promise<{ pieces: Piece[]; language: string | null }>;
}

/** One prebuilt build of whisper.cpp. */
export interface Binding {
  name: string;
  /** npm package with the native module. */
  packageName: string;
  load(nativeModule: unknown, modelPath: string, threads: number): LoadedModel;
}

interface FastParams {
  nThreads: number;
  language: string;
  tokenTimestamps: boolean;
  maxLen: number;
  splitOnWord: boolean;
  noContext: boolean;
  suppressBlank: boolean;
  suppressNonSpeechTokens: boolean;
  printProgress: boolean;
  printRealtime: boolean;
  printTimestamps: boolean;
  audioCtx: number;
  initialPrompt: string;
  onNewSegment: (segment: { text: string; start: number; end: number }) => void;
}
interface FastModule {
  Whisper: (new (
    modelPath: string,
    options: { useGpu: boolean },
  ) => { full(params: FastParams, samples: Float32Array): string; fullLangId: number }) & {
    lang(id: number): string | null;
  };
  WhisperFullParams: new (strategy: number) => FastParams;
}

interface PortableModule {
  WhisperContext: new (options: { filePath: string; useGpu: boolean }) => {
    transcribeData(
      samples: ArrayBuffer,
      options: Record<string, unknown>,
    ): { promise: Promise<{ language?: string; segments: { text: string; t0: number; t1: number }[] }> };
  };
}

/**
 * How much of its 30 s of hearing a chunk needs. The encoder's cost follows it; below about 10 s recognition suffers, so short chunks
 * keep that much.
 */
function audioContextFor(sampleCount: number): number {
  const frames = Math.ceil((sampleCount / sampleRate) * 50) + 100;
  return Math.min(1500, Math.max(512, Math.ceil(frames / 64) * 64));
}

/** Vectorised for current processors; delivers the words of a chunk after the call, from a queue of callbacks. */
const fast: Binding = {
  name: 'whisper.cpp',
  packageName: '@napi-rs/whisper-linux-x64-gnu',
  load(nativeModule, modelPath, threads) {
    const { Whisper, WhisperFullParams } = nativeModule as FastModule;
    const model = new Whisper(modelPath, { useGpu: false });
    return {
      async hear(samples, language, prompt) {
        const pieces: Piece[] = [];
        const params = new WhisperFullParams(0);
        params.nThreads = threads;
        params.language = language ?? 'auto';
        params.tokenTimestamps = true;
        params.maxLen = 1;
        params.splitOnWord = true;
        params.noContext = true;
        params.suppressBlank = true;
        params.suppressNonSpeechTokens = true;
        params.printProgress = false;
        params.printRealtime = false;
        params.printTimestamps = false;
        if (prompt !== '') {
          params.initialPrompt = prompt;
        }
        params.audioCtx = audioContextFor(samples.length);
        params.onNewSegment = ({ text, start, end }) =>
          pieces.push({ text: ` ${text.trim()}`, startSeconds: start / 100, endSeconds: end / 100 });
        const whole = model.full(params, samples);
        const wanted = whole.replace(/\s/g, '').length;
        for (let turn = 0; turn < 200 && pieces.reduce((sum, piece) => sum + piece.text.replace(/\s/g, '').length, 0) < wanted; turn += 1) {
          await new Promise((resolve) => setTimeout(resolve, 1));
        }
        return { pieces, language: Whisper.lang(model.fullLangId) };
      },
    };
  },
};

/** Runs on any processor of its platform (with Metal on a Mac, CUDA or Vulkan where that variant is installed). */
function portable(variant: string): Binding {
  return {
    name: variant === '' ? 'whisper.cpp portable' : `whisper.cpp ${variant}`,
    packageName: `@fugood/node-whisper-${process.platform}-${process.arch}${variant === '' ? '' : `-${variant}`}`,
    load(nativeModule, modelPath, threads) {
      const { WhisperContext } = nativeModule as PortableModule;
      const context = new WhisperContext({ filePath: modelPath, useGpu: variant !== '' || process.platform === 'darwin' });
      return {
        async hear(samples, language, prompt) {
          const whole = Int16Array.from(samples, (value) => Math.max(-32768, Math.min(32767, Math.round(value * 32768))));
          const options = {
            language: language ?? 'auto',
            maxThreads: threads,
            maxLen: 1,
            tokenTimestamps: true,
            maxContext: prompt === '' ? 0 : 224,
            ...(prompt === '' ? {} : { prompt }),
          };
          const result = await context.transcribeData(whole.buffer, options).promise;
          return {
            pieces: result.segments.map(({ text, t0, t1 }) => ({ text, startSeconds: t0 / 1000, endSeconds: t1 / 1000 })),
            language: result.language ?? null,
          };
        },
      };
    },
  };
}

/** Every build we know of, best first: a graphics card's, if its owner installed it, then the fast one, then the one that runs anywhere. */
export const bindings: readonly Binding[] = [portable('cuda'), portable('vulkan'), fast, portable('')];

const require = createRequire(import.meta.url);

/** Names of the builds whose package is installed here. */
export function installedBindings(): string[] {
  return bindings.filter((binding) => isInstalled(binding.packageName)).map((binding) => binding.name);
}

function isInstalled(packageName: string): boolean {
  try {
    require.resolve(packageName);
    return true;
  } catch {
    return false;
  }
}

/** Loads a model with the named build. Throws when the package or the model cannot be loaded. */
export function loadModel(name: string, modelPath: string, threads: number): LoadedModel {
  const binding = bindings.find((candidate) => candidate.name === name);
  if (binding === undefined) {
    throw new Error(`There is no build of whisper named ${name}.`);
  }
  return binding.load(require(binding.packageName), modelPath, threads);
}
