import { availableParallelism, freemem } from 'node:os';
import type { Transcriber, TranscriberInput, TranscriptDocument, Word } from '@carmic/contract';
import { installedBindings } from './bindings.ts';
import { wordsOfChunk } from './cleanPieces.ts';
import { chooseModel, listModelFiles, type ModelFile } from './modelFiles.ts';
import { type DecodePcm, readWavPcm, sampleRate } from './pcm.ts';
import { findSpeech, frameLevels, longestChunkSeconds, packChunks, type Region, speechThreshold } from './speechRegions.ts';
import { startWhisper, WhisperCrashed, type WhisperProcess } from './whisperProcess.ts';

/**
 * Speech to text on this machine. The agent makes one of these at start with its models folder and a `decodePcm` that runs its ffmpeg
 * (sandboxed like any other call); without `decodePcm` only 16 kHz mono WAV files can be read. `models()` is what the agent advertises
 * as `transcriptionModels`; it leases `transcribe` tasks only when that list is not empty.
 */
export interface LocalTranscriber extends Transcriber<SoundFile> {
  /** File names of the usable models, largest first; empty when there is no model or no native build for this platform. */
  models(): Promise<string[]>;
}

/** A sound file on this machine: 16 kHz mono FLAC or WAV. */
export interface SoundFile {
  path: string;
}

export interface LocalTranscriberOptions {
  modelsDir: string | null;
  log: { info(o: object, m: string): void; warn(o: object, m: string): void };
  decodePcm?: DecodePcm;
  /** How far whisper stands back where processors are short; not at all by default. */
  nice?: number;
  threads?: number;
  /** Whisper processes that share the threads; chosen by what pays by default. */
  processes?: number;
}

/** No model here can do what was asked. */
export class NoModelError extends Error {
  override readonly name = 'NoModelError';
}

/** Sound is decoded in stretches of this length, so that hours of it never lie in memory. */
const stretchSeconds = 240;
const shortestDetectionWords = 3;
/** Two threads hear one chunk nearly twice as fast as one; more add little, so further ones hear another chunk. */
const threadsPerProcess = 2;
/** Whisper reads about 220 tokens of what came before. */
const longestPrompt = 600;

type Heard = Awaited<ReturnType<WhisperProcess['hear']>>;

interface Hearing {
  processes: readonly WhisperProcess[];
  language: string | null;
  /** What whisper took the last words for, while they were too few to settle on a language. */
  guess: string | null;
  /** What whisper reads before every chunk, so that it spells names as the glossary does. */
  prompt: string;
  lastEnd: number;
  words: Word[];
}

/** Starts whisper on the best build that survives loading the model, with as many processes as share the threads well. */
async function startBest(
  model: ModelFile,
  options: LocalTranscriberOptions,
  skip: ReadonlySet<string>,
  soundSeconds: number,
  signal: AbortSignal,
) {
  const allThreads = options.threads ?? Math.max(1, Math.min(8, availableParallelism()));
  const wanted = options.processes ?? Math.max(1, Math.floor(allThreads / threadsPerProcess));
  // Each process holds the model: a short recording or a large model is heard by one.
  const room = Math.max(1, Math.floor(freemem() / 2 / (model.sizeBytes * 2)));
  const count = Math.max(1, Math.min(wanted, room, Math.ceil(soundSeconds / longestChunkSeconds)));
  const threads = Math.max(1, Math.floor(allThreads / count));
  for (const binding of installedBindings().filter((name) => !skip.has(name))) {
    const processes: WhisperProcess[] = [];
    try {
      for (let i = 0; i < count; i += 1) {
        processes.push(await startWhisper({ modelPath: model.path, binding, threads, nice: options.nice ?? 0, signal }));
      }
      return { binding, processes };
    } catch (error) {
      processes.forEach((process) => process.stop());
      signal.throwIfAborted();
      options.log.warn({ binding, model: model.name, error: String(error) }, 'this build of whisper cannot be used here');
    }
  }
  throw new NoModelError(`No build of whisper on this machine can load ${model.name}.`);
}

/** Key terms as a sentence that whisper takes for the text before: at most what it reads of one. */
function promptOf(keyTerms: readonly string[]): string {
  let prompt = '';
  for (const term of keyTerms) {
    if (prompt.length + term.length > longestPrompt) {
      break;
    }
    prompt += prompt === '' ? term : `, ${term}`;
  }
  return prompt === '' ? '' : `${prompt}.`;
}

