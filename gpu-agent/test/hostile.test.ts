/** Files that want to do harm, on the product's own sandbox and a real ffmpeg: a typed failure or a result, never a hang. */
import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import pino from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openProcessRegister } from '../src/ffmpeg/processRegister.ts';
import { createRunner, RunError } from '../src/ffmpeg/run.ts';
import { findSandbox, type Sandbox } from '../src/ffmpeg/sandbox.ts';
import { inspect } from '../src/inspect/inspect.ts';
import { startSourceServer } from '../src/media/sourceServer.ts';
import { TaskFailure } from '../src/media/taskFailure.ts';
import { processesNaming, until } from './support/agentProcess.ts';
import { type Engine, startEngine } from './support/engine.ts';
import { makeFolder, makeMedia } from './support/media.ts';

const folder = makeFolder();
const path = (name: string) => join(folder.path, name);
const x264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p'];
let engine: Engine;

beforeAll(async () => {
  engine = await startEngine();
});
afterAll(async () => {
  await engine.close();
  folder.remove();
});

/** What ffmpeg, not confined by anything, makes of the pictures of a file. */
async function hashOf(file: string, options: readonly string[] = []): Promise<string> {
  const { stdout } = await promisify(execFile)('ffmpeg', ['-v', 'quiet', ...options, '-i', file, '-map', '0:v', '-f', 'md5', '-']);
  return stdout;
}

/** How inspecting a file ends: `done`, or the code of its typed failure. Anything else is thrown. */
async function endOf(file: string, fileName = 'video'): Promise<string> {
  const spec = { kind: 'inspect', source: { url: 'http://127.0.0.1/unused', sizeBytes: 1 }, fileName } as const;
  try {
    await inspect({ ...spec, limits: { durationSeconds: 60, framePixels: 4_000_000 } }, engine.contextFor(file), true);
    return 'done';
  } catch (error) {
    if (error instanceof TaskFailure && error.code !== 'internal') {
      return error.code;
    }
    throw error;
  }
}

/** A program in ffmpeg's place, confined and limited as ffmpeg is. */
function runInstead(name: string, script: string, wallSeconds: number, sandbox = engine.sandbox) {
  const program = path(name);
  writeFileSync(program, `#!/bin/sh\n${script}\n`);
  chmodSync(program, 0o755);
  const log = pino({ level: 'silent' });
  const register = openProcessRegister(join(folder.path, 'processes'));
  const run = createRunner({ ffmpegPath: program, ffprobePath: program, sandbox, register, log });
  const { directory } = engine.contextFor(program);
  const signal = new AbortController().signal;
  return run({ program: 'ffmpeg', args: [], directory, limits: { wallSeconds, fileBytes: 1_000_000 }, signal });
}

