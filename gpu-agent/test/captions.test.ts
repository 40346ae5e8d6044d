/** Captions in finished clips: when they appear, what is left out of the sound, and what they say of themselves. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RenderSpec, Word } from '@carmic/contract';
import pino from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFramer, type Framer } from '../src/framing/framer.ts';
import { type Engine, startEngine } from './support/engine.ts';
import { makeFolder, makeMedia } from './support/media.ts';
import { grayFrames, onsetsOf, renderFile, samplesOf } from './support/renderFile.ts';

const folder = makeFolder();
const path = (name: string) => join(folder.path, name);
const output = { width: 320, height: 180, maxFrameRate: 30 };
let engine: Engine;
let framer: Framer;
let file: string;

/** A tone for every word, each at a place of its own between 0.35 and 0.65 s behind the one before. */
const words: Word[] = [];
for (let at = 0.4, index = 0; at < 19; index++) {
  words.push({ text: index % 2 === 0 ? `wwww${index}` : `i${index}`, startSeconds: at, endSeconds: at + 0.2 });
  at += 0.35 + ((index * 7) % 10) * 0.03;
}

beforeAll(async () => {
  engine = await startEngine();
  framer = createFramer(pino({ level: 'silent' }));
  const tones = words.map((word) => `between(t,${word.startSeconds.toFixed(3)},${word.endSeconds.toFixed(3)})`).join('+');
  file = await makeMedia(path('words.mp4'), [
    ...[
      '-f',
      'lavfi',
      '-i',
      'color=c=black:size=320x180:rate=30000/1001:duration=20',
      '-f',
      'lavfi',
      '-i',
      `aevalsrc='0.3*sin(2*PI*700*t)*(${tones})':s=48000:d=20`,
    ],
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-c:a', 'aac'],
  ]);
});
afterAll(async () => {
  await framer.close();
  await engine.close();
  folder.remove();
});

const captions = (changes: Partial<NonNullable<RenderSpec['captions']>> = {}) => ({
  style: 'pop' as const,
  language: 'en',
  words,
  ...changes,
});

/** Times at which the burned-in picture changes to another word, seen in the finished frames. */
async function wordsSeen(video: string, rate: number): Promise<number[]> {
  const frames = await grayFrames(video, 160, 40, 'crop=iw:ih*0.45:0:ih*0.5,');
  const brightness = (frame: Buffer) => frame.reduce((sum, value) => sum + value, 0) / frame.length;
  const changes: number[] = [];
  for (const [index, frame] of frames.entries()) {
    const before = frames[index - 1];
    const isNew = !before
      ? brightness(frame) > 0.4
      : frame.reduce((sum, value, at) => sum + Math.abs(value - (before[at] ?? 0)), 0) / frame.length > 0.6;
    // A word grows for four frames: what follows at once is the same word.
    if (isNew && brightness(frame) > 0.4 && index / rate - (changes.at(-1) ?? -1) > 0.2) {
      changes.push(index / rate);
    }
  }
  return changes;
}

