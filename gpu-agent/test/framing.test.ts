/** Framing measured on truth: pictures made here, of which it is known where the faces are, who speaks, and where the cuts lie. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Probe } from '@carmic/contract';
import pino from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { analyzeSpan, type SpanAnalysis } from '../src/framing/analyze.ts';
import { smooth } from '../src/framing/cameraPath.ts';
import { createFaceDetector, type FaceDetector } from '../src/framing/faceDetector.ts';
import { createFramer, frameFromAnalysis, type Framer } from '../src/framing/framer.ts';
import { accelerationsOf, percentile } from '../src/framing/framingFacts.ts';
import { rectAt } from '../src/framing/views.ts';
import { probeSource } from '../src/media/probe.ts';
import { sniffContainer } from '../src/media/sniff.ts';
import { planTimeline, type Timeline } from '../src/render/timeline.ts';
import { drawFace } from './support/drawFace.ts';
import { countLooks, type Engine, startEngine } from './support/engine.ts';
import { makeFolder, makeMedia } from './support/media.ts';
import { renderFile } from './support/renderFile.ts';

const folder = makeFolder();
const path = (name: string) => join(folder.path, name);
const x264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p'];
const output = { width: 540, height: 960, maxFrameRate: 30 };
/** The drawn face, brow to chin and ear to ear, in its square. */
const drawn = { left: 0.25, right: 0.75, top: 0.19, bottom: 0.83 };
const rate = 25;
let engine: Engine;
let framer: Framer;
let detector: FaceDetector;

beforeAll(async () => {
  engine = await startEngine();
  framer = createFramer(pino({ level: 'silent' }));
  detector = createFaceDetector();
  writeFileSync(path('closed.png'), drawFace(200));
  writeFileSync(path('open.png'), drawFace(200, 1));
});
afterAll(async () => {
  await framer.close();
  await detector.close();
  await engine.close();
  folder.remove();
});

interface Analysed {
  probe: Probe;
  timeline: Timeline;
  analysis: SpanAnalysis;
}

async function analyse(file: string): Promise<Analysed> {
  const { probe } = await probeSource(engine.contextFor(file), { durationSeconds: 600, framePixels: 9e6 });
  const context = engine.contextFor(file);
  const timeline = planTimeline([{ startSeconds: 0, endSeconds: probe.durationSeconds }], probe, 30);
  const container = sniffContainer(await context.source.readSpan(0, 65_536));
  const input = { container, sourceUrl: context.source.localUrl, framePixels: 4e6 };
  const span = { startSeconds: 0, frames: timeline.frameCount };
  return { probe, timeline, analysis: await analyzeSpan({ input, probe, rate: timeline.rate, span }, context, detector) };
}

const moving = 'gradients=size=1280x720:rate=25:seed=6:c0=0x22405c:c1=0x8a6a4a:c2=0x3c6a58:nb_colors=3:speed=0.03';

describe('a face that moves along a known path', () => {
  it('is whole inside on at least 97 % of the frames, and the camera is calm', async () => {
    const truth = (seconds: number) => 540 + 330 * Math.sin(seconds * 0.9) + 12 * Math.sin(seconds * 6);
    const file = await makeMedia(path('path.mp4'), [
      ...['-f', 'lavfi', '-i', `${moving}:duration=12`, '-loop', '1', '-i', path('closed.png')],
      ...['-filter_complex', "[0][1]overlay=x='540+330*sin(t*0.9)+12*sin(t*6)':y='220+20*sin(t)':shortest=1,format=yuv420p"],
      ...['-t', '12', ...x264],
    ]);
    const { probe, timeline, analysis } = await analyse(file);
    const framed = frameFromAnalysis({ probe, output }, timeline, [analysis], []);
    expect(framed.segments.map((segment) => segment.kind)).toEqual(['crop']);
    const [framing] = framed.segments;
    if (framing?.kind !== 'crop') {
      throw new Error('It is not cropped.');
    }
    const lefts = Array.from({ length: timeline.frameCount }, (_, frame) => rectAt(framing, frame).left);
    const whole = lefts.filter((left, frame) => {
      const at = truth(frame / rate);
      return (at + drawn.left * 200) / 1280 >= left && (at + drawn.right * 200) / 1280 <= left + framing.widthShare;
    });
    expect(whole.length / lefts.length).toBeGreaterThanOrEqual(0.97);
    expect(framed.facts?.faceInsideShare).toBeGreaterThanOrEqual(0.97);
    const smoothTruth = smooth(
      lefts.map((_, frame) => truth(frame / rate) / 1280),
      0.5 * rate,
    );
    expect(percentile(accelerationsOf(lefts), 0.95)).toBeLessThanOrEqual(1.5 * percentile(accelerationsOf(smoothTruth), 0.95));
  });
});

