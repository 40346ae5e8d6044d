/** Sources as cameras, phones and editors write them: each comes out with the right frames, shape, colours and sound. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import pino from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFramer, type Framer } from '../src/framing/framer.ts';
import { type Engine, startEngine } from './support/engine.ts';
import { askFfprobe, makeFolder, makeMedia } from './support/media.ts';
import { grayFrames, onsetsOf, renderFile, rgbFrame, samplesOf } from './support/renderFile.ts';

const folder = makeFolder();
const path = (name: string) => join(folder.path, name);
const x264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p'];
/** The shape of the sources below, so that pictures are kept whole. */
const whole = { width: 320, height: 180, maxFrameRate: 30 };
let engine: Engine;
let framer: Framer;

beforeAll(async () => {
  engine = await startEngine();
  framer = createFramer(pino({ level: 'silent' }));
});
afterAll(async () => {
  await framer.close();
  await engine.close();
  folder.remove();
});

/** Eight stripes that write the number of each frame in binary, white for one. */
const numbered = Array.from(
  { length: 8 },
  (_, bit) => `drawbox=x=${bit * 40}:y=0:w=40:h=180:color=white:t=fill:enable='mod(floor(n/${2 ** bit}),2)'`,
).join(',');

function readNumber(frame: Buffer): number {
  return [...frame].reduce((sum, value, bit) => sum + (value > 128 ? 2 ** bit : 0), 0);
}

async function numbersOf(file: string): Promise<number[]> {
  return (await grayFrames(file, 8, 1)).map((frame) => readNumber(frame));
}

/** A white flash and a tone in the same instant, every second from half a second on. */
const flashesAndTones = (seconds: number) => [
  ...['-f', 'lavfi', '-i', `color=c=black:size=320x180:rate=25:duration=${seconds}`],
  ...['-f', 'lavfi', '-i', `aevalsrc='0.4*sin(2*PI*997*t)*between(mod(t,1),0.5,0.7)':s=48000:d=${seconds}`],
  ...['-vf', "drawbox=color=white:t=fill:enable='between(mod(t+0.001,1),0.5,0.7)'", ...x264],
];

/** Differences between each flash and its tone, in seconds. */
async function flashToTone(file: string, rate: number): Promise<number[]> {
  const frames = (await grayFrames(file, 1, 1)).map((frame) => (frame[0] ?? 0) > 128);
  const flashes = frames.flatMap((isLit, index) => (isLit && frames[index - 1] === false ? [index / rate] : []));
  const tones = onsetsOf(await samplesOf(file));
  expect(flashes.length).toBeGreaterThanOrEqual(2);
  expect(tones).toHaveLength(flashes.length);
  return flashes.map((flash, index) => (tones[index] ?? 0) - flash);
}

describe('cuts', () => {
  it('show exactly the planned frames of the source, whatever the span', async () => {
    const file = await makeMedia(path('numbers.mp4'), [
      ...[
        '-f',
        'lavfi',
        '-i',
        `color=c=black:size=320x180:rate=25:duration=10`,
        '-vf',
        numbered,
        '-c:v',
        'libx264',
        '-preset',
        'medium',
        '-g',
        '60',
      ],
    ]);
    const { files, result } = await renderFile(engine, framer, file, {
      output: whole,
      segments: [
        { startSeconds: 1.24, endSeconds: 2.04 },
        { startSeconds: 7.013, endSeconds: 8.029 },
        { startSeconds: 3.4, endSeconds: 3.44 },
      ],
    });
    const count = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index);
    expect(await numbersOf(files['video'] ?? '')).toEqual([...count(31, 51), ...count(175, 201), 85]);
    expect(result.frameCount).toBe(47);
  });

  it('are not heard: the sound of a tone has no jump where two spans meet', async () => {
    const file = await makeMedia(path('tone.mov'), [
      ...[
        '-f',
        'lavfi',
        '-i',
        'testsrc2=size=320x180:rate=25:duration=8',
        '-f',
        'lavfi',
        '-i',
        'sine=frequency=220:duration=8:sample_rate=48000',
      ],
      ...[...x264, '-c:a', 'pcm_s16le'],
    ]);
    const { files } = await renderFile(engine, framer, file, {
      output: whole,
      segments: [
        { startSeconds: 1, endSeconds: 2.52 },
        { startSeconds: 4.13, endSeconds: 5.6 },
      ],
    });
    const samples = await samplesOf(files['video'] ?? '');
    const bend = samples.map((sample, index) => Math.abs(sample - 2 * (samples[index - 1] ?? sample) + (samples[index - 2] ?? sample)));
    const around = bend.subarray(Math.round(1.3 * 48_000), Math.round(1.7 * 48_000));
    const steady = bend.subarray(Math.round(0.5 * 48_000), Math.round(1.2 * 48_000));
    expect(Math.max(...around)).toBeLessThan(3 * Math.max(...steady));
  });

  it('keep sound and picture together within a frame', async () => {
    const file = await makeMedia(path('flashes.mp4'), [...flashesAndTones(8), '-c:a', 'aac']);
    const { files, failed } = await renderFile(engine, framer, file, {
      output: whole,
      segments: [
        { startSeconds: 1.2, endSeconds: 3 },
        { startSeconds: 5.1, endSeconds: 7.9 },
      ],
    });
    expect(failed).toEqual([]);
    for (const apart of await flashToTone(files['video'] ?? '', 25)) {
      expect(Math.abs(apart)).toBeLessThanOrEqual(0.04);
    }
  });
});

