import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Analysis, analysisSchema, type FailureCode, inspectResultSchema, type InspectResult } from '@carmic/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inspect } from '../src/inspect/inspect.ts';
import { TaskFailure } from '../src/media/taskFailure.ts';
import { type Engine, startEngine } from './support/engine.ts';
import { askFfprobe, makeFolder, makeMedia, pictureAndTone } from './support/media.ts';

const folder = makeFolder();
const path = (name: string) => join(folder.path, name);
const limits = { durationSeconds: 60, framePixels: 2_000_000 };
let engine: Engine;

beforeAll(async () => {
  engine = await startEngine();
});
afterAll(async () => {
  await engine.close();
  folder.remove();
});

interface Inspected {
  result: InspectResult;
  analysis: Analysis;
  files: Record<string, string>;
}

async function inspectFile(file: string, changed: Partial<typeof limits> = {}): Promise<Inspected> {
  const source = { url: 'http://127.0.0.1/unused', sizeBytes: 1 };
  const outcome = await inspect(
    { kind: 'inspect', source, fileName: 'video', limits: { ...limits, ...changed } },
    engine.contextFor(file),
    true,
  );
  const files = Object.fromEntries(outcome.files.map((entry) => [entry.name, entry.path]));
  const analysis = analysisSchema.parse(JSON.parse(readFileSync(files['analysis'] ?? '', 'utf8')));
  return { result: inspectResultSchema.parse(outcome.result), analysis, files };
}

async function failureOf(file: string, changed: Partial<typeof limits> = {}): Promise<{ code: FailureCode; message: string }> {
  const error = await inspectFile(file, changed).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(TaskFailure);
  return error as TaskFailure;
}

async function streamsOf(file: string) {
  const { streams } = (await askFfprobe(file, ['-show_streams'])) as {
    streams: { codec_name: string; width?: number; height?: number; tags?: object }[];
  };
  return streams;
}

describe('inspecting a good video', () => {
  it('copies what the player can play, and finds cuts, levels and sound', async () => {
    const file = await makeMedia(path('cut.mp4'), [
      ...[
        '-f',
        'lavfi',
        '-i',
        'color=c=0x224466:size=320x180:rate=25:duration=2',
        '-f',
        'lavfi',
        '-i',
        'testsrc2=size=320x180:rate=25:duration=2',
      ],
      ...['-f', 'lavfi', '-i', 'sine=frequency=300:sample_rate=44100:duration=4', '-filter_complex', '[0][1]concat=n=2,format=yuv420p[v]'],
      ...['-map', '[v]', '-map', '2:a', '-c:v', 'libx264', '-preset', 'ultrafast', '-x264-params', 'scenecut=40', '-c:a', 'aac'],
      ...['-metadata', 'location=+48.85+002.35/', '-metadata', 'title=secret'],
    ]);
    const { result, analysis, files } = await inspectFile(file);
    expect(result.probe).toMatchObject({
      container: 'mov',
      width: 320,
      height: 180,
      frameRate: 25,
      videoCodec: 'h264',
      audioCodec: 'aac',
      rotationDegrees: 0,
    });
    expect(analysis.cutsSeconds).toEqual([2]);
    expect(analysis.loudnessDb.length).toBeGreaterThanOrEqual(40);
    expect(analysis.loudnessDb[20]).toBeGreaterThan(-30);
    const proxy = (await askFfprobe(files['proxy'] ?? '', ['-show_format'])) as { format: { tags: Record<string, string> } };
    expect(Object.keys(proxy.format.tags)).not.toEqual(expect.arrayContaining(['location', 'title']));
    expect(await streamsOf(files['audio'] ?? '')).toMatchObject([{ codec_name: 'flac' }]);
  });

  it('does without sound', async () => {
    const file = await makeMedia(path('silent.mp4'), [
      '-f',
      'lavfi',
      '-i',
      'testsrc2=size=320x180:rate=25:duration=2',
      '-c:v',
      'libx264',
      '-preset',
      'ultrafast',
    ]);
    const { result, analysis, files } = await inspectFile(file);
    expect(result.probe.audioCodec).toBeNull();
    expect([analysis.loudnessDb, analysis.peaks, files['audio']]).toEqual([[], [], undefined]);
    expect(analysis.motion.length).toBeGreaterThan(15);
  });

  it('tells the displayed size of a turned picture, and makes an upright proxy', async () => {
    const flat = await makeMedia(path('flat.mp4'), pictureAndTone({ seconds: 2, size: '320x180' }));
    const file = await makeMedia(path('turned.mp4'), ['-i', flat, '-c', 'copy', '-metadata:s:v', 'rotate=90']);
    const { result, files } = await inspectFile(file);
    expect(result.probe).toMatchObject({ width: 180, height: 320 });
    expect([90, 270]).toContain(result.probe.rotationDegrees);
    expect((await streamsOf(files['proxy'] ?? ''))[0]).toMatchObject({ width: 180, height: 320 });
  });

  it('tells the displayed size of pixels that are not square', async () => {
    const file = await makeMedia(path('wide.mkv'), [...pictureAndTone({ seconds: 2, size: '360x240' }), '-vf', 'setsar=4/3']);
    const { result, files } = await inspectFile(file);
    expect(result.probe).toMatchObject({ container: 'matroska', width: 480, height: 240 });
    expect((await streamsOf(files['proxy'] ?? ''))[0]).toMatchObject({ width: 480, height: 240 });
  });

  it('takes odd sizes, odd containers and changing frame rates', async () => {
    const odd = await makeMedia(
      path('odd.avi'),
      pictureAndTone({ seconds: 2, size: '320x180', encode: ['-vf', 'scale=321:181,setsar=1', '-c:v', 'mpeg4', '-c:a', 'mp2'] }),
    );
    expect((await inspectFile(odd)).result.probe).toMatchObject({ container: 'avi', width: 321, height: 181 });
    const stream = await makeMedia(
      path('stream.ts'),
      pictureAndTone({ seconds: 2, size: '320x180', encode: ['-c:v', 'mpeg2video', '-c:a', 'mp2', '-f', 'mpegts'] }),
    );
    expect((await inspectFile(stream)).result.probe).toMatchObject({ container: 'mpegts', videoCodec: 'mpeg2video' });
    const uneven = await makeMedia(path('uneven.mp4'), [
      ...pictureAndTone({ seconds: 3, size: '320x180' }),
      '-vf',
      "select='lt(t,1)+not(mod(n,5))'",
      '-vsync',
      'vfr',
    ]);
    const { analysis } = await inspectFile(uneven);
    expect(analysis.motion.length).toBeGreaterThan(25);
  });

  it('keeps sound that begins late in its place', async () => {
    const flat = await makeMedia(path('plain.mp4'), pictureAndTone({ seconds: 3, size: '320x180' }));
    const file = await makeMedia(path('late.mkv'), [
      '-i',
      flat,
      '-itsoffset',
      '1',
      '-i',
      flat,
      '-map',
      '0:v',
      '-map',
      '1:a',
      '-c',
      'copy',
      '-t',
      '3',
    ]);
    const { analysis } = await inspectFile(file);
    expect(analysis.loudnessDb.slice(0, 9).every((level) => level < -60)).toBe(true);
    expect(analysis.loudnessDb[15]).toBeGreaterThan(-30);
  });
});