describe('two people', () => {
  /** Syllables of two fifths of a second, most of them spoken; turns of five seconds. */
  const spoken = 'gt(sin(floor(t/0.4)*12.9898)*43758.5453-floor(sin(floor(t/0.4)*12.9898)*43758.5453),0.3)*lt(mod(t,0.4),0.3)';
  const chewed = 'gt(sin(floor(t/0.56)*78.233)*12543.123-floor(sin(floor(t/0.56)*78.233)*12543.123),0.45)';
  const flutter = 'lt(mod(t,0.16),0.08)';
  const firstTurn = 'lt(mod(t,10),5)';

  async function rightShare(name: string, listener: string): Promise<number> {
    const mouth = (isTurn: string) => `${flutter}*(${isTurn}*${spoken}+(1-${isTurn})*${listener})`;
    const file = await makeMedia(path(name), [
      ...['-f', 'lavfi', '-i', `${moving}:duration=20`, '-loop', '1', '-i', path('closed.png'), '-loop', '1', '-i', path('open.png')],
      ...['-f', 'lavfi', '-i', `aevalsrc='0.4*sin(2*PI*180*t)*(${spoken})':s=48000:d=20`],
      '-filter_complex',
      [
        '[1]split[c1][c2];[2]split[o1][o2]',
        '[0][c1]overlay=x=120:y=230:shortest=1[a];[a][c2]overlay=x=940:y=230:shortest=1[b]',
        `[b][o1]overlay=x=120:y=230:shortest=1:enable='${mouth(firstTurn)}'[d]`,
        `[d][o2]overlay=x=940:y=230:shortest=1:enable='${mouth(`(1-${firstTurn})`)}',format=yuv420p[v]`,
      ].join(';'),
      ...['-map', '[v]', '-map', '3', '-t', '20', ...x264, '-c:a', 'aac'],
    ]);
    const { probe, timeline, analysis } = await analyse(file);
    const isLoud = (seconds: number) => {
      const value = Math.sin(Math.floor(seconds / 0.4) * 12.9898) * 43_758.5453;
      return value - Math.floor(value) > 0.3 && seconds % 0.4 < 0.3;
    };
    const levels = Array.from({ length: timeline.frameCount }, (_, frame) => (isLoud(frame / rate) ? -11 : -90));
    const framed = frameFromAnalysis({ probe, output, framing: { layout: 'follow' } }, timeline, [analysis], levels);
    const [framing] = framed.segments;
    if (framing?.kind !== 'crop') {
      throw new Error(`It is not cropped: ${framed.reason}`);
    }
    let right = 0;
    let all = 0;
    for (let frame = 0; frame < timeline.frameCount; frame++) {
      if (isLoud(frame / rate)) {
        const middle = rectAt(framing, frame).left + framing.widthShare / 2;
        all += 1;
        right += middle < 0.5 === (frame / rate) % 10 < 5 ? 1 : 0;
      }
    }
    return right / all;
  }

  it('the right one is shown on at least 90 % of speech time when the other keeps still', async () => {
    expect(await rightShare('still.mp4', '0')).toBeGreaterThanOrEqual(0.9);
  });

  it('the right one is shown on at least 75 % of speech time when both mouths move', async () => {
    expect(await rightShare('both.mp4', chewed)).toBeGreaterThanOrEqual(0.75);
  });
});

