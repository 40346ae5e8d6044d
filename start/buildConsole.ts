import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describeSystemError, StartFailure, systemCode } from './startFailure.ts';

const stampName = '.carmic-build';
const notSource = new Set(['dist', 'node_modules', '.svelte-kit', 'coverage']);

/** Hashes names and contents of all files below `folders` (build results left out), to tell whether they changed. */
export function hashSources(root: string, folders: readonly string[]): string {
  const hash = createHash('sha256');
  for (const folder of folders) {
    for (const file of filesBelow(join(root, folder))) {
      hash
        .update(`${relative(root, file)}\0`)
        .update(readFileSync(file))
        .update('\0');
    }
  }
  return hash.digest('hex');
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => !notSource.has(entry.name))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? filesBelow(path) : entry.isFile() ? [path] : [];
    });
}

/**
 * Builds the console when its sources or its packages changed since the last build; answers whether it did.
 * Throws StartFailure with the end of Vite's output.
 */
export async function buildConsole(root: string, signal: AbortSignal, onBuild: () => void): Promise<boolean> {
  const output = join(root, 'console', 'dist');
  const stamp = join(output, stampName);
  const wanted = hashSources(root, ['console', join('server', 'contract', 'src'), 'captions']);
  if (existsSync(join(output, 'index.html')) && readStamp(stamp) === wanted) {
    return false;
  }
  onBuild();
  try {
    rmSync(stamp, { force: true });
    await runVite(root, signal);
    writeFileSync(stamp, wanted);
  } catch (error) {
    throw describeSystemError(error, output, 'The folder');
  }
  return true;
}

function readStamp(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') {
      return null;
    }
    throw error;
  }
}

async function runVite(root: string, signal: AbortSignal): Promise<void> {
  const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js');
  const child = spawn(process.execPath, [vite, 'build', '--logLevel', 'warn'], {
    cwd: join(root, 'console'),
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NODE_ENV: 'production' },
    signal,
    killSignal: 'SIGKILL',
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text));
  const code = await new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve));
  if (code === 0) {
    return;
  }
  const tail = output.trim().split('\n').slice(-15).join('\n  ');
  if (/EACCES|EPERM|EROFS/.test(output)) {
    throw new StartFailure(
      'noPermission',
      `The console has to be built, and ${join(root, 'console', 'dist')} may not be written to by this user. Start once as the owner of this folder, or change its owner.`,
    );
  }
  throw new StartFailure('software', `The console could not be built:\n  ${tail}`);
}
