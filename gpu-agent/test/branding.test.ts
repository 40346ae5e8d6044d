import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RenderSpec } from '@carmic/contract';
import pino from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFramer, type Framer } from '../src/framing/framer.ts';
import { type Engine, startEngine } from './support/engine.ts';
import { makeFolder, makeMedia } from './support/media.ts';
import { renderFile } from './support/renderFile.ts';

const folder = makeFolder();
const path = (name: string) => join(folder.path, name);
const x264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p'];
const flat = (colour: string, seconds: number, size = '320x180') => [
  '-f',
  'lavfi',
  '-i',
  `color=c=${colour}:size=${size}:rate=25:duration=${seconds}`,
];
const tone = (hertz: number, seconds: number, volume: number) => [
  ...['-f', 'lavfi', '-i', `sine=frequency=${hertz}:sample_rate=48000:duration=${seconds}`, '-af', `volume=${volume}`],
];
let engine: Engine;
let framer: Framer;
let clip: string;
let branding: NonNullable<RenderSpec['branding']>;

beforeAll(async () => {
  engine = await startEngine();
  framer = createFramer(pino({ level: 'silent' }));
  clip = await makeMedia(path('clip.mp4'), [...flat('0x404040', 4), ...tone(300, 4, 0.4), ...x264, '-c:a', 'aac']);
  await makeMedia(path('intro.mp4'), [...flat('red', 1), ...tone(500, 1, 1), ...x264, '-c:a', 'aac']);
  await makeMedia(path('outro.png'), [...flat('blue', 1, '64x64'), '-frames:v', '1']);
  await makeMedia(path('logo.png'), [...flat('lime', 1, '60x30'), '-frames:v', '1']);
  const logo = { position: 'top_left', width: 0.2, opacity: 1, fromSeconds: 0.5, durationSeconds: 1 } as const;
  branding = {
    logo: { ...logo, file: engine.assetAt(path('logo.png')) },
    intro: { file: engine.assetAt(path('intro.mp4')), durationSeconds: null },
    outro: { file: engine.assetAt(path('outro.png')), durationSeconds: 0.6 },
  };
});
afterAll(async () => {
  await framer.close();
  await engine.close();
  folder.remove();
});

/** Which of red, green and blue a place of every frame is, or none of them. */
async function coloursAt(file: string, x: number, y: number): Promise<string[]> {
  const raw = readFileSync(await makeMedia(path('place.raw'), ['-i', file, '-vf', `crop=4:4:${x}:${y},format=rgb24`, '-f', 'rawvideo']));
  return Array.from({ length: raw.length / 48 }, (_, frame) => {
    const [red = 0, green = 0, blue = 0] = raw.subarray(frame * 48);
    const most = Math.max(red, green, blue);
    return most - Math.min(red, green, blue) < 60 ? '-' : most === red ? 'r' : most === green ? 'g' : 'b';
  });
}

const run = (text: readonly string[]) =>
  text
    .join('')
    .replace(/(.)\1*/g, (all, letter: string) => `${letter}${all.length} `)
    .trim();

describe('a brand', () => {
  it('puts intro, outro and logo where they belong, to the frame, and keeps sound, captions and loudness right', async () => {
    const { result, files, facts, failed } = await renderFile(engine, framer, clip, {
      branding,
      segments: [{ startSeconds: 1, endSeconds: 3 }],
      captions: { style: 'minimal', language: 'en', words: [{ text: 'Hello', startSeconds: 1.4, endSeconds: 2.2 }] },
    });
    expect(failed).toEqual([]);
    expect(result.frameCount).toBe(25 + 50 + 15);
    expect(Math.abs((facts['integrated_loudness'] ?? 0) + 14)).toBeLessThanOrEqual(0.5);
    const video = files['video'] ?? '';
    expect(run(await coloursAt(video, 134, 240))).toBe('r25 -50 b15');
    // Half a second into the clip, for one second, and never over the intro.
    expect(run(await coloursAt(video, 20, 28))).toMatch(/^r25 -12 g25 -13 b15$|^r25 -13 g25 -12 b15$/);
    expect(readFileSync(files['srt'] ?? '', 'utf8')).toMatch(/^1\n00:00:01,400 --> /);
    expect(result.shots?.[0]?.startSeconds).toBeCloseTo(1, 3);
    // The loud intro is brought to the loudness of the clip.
    const raw = readFileSync(await makeMedia(path('sound.raw'), ['-i', video, '-ac', '1', '-ar', '8000', '-f', 's16le']));
    const level = (from: number, to: number) => {
      let sum = 0;
      for (let at = from * 8000; at < to * 8000; at++) {
        sum += (raw.readInt16LE(at * 2) / 32768) ** 2;
      }
      return 10 * Math.log10(sum / ((to - from) * 8000) + 1e-9);
    };
    expect(Math.abs(level(0.2, 0.8) - level(1.2, 2.8))).toBeLessThan(3);
    expect(level(3.1, 3.5)).toBeLessThan(-60);
  });

  it('whose file is no picture or video fails the clip with the name of the file', async () => {
    const render = renderFile(engine, framer, clip, {
      branding: { logo: { ...(branding.logo ?? raise()), file: engine.assetAt(path('intro.mp4')) } },
    });
    await expect(render).rejects.toMatchObject({ code: 'not_a_video', message: expect.stringContaining('The logo of the brand') });
  });

  it('whose file is larger than is kept in memory is refused with its size', async () => {
    const file = { ...engine.assetAt(path('intro.mp4')), sizeBytes: 49 * 1024 * 1024 };
    const render = renderFile(engine, framer, clip, { branding: { intro: { file, durationSeconds: null } } });
    await expect(render).rejects.toMatchObject({ code: 'too_large', message: expect.stringContaining('It has 49 MB; at most 48 MB') });
  });
});

function raise(): never {
  throw new Error('The brand of this test has a logo.');
}
