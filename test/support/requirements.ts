/**
 * What a test needs and a stranger's machine may not have. Without it the test is skipped with a reason and the command that brings it;
 * with CI=true it fails instead, because there `.ci/run` has installed it.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { findHelm } from '../../scripts/fetchHelm.mjs';
import { findMinio, readBuildFailure } from '../../scripts/fetchMinio.mjs';

export type Requirement = 'chromium' | 'pgbouncer' | 'minio' | 'opentimelineio' | 'helm' | 'radosgw';

interface Finding {
  /** Where it is, or null. */
  path: string | null;
  reason: string;
  command: string;
}

/** The part of vitest's context that skipping needs. */
interface Skippable {
  skip(note?: string): void;
}

const programs = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome'];

/** Finds a program on PATH or where Debian puts those of administrators. */
function findProgram(name: string): string | null {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path)) ?? null;
}

/** Finds a browser: CHROMIUM_PATH, PATH, or the one that Playwright has downloaded. */
function findChromium(): string | null {
  const chosen = process.env['CHROMIUM_PATH'];
  if (chosen !== undefined && chosen !== '') {
    return existsSync(chosen) ? chosen : null;
  }
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/bin', '/usr/local/bin'];
  const installed = folders.flatMap((folder) => programs.map((program) => join(folder, program))).find((path) => existsSync(path));
  return installed ?? findDownloaded();
}

function findDownloaded(): string | null {
  const cache = process.env['PLAYWRIGHT_BROWSERS_PATH'] ?? join(homedir(), '.cache', 'ms-playwright');
  if (!existsSync(cache)) {
    return null;
  }
  const inner = ['chrome-linux', 'chrome-linux64', 'chrome-headless-shell-linux64'].flatMap((folder) => [
    join(folder, 'chrome'),
    join(folder, 'headless_shell'),
    join(folder, 'chrome-headless-shell'),
  ]);
  const folders = readdirSync(cache).filter((name) => name.startsWith('chromium'));
  return folders.flatMap((folder) => inner.map((path) => join(cache, folder, path))).find((path) => existsSync(path)) ?? null;
}

/** Where `.ci/run` puts the Python packages that read editing programs' files: parsers that nobody here wrote. */
const pythonPackages = join(homedir(), '.cache', 'carmic-otio');

/** A Python that knows OpenTimelineIO and its readers of FCPXML and CMX 3600, by the folder of its packages. */
function findTimelineReaders(): string | null {
  try {
    const env = { ...process.env, PYTHONPATH: pythonPackages };
    execFileSync('python3', ['-c', 'import opentimelineio, otio_cmx3600_adapter, otio_fcpx_xml_adapter'], { env, stdio: 'ignore' });
    return pythonPackages;
  } catch {
    // No Python, or no such packages: the reason and the command below say so.
    return null;
  }
}

/** Looks for what a requirement names. */
export function findRequirement(requirement: Requirement): Finding {
  const isRoot = process.getuid?.() === 0;
  switch (requirement) {
    case 'chromium':
      return {
        path: findChromium(),
        reason: 'no Chromium on this machine',
        command: isRoot ? 'apt-get install -y chromium' : 'npx playwright-core install chromium',
      };
    case 'pgbouncer':
      return { path: findProgram('pgbouncer'), reason: 'no PgBouncer on this machine', command: 'apt-get install -y pgbouncer' };
    case 'minio':
      return {
        path: findMinio(),
        reason: `no MinIO server on this machine${describeFailure()}`,
        command: 'node scripts/fetchMinio.mjs',
      };
    case 'radosgw':
      return {
        path: findProgram('radosgw'),
        reason: 'no Ceph on this machine',
        command: 'apt-get install -y --no-install-recommends radosgw ceph-mon ceph-osd',
      };
    case 'helm':
      return { path: findHelm(), reason: 'no Helm on this machine', command: 'node scripts/fetchHelm.mjs' };
    case 'opentimelineio':
      return {
        path: findTimelineReaders(),
        reason: 'no OpenTimelineIO on this machine',
        command: `python3 -m pip install --target ${pythonPackages} opentimelineio otio-cmx3600-adapter otio-fcpx-xml-adapter`,
      };
  }
}

function describeFailure(): string {
  const failure = readBuildFailure();
  return failure === null ? '' : ` (its build failed: ${failure})`;
}

/** Answers the path of what is required, or skips the test that is running (fails it when CI=true). */
export function requireOrSkip(context: Skippable, requirement: Requirement): string {
  const { path, reason, command } = findRequirement(requirement);
  if (path !== null) {
    return path;
  }
  const note = `${reason}; ${command}`;
  if (process.env['CI'] === 'true') {
    throw new Error(`CI=true, and ${note}`);
  }
  process.stderr.write(`skipped: ${note}\n`);
  context.skip(note);
  throw new Error(note);
}
