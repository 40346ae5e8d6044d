import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Probe, type RenderResult, renderResultSchema, type RenderSpec, type Word } from '@carmic/contract';
import pino from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFramer, type Framer } from '../src/framing/framer.ts';
import { probeSource } from '../src/media/probe.ts';
import { render } from '../src/render/render.ts';
import { drawFace } from './support/drawFace.ts';
import { type Engine, startEngine } from './support/engine.ts';
import { askFfprobe, makeFolder, makeMedia, pictureAndTone } from './support/media.ts';
import { rgbFrame } from './support/renderFile.ts';

const folder = makeFolder();
const path = (name: string) => join(folder.path, name);
const upright = { width: 270, height: 480, maxFrameRate: 30 };
const x264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p'];
let engine: Engine;
let framer: Framer;

beforeAll(async () => {
  engine = await startEngine();
  framer = createFramer(pino({ level: 'silent' }));
  writeFileSync(path('face.png'), drawFace(200));
});
afterAll(async () => {
  await framer.close();
  await engine.close();
  folder.remove();
});

interface Rendered {
  result: RenderResult;
  files: Record<string, string>;
  facts: Record<string, number>;
}

async function renderFile(file: string, changes: Partial<RenderSpec> & { probe?: Probe } = {}): Promise<Rendered> {
  const probe = changes.probe ?? (await probeSource(engine.contextFor(file), { durationSeconds: 600, framePixels: 9e6 })).probe;
  const spec: RenderSpec = {
    kind: 'render',
    source: { url: 'http://127.0.0.1/unused', sizeBytes: 1 },
    probe,
    segments: [{ startSeconds: 0, endSeconds: Math.min(3, probe.durationSeconds) }],
    output: upright,
    captions: null,
    loudness: { integratedLufs: -14, truePeakDbtp: -1 },
    ...changes,
  };
  const outcome = await render(spec, engine.contextFor(file), { canToneMap: true, framer });
  const result = renderResultSchema.parse(outcome.result);
  return {
    result,
    files: Object.fromEntries(outcome.files.map((entry) => [entry.name, entry.path])),
    facts: Object.fromEntries(result.certificate.map((fact) => [fact.name, fact.value])),
  };
}

/** Mean brightness of every row (or column) band of one frame. */
async function grayFrame(file: string, seconds: number, width: number, height: number): Promise<Buffer> {
  const raw = await makeMedia(path('frame.raw'), [
    '-ss',
    String(seconds),
    '-i',
    file,
    '-frames:v',
    '1',
    '-vf',
    `scale=${width}:${height},format=gray`,
    '-f',
    'rawvideo',
  ]);
  return readFileSync(raw);
}

const brightest = (frame: Uint8Array) => frame.reduce((most, value) => Math.max(most, value), 0);

const words = (from: number): Word[] =>
  ['Hello', 'there,', '{dear}', 'reader', 'of', 'tests.'].map((text, index) => ({
    text,
    startSeconds: from + index * 0.4,
    endSeconds: from + index * 0.4 + 0.35,
  }));

