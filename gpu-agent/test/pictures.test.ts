import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Analysis, analysisSchema } from '@carmic/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inspect } from '../src/inspect/inspect.ts';
import { createPictureJudge, type PictureJudge, pictureModel, pictureSide } from '../src/pictures/pictureJudge.ts';
import { type Engine, startEngine } from './support/engine.ts';
import { makeFolder, makeMedia } from './support/media.ts';

const folder = makeFolder();
let engine: Engine;
let file: string;

/** Two seconds of grey, four of red, then grey again. */
beforeAll(async () => {
  engine = await startEngine();
  const colour = (name: string, seconds: number) => ['-f', 'lavfi', '-i', `color=c=${name}:s=320x240:r=10:d=${seconds}`];
  file = await makeMedia(join(folder.path, 'colours.mp4'), [
    ...[...colour('gray', 3), ...colour('red', 4), ...colour('gray', 6)],
    ...['-filter_complex', '[0:v][1:v][2:v]concat=n=3:v=1', '-c:v', 'libx264', '-g', '10', '-pix_fmt', 'yuv420p'],
  ]);
});
afterAll(async () => {
  await engine.close();
  folder.remove();
});

async function picturesWith(judge: PictureJudge): Promise<Analysis['pictures']> {
  const spec = { kind: 'inspect', source: { url: 'http://127.0.0.1/unused', sizeBytes: 1 }, fileName: 'video' } as const;
  const outcome = await inspect({ ...spec, limits: { durationSeconds: 60, framePixels: 1_000_000 } }, engine.contextFor(file), true, judge);
  const path = outcome.files.find(({ name }) => name === 'analysis')?.path ?? '';
  return analysisSchema.parse(JSON.parse(readFileSync(path, 'utf8'))).pictures;
}

describe('judging pictures', () => {
  it('tells every frame’s time, and looks again around suspect ones', async () => {
    const red: PictureJudge = {
      judge: async (rgb) => ((rgb[0] ?? 0) > 200 && (rgb[1] ?? 0) < 60 ? 0.9 : 0.01),
      close: async () => undefined,
    };
    const pictures = await picturesWith(red);
    expect(pictures?.model).toBe(pictureModel);
    const { atSeconds = [], scores = [] } = pictures ?? {};
    expect(atSeconds).toEqual([...atSeconds].sort((a, b) => a - b));
    for (const [i, at] of atSeconds.entries()) {
      if (Math.abs(at - 3) > 0.15 && Math.abs(at - 7) > 0.15) {
        expect(scores[i], `at ${at}`).toBe(at > 3 && at < 7 ? 0.9 : 0.01);
      }
    }
    // Frames every two seconds, and two more around each suspect one.
    const suspects = atSeconds.filter((_, i) => (scores[i] ?? 0) > 0.5);
    expect(suspects.length).toBeGreaterThanOrEqual(4);
    expect(atSeconds.length).toBeGreaterThanOrEqual(7 + 4);
  });

  it('the model that ships answers, and finds nothing in flat colours', async () => {
    const judge = createPictureJudge();
    try {
      const flat = (r: number, g: number, b: number) =>
        Uint8Array.from({ length: pictureSide * pictureSide * 3 }, (_, i) => [r, g, b][i % 3] ?? 0);
      for (const score of await Promise.all([judge.judge(flat(90, 140, 90)), judge.judge(flat(20, 20, 60))])) {
        expect(score).toBeGreaterThanOrEqual(0);
        expect(score).toBeLessThan(0.3);
      }
    } finally {
      await judge.close();
    }
  });
});