describe('hostile files', () => {
  it('that only name other files are refused, and nothing they name is asked for', async () => {
    const asked: string[] = [];
    const trap = createServer((request, response) => {
      asked.push(request.url ?? '');
      response.end();
    }).listen(0, '127.0.0.1');
    await once(trap, 'listening');
    const address = trap.address();
    const url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}/secret`;
    const bodies: Record<string, string> = {
      'hls.mp4': `#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n${url}\n`,
      'live.mov': `\uFEFF#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:1\n#EXTINF:10,\n${url}\n`,
      'dash.mkv': `<?xml version="1.0"?><MPD type="dynamic"><BaseURL>${url}</BaseURL></MPD>`,
      'list.avi': `ffconcat version 1.0\nfile '${url}'\n`,
      'call.webm': `v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nm=video 5004 RTP/AVP 96\n`,
    };
    for (const [name, body] of Object.entries(bodies)) {
      writeFileSync(path(name), body);
      expect(await endOf(path(name)), name).toBe('playlist_refused');
    }
    trap.close();
    expect(asked).toEqual([]);
  });

  it('of hundreds of streams or a gigantic picture are refused before they are decoded', async () => {
    const tiny = await makeMedia(path('tiny.mp4'), ['-f', 'lavfi', '-i', 'testsrc2=size=32x32:rate=5:duration=0.4', '-c:v', 'mpeg4']);
    const maps = Array.from({ length: 100 }, () => ['-map', '0:v']).flat();
    const many = await makeMedia(path('many.mkv'), ['-i', tiny, ...maps, '-c', 'copy']);
    expect(await endOf(many)).not.toBe('done');
    const huge = await makeMedia(path('huge.avi'), [
      '-f',
      'lavfi',
      '-i',
      'color=size=8000x8000:rate=1',
      '-frames:v',
      '1',
      '-c:v',
      'mjpeg',
      '-pix_fmt',
      'yuvj420p',
    ]);
    expect(await endOf(huge)).toBe('too_many_pixels');
  });

  it('that are archives, programs, pages or pictures are no video, whatever they are called', async () => {
    const bodies: Record<string, Buffer> = {
      'bomb.mp4': gzipSync(Buffer.alloc(1 << 20)),
      'archive.mov': Buffer.from('504b030414000000080000000000', 'hex'),
      'program.mkv': Buffer.from('7f454c4602010100', 'hex'),
      'page.webm': Buffer.from('<!doctype html><script>alert(1)</script>'),
      'drawing.avi': Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>'),
      'photo.mp4': Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), Buffer.alloc(64)]),
    };
    for (const [name, body] of Object.entries(bodies)) {
      writeFileSync(path(name), body);
      expect(await endOf(path(name)), name).toBe('not_a_video');
    }
  });

  it('that keep their pictures in another file do not get at it', async () => {
    const whole = await makeMedia(path('whole.mov'), ['-f', 'lavfi', '-i', 'testsrc2=size=64x36:rate=10:duration=1', ...x264]);
    expect(await endOf(whole)).toBe('done');
    const bytes = readFileSync(whole);
    const data = bytes.indexOf('mdat') - 4;
    // The same index, its pictures wiped, and a reference to the file that has them.
    const outside = growBox(bytes, ['moov', 'trak', 'mdia', 'minf', 'dinf', 'dref'], aliasTo(whole));
    outside.fill(0, data + 8, data + bytes.readUInt32BE(data));
    writeFileSync(path('outside.mov'), outside);
    // A player that follows references shows what the other file holds: without this the rest would prove nothing.
    expect(await hashOf(path('outside.mov'), ['-enable_drefs', '1', '-use_absolute_path', '1'])).toBe(await hashOf(whole));
    expect(await endOf(path('outside.mov'))).not.toBe('done');
  });

  it('that claim absurd lengths, or become gigantic in their middle, end as they should', async () => {
    const apart = ['-f', 'lavfi', '-i', 'testsrc2=size=64x36:rate=1:duration=2', '-vf', 'setpts=N*200000/TB', '-fps_mode', 'passthrough'];
    expect(await endOf(await makeMedia(path('years.mkv'), [...apart, ...x264]))).toBe('too_long');
    const parts = await Promise.all(
      ['64x36', '4096x2304'].map((size) =>
        makeMedia(path(`part-${size}.ts`), ['-f', 'lavfi', '-i', `testsrc2=size=${size}:rate=10:duration=1`, ...x264]),
      ),
    );
    writeFileSync(path('grows.ts'), Buffer.concat(parts.map((part) => readFileSync(part))));
    expect(await endOf(path('grows.ts'))).toMatch(/^(too_many_pixels|decode_failed|done)$/);
  });

  it('whose names are options, commands or control characters are files like others', async () => {
    const file = await makeMedia(path('plain.mp4'), ['-f', 'lavfi', '-i', 'testsrc2=size=64x36:rate=10:duration=1', ...x264]);
    const before = readdirSync(folder.path).length;
    for (const name of ['-y.mp4', `../../a'b:c,[d];$(touch ${path('touched')})%{}%d\n\0\u202e.mp4`]) {
      expect(await endOf(file, name), name).toBe('done');
    }
    expect(readdirSync(folder.path)).toHaveLength(before);
  });

  it('changed and cut at random end with a typed failure or a result, and nothing of them runs on', async () => {
    const sources = await Promise.all(
      (['mp4', 'mkv', 'avi', 'ts'] as const).map((ending) =>
        makeMedia(path(`seed.${ending}`), [
          ...['-f', 'lavfi', '-i', 'testsrc2=size=64x36:rate=10:duration=1', '-f', 'lavfi', '-i', 'sine=duration=1'],
          ...['-c:v', ending === 'avi' ? 'mpeg4' : 'libx264', '-c:a', ending === 'avi' ? 'mp2' : 'aac'],
        ]),
      ),
    );
    const random = generator(20_261_127);
    for (const [index, source] of sources.flatMap((file) => [file, file, file, file]).entries()) {
      const file = path(`fuzz-${index}`);
      writeFileSync(file, mutate(readFileSync(source), random));
      const startedAt = performance.now();
      expect(await endOf(file), `mutation ${index} of ${source}`).toMatch(/^[a-z_]+$/);
      expect(performance.now() - startedAt).toBeLessThan(60_000);
    }
    expect(readdirSync(join(engine.directory, 'processes'))).toEqual([]);
  });
});