describe('of a source of a minute and more', () => {
  const cuts = [7.2, 13.6, 14.8, 25, 31.4, 40.6, 52.2, 61];
  const seconds = 70;
  const longer = { durationSeconds: 120 };

  /** Four still pictures by turns, each from one of the cuts to the next. */
  async function makeShots(name: string, encode: readonly string[]): Promise<string> {
    const looks = ['pal75bars', 'color=c=0x3060a0', 'rgbtestsrc', 'color=c=0xd0c060'];
    const spans = [0, ...cuts].map((start, index) => ({
      look: looks[index % looks.length] ?? '',
      seconds: (cuts[index] ?? seconds) - start,
    }));
    const inputs = spans.flatMap(({ look, seconds: length }) => [
      ...['-f', 'lavfi', '-i', `${look}${look.includes('=') ? ':' : '='}size=160x90:rate=25:duration=${length.toFixed(2)}`],
    ]);
    const graph = `${spans.map((_, index) => `[${index}]format=yuv420p,setsar=1[v${index}]`).join(';')};${spans.map((_, index) => `[v${index}]`).join('')}concat=n=${spans.length}[v]`;
    return makeMedia(path(name), [
      ...inputs,
      '-filter_complex',
      graph,
      '-map',
      '[v]',
      '-c:v',
      'libx264',
      '-preset',
      'superfast',
      ...encode,
    ]);
  }

  /** How many whole frames there are, and how many were looked at. */
  async function framesOf(file: string, files: Record<string, string>) {
    const { packets } = (await askFfprobe(file, ['-select_streams', 'v', '-show_packets'])) as { packets: { flags: string }[] };
    const scenes = readFileSync(join(dirname(files['analysis'] ?? ''), 'scenes.txt'), 'utf8');
    return { whole: packets.filter(({ flags }) => flags.startsWith('K')).length, looked: scenes.split('pts_time:').length - 1 };
  }

  it('every cut at which an encoder put a whole frame is found to the frame, though not all whole frames are looked at', async () => {
    const file = await makeShots('shots.mp4', ['-g', '25', '-sc_threshold', '0', '-force_key_frames', cuts.join(',')]);
    const { analysis, files } = await inspectFile(file, longer);
    expect(analysis.cutsSeconds).toEqual(cuts);
    const { whole, looked } = await framesOf(file, files);
    expect(whole).toBeGreaterThan(68);
    expect(looked).toBeLessThan(whole * 0.7);
  });

  it('where whole frames stand at even distances, cuts are told at most four seconds late, and no others', async () => {
    const file = await makeShots('even.mp4', ['-g', '25', '-sc_threshold', '0']);
    const { analysis, files } = await inspectFile(file, longer);
    const { whole, looked } = await framesOf(file, files);
    expect([whole, looked]).toEqual([70, expect.toSatisfy((count: number) => count <= 21)]);
    for (const found of analysis.cutsSeconds) {
      expect(
        cuts.some((cut) => found >= cut && found - cut <= 4),
        `${found}`,
      ).toBe(true);
    }
    // Two cuts between two looks are one.
    expect(analysis.cutsSeconds.length).toBeGreaterThanOrEqual(cuts.length - 1);
  });

  it('and whole frames are rare, others are looked at', async () => {
    const file = await makeShots('rare.mp4', ['-g', '9999', '-keyint_min', '9999', '-sc_threshold', '0']);
    const { analysis, files } = await inspectFile(file, longer);
    const { whole, looked } = await framesOf(file, files);
    expect(whole).toBe(1);
    expect(looked).toBeGreaterThan(300);
    expect(analysis.cutsSeconds.length).toBe(cuts.length);
  });
});

