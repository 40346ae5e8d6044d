import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Runs the system's ffmpeg to make a test file; `args` end with the output's options, without its name. */
export async function makeMedia(path: string, args: readonly string[]): Promise<string> {
  await run('ffmpeg', ['-hide_banner', '-nostdin', '-v', 'error', '-y', ...args, path], { timeout: 300_000 });
  return path;
}

/** Asks ffprobe for one JSON document about a file. */
export async function askFfprobe(path: string, args: readonly string[]): Promise<unknown> {
  const { stdout } = await run('ffprobe', ['-v', 'error', '-of', 'json', ...args, path], { maxBuffer: 64 * 1024 * 1024 });
  return JSON.parse(stdout);
}

/** Moving picture and a spoken-like tone: arguments for `makeMedia`. */
export function pictureAndTone(options: { seconds: number; size?: string; rate?: string; encode?: readonly string[] }): string[] {
  const {
    seconds,
    size = '640x360',
    rate = '25',
    encode = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-c:a', 'aac'],
  } = options;
  return [
    ...['-f', 'lavfi', '-i', `testsrc2=size=${size}:rate=${rate}:duration=${seconds}`],
    ...['-f', 'lavfi', '-i', `sine=frequency=220:sample_rate=48000:duration=${seconds}`],
    ...encode,
  ];
}

/** A folder for one test file's media, and the function that removes it. */
export function makeFolder(): { path: string; remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'carmic-agent-test-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
