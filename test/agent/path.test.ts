/** The whole way with a real agent: real files in, real clips out, and a clear failure for everything that is no video. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FailureCode, Video } from '@carmic/contract';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type AgentProcess, startAgentProcess } from '../support/agentProcess.ts';
import { type Caller, startInstance, type TestInstance, until } from '../support/instance.ts';
import { makeCaptions, makeMedia, makeTalk, measureLoudness, probeFile, readMedia } from '../support/media.ts';
import { uploadVideo } from '../support/upload.ts';

let instance: TestInstance;
let caller: Caller;
let agent: AgentProcess;
let directory: string;

beforeAll(async () => {
  instance = await startInstance({ env: { CARMIC_LEASE_SECONDS: '20', CARMIC_MAX_DURATION_SECONDS: '120' } });
  caller = await instance.createCaller();
  agent = await startAgentProcess(instance);
  directory = mkdtempSync(join(tmpdir(), 'carmic-path-'));
});
afterAll(async () => {
  await agent.remove();
  await instance.stop();
  rmSync(directory, { recursive: true, force: true });
});

const untilOver = (id: string) =>
  until(
    'the video to end',
    async () => {
      if (agent.child.exitCode !== null) {
        throw new Error(`The agent ended:\n${agent.log()}`);
      }
      const video = await caller.call('getVideo', { params: { id } });
      return video.state === 'ready' || video.state === 'failed' ? video : null;
    },
    150_000,
  );

async function process(bytes: Buffer, options: Parameters<typeof uploadVideo>[3] = {}): Promise<Video> {
  const video = await uploadVideo(caller.call, instance.baseUrl, bytes, options);
  return untilOver(video.id);
}

async function download(url: string | null | undefined, name: string): Promise<string> {
  const response = await fetch(new URL(url ?? 'about:blank', instance.baseUrl));
  expect(response.status).toBe(200);
  const path = join(directory, name);
  writeFileSync(path, Buffer.from(await response.arrayBuffer()));
  return path;
}

describe('a talk with captions', () => {
  let video: Video;
  beforeAll(async () => {
    video = await process(
      readMedia(await makeTalk({ seconds: 32, extra: ['-metadata', 'location=+52.5200+013.4050/', '-metadata', 'title=Secret'] })),
      {
        captions: makeCaptions(32),
        wishes: { clipCount: 2, minClipSeconds: 8, maxClipSeconds: 10 },
      },
    );
  }, 160_000);

  test('is ready, with a player copy, a thumbnail and a waveform', async () => {
    expect(video.failure).toBeNull();
    expect(video.state).toBe('ready');
    expect(video.probe).toMatchObject({ width: 640, height: 360, audioCodec: 'aac' });
    expect(video.probe?.durationSeconds).toBeCloseTo(32, 0);
    const proxy = await probeFile(await download(video.media.proxyUrl, 'proxy.mp4'));
    expect(proxy.streams.map((stream) => stream.codec_name).sort()).toEqual(['aac', 'h264']);
    expect(
      readMedia(await download(video.media.thumbnailUrl, 'thumbnail.jpg'))
        .subarray(0, 2)
        .toString('hex'),
    ).toBe('ffd8');
    const waveform = await caller.call('getWaveform', { params: { id: video.id } });
    expect(waveform.peaks.length * waveform.hopSeconds).toBeCloseTo(32, 0);
    expect(Math.max(...waveform.peaks)).toBeGreaterThan(0.2);
  });

  test('gives vertical clips that are exactly as long as they say, at -14 LUFS, without metadata of the source', async () => {
    const { items } = await caller.call('listClips', { params: { id: video.id } });
    expect(items).toHaveLength(2);
    for (const [index, clip] of items.entries()) {
      const [rendition] = clip.renditions;
      expect(rendition?.state).toBe('ready');
      const path = await download(rendition?.media.videoUrl, `clip${index}.mp4`);
      const { streams, format } = await probeFile(path);
      const picture = streams.find((stream) => stream.codec_type === 'video');
      expect(picture).toMatchObject({ codec_name: 'h264', width: 720, height: 1280 });
      expect(Number(picture?.duration)).toBeCloseTo(clip.endSeconds - clip.startSeconds, 1);
      expect(Number(format.duration)).toBeCloseTo(Number(picture?.duration), 1);
      expect(streams.find((stream) => stream.codec_type === 'audio')).toMatchObject({ codec_name: 'aac', sample_rate: '48000' });
      const { integratedLufs, truePeakDbtp } = await measureLoudness(path);
      expect(Math.abs(integratedLufs + 14)).toBeLessThan(0.6);
      expect(truePeakDbtp).toBeLessThanOrEqual(-0.9);
      expect(JSON.stringify({ streams, format })).not.toMatch(/Secret|52\.52/);
      expect(rendition?.certificate.length).toBeGreaterThan(3);
      expect(rendition?.certificate.filter((entry) => !entry.passed)).toEqual([]);
    }
  });

  test('brings the captions along as SRT and VTT, with times of the clip', async () => {
    const [clip] = (await caller.call('listClips', { params: { id: video.id } })).items;
    const srt = readMedia(await download(clip?.renditions[0]?.media.srtUrl, 'clip.srt')).toString();
    const vtt = readMedia(await download(clip?.renditions[0]?.media.vttUrl, 'clip.vtt')).toString();
    expect(srt).toMatch(/^1\r?\n00:00:0\d,\d{3} --> 00:00:/);
    expect(vtt).toMatch(/^WEBVTT/);
    const said = (clip?.excerpt ?? '').split(' ').at(0) ?? 'nothing';
    expect(srt).toContain(said);
    expect(vtt).toContain(said);
  });

  test('has the captions burned in: the picture differs from one without', async () => {
    const [clip] = (await caller.call('listClips', { params: { id: video.id } })).items;
    const plain = await caller.call('createRendition', { params: { id: clip?.id ?? '' }, body: { aspect: '9:16', captionStyle: 'none' } });
    const ready = await until(
      'the plain one',
      async () => {
        const found = await caller.call('getRendition', { params: { id: plain.id } });
        return found.state === 'ready' ? found : null;
      },
      90_000,
    );
    const frame = async (url: string | null | undefined, name: string) => {
      const path = await download(url, `${name}.mp4`);
      const { stdout } = await import('node:child_process').then(({ spawnSync }) =>
        spawnSync(globalThis.process.env['FFMPEG_PATH'] ?? 'ffmpeg', [
          '-nostdin',
          '-v',
          'error',
          '-ss',
          '3',
          '-i',
          path,
          '-frames:v',
          '1',
          '-vf',
          'scale=90:160',
          '-f',
          'rawvideo',
          '-pix_fmt',
          'gray',
          '-',
        ]),
      );
      return stdout;
    };
    const [withCaptions, without] = [
      await frame(clip?.renditions[0]?.media.videoUrl, 'with'),
      await frame(ready.media.videoUrl, 'without'),
    ];
    const changed =
      withCaptions.reduce((sum, value, index) => sum + (Math.abs(value - (without[index] ?? 0)) > 40 ? 1 : 0), 0) / withCaptions.length;
    expect(changed).toBeGreaterThan(0.005);
    expect(changed).toBeLessThan(0.35);
  });
});

describe('odd but good videos', () => {
  const wishes = { clipCount: 1, minClipSeconds: 5, maxClipSeconds: 8 };
  const cases: [string, () => Promise<string>, (video: Video) => void][] = [
    [
      'a silent one',
      () => makeTalk({ seconds: 20, hasSound: false }),
      (video) => {
        expect(video.probe?.audioCodec).toBeNull();
        expect(video.notices.join(' ')).toMatch(/no sound/);
      },
    ],
    ['one of 20 seconds with sound', () => makeTalk({ seconds: 20 }), (video) => expect(video.clipCount).toBe(1)],
    [
      'one filmed upright, with a rotation flag',
      async () => {
        const path = await makeTalk({ seconds: 12 });
        return makeMedia('mp4', ['-display_rotation:v:0', '90', '-i', path, '-c', 'copy']).catch(() =>
          makeMedia('mp4', ['-i', path, '-c', 'copy', '-metadata:s:v:0', 'rotate=90']),
        );
      },
      (video) => expect(video.probe).toMatchObject({ width: 360, height: 640 }),
    ],
    [
      'one in WebM with odd sides and a variable frame rate',
      () =>
        makeMedia('webm', [
          ...['-f', 'lavfi', '-i', "testsrc2=size=427x241:rate=30:duration=14,select='not(mod(n,3))+gt(t,7)'"],
          ...[
            '-f',
            'lavfi',
            '-i',
            'sine=frequency=300:duration=14',
            '-vsync',
            'vfr',
            '-c:v',
            'libvpx',
            '-b:v',
            '400k',
            '-deadline',
            'realtime',
            '-c:a',
            'libopus',
          ],
        ]),
      (video) => expect(video.probe?.videoCodec).toBe('vp8'),
    ],
  ];
  for (const [name, make, check] of cases) {
    test(`${name} gives a finished clip`, async () => {
      const video = await process(readMedia(await make()), { wishes });
      expect(video.failure).toBeNull();
      check(video);
      const [clip] = (await caller.call('listClips', { params: { id: video.id } })).items;
      expect(clip?.renditions[0]).toMatchObject({ state: 'ready', captionStyle: 'none' });
      expect(clip?.renditions[0]?.certificate.filter((entry) => !entry.passed)).toEqual([]);
    });
  }
});

describe('files that are no usable video', () => {
  const cases: [string, FailureCode[], () => Promise<Buffer>][] = [
    ['random bytes', ['not_a_video'], () => Promise.resolve(randomBytes(200_000))],
    ['text', ['not_a_video'], () => Promise.resolve(Buffer.from('Once upon a time there was no video.\n'.repeat(50)))],
    [
      'a playlist named .mp4',
      ['playlist_refused'],
      () => Promise.resolve(Buffer.from('#EXTM3U\n#EXT-X-VERSION:3\n#EXTINF:10,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n')),
    ],
    [
      'a DASH manifest',
      ['playlist_refused', 'not_a_video'],
      () => Promise.resolve(Buffer.from('<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><Period/></MPD>')),
    ],
    [
      'a concat script',
      ['playlist_refused', 'not_a_video'],
      () => Promise.resolve(Buffer.from("ffconcat version 1.0\nfile '/etc/passwd'\n")),
    ],
    [
      'a picture',
      ['not_a_video'],
      async () => readMedia(await makeMedia('png', ['-f', 'lavfi', '-i', 'testsrc2=size=320x240', '-frames:v', '1'])),
    ],
    [
      'sound alone',
      ['no_video_stream'],
      async () => readMedia(await makeMedia('m4a', ['-f', 'lavfi', '-i', 'sine=duration=10', '-c:a', 'aac'])),
    ],
    [
      'a file that ends in the middle, its index lost',
      ['truncated'],
      async () => {
        const whole = readMedia(await makeTalk({ seconds: 20 }));
        return whole.subarray(0, Math.floor(whole.length / 2));
      },
    ],
    [
      'a file that ends in the middle, its index in front',
      ['truncated'],
      async () => {
        const whole = readMedia(await makeTalk({ seconds: 20, extra: ['-movflags', '+faststart'] }));
        return whole.subarray(0, Math.floor(whole.length / 2));
      },
    ],
    ['one longer than the limit', ['too_long'], async () => readMedia(await makeTalk({ seconds: 130, size: '160x90', hasSound: false }))],
    [
      'a frame of 16k by 16k',
      ['too_many_pixels'],
      async () =>
        readMedia(
          await makeMedia('mkv', [
            '-f',
            'lavfi',
            '-i',
            'color=size=16000x16000:rate=1:duration=1',
            '-c:v',
            'mjpeg',
            '-q:v',
            '31',
            '-pix_fmt',
            'yuvj420p',
          ]),
        ),
    ],
  ];
  for (const [name, codes, make] of cases) {
    test(`${name} fails with a clear cause and the next action, without being tried again`, async () => {
      const video = await process(await make());
      expect(video.state).toBe('failed');
      expect(codes).toContain(video.failure?.code);
      expect(video.failure?.stage).toBe('inspect');
      expect(video.failure?.message.length).toBeGreaterThan(15);
      expect(video.failure?.message).not.toMatch(/at .*\.ts:|Error:/);
      expect(video.failure?.nextAction.length).toBeGreaterThan(15);
      expect(video.failure?.canRetry).toBe(false);
      expect(agent.child.exitCode).toBeNull();
    });
  }

  test('and the source stays what was uploaded', async () => {
    const bytes = randomBytes(50_000);
    const video = await process(bytes);
    const { store } = instance.server.deps;
    const { stream } = await store.get(`w/${caller.workspaceId}/v/${video.id}/source`);
    const hash = createHash('sha256');
    for await (const chunk of stream) {
      hash.update(chunk as Buffer);
    }
    expect(hash.digest('hex')).toBe(createHash('sha256').update(bytes).digest('hex'));
  });
});
