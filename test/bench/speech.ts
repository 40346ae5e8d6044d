/**
 * Word error rate and speed of the local transcriber: `npm run bench -- speech MODELS_DIR FOLDER [PROCESSES]`. FOLDER holds sound files and
 * `refs.tsv`: on each line a file name, a tab, and what is said in it. Lines whose file is not there are left out and counted.
 */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createLocalTranscriber } from '../../gpu-agent/src/transcribe/localTranscriber.ts';
import type { DecodePcm } from '../../gpu-agent/src/transcribe/pcm.ts';

const run = promisify(execFile);
const ffmpeg = process.env['FFMPEG_PATH'] ?? 'ffmpeg';

const decode: DecodePcm = async (path, { startSeconds, durationSeconds }) => {
  const argv = ['-nostdin', '-v', 'error', '-ss', String(startSeconds), '-t', String(durationSeconds), '-i', path];
  const { stdout } = await run(ffmpeg, [...argv, '-f', 's16le', '-ar', '16000', '-ac', '1', '-'], {
    encoding: 'buffer',
    maxBuffer: 64 << 20,
  });
  return new Int16Array(new Uint8Array(stdout).buffer);
};

const bare = (text: string) =>
  text
    .toLowerCase()
    .replaceAll('’', "'")
    .replace(/\bmr\b\.?/g, 'mister')
    .replace(/[^\p{L}\p{N}' ]+/gu, ' ')
    .split(/\s+/)
    .filter((word) => word !== '');

/** Words to change, add or leave out to come from one text to the other (Levenshtein). */
function distance(a: readonly string[], b: readonly string[]): number {
  let row = b.map((_, i) => i + 1);
  for (const [i, word] of a.entries()) {
    let diagonal = i;
    let left = i + 1;
    row = row.map((above, k) => {
      const value = Math.min(above + 1, left + 1, diagonal + (word === b[k] ? 0 : 1));
      diagonal = above;
      left = value;
      return value;
    });
  }
  return row.at(-1) ?? a.length;
}

/** Hears every file and compares it with its reference; then all of them in one long file, for the speed. */
export async function benchSpeech([modelsDir = '', folder = '', processes]: readonly string[]): Promise<Record<string, unknown>> {
  const lines = readFileSync(join(folder, 'refs.tsv'), 'utf8').trim().split('\n');
  const items = lines.map((line) => line.split('\t')).filter(([name = '']) => existsSync(join(folder, name)));
  const log = { info: () => undefined, warn: () => undefined };
  const transcriber = createLocalTranscriber({
    modelsDir,
    log,
    decodePcm: decode,
    ...(processes === undefined ? {} : { processes: Number(processes) }),
  });
  let words = 0;
  let errors = 0;
  let soundSeconds = 0;
  let seconds = 0;
  for (const [name = '', said = ''] of items) {
    const path = join(folder, name);
    const { stdout } = await run(process.env['FFPROBE_PATH'] ?? 'ffprobe', [
      '-v',
      'error',
      '-show_entries',
      'format=duration',
      '-of',
      'csv=p=0',
      path,
    ]);
    const durationSeconds = Number(stdout);
    const started = performance.now();
    const heard = await transcriber.transcribe({
      sound: { path },
      durationSeconds,
      language: 'en',
      keyTerms: [],
      signal: new AbortController().signal,
    });
    seconds += (performance.now() - started) / 1000;
    soundSeconds += durationSeconds;
    const reference = bare(said);
    const wrong = distance(reference, bare(heard.words.map((word) => word.text).join(' ')));
    process.stdout.write(`${name}: ${wrong} of ${reference.length} words wrong\n`);
    words += reference.length;
    errors += wrong;
  }
  return {
    files: items.length,
    missingFiles: lines.length - items.length,
    words,
    wordErrorRate: Math.round((errors / words) * 1000) / 1000,
    soundSeconds: Math.round(soundSeconds * 10) / 10,
    seconds: Math.round(seconds * 10) / 10,
    realTimeFactor: Math.round((seconds / soundSeconds) * 1000) / 1000,
    cores: availableParallelism(),
    models: await transcriber.models(),
  };
}