describe('captions after cuts', () => {
  it('appear with their words: half of them within 40 ms, 19 of 20 within 80 ms of the sound in the finished file', async () => {
    // Pieces of every length, out of order and off the frame grid, cut between words as taking out silence and filler words does.
    const piece = (first: number, last: number, lead: number, tail: number) => ({
      startSeconds: (words[first]?.startSeconds ?? 0) - lead,
      endSeconds: (words[last]?.endSeconds ?? 0) + tail,
    });
    const segments = [
      piece(24, 27, 0.101, 0.07),
      piece(0, 5, 0.083, 0.12),
      piece(7, 7, 0.11, 0.09),
      piece(9, 16, 0.06, 0.077),
      piece(18, 22, 0.127, 0.11),
    ];
    const { files, result, failed, facts } = await renderFile(engine, framer, file, {
      output,
      segments,
      captions: captions({ look: { size: 1.4 } }),
    });
    expect(failed).toEqual([]);
    const heard = onsetsOf(await samplesOf(files['video'] ?? ''), 0.05, 0.08);
    const seen = await wordsSeen(files['video'] ?? '', result.frameRate);
    expect(heard.length).toBeGreaterThan(18);
    const errors = heard.map((onset) => Math.min(...seen.map((time) => Math.abs(time - onset)))).sort((a, b) => a - b);
    const at = (share: number) => errors[Math.floor(errors.length * share)] ?? 1;
    process.stderr.write(
      `caption sync over ${errors.length} words: p50 ${(at(0.5) * 1000).toFixed(0)} ms, p95 ${(at(0.95) * 1000).toFixed(0)} ms\n`,
    );
    expect(at(0.5)).toBeLessThanOrEqual(0.04);
    expect(at(0.95)).toBeLessThanOrEqual(0.08);
    expect(facts['caption_sync']).toBeLessThanOrEqual(80);
    expect(facts).toMatchObject({ caption_overlaps: 0, caption_words: 1, caption_glyphs: 1, caption_safe_area: 1 });
  });
});

describe('swearing', () => {
  const said = words.slice(0, 8).map((word, index) => ({ ...word, text: index === 3 ? 'shit!' : word.text }));
  const spoken = said[3] ?? { startSeconds: 0, endSeconds: 0 };
  const segments = [{ startSeconds: 0, endSeconds: 4 }];
  const middle = Math.round(((spoken.startSeconds + spoken.endSeconds) / 2) * 48_000);
  const level = (samples: Float32Array) => Math.max(...samples.subarray(middle - 1500, middle + 1500).map(Math.abs));
  /** How often the sound crosses zero in a tenth of a second. */
  const crossings = (samples: Float32Array) => {
    const part = [...samples.subarray(middle - 2400, middle + 2400)];
    return part.filter((value, index) => value < 0 !== (part[index - 1] ?? value) < 0).length;
  };

  it('is masked in every text and silent in the sound, or has a tone over it; other words stay', async () => {
    const muted = await renderFile(engine, framer, file, {
      output,
      segments,
      captions: captions({ words: said, profanity: { text: 'mask', sound: 'mute' } }),
    });
    const silence = await samplesOf(muted.files['video'] ?? '');
    expect(level(silence)).toBeLessThan(0.005);
    expect(onsetsOf(silence, 0.05, 0.08)).toHaveLength(7);
    expect(muted.failed).toEqual([]);
    for (const name of ['srt', 'vtt', 'ass', 'words']) {
      const text = readFileSync(muted.files[name] ?? '', 'utf8');
      expect(text, name).toMatch(/s\*\*\*!/i);
      expect(text.toLowerCase(), name).not.toContain('shit');
    }
    const beeped = await samplesOf(
      (
        await renderFile(engine, framer, file, {
          output,
          segments,
          captions: captions({ style: 'none', words: said, profanity: { text: 'keep', sound: 'beep' } }),
        })
      ).files['video'] ?? '',
    );
    // The tone has 1000 Hz, the word had 700.
    expect(Math.abs(crossings(beeped) - 200)).toBeLessThan(8);
    expect(level(beeped)).toBeGreaterThan(0.05);
  });
});

describe('characters that no font has', () => {
  it('are left out of the picture and named in the certificate', async () => {
    const odd = words.slice(0, 4).map((word, index) => ({ ...word, text: index === 1 ? 'fine𓀀' : word.text }));
    const { result, files } = await renderFile(engine, framer, file, {
      output,
      segments: [{ startSeconds: 0, endSeconds: 2 }],
      captions: captions({ style: 'karaoke', words: odd }),
    });
    const fact = result.certificate.find((entry) => entry.name === 'caption_glyphs');
    expect(fact).toMatchObject({ passed: false, label: expect.stringContaining('𓀀') });
    expect(readFileSync(files['ass'] ?? '', 'utf8')).not.toContain('𓀀');
    expect(readFileSync(files['srt'] ?? '', 'utf8')).toContain('fine𓀀');
  });
});