describe('pictures', () => {
  it('of a varying frame rate come out steady, each where it belongs', async () => {
    // Every third frame is missing, so that frames last 40 or 80 ms.
    const file = await makeMedia(path('varying.mp4'), [
      ...['-f', 'lavfi', '-i', 'color=c=black:size=320x180:rate=25:duration=8'],
      ...['-vf', `${numbered},select='not(eq(mod(n,3),2))'`, '-fps_mode', 'vfr', ...x264],
    ]);
    const { files, probe, result } = await renderFile(engine, framer, file, {
      output: whole,
      segments: [{ startSeconds: 2, endSeconds: 4 }],
    });
    expect(probe.frameRate).toBeLessThan(25);
    const numbers = await numbersOf(files['video'] ?? '');
    expect(numbers).toHaveLength(result.frameCount);
    for (const [index, number] of numbers.entries()) {
      expect(Math.abs(number / 25 - (2 + index / result.frameRate))).toBeLessThanOrEqual(0.0801);
    }
  });

  it('in two fields come out without the comb of movement', async () => {
    const file = await makeMedia(path('fields.ts'), [
      ...[
        '-f',
        'lavfi',
        '-i',
        'color=c=black:size=720x576:rate=50:duration=3',
        '-f',
        'lavfi',
        '-i',
        'color=c=white:size=60x576:rate=50:duration=3',
      ],
      ...['-filter_complex', "[0][1]overlay=x='mod(n*12,600)':y=0,interlace=lowpass=off,setsar=16/15"],
      ...['-c:v', 'mpeg2video', '-b:v', '8M', '-flags', '+ildct+ilme', '-top', '1', '-f', 'mpegts'],
    ]);
    const { files, probe } = await renderFile(engine, framer, file, {
      output: { width: 720, height: 540, maxFrameRate: 30 },
      segments: [{ startSeconds: 1, endSeconds: 2 }],
    });
    expect(probe.isInterlaced).toBe(true);
    const frames = await grayFrames(files['video'] ?? '', 720, 540);
    const comb = frames.map((frame) => {
      let sum = 0;
      for (let y = 101; y < 400; y += 1) {
        for (let x = 0; x < 720; x += 4) {
          const [above, here, below] = [frame[(y - 1) * 720 + x] ?? 0, frame[y * 720 + x] ?? 0, frame[(y + 1) * 720 + x] ?? 0];
          sum += Math.max(0, Math.abs(here * 2 - above - below) - Math.abs(above - below) - 40);
        }
      }
      return sum / 300 / 180;
    });
    expect(Math.max(...comb)).toBeLessThan(1);
  });

  it('in high dynamic range come out in ordinary colours, neither dark nor washed out', async () => {
    // 203 nits, the white of a page by ITU-R BT.2408, are 58 % of the PQ signal.
    const file = await makeMedia(path('hdr.mp4'), [
      ...['-f', 'lavfi', '-i', 'color=c=black:size=320x180:rate=25:duration=2'],
      ...[
        '-vf',
        "format=yuv420p10le,geq=lum='if(lt(X,160),64+0.58*876,64+0.2*876)':cb=512:cr=512,setparams=color_primaries=bt2020:color_trc=smpte2084:colorspace=bt2020nc",
      ],
      ...[
        '-c:v',
        'libx265',
        '-preset',
        'ultrafast',
        '-x265-params',
        'log-level=error:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc',
        '-tag:v',
        'hvc1',
      ],
    ]);
    const { files, probe } = await renderFile(engine, framer, file, { output: whole, segments: [{ startSeconds: 0, endSeconds: 1 }] });
    expect(probe.isHdr).toBe(true);
    const pixels = await rgbFrame(files['video'] ?? '', 0.5, 'scale=4:1:flags=area');
    expect(pixels[0]).toBeGreaterThan(150);
    expect(pixels[9]).toBeLessThan(80);
    const { streams } = (await askFfprobe(files['video'] ?? '', ['-select_streams', 'v', '-show_streams'])) as {
      streams: Record<string, string>[];
    };
    expect(streams[0]).toMatchObject({ pix_fmt: 'yuv420p', color_transfer: 'bt709', color_primaries: 'bt709' });
  });

  it('that lie on their side stand up, and wide pixels get their shape', async () => {
    // White on the left; shown a quarter turned against the clock, white is below.
    const flat = await makeMedia(path('flat.mp4'), [
      ...['-f', 'lavfi', '-i', 'color=c=black:size=320x180:rate=25:duration=2', '-vf', 'drawbox=w=160:h=180:color=white:t=fill', ...x264],
    ]);
    const turned = await makeMedia(path('turned.mp4'), ['-i', flat, '-c', 'copy', '-metadata:s:v', 'rotate=90']);
    const upright = await renderFile(engine, framer, turned, {
      output: { width: 180, height: 320, maxFrameRate: 30 },
      segments: [{ startSeconds: 0, endSeconds: 1 }],
    });
    expect(upright.probe).toMatchObject({ rotationDegrees: 270, width: 180, height: 320 });
    const column = await rgbFrame(upright.files['video'] ?? '', 0.4, 'scale=1:2:flags=area');
    expect([(column[0] ?? 255) < 50, (column[3] ?? 0) > 200]).toEqual([true, true]);

    // A square of 90 stored by 180 pixels of twice the width is square on the screen.
    const wide = await makeMedia(path('wide.mkv'), [
      ...[
        '-f',
        'lavfi',
        '-i',
        'color=c=black:size=160x180:rate=25:duration=2',
        '-vf',
        'drawbox=x=35:w=90:h=180:color=white:t=fill,setsar=2',
        ...x264,
      ],
    ]);
    const shaped = await renderFile(engine, framer, wide, { output: whole, segments: [{ startSeconds: 0, endSeconds: 1 }] });
    const row = [...(await rgbFrame(shaped.files['video'] ?? '', 0.4, 'scale=320:1:flags=area'))].filter((_, index) => index % 3 === 0);
    expect(Math.abs(row.filter((value) => value > 128).length - 180)).toBeLessThanOrEqual(4);
  });
});