describe('cuts', () => {
  const scenes = [
    'testsrc2=size=640x360:rate=25',
    'gradients=size=640x360:rate=25:seed=6:c0=0x101828:c1=0x405878:nb_colors=2:speed=0.02',
    'mandelbrot=size=640x360:rate=25',
    'gradients=size=640x360:rate=25:seed=6:c0=0x8a6a4a:c1=0xd8c090:nb_colors=2:speed=0.02',
    'smptehdbars=size=640x360:rate=25',
    'testsrc=size=640x360:rate=25',
    'gradients=size=640x360:rate=25:seed=6:c0=0x305030:c1=0x80a080:nb_colors=2:speed=0.02',
    'rgbtestsrc=size=640x360:rate=25',
  ];
  const inputs = scenes.flatMap((scene) => ['-f', 'lavfi', '-t', '2', '-i', scene]);
  const same = scenes.map((_, index) => `[${index}]settb=1/25,format=yuv420p,setsar=1[s${index}]`).join(';');

  function f1(found: readonly number[], truth: readonly number[], within: number): number {
    const hits = truth.filter((cut) => found.some((frame) => Math.abs(frame - cut) <= within)).length;
    return (2 * hits) / (found.length + truth.length);
  }

  it('hard ones are found within two frames', async () => {
    const graph = `${same};${scenes.map((_, index) => `[s${index}]`).join('')}concat=n=${scenes.length}`;
    const file = await makeMedia(path('hard.mp4'), [...inputs, '-filter_complex', graph, ...x264]);
    const { analysis } = await analyse(file);
    expect(f1(analysis.cuts, [50, 100, 150, 200, 250, 300, 350], 2)).toBeGreaterThanOrEqual(0.95);
  });

  it('fades are found', async () => {
    const fades = [1.2, 2.4, 3.6, 4.8].map((offset, index) => {
      const before = index === 0 ? '[s0]' : `[f${index - 1}]`;
      return `${before}[s${index + 1}]xfade=transition=fade:duration=0.8:offset=${offset}${index === 3 ? '' : `[f${index}]`}`;
    });
    const file = await makeMedia(path('fades.mp4'), [
      ...inputs,
      '-filter_complex',
      `${same};${fades.join(';')};${[5, 6, 7].map((index) => `[s${index}]nullsink`).join(';')}`,
      ...x264,
    ]);
    const { analysis } = await analyse(file);
    expect(f1(analysis.cuts, [40, 70, 100, 130], 11)).toBeGreaterThanOrEqual(0.8);
  });

  it('flashes and whip pans are none', async () => {
    const flashes = await makeMedia(path('flashes.mp4'), [
      ...[
        '-f',
        'lavfi',
        '-i',
        `${moving}:duration=6`,
        '-vf',
        "lutyuv=y=val,eq=brightness=0.6:enable='lt(mod(t,1.7),0.09)*gt(t,1)'",
        ...x264,
      ],
    ]);
    expect((await analyse(flashes)).analysis.cuts).toEqual([]);
    const pan = await makeMedia(path('pan.mp4'), [
      ...['-f', 'lavfi', '-i', 'mandelbrot=size=1280x360:rate=25:start_scale=0.3:end_scale=0.3', '-t', '4'],
      ...['-vf', "crop=640:360:x='320+320*sin(min(max(t-2,0),0.6)/0.6*PI-PI/2)':y=0", ...x264],
    ]);
    expect((await analyse(pan)).analysis.cuts).toEqual([]);
  });
});

describe('what a person asks for', () => {
  it('key frames place the crop, in every shape', async () => {
    const file = await makeMedia(path('wish.mp4'), ['-f', 'lavfi', '-i', `${moving}:duration=2`, ...x264]);
    const { result, failed } = await renderFile(engine, framer, file, {
      segments: [{ startSeconds: 0, endSeconds: 1 }],
      output: { width: 432, height: 540, maxFrameRate: 60 },
      framing: { keyframes: [{ atSeconds: 0, x: 0.9, y: 0.5 }], zoom: 2 },
    });
    expect([result.width, result.height, result.layoutReason, failed]).toEqual([432, 540, 'The crop was placed by hand.', []]);
    expect(result.certificate.find((fact) => fact.name === 'enlargement')?.value).toBeCloseTo(1.5, 1);
  });

  it('two people stand in panels of their own, and a second rendition does not look again', async () => {
    const file = await makeMedia(path('panels.mp4'), [
      ...['-f', 'lavfi', '-i', `${moving}:duration=2`, '-loop', '1', '-i', path('closed.png'), '-filter_complex'],
      ...['[1]split[a][b];[0][a]overlay=x=120:y=230:shortest=1[c];[c][b]overlay=x=940:y=230:shortest=1,format=yuv420p', '-t', '2', ...x264],
    ]);
    const context = engine.contextFor(file);
    const counting = countLooks(engine);
    const changes = { probe: (await probeSource(context, { durationSeconds: 60, framePixels: 9e6 })).probe, analysisKey: 'clip', output };
    const first = await renderFile(counting.engine, framer, file, { ...changes, framing: { layout: 'split' } });
    expect(first.result.shots).toMatchObject([{ layout: 'split', reason: 'This layout was asked for.' }]);
    expect(first.facts['face_inside']).toBe(1);
    const second = await renderFile(counting.engine, framer, file, changes);
    expect([second.result.layout, counting.looks]).toEqual(['split', 1]);
  });
});
