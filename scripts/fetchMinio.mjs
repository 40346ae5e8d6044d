/**
 * Brings MinIO's server for the tests of the S3 driver: `node scripts/fetchMinio.mjs` prints its path. Looked for in `MINIO_PATH`, on PATH and in
 * the cache (`CARMIC_TEST_CACHE` or the user's cache folder); otherwise built from its Go module, which is how its own project says to get
 * it. The build takes minutes, so it runs with low priority, one at a time, and others wait for it.
 */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { pathToFileURL } from 'node:url';
import { cacheFolder, isExecutable, onPath } from './toolCache.mjs';

const run = promisify(execFile);

/** The last release of the archived project, pinned so that a build today and one next year are the same. */
const version = 'v0.0.0-20260212201848-7aac2a2c5b7c';
const longestWaitMs = 20 * 60_000;

const cached = () => join(cacheFolder(), `minio-${version}`);
const failurePath = () => join(cacheFolder(), 'minio-build.log');
const lockPath = () => join(cacheFolder(), 'minio-build.pid');

/** The path of a MinIO server that is here already; null when there is none. */
export function findMinio() {
  const chosen = process.env.MINIO_PATH;
  if (chosen !== undefined && chosen !== '') {
    return isExecutable(chosen) ? chosen : null;
  }
  return onPath('minio') ?? (isExecutable(cached()) ? cached() : null);
}

/** The path of the Go compiler, or null. */
function findGo() {
  return onPath('go', ['/usr/local/go/bin', '/usr/lib/go/bin']);
}

async function isBuilding() {
  try {
    const pid = Number(await readFile(lockPath(), 'utf8'));
    process.kill(pid, 0);
    return pid !== process.pid;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** Waits for a build that another process has begun; answers the path, or null when there is no such build or it failed. */
export async function awaitMinio() {
  const endsAt = Date.now() + longestWaitMs;
  while (findMinio() === null && (await isBuilding()) && Date.now() < endsAt) {
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  return findMinio();
}

/** Why the last build failed, in one line; null when none did. */
export function readBuildFailure() {
  try {
    return readFileSync(failurePath(), 'utf8').trim().split('\n').at(-1) ?? null;
  } catch {
    return null;
  }
}

/** Answers the path of a MinIO server, building it when there is none. */
export async function fetchMinio() {
  const found = await awaitMinio();
  if (found !== null) {
    return found;
  }
  const go = findGo();
  if (go === null) {
    throw new Error('There is no minio on PATH and no Go to build it with: install Go 1.24 or newer, or put minio on PATH.');
  }
  await mkdir(cacheFolder(), { recursive: true });
  await writeFile(lockPath(), String(process.pid));
  const folder = await mkdtemp(join(tmpdir(), 'carmic-minio-'));
  try {
    const environment = { ...process.env, GOBIN: folder, GOFLAGS: '-trimpath', CGO_ENABLED: '0' };
    const arguments_ = ['install', '-ldflags=-s -w', `github.com/minio/minio@${version}`];
    await run('nice', ['-n', '15', go, ...arguments_], { env: environment, maxBuffer: 64 * 1024 * 1024 });
    const path = cached();
    await run('cp', [join(folder, 'minio'), `${path}.${process.pid}`]);
    await rename(`${path}.${process.pid}`, path);
    await rm(failurePath(), { force: true });
    return path;
  } catch (error) {
    await writeFile(failurePath(), String(error.stderr || error.message));
    throw error;
  } finally {
    await rm(folder, { recursive: true, force: true });
    await rm(lockPath(), { force: true });
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  fetchMinio().then(
    (path) => process.stdout.write(`${path}\n`),
    (error) => {
      process.stderr.write(`${error.stderr ?? error.message}\n`);
      process.exitCode = 1;
    },
  );
}
