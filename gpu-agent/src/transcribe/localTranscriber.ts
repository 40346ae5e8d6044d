import { availableParallelism } from 'node:os';
import type { TranscriptDocument, Word } from '@carmic/contract';
import { installedBindings } from './bindings.ts';
import { wordsOfChunk } from './cleanPieces.ts';
import { chooseModel, listModelFiles, type ModelFile } from './modelFiles.ts';
import { type DecodePcm, readWavPcm, sampleRate } from './pcm.ts';
import { findSpeech, frameLevels, packChunks, type Region, speechThreshold } from './speechRegions.ts';
import { startWhisper, WhisperCrashed, type WhisperProcess } from './whisperProcess.ts';

/**
 * Speech to text on this machine. The agent makes one of these at start with its models folder and a `decodePcm` that runs its ffmpeg
 * (sandboxed like any other call); without `decodePcm` only 16 kHz mono WAV files can be read. `models()` is what the agent advertises
 * as `transcriptionModels`; it leases `transcribe` tasks only when that list is not empty.
 */
export interface LocalTranscriber {
  /** File names of the usable models, largest first; empty when there is no model or no native build for this platform. */
  models(): Promise<string[]>;
  transcribe(input: TranscribeInput): Promise<TranscriptDocument>;
}

export interface TranscribeInput {
  /** 16 kHz mono FLAC or WAV. */
  audioPath: string;
  durationSeconds: number;
  /** BCP 47 tag to force, or null to detect. */
  language: string | null;
  signal: AbortSignal;
  onProgress: (share: number) => void;
}

export interface LocalTranscriberOptions {
  modelsDir: string | null;
  log: { info(o: object, m: string): void; warn(o: object, m: string): void };
  decodePcm?: DecodePcm;
  threads?: number;
}

/** No model here can do what was asked. */
export class NoModelError extends Error {
  override readonly name = 'NoModelError';
}

/** Sound is decoded in stretches of this length, so that hours of it never lie in memory. */
const stretchSeconds = 240;
const shortestDetectionWords = 3;

interface Hearing {
  process: WhisperProcess;
  language: string | null;
  /** What whisper took the last words for, while they were too few to settle on a language. */
  guess: string | null;
  lastEnd: number;
  words: Word[];
}

/** Starts whisper on the best build that survives loading the model. */
async function startBest(model: ModelFile, options: LocalTranscriberOptions, skip: ReadonlySet<string>, signal: AbortSignal) {
  const threads = options.threads ?? Math.max(1, Math.min(8, availableParallelism()));
  for (const binding of installedBindings().filter((name) => !skip.has(name))) {
    try {
      return { binding, process: await startWhisper({ modelPath: model.path, binding, threads, signal }) };
    } catch (error) {
      signal.throwIfAborted();
      options.log.warn({ binding, model: model.name, error: String(error) }, 'this build of whisper cannot be used here');
    }
  }
  throw new NoModelError(`No build of whisper on this machine can load ${model.name}.`);
}

function samplesOf(pcm: Int16Array, chunk: Region): Float32Array {
  const part = pcm.subarray(Math.floor(chunk.startSeconds * sampleRate), Math.ceil(chunk.endSeconds * sampleRate));
  return Float32Array.from(part, (value) => value / 32768);
}

