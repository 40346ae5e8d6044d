/**
 * Finds an ffmpeg that can do the work: version 5 or newer, with ffprobe, libx264 and libass.
 *
 * FFMPEG_PATH wins when it is set; then PATH; then, for root, the system's package manager. What was found is remembered with the
 * size and time of the file, so that later starts ask it nothing.
 */
import { execFile } from 'node:child_process';
import { accessSync, constants, readFileSync, realpathSync, statSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { findPackageManager, type PackageManager } from './packageManager.ts';
import { StartFailure } from './startFailure.ts';

export interface Ffmpeg {
  readonly ffmpeg: string;
  readonly ffprobe: string;
  readonly version: string;
  /** Whether it can speak, for the demonstration video. */
  readonly hasFlite: boolean;
}

export interface FindFfmpegOptions {
  env: Readonly<Record<string, string | undefined>>;
  /** File that remembers what was found. */
  cacheFile: string;
  isRoot: boolean;
  /** Called with a line when something takes a while. */
  say: (text: string) => void;
}

const oldestMajor = 5;
const usualFolders = ['/usr/bin', '/usr/local/bin', '/opt/homebrew/bin'];
const run = promisify(execFile);

/** Finds (or, as root, installs) ffmpeg. Throws StartFailure (69) with the exact command that brings it. */
export async function findFfmpeg({ env, cacheFile, isRoot, say }: FindFfmpegOptions): Promise<Ffmpeg> {
  const chosen = env['FFMPEG_PATH'];
  if (chosen !== undefined && chosen !== '') {
    const ffmpeg = resolveChosen(chosen);
    return inspect(ffmpeg, findProbe(env, ffmpeg), cacheFile, 'FFMPEG_PATH names');
  }
  const onPath = findOnPath('ffmpeg', env);
  if (onPath !== undefined) {
    return inspect(onPath, findProbe(env, onPath), cacheFile, 'PATH has');
  }
  const manager = findPackageManager(env);
  if (!isRoot || manager === undefined) {
    throw new StartFailure('unavailable', `ffmpeg is missing; Carmic cuts and draws video with it. ${howToInstall(manager)}`);
  }
  await manager.install(say);
  const installed = findOnPath('ffmpeg', env) ?? findIn('ffmpeg', usualFolders);
  if (installed === undefined) {
    throw new StartFailure('unavailable', `"${manager.command}" ended well, and there is still no ffmpeg on PATH. Set FFMPEG_PATH to it.`);
  }
  return inspect(installed, findProbe(env, installed), cacheFile, 'PATH has');
}

/** The version in the first line of `ffmpeg -version`, and its major number; builds from git (`N-12345-g...`, or a date) count as newest. */
export function parseVersion(output: string): { text: string; major: number } | null {
  const text = /^ffmpeg version (\S+)/m.exec(output)?.[1];
  if (text === undefined) {
    return null;
  }
  const major = /^n?(\d+)(?:[.-]|$)/.exec(text)?.[1];
  return { text, major: major === undefined ? (/^(N-|git-)/.test(text) ? Number.POSITIVE_INFINITY : 0) : Number(major) };
}

/** Tells whether a list of `ffmpeg -encoders` or `-filters` names an entry. */
export function lists(output: string, name: string): boolean {
  return output.split('\n').some((line) => line.trim().split(/\s+/)[1] === name);
}

function howToInstall(manager: PackageManager | undefined): string {
  if (manager !== undefined) {
    return `Install it with:\n  ${manager.command}\nor set FFMPEG_PATH to an ffmpeg 5 or newer.`;
  }
  return 'Get it from https://ffmpeg.org/download.html (version 5 or newer, with libx264 and libass) and set FFMPEG_PATH to it.';
}

function resolveChosen(chosen: string): string {
  const path = isFolder(chosen) ? join(chosen, 'ffmpeg') : chosen;
  if (!isProgram(path)) {
    throw new StartFailure(
      'unavailable',
      `FFMPEG_PATH names ${path}, and there is no program. Set it to an ffmpeg 5 or newer, or unset it to use the one on PATH.`,
    );
  }
  return path;
}

function findProbe(env: Readonly<Record<string, string | undefined>>, ffmpeg: string): string {
  const chosen = env['FFPROBE_PATH'];
  if (chosen !== undefined && chosen !== '') {
    if (!isProgram(chosen)) {
      throw new StartFailure('unavailable', `FFPROBE_PATH names ${chosen}, and there is no program.`);
    }
    return chosen;
  }
  const beside = [join(dirname(ffmpeg), 'ffprobe'), join(dirname(realpathSync(ffmpeg)), 'ffprobe')].find(isProgram);
  const found = beside ?? findOnPath('ffprobe', env);
  if (found === undefined) {
    throw new StartFailure('unavailable', `${ffmpeg} has no ffprobe beside it. ${howToInstall(findPackageManager(env))}`);
  }
  return found;
}

function findOnPath(name: string, env: Readonly<Record<string, string | undefined>>): string | undefined {
  return findIn(name, (env['PATH'] ?? '').split(delimiter));
}

function findIn(name: string, folders: readonly string[]): string | undefined {
  return folders
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, name))
    .find(isProgram);
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

