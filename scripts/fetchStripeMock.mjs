/**
 * Brings Stripe's own stripe-mock for the test of request shapes: `node scripts/fetchStripeMock.mjs` prints its path. Looked for in
 * `STRIPE_MOCK_PATH`, on PATH and in the cache (`CARMIC_TEST_CACHE` or the user's cache folder); otherwise built from its Go module.
 */
import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { pathToFileURL } from 'node:url';

const version = 'v0.197.0';
const longestBuildMs = 8 * 60_000;
const cacheFolder = () => process.env.CARMIC_TEST_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'carmic-test');
const cached = () => join(cacheFolder(), `stripe-mock-${version}`);

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function onPath(name, more = []) {
  const folders = [...(process.env.PATH ?? '').split(delimiter), ...more].filter((folder) => folder !== '');
  return folders.map((folder) => join(folder, name)).find(isExecutable) ?? null;
}

/** The path of a stripe-mock that is here already; null when there is none. */
export function findStripeMock() {
  const chosen = process.env.STRIPE_MOCK_PATH;
  if (chosen !== undefined && chosen !== '') {
    return isExecutable(chosen) ? chosen : null;
  }
  return onPath('stripe-mock') ?? (isExecutable(cached()) ? cached() : null);
}

/** The path of a stripe-mock, built when there is none. Throws when it cannot be had. */
export async function fetchStripeMock() {
  const found = findStripeMock();
  if (found !== null) {
    return found;
  }
  const go = onPath('go', ['/usr/local/go/bin', '/usr/lib/go/bin']);
  if (go === null) {
    throw new Error('There is no Go compiler to build stripe-mock with.');
  }
  await mkdir(cacheFolder(), { recursive: true });
  const folder = await mkdtemp(join(cacheFolder(), 'stripe-mock-build-'));
  try {
    const env = { ...process.env, GOBIN: folder };
    await promisify(execFile)(go, ['install', `github.com/stripe/stripe-mock@${version}`], { env, cwd: folder, timeout: longestBuildMs });
    // Two builds at a time end in the same file.
    await rename(join(folder, 'stripe-mock'), cached());
    return cached();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    console.log(await fetchStripeMock());
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
