/** Finds out, by trying, what this host can do. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildAss, resolveLook } from '@carmic/captions';
import { loadFontStack } from '@carmic/captions/node';
import type { EncoderCapability } from '@carmic/contract';
import { exitCodes, StartError } from '../env.ts';
import { type Run, RunError } from '../ffmpeg/run.ts';
import { generatedInputArgs, quietArgs } from '../ffmpeg/safety.ts';

export interface FoundFfmpeg {
  version: string;
  /** Whether HDR can be brought to ordinary colours. */
  canToneMap: boolean;
}

const oldestMajor = 5;
const neededFilters = [
  'ass',
  'scale',
  'crop',
  'fps',
  'sendcmd',
  'scdet',
  'metadata',
  'ebur128',
  'alimiter',
  'aeval',
  'bwdif',
  'tpad',
  'gblur',
  'overlay',
  'thumbnail',
];
const fix =
  'Install one that has it (Debian and Ubuntu: apt-get install ffmpeg; macOS: brew install ffmpeg), or set FFMPEG_PATH and FFPROBE_PATH to it.';

/**
 * Tries ffmpeg: its version, its filters, and libass on a real caption.
 *
 * Throws StartError (78) that names what is missing and the command that brings it.
 */
export async function probeFfmpeg(run: Run, scratch: string): Promise<FoundFfmpeg> {
  const directory = join(scratch, 'capabilities');
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const ask = async (args: string[], program: 'ffmpeg' | 'ffprobe' = 'ffmpeg') => {
    const limits = { wallSeconds: 30, fileBytes: 50_000_000 };
    const { stdout } = await run({ program, args, directory, limits, signal: AbortSignal.timeout(60_000) });
    return stdout.toString('utf8');
  };
  try {
    const version = await readVersion(ask);
    const filters = await ask(['-hide_banner', '-filters']);
    const missing = neededFilters.filter((name) => !lists(filters, name));
    if (missing.length > 0) {
      const names = missing.map((name) => (name === 'ass' ? 'ass (libass, which draws captions)' : name)).join(', ');
      throw new StartError(exitCodes.config, `This ffmpeg (${version}) lacks the filters ${names}. ${fix}`);
    }
    await tryCaptions(ask, directory, version);
    return { version, canToneMap: lists(filters, 'zscale') && lists(filters, 'tonemap') };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

type Ask = (args: string[], program?: 'ffmpeg' | 'ffprobe') => Promise<string>;

async function readVersion(ask: Ask): Promise<string> {
  let text: string;
  try {
    text = await ask(['-version']);
    await ask(['-version'], 'ffprobe');
  } catch (error) {
    throw new StartError(exitCodes.config, `ffmpeg or ffprobe does not start: ${reasonOf(error)}. ${fix}`);
  }
  const version = /^ffmpeg version (\S+)/.exec(text)?.[1] ?? 'unknown';
  const major = Number(/^n?(\d+)\./.exec(version)?.[1] ?? oldestMajor);
  if (major < oldestMajor) {
    throw new StartError(exitCodes.config, `This ffmpeg is version ${version}; at least ${oldestMajor} is needed. ${fix}`);
  }
  return version;
}

async function tryCaptions(ask: Ask, directory: string, version: string): Promise<void> {
  writeFileSync(join(directory, 'try.ass'), tryAss);
  const input = [...quietArgs, '-v', 'error', ...generatedInputArgs, '-i', 'color=size=256x256:rate=25', '-frames:v', '2'];
  try {
    await ask([...input, '-vf', 'ass=try.ass', '-f', 'null', '-']);
  } catch (error) {
    throw new StartError(exitCodes.config, `This ffmpeg (${version}) cannot draw captions with libass: ${reasonOf(error)}. ${fix}`);
  }
}

const tryAss = buildAss(
  [{ startSeconds: 0, endSeconds: 1, scale: 1, place: 'bottom', lines: [[{ text: 'Try', startSeconds: 0, endSeconds: 1 }]] }],
  resolveLook('karaoke', { width: 256, height: 256 }),
  loadFontStack('montserrat', 'Try'),
  'en',
);

function reasonOf(error: unknown): string {
  const text = error instanceof RunError ? `${error.message}\n${error.stderr}` : String(error);
  return text.trim().split('\n').at(-1)?.slice(0, 300) ?? '';
}

/** Makes sure that the last resort works. Throws StartError (78). */
export function requireX264(encoders: readonly EncoderCapability[], version: string): void {
  const x264 = encoders.find((encoder) => encoder.name === 'libx264');
  if (!x264?.works) {
    throw new StartError(exitCodes.config, `This ffmpeg (${version}) cannot encode with libx264: ${x264?.reason ?? 'it lacks it'}. ${fix}`);
  }
}

/** Tells whether the table of `-filters` or `-encoders` has a row for `name`. */
function lists(table: string, name: string): boolean {
  return table.split('\n').some((line) => line.trim().split(/\s+/)[1] === name);
}
