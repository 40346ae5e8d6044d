import { execFile, execFileSync } from 'node:child_process';
import { copyFile, link, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { createLocalTranscriber, NoModelError } from './localTranscriber.ts';
import type { DecodePcm } from './pcm.ts';

const run = promisify(execFile);
const ffmpeg = process.env['FFMPEG_PATH'] ?? 'ffmpeg';
const ignore = () => undefined;
const log = { info: ignore, warn: ignore };
const speech = 'The river rose in the night and we carried four hundred books up the stairs. Nobody had told us why.';

let folder = '';
let modelsDir = '';
let missing: string | null = null;

/** The model named by the environment, or the one that the script brings. */
async function bringModel(): Promise<string> {
  const named = process.env['CARMIC_TEST_WHISPER_MODEL'];
  if (named !== undefined) {
    return named;
  }
  const script = fileURLToPath(new URL('../../../scripts/fetchTestModel.mjs', import.meta.url));
  return (await run(process.execPath, [script], { timeout: 240_000 })).stdout.trim();
}

async function make(name: string, input: string): Promise<string> {
  const path = join(folder, name);
  await run(ffmpeg, ['-nostdin', '-v', 'error', '-y', '-f', 'lavfi', '-i', input, '-ar', '16000', '-ac', '1', '-sample_fmt', 's16', path]);
  return path;
}

/** Speech with two seconds of silence before it and three behind it. */
const spoken = (name: string) => make(name, `flite=text='${speech}':voice=slt,aresample=16000,adelay=2000,apad=pad_dur=3`);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'carmic-hear-'));
  modelsDir = join(folder, 'models');
  await mkdir(modelsDir);
  try {
    if (!execFileSync(ffmpeg, ['-hide_banner', '-filters']).includes('flite')) {
      throw new Error('this ffmpeg has no flite filter to speak with');
    }
    const model = await bringModel();
    const target = join(modelsDir, basename(model));
    await link(model, target).catch(() => copyFile(model, target));
  } catch (error) {
    missing = `${error instanceof Error ? error.message.trim().split('\n').at(-1) : String(error)}; node scripts/fetchTestModel.mjs would bring the model`;
    if (process.env['CI'] === 'true') {
      throw error;
    }
  }
}, 300_000);

afterAll(() => rm(folder, { recursive: true, force: true }));

function needsModel(context: TestContext): void {
  if (missing !== null) {
    context.skip(`skipped: ${missing}`);
  }
}

function hear(
  audioPath: string,
  durationSeconds: number,
  change: { signal?: AbortSignal; decodePcm?: DecodePcm; onProgress?: (share: number) => void } = {},
) {
  const { signal, decodePcm, onProgress } = change;
  return createLocalTranscriber({ modelsDir, log, ...(decodePcm === undefined ? {} : { decodePcm }) }).transcribe({
    sound: { path: audioPath },
    durationSeconds,
    language: 'en',
    keyTerms: [],
    signal: signal ?? new AbortController().signal,
    onProgress: onProgress ?? ignore,
  });
}

const decodeWithFfmpeg: DecodePcm = async (audioPath, { startSeconds, durationSeconds }, signal) => {
  const argv = ['-nostdin', '-v', 'error', '-ss', String(startSeconds), '-t', String(durationSeconds), '-i', audioPath];
  const { stdout } = await run(ffmpeg, [...argv, '-f', 's16le', '-ar', '16000', '-ac', '1', '-'], {
    encoding: 'buffer',
    maxBuffer: 64 << 20,
    signal,
  });
  return new Int16Array(stdout.buffer, stdout.byteOffset, stdout.length / 2);
};

