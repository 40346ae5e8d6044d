/**
 * What a captioned vertical clip costs, against the least it could cost.
 *
 * The floor is x264 and aac with the product's own settings on the product's own finished frames, measured in the same run: every
 * further CPU second (reading, decoding, looking for faces, cropping, scaling, drawing captions, measuring loudness) is ours.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Probe, RenderSpec, Word } from '@carmic/contract';
import pino from 'pino';
import { createFramer } from '../../gpu-agent/src/framing/framer.ts';
import { probeSource } from '../../gpu-agent/src/media/probe.ts';
import type { Run, RunRequest } from '../../gpu-agent/src/ffmpeg/run.ts';
import type { Sandbox } from '../../gpu-agent/src/ffmpeg/sandbox.ts';
import { render } from '../../gpu-agent/src/render/render.ts';
import { audioEncodeArgs, videoEncodeArgs } from '../../gpu-agent/src/render/renderArgs.ts';
import { drawFace } from '../../gpu-agent/test/support/drawFace.ts';
import { startEngine } from '../../gpu-agent/test/support/engine.ts';
import { makeMedia } from '../../gpu-agent/test/support/media.ts';

const loopSeconds = 15;
const loops = 40;
const clipSeconds = 12;
const clipStarts = [62, 311, 547];
const output = { width: 1080, height: 1920, maxFrameRate: 30 };
const bound = 1.35;

/** Renders clips of a ten-minute 1080p source and answers CPU seconds of the product, of the floor, and their ratio. */
export async function benchRender(): Promise<Record<string, unknown>> {
  const directory = mkdtempSync(join(tmpdir(), 'carmic-bench-'));
  const engine = await startEngine({ around: countCpu });
  try {
    say(`Making a source of ${(loopSeconds * loops) / 60} minutes, 1920x1080 ...`);
    const source = await makeSource(directory);
    const { probe } = await probeSource(engine.contextFor(source), { durationSeconds: 7200, framePixels: 10_000_000 });
    say(`Confinement: ${engine.sandbox.description}`);
    const framer = createFramer(pino({ level: 'silent' }));
    const tools = { canToneMap: true, framer };
    let product = 0;
    let floor = 0;
    let layout = '';
    const certificates: boolean[] = [];
    for (const startSeconds of clipStarts) {
      const context = engine.contextFor(source);
      const encodes: RunRequest[] = [];
      const run: Run = (request) => {
        if (request.args.includes('libx264')) {
          encodes.push(request);
        }
        return context.run(request);
      };
      const started = ownCpuSeconds();
      const wall = performance.now();
      const { result } = await render(buildSpec(probe, startSeconds), { ...context, run }, tools);
      const clipCpu = ownCpuSeconds() - started + countedCpuSeconds(context.directory);
      const [encode] = encodes;
      if (!encode) {
        throw new Error('Nothing was encoded.');
      }
      const clipFloor = await measureFloor(encode, context.run, context.directory);
      product += clipCpu;
      floor += clipFloor;
      if (result.kind === 'render') {
        layout = result.layout;
        certificates.push(result.certificate.every((fact) => fact.passed));
      }
      const seconds = ((performance.now() - wall) / 1000).toFixed(1);
      say(
        `Clip at ${startSeconds} s: ${clipCpu.toFixed(2)} CPU s, floor ${clipFloor.toFixed(2)}, ratio ${(clipCpu / clipFloor).toFixed(3)} (${layout}; ${seconds} s on the clock)`,
      );
    }
    await framer.close();
    const ratio = round(product / floor, 3);
    say(`Ratio ${ratio}; at most ${bound} is promised.`);
    return {
      ratio,
      bound,
      isWithinBound: ratio <= bound,
      clips: clipStarts.length,
      clipSeconds,
      productCpuSeconds: round(product, 2),
      floorCpuSeconds: round(floor, 2),
      cpuSecondsPerClipSecond: round(product / (clipStarts.length * clipSeconds), 3),
      layout,
      isCertified: certificates.every(Boolean),
    };
  } finally {
    await engine.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

/**
 * A drawn person who speaks, sways, and now and then walks over and back, before a moving ground with the noise of a camera. A key frame
 * every two seconds, as cameras and streams have it. A quarter of a minute, repeated by copying.
 */
async function makeSource(directory: string): Promise<string> {
  const [closed, open] = [join(directory, 'closed.png'), join(directory, 'open.png')];
  writeFileSync(closed, drawFace(520));
  writeFileSync(open, drawFace(520, 1));
  const ground =
    'gradients=size=320x180:rate=25:c0=0x22405c:c1=0x8a6a4a:c2=0x3c6a58:nb_colors=3:speed=0.02:duration=' + String(loopSeconds);
  const graph = [
    `[0]scale=1920:1080,noise=alls=5:allf=t[ground]`,
    `[1]loop=-1:1,fps=25[closed];[2]loop=-1:1,fps=25[open]`,
    `[ground][closed]overlay=x='620+25*sin(t)+if(gt(mod(t,15),11),min(mod(t,15)-11,1)*500-max(mod(t,15)-14,0)*500,0)':y=330:shortest=1[one]`,
    `[one][open]overlay=x='620+25*sin(t)+if(gt(mod(t,15),11),min(mod(t,15)-11,1)*500-max(mod(t,15)-14,0)*500,0)':y=330:enable='lt(mod(t,0.4),0.2)':shortest=1,format=yuv420p[picture]`,
    `[3]tremolo=f=4:d=0.9,volume=0.4[sound]`,
  ].join(';');
  const part = await makeMedia(join(directory, 'part.mp4'), [
    ...['-f', 'lavfi', '-i', ground, '-i', closed, '-i', open],
    ...['-f', 'lavfi', '-i', `sine=frequency=180:sample_rate=48000:duration=${loopSeconds}`],
    ...['-filter_complex', graph, '-map', '[picture]', '-map', '[sound]', '-t', String(loopSeconds)],
    ...[
      '-c:v',
      'libx264',
      '-preset',
      'veryfast',
      '-b:v',
      '6M',
      '-maxrate',
      '9M',
      '-bufsize',
      '12M',
      '-c:a',
      'aac',
      '-b:a',
      '160k',
      '-ac',
      '2',
    ],
  ]);
  return makeMedia(join(directory, 'source.mp4'), ['-stream_loop', String(loops - 1), '-i', part, '-c', 'copy', '-movflags', '+faststart']);
}

function buildSpec(probe: Probe, startSeconds: number): RenderSpec {
  const text =
    'Most of what you hear about this is wrong, and I want to show you why, one step after the other, without any tricks at all.';
  const words: Word[] = [];
  for (let at = startSeconds + 0.3, index = 0; at < startSeconds + clipSeconds - 0.5; at += 0.36, index++) {
    const all = text.split(' ');
    words.push({ text: all[index % all.length] ?? 'word', startSeconds: at, endSeconds: at + 0.32 });
  }
  return {
    kind: 'render',
    source: { url: 'http://127.0.0.1/unused', sizeBytes: 1 },
    probe,
    segments: [{ startSeconds, endSeconds: startSeconds + clipSeconds }],
    output,
    captions: { style: 'karaoke', language: 'en', words },
    loudness: { integratedLufs: -14, truePeakDbtp: -1 },
  };
}

/**
 * CPU seconds of encoding the finished frames and sound, and nothing else. The frames are those that went into the product's encoder,
 * written raw by its own command line: decoded from the finished clip they would be smoother, and the floor too low.
 */
async function measureFloor(encode: RunRequest, run: Run, directory: string): Promise<number> {
  const outputsAt = encode.args.indexOf('-map');
  const args = [...encode.args.slice(0, outputsAt), '-map', '[video]', '-f', 'yuv4mpegpipe', 'floor.y4m', '-map', '[audio]', 'floor.wav'];
  await run({ program: 'ffmpeg', args, directory, limits: encode.limits, signal: encode.signal, readsSource: true });
  const inputs = ['-f', 'yuv4mpegpipe', '-i', 'floor.y4m', '-i', 'floor.wav', '-map', '0:v', '-map', '1:a'];
  const encoder = spawn(
    'ffmpeg',
    [
      ...['-hide_banner', '-nostdin', '-benchmark', '-nostats', '-y', ...inputs],
      ...[...videoEncodeArgs, ...audioEncodeArgs, '-movflags', '+faststart', '-f', 'mp4', 'floor.mp4'],
    ],
    { cwd: directory, stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let text = '';
  encoder.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  await once(encoder, 'close');
  rmSync(join(directory, 'floor.y4m'));
  const times = /bench: utime=([\d.]+)s stime=([\d.]+)s/.exec(text);
  if (!times) {
    throw new Error(`The floor could not be measured: ${text.slice(-500)}`);
  }
  return Number(times[1]) + Number(times[2]);
}

/**
 * Lets every confined process write its CPU time, and that of all below it, into its folder: bubblewrap does not wait for the name
 * space it makes, so that the time is lost to the usual counters.
 */
function countCpu(sandbox: Sandbox): Sandbox {
  return {
    description: sandbox.description,
    wrap(command, confinement) {
      const wrapped = sandbox.wrap(command, confinement);
      const at = wrapped.indexOf('--') + 1;
      const counter = ['/bin/sh', '-c', '"$@"; code=$?; times >"$(mktemp ./cpu-XXXXXXXX)"; exit $code', 'sh'];
      return [...wrapped.slice(0, at), ...counter, ...wrapped.slice(at)] as [string, ...string[]];
    },
  };
}

/** Sums what `times` wrote: minutes and seconds of user and system time, of the shell and of what it ran. */
function countedCpuSeconds(directory: string): number {
  const times = readdirSync(directory)
    .filter((name) => name.startsWith('cpu-'))
    .flatMap((name) => [...readFileSync(join(directory, name), 'utf8').matchAll(/(\d+)m([\d.]+)s/g)]);
  return times.reduce((sum, [, minutes, seconds]) => sum + Number(minutes) * 60 + Number(seconds), 0);
}

/** CPU seconds of this process with its threads: the face detector, the source server, and the bench's storage. */
function ownCpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