describe('rendering', () => {
  it('joins spans to the frame, with sound exactly as long, at the wanted loudness', async () => {
    const file = await makeMedia(path('tone.mp4'), pictureAndTone({ seconds: 8, size: '640x360', rate: '30000/1001' }));
    const { result, facts } = await renderFile(file, {
      segments: [
        { startSeconds: 1, endSeconds: 2.5 },
        { startSeconds: 5.01, endSeconds: 6.4 },
      ],
    });
    expect(result).toMatchObject({ frameCount: 45 + 42, width: 270, height: 480, encoder: 'libx264' });
    expect(result.frameRate).toBeCloseTo(29.97, 2);
    expect(facts['audio_video_difference']).toBeLessThan(0.03);
    expect(Math.abs((facts['integrated_loudness'] ?? 0) + 14)).toBeLessThanOrEqual(0.6);
    expect(facts['true_peak']).toBeLessThanOrEqual(-1);
    expect(result.certificate.filter((fact) => !fact.passed)).toEqual([]);
  });

  it('draws captions literally where they are spoken, and writes them beside the video', async () => {
    const file = await makeMedia(path('dark.mp4'), ['-f', 'lavfi', '-i', 'color=c=black:size=640x360:rate=25:duration=5', ...x264]);
    const { result, files } = await renderFile(file, {
      segments: [{ startSeconds: 1, endSeconds: 5 }],
      captions: { style: 'karaoke', language: 'en', words: words(1.5) },
    });
    expect(result.captionsBurnedIn).toBe(true);
    expect(brightest(await grayFrame(files['video'] ?? '', 0.2, 270, 480))).toBeLessThan(40);
    const spoken = await grayFrame(files['video'] ?? '', 1, 270, 480);
    expect(brightest(spoken)).toBeGreaterThan(200);
    // Nothing is drawn above the middle, nor where the buttons of the players are.
    expect(brightest(spoken.subarray(0, 270 * 280))).toBeLessThan(40);
    expect(brightest(spoken.subarray(270 * 390))).toBeLessThan(40);
    expect(readFileSync(files['srt'] ?? '', 'utf8')).toMatch(/00:00:00,500 --> .*\nHello there,/);
    expect(readFileSync(files['vtt'] ?? '', 'utf8')).toContain('{dear}');
  });

  it('writes captions beside the video only, when none are to be seen', async () => {
    const file = await makeMedia(path('dark2.mp4'), ['-f', 'lavfi', '-i', 'color=c=black:size=320x180:rate=25:duration=4', ...x264]);
    const { result, files } = await renderFile(file, { captions: { style: 'none', language: 'en', words: words(0.5) } });
    expect(result.captionsBurnedIn).toBe(false);
    expect(files['srt']).toBeDefined();
    expect(brightest(await grayFrame(files['video'] ?? '', 1, 270, 480))).toBeLessThan(40);
  });

  it('gives a silent video a silent sound track, and takes no tags along', async () => {
    const file = await makeMedia(path('mute.mov'), [
      ...[
        '-f',
        'lavfi',
        '-i',
        'testsrc2=size=320x180:rate=25:duration=3',
        ...x264,
        '-metadata',
        'location=+48.85+002.35/',
        '-metadata',
        'artist=me',
      ],
    ]);
    const { files, facts } = await renderFile(file);
    expect(facts['silent']).toBe(1);
    const { streams, format } = (await askFfprobe(files['video'] ?? '', ['-show_streams', '-show_format'])) as {
      streams: { codec_name: string }[];
      format: { tags: Record<string, string> };
    };
    expect(streams.map((stream) => stream.codec_name)).toEqual(['h264', 'aac']);
    expect(JSON.stringify(format.tags)).not.toMatch(/48\.85|"me"/);
  });

  it('holds the last picture where the picture ends before the sound', async () => {
    const file = await makeMedia(path('short-picture.mkv'), [
      ...['-f', 'lavfi', '-i', 'testsrc2=size=320x180:rate=25:duration=1', '-f', 'lavfi', '-i', 'sine=duration=4', ...x264, '-c:a', 'aac'],
    ]);
    expect((await renderFile(file)).result.frameCount).toBe(75);
  });
});

describe('covers', () => {
  it('are three frames of the picture without captions, first the sharp face whose eyes are open', async () => {
    writeFileSync(path('shut.png'), drawFace(260, 0, 0.1));
    writeFileSync(path('open.png'), drawFace(260));
    const part = (colour: string) => ['-f', 'lavfi', '-i', `color=c=${colour}:size=640x360:rate=10:duration=5`];
    const file = await makeMedia(path('faces.mp4'), [
      ...[...part('0x203060'), ...part('0x206030'), ...part('0x703030'), '-i', path('shut.png'), '-i', path('open.png')],
      ...[
        '-filter_complex',
        '[4]split[y][z];[0][3]overlay=190:60[a];[1][y]overlay=190:60,gblur=sigma=3[b];[2][z]overlay=190:60[c];[a][b][c]concat=n=3,format=yuv420p',
      ],
      ...x264,
    ]);
    const { files } = await renderFile(file, {
      segments: [{ startSeconds: 0, endSeconds: 15 }],
      captions: { style: 'boxed', language: 'en', words: words(11) },
    });
    const colours = [];
    for (const name of ['cover', 'cover2', 'cover3']) {
      const [red = 0, green = 0, blue = 0] = await rgbFrame(files[name] ?? '', 0, 'crop=8:8:2:2');
      colours.push(['red', 'green', 'blue'][[red, green, blue].indexOf(Math.max(red, green, blue))]);
      // Where captions stand nothing is as white as they are.
      const below = await rgbFrame(files[name] ?? '', 0, 'crop=270:80:0:330');
      expect(below.length).toBe(270 * 80 * 3);
      expect(brightest(below)).toBeLessThan(215);
    }
    expect(colours[0]).toBe('red');
    expect([...colours].sort()).toEqual(['blue', 'green', 'red']);
  });
});