describe('inspecting a bad file fails, and says why', () => {
  it('empty, text, a playlist, a picture, sound only', async () => {
    writeFileSync(path('empty'), '');
    writeFileSync(path('text.mp4'), 'Dear reader, this is no video.');
    writeFileSync(path('list.mp4'), '#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nfile:///etc/hostname\n#EXT-X-ENDLIST\n');
    await makeMedia(path('picture.png'), ['-f', 'lavfi', '-i', 'color=size=64x64', '-frames:v', '1']);
    await makeMedia(path('sound.mp4'), ['-f', 'lavfi', '-i', 'sine=duration=2', '-c:a', 'aac']);
    expect((await failureOf(path('empty'))).code).toBe('empty_file');
    expect((await failureOf(path('text.mp4'))).code).toBe('not_a_video');
    expect((await failureOf(path('list.mp4'))).code).toBe('playlist_refused');
    expect((await failureOf(path('picture.png'))).code).toBe('not_a_video');
    expect((await failureOf(path('sound.mp4'))).code).toBe('no_video_stream');
  });

  it('cut off, before its index or after it', async () => {
    const whole = await makeMedia(path('whole.mp4'), pictureAndTone({ seconds: 20, size: '160x90' }));
    const indexLast = await makeMedia(path('index-last.mp4'), ['-i', whole, '-c', 'copy']);
    truncateSync(indexLast, Math.floor(readFileSync(indexLast).length * 0.7));
    expect((await failureOf(indexLast)).code).toBe('truncated');
    const indexFirst = await makeMedia(path('index-first.mp4'), ['-i', whole, '-c', 'copy', '-movflags', '+faststart']);
    truncateSync(indexFirst, Math.floor(readFileSync(indexFirst).length * 0.6));
    const failure = await failureOf(indexFirst);
    expect(failure.code).toBe('truncated');
    expect(failure.message).toMatch(/says it is 20\.\d s long, and only \d+\.\d s/);
  });

  it('too long, too large a picture, a codec that is not read', async () => {
    const file = await makeMedia(path('limits.mp4'), pictureAndTone({ seconds: 3, size: '320x180' }));
    expect((await failureOf(file, { durationSeconds: 2 })).code).toBe('too_long');
    expect((await failureOf(file, { framePixels: 50_000 })).code).toBe('too_many_pixels');
    const rare = await makeMedia(
      path('rare.avi'),
      pictureAndTone({ seconds: 1, size: '64x64', encode: ['-c:v', 'zmbv', '-c:a', 'pcm_s16le'] }),
    );
    expect((await failureOf(rare)).code).toBe('unsupported_codec');
  });

  it('rubbish behind a good beginning', async () => {
    const file = await makeMedia(path('rubbish.mp4'), pictureAndTone({ seconds: 2, size: '160x90' }));
    const bytes = readFileSync(file);
    bytes.fill(0x5a, 48);
    writeFileSync(file, bytes);
    expect(['truncated', 'not_a_video', 'decode_failed']).toContain((await failureOf(file)).code);
  });
});
