/** Settings that the server chose, and the similarity that a clip has to reach, on real encodes. Keeps: A3. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RenderTuning } from '@carmic/contract';
import pino from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createFramer, type Framer } from '../src/framing/framer.ts';
import { type Engine, startEngine } from './support/engine.ts';
import { makeFolder, makeMedia } from './support/media.ts';
import { renderFile } from './support/renderFile.ts';

const folder = makeFolder();
const source = join(folder.path, 'source.mp4');
let engine: Engine;
let framer: Framer;

beforeAll(async () => {
  engine = await startEngine();
  framer = createFramer(pino({ level: 'silent' }));
  await makeMedia(source, [
    ...['-f', 'lavfi', '-i', 'testsrc2=size=640x360:rate=25:duration=2,noise=alls=6:allf=t:all_seed=3'],
    ...['-f', 'lavfi', '-i', 'sine=frequency=400:duration=2', '-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p'],
  ]);
});
afterAll(async () => {
  await framer.close();
  await engine.close();
  folder.remove();
});

const renderWith = (tuning?: RenderTuning) => renderFile(engine, framer, source, tuning === undefined ? {} : { tuning });
const choose = (rate: number, target: number | null, preset = 'veryfast'): RenderTuning => ({
  target,
  choices: [{ encoder: 'libx264', preset, rate }],
});

test('without being asked nothing is measured, and the result is as it was', async () => {
  const { result, facts } = await renderWith();
  expect(result.encoding).toBeUndefined();
  expect(facts['picture_similarity']).toBeUndefined();
});

test('the settings named are those in the file, and a coarser rate is smaller and less similar', async () => {
  const [fine, coarse] = [await renderWith(choose(18, null)), await renderWith(choose(30, null, 'faster'))];
  const [a, b] = [fine, coarse].map(({ result }) => result.encoding?.tries ?? []);
  expect([a?.length, b?.length]).toEqual([1, 1]);
  expect(b?.[0]).toMatchObject({ preset: 'faster', rate: 30 });
  expect(Number(a?.[0]?.score)).toBeGreaterThan(Number(b?.[0]?.score));
  expect(Number(a?.[0]?.bitsPerPixel)).toBeGreaterThan(Number(b?.[0]?.bitsPerPixel));
  expect(coarse.facts['picture_similarity']).toBeCloseTo(Number(b?.[0]?.score), 3);
  // libx264 writes its settings into the stream.
  expect(readFileSync(coarse.files['video'] ?? '').includes('crf=30.0')).toBe(true);
});

test('a clip below the target is encoded again, finer, and the one that reaches it is delivered', async () => {
  const own = (await renderWith(choose(21, null))).result.encoding?.tries[0]?.score ?? 0;
  const { result, failed, facts } = await renderWith(choose(36, own - 0.0005));
  expect(result.encoding?.tries.map(({ rate }) => rate)).toEqual([36, 21]);
  expect(facts['picture_similarity']).toBeGreaterThanOrEqual(own - 0.0005);
  expect(failed.filter((fact) => fact.startsWith('picture_similarity'))).toEqual([]);
});

test('where nothing reaches the target, the finest is delivered and the certificate says so', async () => {
  const { result, failed } = await renderWith(choose(30, 0.99999));
  expect(result.encoding?.tries.map(({ rate }) => rate)).toEqual([30, 21, 17]);
  expect(failed.some((fact) => fact.startsWith('picture_similarity'))).toBe(true);
});
