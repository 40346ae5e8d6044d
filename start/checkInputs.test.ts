import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseArguments } from './arguments.ts';
import { checkInputs } from './checkInputs.ts';
import { makeFolder } from './folders.ts';
import { checkPort, findFreePort } from './port.ts';
import { formatBytes, formatSeconds, printable } from './printable.ts';
import { ensureRootKey } from './rootKey.ts';
import { safeName } from './safeName.ts';
import { createSecrets, readSecrets, writeSecrets } from './secrets.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'carmic-inputs-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const refusal = (exitCode: number, message: string) =>
  expect.objectContaining({ exitCode, message: expect.stringContaining(message) as string }) as Error;

describe('the files on the command line', () => {
  test('each video gets a folder of its own, also when two have the same name', () => {
    mkdirSync(join(folder, 'b'));
    writeFileSync(join(folder, 'talk.mp4'), 'x');
    writeFileSync(join(folder, 'b', 'talk.mp4'), 'x');
    const { videos } = checkInputs(parseArguments(['talk.mp4', 'b/talk.mp4', '--out', 'clips']), folder);
    expect(videos.map((video) => video.out)).toEqual([join(folder, 'clips', 'talk'), join(folder, 'clips', 'talk-2')]);
  });

  test('one video takes the folder that was named', () => {
    writeFileSync(join(folder, 'talk.mp4'), 'x');
    expect(checkInputs(parseArguments(['talk.mp4', '--out', 'here']), folder).videos[0]?.out).toBe(join(folder, 'here'));
  });

  test('what cannot be used is refused before anything starts', () => {
    writeFileSync(join(folder, 'empty.mp4'), '');
    writeFileSync(join(folder, 'talk.mp4'), 'x');
    const check =
      (...args: string[]) =>
      () =>
        checkInputs(parseArguments(args), folder);
    expect(check('none.mp4')).toThrow(refusal(66, 'There is no file'));
    expect(check('empty.mp4')).toThrow(refusal(65, 'is empty'));
    expect(check('.')).toThrow(refusal(66, 'is a folder'));
    expect(check('talk.mp4', '--captions', 'none.srt')).toThrow(refusal(66, 'name of the caption file'));
    expect(check('talk.mp4', '--out', 'talk.mp4')).toThrow(refusal(73, 'is a file'));
    expect(check('talk.mp4', '--out', '/proc/carmic')).toThrow(refusal(73, 'cannot be made there'));
  });
});

describe('names', () => {
  test.each([
    ['talk', 'talk'],
    ['../../etc/passwd', 'etc-passwd'],
    ["a'b:c,[d]", 'ab-c-d'],
    ['-y', 'y'],
    ['   ', 'video'],
    ['con', 'video'],
    ['Über größere Füße', 'Über-größere-Füße'],
    ['講演', '講演'],
    ['x'.repeat(200), 'x'.repeat(60)],
  ])('%j is safe as %j', (text, name) => {
    expect(safeName(text)).toBe(name);
  });

  test('control characters are shown, not obeyed', () => {
    expect(printable('a\u001b[31m\nb\u202e')).toBe('a\\u001b[31m\\nb\\u202e');
  });

  test('amounts are written as people read them', () => {
    expect([
      formatBytes(999),
      formatBytes(1500),
      formatBytes(45_466_715),
      formatSeconds(4.26),
      formatSeconds(65),
      formatSeconds(3725),
    ]).toEqual(['999 bytes', '1.5 kB', '45 MB', '4.3 s', '1 min 5 s', '1 h 2 min']);
  });
});

describe('ports', () => {
  test('a port in use is refused with a way out', async () => {
    const port = await findFreePort();
    await checkPort('127.0.0.1', port);
    const server = createServer().listen(port, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    await expect(checkPort('127.0.0.1', port)).rejects.toThrow(refusal(75, 'is in use'));
    server.close();
  });

  test('an address of another machine is refused', async () => {
    await expect(checkPort('192.0.2.1', 0)).rejects.toThrow(refusal(64, 'no address of this machine'));
  });
});

describe('keys and passwords', () => {
  test('a root key is made once, and never beside existing data', () => {
    const path = join(folder, 'root.key');
    expect(() => ensureRootKey(path, true)).toThrow(refusal(78, 'is missing'));
    expect(ensureRootKey(path, false)).toBe(true);
    const key = readFileSync(path, 'utf8');
    expect(Buffer.from(key, 'base64')).toHaveLength(32);
    expect(ensureRootKey(path, false)).toBe(false);
    expect(readFileSync(path, 'utf8')).toBe(key);
  });

  test('secrets come back as they were written; damaged ones are refused', () => {
    const path = join(folder, 'secrets.json');
    expect(readSecrets(path)).toBeNull();
    const secrets = createSecrets('postgres');
    writeSecrets(path, secrets);
    expect(readSecrets(path)).toEqual(secrets);
    writeFileSync(path, '{');
    expect(() => readSecrets(path)).toThrow(refusal(78, 'damaged'));
  });
});

test('folders are made one by one, and a file in the way is an error', () => {
  makeFolder(join(folder, 'a', 'b', 'c'));
  makeFolder(join(folder, 'a', 'b', 'c'));
  writeFileSync(join(folder, 'file'), '');
  expect(() => makeFolder(join(folder, 'file'))).toThrow('EEXIST');
});