describe('sound', () => {
  const picture = ['-f', 'lavfi', '-i', 'testsrc2=size=320x180:rate=25:duration=6'];
  const speechLike = "aevalsrc='0.3*sin(2*PI*(200+80*sin(2*PI*0.7*t))*t)*(0.3+0.7*abs(sin(2*PI*2.1*t)))'";
  const span = { output: whole, segments: [{ startSeconds: 1, endSeconds: 5 }] };

  async function expectGoodSound(name: string, args: readonly string[]) {
    const rendered = await renderFile(engine, framer, await makeMedia(path(name), [...args]), span);
    expect(rendered.failed, name).toEqual([]);
    expect(Math.abs((rendered.facts['integrated_loudness'] ?? 0) + 14), name).toBeLessThanOrEqual(0.5);
    expect(rendered.facts['true_peak'], name).toBeLessThanOrEqual(-1);
    const { streams } = (await askFfprobe(rendered.files['video'] ?? '', ['-select_streams', 'a', '-show_streams'])) as {
      streams: Record<string, unknown>[];
    };
    expect(streams[0], name).toMatchObject({ channels: 2, sample_rate: '48000', codec_name: 'aac' });
    return rendered;
  }

  it('of one channel is heard on both sides, and six channels are mixed to two, as loud as the rest', async () => {
    await expectGoodSound('mono.mp4', [...picture, '-f', 'lavfi', '-i', `${speechLike}:s=22050:d=6`, ...x264, '-c:a', 'aac', '-ac', '1']);
    const channels = [
      '0.02*sin(900*t)',
      '0.02*sin(800*t)',
      '0.9*sin(2*PI*300*t)*abs(sin(2*PI*2*t))',
      '0.5*sin(2*PI*50*t)',
      '0.3*sin(700*t)',
      '0.3*sin(600*t)',
    ];
    await expectGoodSound('surround.mkv', [
      ...picture,
      '-f',
      'lavfi',
      '-i',
      `aevalsrc='${channels.join('|')}':c=5.1:s=48000:d=6`,
      ...x264,
      '-c:a',
      'ac3',
      '-b:a',
      '448k',
    ]);
  });

  it('that is far too quiet or clipped comes out at the wanted loudness, its peaks under the limit', async () => {
    await expectGoodSound('quiet.mov', [
      ...picture,
      '-f',
      'lavfi',
      '-i',
      `${speechLike}:s=48000:d=6`,
      '-af',
      'volume=-18dB',
      ...x264,
      '-c:a',
      'pcm_s16le',
    ]);
    await expectGoodSound('peaky.mov', [
      ...[
        ...picture,
        '-f',
        'lavfi',
        '-i',
        "aevalsrc='if(lt(mod(t,0.5),0.01),1,0.04)*(random(0)*2-1)':s=48000:d=6",
        ...x264,
        '-c:a',
        'pcm_s16le',
      ],
    ]);
    await expectGoodSound('hot.mov', [
      ...picture,
      '-f',
      'lavfi',
      '-i',
      'anoisesrc=d=6:a=1:c=white',
      '-af',
      'volume=6dB',
      ...x264,
      '-c:a',
      'pcm_s16le',
    ]);
  });

  it('that begins five seconds late, or a picture that does, keeps its place', async () => {
    const base = await makeMedia(path('together.mp4'), [...flashesAndTones(12), '-c:a', 'aac']);
    for (const [name, filters] of [
      ['late-sound.mp4', '[0:v]null[v];[0:a]atrim=start=5[a]'],
      ['late-picture.mkv', '[0:v]trim=start=5[v];[0:a]anull[a]'],
    ] as const) {
      const file = await makeMedia(path(name), [
        ...['-i', base, '-filter_complex', filters, '-map', '[v]', '-map', '[a]', '-fps_mode', 'passthrough'],
        ...['-c:v', 'libx264', '-preset', 'ultrafast', '-c:a', 'aac'],
      ]);
      const { files } = await renderFile(engine, framer, file, { output: whole, segments: [{ startSeconds: 6.2, endSeconds: 9.2 }] });
      for (const apart of await flashToTone(files['video'] ?? '', 25)) {
        expect(Math.abs(apart), name).toBeLessThanOrEqual(0.04);
      }
    }
    const early = await renderFile(engine, framer, path('late-sound.mp4'), {
      output: whole,
      segments: [{ startSeconds: 3.2, endSeconds: 6.2 }],
    });
    expect(onsetsOf(await samplesOf(early.files['video'] ?? ''))).toHaveLength(1);
    expect(early.result.frameCount).toBe(75);
  });

  it('that ends before the clip leaves silence, not an error', async () => {
    const file = await makeMedia(path('ends.mp4'), [
      ...picture,
      '-f',
      'lavfi',
      '-i',
      `${speechLike}:s=48000:d=1.5`,
      ...x264,
      '-c:a',
      'aac',
    ]);
    expect(
      (await renderFile(engine, framer, file, { output: whole, segments: [{ startSeconds: 1, endSeconds: 4 }] })).result.frameCount,
    ).toBe(75);
    const silent = await renderFile(engine, framer, file, { output: whole, segments: [{ startSeconds: 3, endSeconds: 5 }] });
    expect(silent.facts['silent']).toBe(1);
  });
});

describe('the file', () => {
  it('begins with its index, and carries nothing of the source but picture and sound', async () => {
    const file = await makeMedia(path('tags.mov'), [
      ...['-f', 'lavfi', '-i', 'testsrc2=size=320x180:rate=25:duration=2', ...x264, '-timecode', '01:02:03:04'],
      ...['-metadata', 'location=+48.85+002.35/', '-metadata', 'artist=Somebody', '-metadata:s:v', 'handler_name=SecretCamera'],
    ]);
    const { files } = await renderFile(engine, framer, file, { output: whole, segments: [{ startSeconds: 0, endSeconds: 1 }] });
    const bytes = readFileSync(files['video'] ?? '');
    expect(bytes.indexOf('moov')).toBeLessThan(bytes.indexOf('mdat'));
    for (const secret of ['48.85', 'Somebody', 'SecretCamera', 'tmcd']) {
      expect(bytes.includes(secret), secret).toBe(false);
    }
  });
});