describe('framing', () => {
  const ground = 'color=c=0x46627a:size=1280x720:rate=25:duration=6';

  it('follows a face that walks through the picture, and keeps all of it inside', async () => {
    const file = await makeMedia(path('walk.mp4'), [
      ...['-f', 'lavfi', '-i', ground, '-loop', '1', '-i', path('face.png')],
      ...['-filter_complex', "[0][1]overlay=x='120+150*t':y=200:shortest=1,format=yuv420p", '-t', '6', ...x264],
    ]);
    const { result, facts } = await renderFile(file, { segments: [{ startSeconds: 0, endSeconds: 6 }] });
    expect(result.layout).toBe('follow');
    expect(facts['face_inside']).toBeGreaterThanOrEqual(0.9);
  });

  it('jumps with a cut, on its very frame', async () => {
    const file = await makeMedia(path('jump.mp4'), [
      ...[
        '-f',
        'lavfi',
        '-i',
        ground,
        '-loop',
        '1',
        '-i',
        path('face.png'),
        '-f',
        'lavfi',
        '-i',
        'color=c=0x8c7450:size=1280x720:rate=25:duration=6',
      ],
      ...[
        '-filter_complex',
        '[1]split[f][g];[0][f]overlay=x=160:y=200:shortest=1,trim=end=3[a];[2][g]overlay=x=900:y=200:shortest=1,trim=end=3[b];[a][b]concat,format=yuv420p',
      ],
      ...['-t', '6', '-c:v', 'libx264', '-preset', 'veryfast'],
    ]);
    const { result, files, facts } = await renderFile(file, { segments: [{ startSeconds: 1, endSeconds: 5 }] });
    expect([result.layout, facts['face_inside']]).toEqual(['follow', 1]);
    // The dark hair stands in the middle of the picture just before the cut and just behind it.
    for (const seconds of [1.96, 2]) {
      const frame = await grayFrame(files['video'] ?? '', seconds, 27, 48);
      const row = [...frame.subarray(27 * 17, 27 * 18)];
      const darkest = row.indexOf(Math.min(...row));
      expect(Math.abs(darkest - 13), `at ${seconds} s: ${row.join(' ')}`).toBeLessThanOrEqual(5);
    }
  });

  it('shows all of a wide picture without people over a blur, and all of one that has the shape', async () => {
    const wide = await makeMedia(path('nobody.mp4'), pictureAndTone({ seconds: 3, size: '640x360' }));
    const { result } = await renderFile(wide);
    expect(result).toMatchObject({ layout: 'fit', layoutReason: expect.stringContaining('Nobody is seen') });
    const same = await renderFile(wide, { output: { width: 480, height: 270, maxFrameRate: 30 } });
    expect(same.result.layoutReason).toContain('already has this shape');
    expect(same.result).toMatchObject({ width: 480, height: 270 });
  });

  it('crops the middle of a picture that is nearly of the shape', async () => {
    const file = await makeMedia(path('square.mp4'), pictureAndTone({ seconds: 2, size: '400x400' }));
    expect((await renderFile(file, { segments: [{ startSeconds: 0, endSeconds: 2 }] })).result.layout).toBe('center');
  });

  it('knows turned pictures and pixels that are not square', async () => {
    const flat = await makeMedia(path('flat.mp4'), pictureAndTone({ seconds: 2, size: '640x360' }));
    const turned = await makeMedia(path('turned.mp4'), ['-i', flat, '-c', 'copy', '-metadata:s:v', 'rotate=90']);
    expect((await renderFile(turned, { segments: [{ startSeconds: 0, endSeconds: 1 }] })).result.layoutReason).toContain(
      'already has this shape',
    );
    const wide = await makeMedia(path('wide.mkv'), [...pictureAndTone({ seconds: 2, size: '360x240' }), '-vf', 'setsar=4/3']);
    const { result } = await renderFile(wide, {
      output: { width: 480, height: 240, maxFrameRate: 30 },
      segments: [{ startSeconds: 0, endSeconds: 1 }],
    });
    expect(result.layoutReason).toContain('already has this shape');
  });
});