/** Hears the chunks of a stretch; answers where the next stretch has to begin. */
async function hearStretch(
  hearing: Hearing,
  pcm: Int16Array,
  offsetSeconds: number,
  isLast: boolean,
  signal: AbortSignal,
): Promise<number> {
  const stretchEnd = pcm.length / sampleRate;
  const levels = frameLevels(pcm);
  const threshold = speechThreshold(levels);
  const chunks = packChunks(pcm, findSpeech(pcm));
  for (const [i, chunk] of chunks.entries()) {
    // Speech that runs into the end of a stretch is heard whole with the next one.
    if (!isLast && i > 0 && i === chunks.length - 1 && chunk.endSeconds > stretchEnd - 1) {
      return offsetSeconds + chunk.startSeconds;
    }
    signal.throwIfAborted();
    const { pieces, language } = await hearing.process.hear(samplesOf(pcm, chunk), hearing.language);
    const isLoud = (seconds: number) => (levels[Math.floor((chunk.startSeconds + seconds) / 0.02)] ?? -100) > threshold;
    const words = wordsOfChunk(pieces, offsetSeconds + chunk.startSeconds, hearing.lastEnd, isLoud);
    hearing.words.push(...words);
    hearing.lastEnd = words.at(-1)?.endSeconds ?? hearing.lastEnd;
    hearing.guess = words.length > 0 ? language : hearing.guess;
    if (hearing.language === null && words.length >= shortestDetectionWords) {
      hearing.language = language;
    }
  }
  return offsetSeconds + stretchEnd;
}

async function hearAll(hearing: Hearing, input: TranscribeInput, decodePcm: DecodePcm): Promise<void> {
  let at = 0;
  while (at < input.durationSeconds - 0.05) {
    const durationSeconds = Math.min(stretchSeconds, input.durationSeconds - at);
    const pcm = await decodePcm(input.audioPath, { startSeconds: at, durationSeconds }, input.signal);
    const isLast = at + durationSeconds >= input.durationSeconds - 0.05 || pcm.length / sampleRate < durationSeconds - 1;
    const next = await hearStretch(hearing, pcm, at, isLast, input.signal);
    input.onProgress(Math.min(1, next / input.durationSeconds));
    if (isLast || next <= at) {
      return;
    }
    at = next;
  }
}

function insideOf(words: readonly Word[], durationSeconds: number): Word[] {
  return words
    .filter((word) => word.startSeconds < durationSeconds)
    .map((word) => (word.endSeconds > durationSeconds ? { ...word, endSeconds: durationSeconds } : word));
}

/** Makes the transcriber of this machine. Nothing is loaded before `transcribe`; the model is freed when it ends. */
export function createLocalTranscriber(options: LocalTranscriberOptions): LocalTranscriber {
  const decodePcm = options.decodePcm ?? readWavPcm;
  const crashed = new Set<string>();

  async function attempt(model: ModelFile, input: TranscribeInput): Promise<TranscriptDocument> {
    const { binding, process } = await startBest(model, options, crashed, input.signal);
    const forced = model.isEnglishOnly ? 'en' : (input.language?.toLowerCase().split('-')[0] ?? null);
    const hearing: Hearing = { process, language: forced, guess: null, lastEnd: 0, words: [] };
    const startedAt = performance.now();
    try {
      await hearAll(hearing, input, decodePcm);
    } catch (error) {
      if (error instanceof WhisperCrashed) {
        crashed.add(binding);
      }
      throw error;
    } finally {
      process.stop();
    }
    const words = insideOf(hearing.words, input.durationSeconds);
    const seconds = (performance.now() - startedAt) / 1000;
    options.log.info({ model: model.name, binding, words: words.length, seconds, soundSeconds: input.durationSeconds }, 'transcribed');
    return {
      language: input.language ?? hearing.language ?? hearing.guess ?? 'und',
      engine: `${binding} ${model.name}`.slice(0, 100),
      words,
    };
  }

  return {
    async models() {
      return installedBindings().length === 0 ? [] : (await listModelFiles(options.modelsDir)).map((model) => model.name);
    },
    async transcribe(input) {
      const model = chooseModel(await listModelFiles(options.modelsDir), input.language);
      if (model === null) {
        throw new NoModelError(`No whisper model here hears ${input.language ?? 'speech'}. Put a ggml model into the models folder.`);
      }
      for (;;) {
        const before = crashed.size;
        try {
          return await attempt(model, input);
        } catch (error) {
          // Another build is tried only when the one before it died: a cancelled task or an unreadable file stays failed.
          if (!(error instanceof WhisperCrashed) || crashed.size === before) {
            throw error;
          }
          options.log.warn({ error: error.message }, 'whisper ended by itself; trying another build');
        }
      }
    },
  };
}