function samplesOf(pcm: Int16Array, chunk: Region): Float32Array {
  const part = pcm.subarray(Math.floor(chunk.startSeconds * sampleRate), Math.ceil(chunk.endSeconds * sampleRate));
  return Float32Array.from(part, (value) => value / 32768);
}

/**
 * Hears the chunks of a stretch; answers where the next stretch has to begin. Until the language is settled chunk follows chunk; from then
 * on every process takes the next one that is free, and the words are put together in the order of the sound.
 */
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
  const last = chunks.at(-1);
  // Speech that runs into the end of a stretch is heard whole with the next one.
  const isCarried = !isLast && chunks.length > 1 && last !== undefined && last.endSeconds > stretchEnd - 1;
  const own = isCarried ? chunks.slice(0, -1) : chunks;
  const take = (chunk: Region, heard: Heard) => {
    const isLoud = (seconds: number) => (levels[Math.floor((chunk.startSeconds + seconds) / 0.02)] ?? -100) > threshold;
    const words = wordsOfChunk(heard.pieces, offsetSeconds + chunk.startSeconds, hearing.lastEnd, isLoud);
    hearing.words.push(...words);
    hearing.lastEnd = words.at(-1)?.endSeconds ?? hearing.lastEnd;
    hearing.guess = words.length > 0 ? heard.language : hearing.guess;
    if (hearing.language === null && words.length >= shortestDetectionWords) {
      hearing.language = heard.language;
    }
  };
  const hear = (process: WhisperProcess, chunk: Region) => {
    signal.throwIfAborted();
    return process.hear(samplesOf(pcm, chunk), hearing.language, hearing.prompt);
  };
  let next = 0;
  const [first] = hearing.processes;
  for (; first !== undefined && hearing.language === null && next < own.length; next += 1) {
    const chunk = own[next];
    if (chunk !== undefined) {
      take(chunk, await hear(first, chunk));
    }
  }
  const rest = own.slice(next);
  const heard = await hearInParallel(hearing.processes, rest, hear);
  rest.forEach((chunk, i) => take(chunk, heard[i] ?? { pieces: [], language: null }));
  return offsetSeconds + (isCarried ? last.startSeconds : stretchEnd);
}

async function hearInParallel(
  processes: readonly WhisperProcess[],
  chunks: readonly Region[],
  hear: (process: WhisperProcess, chunk: Region) => Promise<Heard>,
): Promise<Heard[]> {
  const heard: Heard[] = [];
  let next = 0;
  await Promise.all(
    processes.map(async (process) => {
      for (let at = next++; at < chunks.length; at = next++) {
        const chunk = chunks[at];
        if (chunk !== undefined) {
          heard[at] = await hear(process, chunk);
        }
      }
    }),
  );
  return heard;
}

async function hearAll(hearing: Hearing, input: TranscriberInput<SoundFile>, decodePcm: DecodePcm): Promise<void> {
  let at = 0;
  while (at < input.durationSeconds - 0.05) {
    const durationSeconds = Math.min(stretchSeconds, input.durationSeconds - at);
    const pcm = await decodePcm(input.sound.path, { startSeconds: at, durationSeconds }, input.signal);
    const isLast = at + durationSeconds >= input.durationSeconds - 0.05 || pcm.length / sampleRate < durationSeconds - 1;
    const next = await hearStretch(hearing, pcm, at, isLast, input.signal);
    input.onProgress?.(Math.min(1, next / input.durationSeconds));
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

  async function attempt(model: ModelFile, input: TranscriberInput<SoundFile>): Promise<TranscriptDocument> {
    const { binding, processes } = await startBest(model, options, crashed, input.durationSeconds, input.signal);
    const forced = model.isEnglishOnly ? 'en' : (input.language?.toLowerCase().split('-')[0] ?? null);
    const hearing: Hearing = { processes, language: forced, guess: null, prompt: promptOf(input.keyTerms), lastEnd: 0, words: [] };
    const startedAt = performance.now();
    try {
      await hearAll(hearing, input, decodePcm);
    } catch (error) {
      if (error instanceof WhisperCrashed) {
        crashed.add(binding);
      }
      throw error;
    } finally {
      processes.forEach((process) => process.stop());
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
    engine: 'whisper.cpp',
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