describe('the host', () => {
  it('kills a program that ignores SIGTERM when its time is over', async () => {
    const startedAt = performance.now();
    const ended = await runInstead('stubborn', "trap '' TERM INT HUP; sleep 120 & sleep 120; wait", 1).catch((error: unknown) => error);
    expect(ended).toBeInstanceOf(RunError);
    expect(ended instanceof RunError && ended.reason).toBe('time_limit');
    expect(performance.now() - startedAt).toBeLessThan(20_000);
  });

  it('stops a program that writes or wants more than it may', async () => {
    const written = await runInstead('writer', 'head -c 5000000 /dev/zero > big', 20).catch((error: unknown) => error);
    expect(written instanceof RunError && written.reason).toBe('file_limit');
    const source = await startSourceServer(join(folder.path, 'small.sock'));
    const small = await findSandbox({ memoryBytes: 48 * 1024 ** 2, source }, 'ffmpeg', folder.path);
    // It keeps the one line it reads, which never ends.
    const grown = await runInstead('eater', 'head -c 400000000 /dev/zero | tail -n 1 | wc -c', 20, small).catch((error: unknown) => error);
    await source.close();
    expect(String(grown instanceof RunError ? '' : (grown as { stdout: Buffer }).stdout).trim()).not.toBe('400000000');
  });

  it('ends all that a program started with the sandbox, also what left its process group', async (context) => {
    if (engine.sandbox.state.level !== 'sandbox') {
      context.skip(`this host does not sandbox: ${engine.sandbox.state.detail}`);
    }
    const many = 'for i in 1 2 3 4 5 6 7 8 9; do setsid sh -c "setsid sleep 7391 & setsid sleep 7391" & done; sleep 7391';
    const sleeping = () => processesNaming('sleep\0' + '7391').length;
    const running = runInstead('breeder', many, 4).catch((error: unknown) => error);
    await until(
      () => sleeping() >= 19,
      () => 'they do not start',
      4000,
    );
    const ended = await running;
    expect(ended instanceof RunError && ended.reason).toBe('time_limit');
    await until(
      () => sleeping() === 0,
      () => 'they run on',
      5000,
    );
  });

  it('lets a program start no more processes than it may, unless its user is the root of the host', async (context) => {
    if (engine.sandbox.state.level !== 'sandbox') {
      context.skip(`this host does not sandbox: ${engine.sandbox.state.detail}`);
    }
    const small = await findSandbox({ memoryBytes: 1 << 30, source: null, processes: 12 }, 'ffmpeg', folder.path);
    const directory = mkdtempSync(join(tmpdir(), 'carmic-processes-'));
    chmodSync(directory, 0o777);
    const script = 'i=0; while [ $i -lt 40 ]; do sleep 5 & i=$((i+1)); done; wait';
    const startMany = async (sandbox: Sandbox) => {
      const command = sandbox.wrap(['/bin/sh', '-c', `( ${script} ) 2>&1; ls -d /proc/[0-9]* | wc -l`], {
        directory,
        readsSource: false,
        fileBytes: 1e6,
      });
      const asNobody = process.getuid?.() === 0 ? ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', '--'] : [];
      const [program = '', ...args] = [...asNobody, ...command];
      return promisify(execFile)(program, args, { timeout: 30_000 }).then(
        ({ stdout }) => stdout,
        (error: unknown) => String((error as { stdout?: string }).stdout),
      );
    };
    expect(await startMany(small)).toMatch(/cannot fork|Resource temporarily unavailable/i);
    expect(await startMany(engine.sandbox)).not.toMatch(/cannot fork|Resource temporarily unavailable/i);
    rmSync(directory, { recursive: true });
  });

  it('shows a confined program its own folder and nothing else of the agent, and no network', async (context) => {
    if (engine.sandbox.state.level !== 'sandbox') {
      context.skip(`this host does not sandbox: ${engine.sandbox.state.detail}`);
    }
    writeFileSync(join(engine.directory, 'token'), 'secret');
    const script = [
      `cat ${join(engine.directory, 'token')} 2>/dev/null`,
      `ls ${engine.directory}`,
      'cat /etc/shadow /etc/passwd 2>/dev/null',
      'ls /home /root /var/lib 2>/dev/null',
      'sed 1,2d /proc/net/dev | grep -v " lo:"',
      'echo end',
    ].join('\n');
    const { stdout } = await runInstead('curious', script, 20);
    expect(stdout.toString('utf8').trim()).toMatch(/^task-\d+\nend$/);
  });
});

