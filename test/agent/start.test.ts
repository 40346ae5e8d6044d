import { execFile } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ApiError, createClient } from '@carmic/contract';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { processesNaming, startCommand } from '../support/startProcess.ts';

const run = promisify(execFile);
const ffmpeg = process.env['FFMPEG_PATH'] ?? 'ffmpeg';
let folder = '';
let data = '';
const base = () => ['--data', data, '--port', '0', '--no-demo'];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'carmic-start-'));
  // mkdtemp makes it 0700; the database's own user has to get through when the tests run as root.
  chmodSync(folder, 0o755);
  data = join(folder, 'data');
  const picture = ['-f', 'lavfi', '-i', 'testsrc2=s=640x360:r=25:d=24', '-f', 'lavfi', '-i', 'sine=f=300:d=24'];
  await run(ffmpeg, [
    '-nostdin',
    '-v',
    'error',
    '-y',
    ...picture,
    '-c:v',
    'libx264',
    '-preset',
    'ultrafast',
    '-c:a',
    'aac',
    '-shortest',
    join(folder, 'a talk.mp4'),
  ]);
  const sentences = [
    'What makes a short clip work?',
    'It begins with a question.',
    'Then it answers it in one breath.',
    'And it ends before you are tired.',
  ];
  const time = (seconds: number) => `00:00:${String(Math.floor(seconds)).padStart(2, '0')},000`;
  writeFileSync(
    join(folder, 'talk.srt'),
    sentences.map((text, index) => `${index + 1}\n${time(index * 6)} --> ${time(index * 6 + 5)}\n${text}\n`).join('\n'),
  );
  writeFileSync(join(folder, 'no video.mp4'), 'This is a text, whatever its name says.\n'.repeat(50));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('npm start', () => {
  test('the first start makes keys, database and console, and prints a link that opens once', async () => {
    const start = startCommand(base());
    const { baseUrl, signInToken } = await start.ready();
    for (const name of ['root.key', 'secrets.json']) {
      expect(statSync(join(data, name)).mode & 0o777).toBe(0o600);
    }
    const page = await fetch(baseUrl);
    expect(await page.text()).toContain('<!doctype html>');
    const call = createClient({ baseUrl });
    expect((await call('createOneTimeSession', { body: { token: signInToken ?? '' } })).me.isAdmin).toBe(true);
    await expect(call('createOneTimeSession', { body: { token: signInToken ?? '' } })).rejects.toBeInstanceOf(ApiError);

    const second = startCommand(base());
    expect(await second.ended).toBe(75);
    expect(second.output()).toContain(`Its console is at ${baseUrl}`);

    start.child.kill('SIGINT');
    expect(await start.ended).toBe(0);
    expect(processesNaming(data)).toEqual([]);
  });

  test('the second start is ready within seconds, and kill -9 leaves nothing that stops the next', async () => {
    const second = startCommand(base());
    const { seconds } = await second.ready();
    // Under 5 s on a quiet machine; the bound leaves room for the other tests that run beside it.
    expect(seconds).toBeLessThan(20);
    second.child.kill('SIGKILL');
    expect(await second.ended).toBe('SIGKILL');

    const third = startCommand(base());
    await third.ready();
    const postmasters = processesNaming(data).filter((command) => command.includes('postgres -D'));
    expect(postmasters).toHaveLength(1);
    third.child.kill('SIGTERM');
    expect(await third.ended).toBe(0);
    expect(processesNaming(data)).toEqual([]);
  });

  test('with --once it writes clips and their list, and ends with 0', async () => {
    const out = join(folder, 'out');
    const start = startCommand([
      ...base(),
      '--once',
      '--count',
      '1',
      '--out',
      out,
      '--captions',
      join(folder, 'talk.srt'),
      join(folder, 'a talk.mp4'),
    ]);
    expect(await start.ended, start.output()).toBe(0);
    const { clips } = JSON.parse(readFileSync(join(out, 'clips.json'), 'utf8')) as {
      clips: { file: string; start: number; end: number; words: object[]; score: { parts: object[] }; certificates: object[] }[];
    };
    expect(clips).toHaveLength(1);
    const clip = clips[0];
    expect(clip?.words.length).toBeGreaterThan(5);
    expect(clip?.score.parts.length).toBeGreaterThan(0);
    expect(clip?.certificates).toHaveLength(1);
    expect(statSync(join(out, clip?.file ?? '')).size).toBeGreaterThan(10_000);
    expect(readdirSync(out).filter((name) => name.startsWith('.'))).toEqual([]);
    expect(processesNaming(data)).toEqual([]);
  });

  test('with --once a file that is no video ends with 1, the reason and the next step', async () => {
    const start = startCommand([...base(), '--once', '--out', join(folder, 'none'), join(folder, 'no video.mp4')]);
    expect(await start.ended).toBe(1);
    expect(start.output()).toMatch(/no video\.mp4: no clip\. .+\n {2}.+/);
    expect(existsSync(join(folder, 'none', 'clips.json'))).toBe(false);
  });
});

describe('a start that cannot be', () => {
  const refused = async (args: readonly string[], env: Record<string, string> = {}) => {
    const start = startCommand(args, env);
    const code = await start.ended;
    expect(start.output()).not.toMatch(/^\s+at .+:\d+:\d+\)?$/m);
    expect(processesNaming(data)).toEqual([]);
    return { code, output: start.output() };
  };

  test('says so for a port in use', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => taken.once('listening', resolve));
    const address = taken.address();
    const port = typeof address === 'object' && address !== null ? String(address.port) : '';
    expect(await refused(['--data', data, '--port', port])).toMatchObject({
      code: 75,
      output: expect.stringContaining('is in use') as string,
    });
    taken.close();
  });

  test('says so for a data folder that is a file, and one that cannot be made', async () => {
    expect(await refused(['--data', join(folder, 'talk.srt')])).toMatchObject({
      code: 73,
      output: expect.stringContaining('is a file') as string,
    });
    expect(await refused(['--data', '/proc/carmic'])).toMatchObject({ code: 73 });
  });

  test('says so for an ffmpeg that is not there', async () => {
    expect(await refused(base(), { FFMPEG_PATH: '/nowhere/ffmpeg' })).toMatchObject({
      code: 69,
      output: expect.stringContaining('FFMPEG_PATH') as string,
    });
  });

  test('says so for a root key that is missing or another', async () => {
    const key = join(data, 'root.key');
    renameSync(key, `${key}.kept`);
    expect(await refused(base())).toMatchObject({ code: 78, output: expect.stringContaining('is missing') as string });
    expect(existsSync(key)).toBe(false);
    writeFileSync(key, Buffer.alloc(32, 7).toString('base64'));
    expect(await refused(base())).toMatchObject({ code: 78, output: expect.stringContaining('does not open') as string });
    renameSync(`${key}.kept`, key);
  });

  test('says so for files that are missing or empty, before anything is started', async () => {
    writeFileSync(join(folder, 'empty.mp4'), '');
    expect(await refused([...base(), '--once', join(folder, 'missing.mp4')])).toMatchObject({ code: 66 });
    expect(await refused([...base(), '--once', join(folder, 'empty.mp4')])).toMatchObject({ code: 65 });
    expect(await refused([...base(), '--wrong'])).toMatchObject({ code: 64 });
  });
});
