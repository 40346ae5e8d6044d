/** Files that want to do harm, on the product's own sandbox and a real ffmpeg: a typed failure or a result, never a hang. */
import { chmodSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { join } from 'node:path';
import pino from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openProcessRegister } from '../src/ffmpeg/processRegister.ts';
import { createRunner, RunError } from '../src/ffmpeg/run.ts';
import { inspect } from '../src/inspect/inspect.ts';
import { TaskFailure } from '../src/media/taskFailure.ts';
import { type Engine, startEngine } from './support/engine.ts';
import { makeFolder, makeMedia } from './support/media.ts';

const folder = makeFolder();
const path = (name: string) => join(folder.path, name);
let engine: Engine;

beforeAll(async () => {
  engine = await startEngine();
});
afterAll(async () => {
  await engine.close();
  folder.remove();
});

/** How inspecting a file ends: `done`, or the code of its typed failure. Anything else is thrown. */
async function endOf(file: string): Promise<string> {
  const spec = { kind: 'inspect', source: { url: 'http://127.0.0.1/unused', sizeBytes: 1 }, fileName: 'video' } as const;
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
function runInstead(name: string, script: string, wallSeconds: number) {
  const program = path(name);
  writeFileSync(program, `#!/bin/sh\n${script}\n`);
  chmodSync(program, 0o755);
  const log = pino({ level: 'silent' });
  const register = openProcessRegister(join(folder.path, 'processes'));
  const run = createRunner({ ffmpegPath: program, ffprobePath: program, sandbox: engine.sandbox, register, log });
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