const cacheSchema = z.object({ key: z.string(), version: z.string(), hasFlite: z.boolean() });

async function inspect(ffmpeg: string, ffprobe: string, cacheFile: string, how: string): Promise<Ffmpeg> {
  const key = [ffmpeg, ffprobe].map((path) => `${path} ${statSync(path).size} ${statSync(path).mtimeMs}`).join('|');
  const known = readCache(cacheFile);
  if (known?.key === key) {
    return { ffmpeg, ffprobe, version: known.version, hasFlite: known.hasFlite };
  }
  const [version, encoders, filters, probe] = await Promise.all([
    ask(ffmpeg, ['-version'], how),
    ask(ffmpeg, ['-hide_banner', '-encoders'], how),
    ask(ffmpeg, ['-hide_banner', '-filters'], how),
    ask(ffprobe, ['-version'], how),
  ]);
  const parsed = parseVersion(version);
  const fix = howToInstall(findPackageManager(process.env));
  if (parsed === null || !probe.startsWith('ffprobe')) {
    throw new StartFailure('unavailable', `${how} ${ffmpeg}, and it does not answer as ffmpeg and ffprobe do. ${fix}`);
  }
  if (parsed.major < oldestMajor) {
    throw new StartFailure('unavailable', `${how} ffmpeg ${parsed.text} (${ffmpeg}), and Carmic needs version 5 or newer. ${fix}`);
  }
  const missing = [
    lists(encoders, 'libx264') ? '' : 'libx264 (the H.264 encoder)',
    lists(filters, 'ass') ? '' : 'libass (which draws captions)',
  ].filter((part) => part !== '');
  if (missing.length > 0) {
    throw new StartFailure(
      'unavailable',
      `${how} an ffmpeg without ${missing.join(' and ')}: ${ffmpeg}. Use a build that has both. ${fix}`,
    );
  }
  const found = { ffmpeg, ffprobe, version: parsed.text, hasFlite: lists(filters, 'flite') };
  writeFileSync(cacheFile, JSON.stringify({ key, version: found.version, hasFlite: found.hasFlite }), { mode: 0o600 });
  return found;
}

async function ask(program: string, args: string[], how: string): Promise<string> {
  try {
    const { stdout } = await run(program, args, { timeout: 20_000, maxBuffer: 8_000_000, killSignal: 'SIGKILL' });
    return stdout;
  } catch (error) {
    const why = error instanceof Error ? (error.message.trim().split('\n').at(-1) ?? '') : String(error);
    throw new StartFailure('unavailable', `${how} ${program}, and it does not run: ${why}. Set FFMPEG_PATH to an ffmpeg 5 or newer.`, {
      cause: error,
    });
  }
}

function readCache(path: string): z.infer<typeof cacheSchema> | undefined {
  try {
    return cacheSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    // Missing or damaged: ffmpeg is asked again.
    return undefined;
  }
}