/** Makes a box larger by what is put at its end, and with it all boxes it lies in. Its file has the index behind the pictures. */
function growBox(file: Buffer, boxes: readonly string[], more: Buffer): Buffer {
  const grown = Buffer.concat([file, more]);
  let [from, end] = [0, file.length];
  for (const name of boxes) {
    let at = from;
    while (at < end && file.toString('latin1', at + 4, at + 8) !== name) {
      at += file.readUInt32BE(at);
    }
    end = at + file.readUInt32BE(at);
    grown.writeUInt32BE(file.readUInt32BE(at) + more.length - ownEntryBytes, at);
    from = at + 8;
  }
  // The only entry of a `dref`, which says that the pictures are in the file itself, gives way.
  const entry = end - ownEntryBytes;
  return Buffer.concat([grown.subarray(0, entry), more, file.subarray(end)]);
}

/** A `url ` entry without an address. */
const ownEntryBytes = 12;

/** A Macintosh alias, as QuickTime files name others by (QuickTime File Format, data references): only its absolute path is filled in. */
function aliasTo(file: string): Buffer {
  const name = Buffer.from(`${file}${file.length % 2 === 0 ? '' : '\0'}`);
  const entry = Buffer.alloc(12 + 150 + 4 + name.length + 4);
  entry.writeUInt32BE(entry.length, 0);
  entry.write('alis', 4, 'latin1');
  entry.writeUInt16BE(2, 12 + 150);
  entry.writeUInt16BE(name.length, 12 + 152);
  name.copy(entry, 12 + 154);
  entry.writeUInt16BE(0xffff, 12 + 154 + name.length);
  return entry;
}

/** Numbers from 0 to 1 that are the same in every run (mulberry32). */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Flips bits, most of them where the index is, and sometimes cuts the end off. */
function mutate(bytes: Buffer, random: () => number): Buffer {
  const changed = Buffer.from(bytes);
  for (let flips = 1 + Math.floor(random() * 40); flips > 0; flips--) {
    const span = random() < 0.5 ? Math.min(4096, changed.length) : changed.length;
    const at = Math.floor(random() * span);
    changed[at] = (changed[at] ?? 0) ^ (1 << Math.floor(random() * 8));
  }
  return random() < 0.3 ? changed.subarray(0, Math.floor(changed.length * random())) : changed;
}