// Generous: real models on a busy machine.
describe('createLocalTranscriber', { timeout: 180_000 }, () => {
  it('hears speech word by word and leaves the silence around it empty', async (context) => {
    needsModel(context);
    const path = await spoken('speech.wav');
    const shares: number[] = [];
    const { words, language, engine } = await hear(path, 11, { onProgress: (share) => shares.push(share) });
    const text = words
      .map((word) => word.text)
      .join(' ')
      .toLowerCase();
    for (const wanted of ['river', 'night', 'carried', 'books', 'stairs', 'nobody']) {
      expect(text).toContain(wanted);
    }
    expect(language).toBe('en');
    expect(engine).toContain('whisper.cpp');
    expect(words[0]?.startSeconds).toBeGreaterThan(1.7);
    expect(words[0]?.startSeconds).toBeLessThan(2.6);
    for (const [i, word] of words.entries()) {
      expect(word.startSeconds).toBeGreaterThanOrEqual(words[i - 1]?.endSeconds ?? 0);
      expect(word.endSeconds).toBeGreaterThan(word.startSeconds);
    }
    expect(shares.at(-1)).toBe(1);
  });

  it('hears FLAC through the decoder it is given, and speech across the seam of two stretches', async (context) => {
    needsModel(context);
    const path = await make('long.flac', `flite=text='${speech}':voice=slt,aresample=16000,adelay=236000`);
    const { words } = await hear(path, 242.5, { decodePcm: decodeWithFfmpeg });
    const text = words
      .map((word) => word.text)
      .join(' ')
      .toLowerCase();
    expect(text).toContain('carried');
    expect(text.match(/river/g)).toHaveLength(1);
    expect(words[0]?.startSeconds).toBeGreaterThan(235.5);
  });

  it('writes nothing for silence, noise, a tone and clicks', async (context) => {
    needsModel(context);
    const sounds = {
      silence: 'anullsrc=r=16000:cl=mono:d=20',
      noise: 'anoisesrc=r=16000:d=20:a=0.2:c=pink',
      tone: 'sine=f=440:r=16000:d=20',
      clicks: 'aevalsrc=if(lt(mod(t\\,3)\\,0.01)\\,0.8\\,0):s=16000:d=20',
    };
    for (const [name, input] of Object.entries(sounds)) {
      const { words } = await hear(await make(`${name}.wav`, input), 20);
      expect(words, name).toEqual([]);
    }
  });

  it('stops within a second of being cancelled and rejects with the reason', async (context) => {
    needsModel(context);
    const path = await make('busy.wav', `flite=text='${`${speech} `.repeat(12)}':voice=slt,aresample=16000`);
    const controller = new AbortController();
    const reason = new Error('lease lost');
    const promise = hear(path, 80, { signal: controller.signal });
    await new Promise((resolve) => setTimeout(resolve, 1500));
    const at = performance.now();
    controller.abort(reason);
    await expect(promise).rejects.toBe(reason);
    expect(performance.now() - at).toBeLessThan(1000);
  });

  it('lists models by what is in the files and says when there is none for a language', async (context) => {
    needsModel(context);
    await writeFile(join(modelsDir, 'ggml-fake.bin'), 'not a model');
    const transcriber = createLocalTranscriber({ modelsDir, log });
    const models = await transcriber.models();
    expect(models).not.toContain('ggml-fake.bin');
    expect(models).toHaveLength(1);
    expect(await createLocalTranscriber({ modelsDir: join(folder, 'nowhere'), log }).models()).toEqual([]);
    expect(await createLocalTranscriber({ modelsDir: null, log }).models()).toEqual([]);
    const path = await make('short.wav', 'sine=d=1');
    const german = transcriber.transcribe({
      sound: { path },
      durationSeconds: 1,
      language: 'de',
      keyTerms: [],
      signal: new AbortController().signal,
      onProgress: ignore,
    });
    await expect(models[0]?.includes('.en') === true ? german : Promise.reject(new NoModelError('many languages'))).rejects.toThrow(
      NoModelError,
    );
  });

  it('survives a model file that makes the native code fail', async (context) => {
    needsModel(context);
    const broken = join(folder, 'broken');
    await mkdir(broken);
    await writeFile(join(broken, 'ggml-broken.bin'), Buffer.concat([Buffer.from('lmgg'), Buffer.alloc(4000, 3)]));
    const transcriber = createLocalTranscriber({ modelsDir: broken, log });
    const path = await make('tone.wav', 'sine=d=2');
    await expect(
      transcriber.transcribe({
        sound: { path },
        durationSeconds: 2,
        language: null,
        keyTerms: [],
        signal: new AbortController().signal,
        onProgress: ignore,
      }),
    ).rejects.toThrow(NoModelError);
  });
});
