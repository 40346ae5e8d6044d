/** Framing in the console: a crop placed by hand is what is rendered, covers are chosen, and the preview knows where faces are. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Clip, Rendition } from '@carmic/contract';
import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { drawFace } from '../../gpu-agent/test/support/drawFace.ts';
import { type AgentProcess, startAgentProcess } from '../support/agentProcess.ts';
import { type Caller, startInstance, type TestInstance } from '../support/instance.ts';
import { makeCaptions, makeMedia } from '../support/media.ts';
import { uploadVideo } from '../support/upload.ts';
import { findBarriersEverywhere } from './support/axe.ts';
import { consoleDirectory, prepareBrowser } from './support/browser.ts';
import { enlargePreview, pixelsOfPreview, seekPreview } from './support/captionPreview.ts';
import { chooseMore } from './support/chooseMore.ts';
import { untilRendered } from './support/untilRendered.ts';

const run = promisify(execFile);
const browser = prepareBrowser();
const slowly = { timeout: 150_000, interval: 200 };
let instance: TestInstance;
let agent: AgentProcess;
let caller: Caller;
let clip: Clip;
let videoId: string;
let directory: string;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'carmic-framing-'));
  instance = await startInstance({ env: { CARMIC_CONSOLE_DIR: consoleDirectory, CARMIC_LEASE_SECONDS: '30' } });
  agent = await startAgentProcess(instance);
  caller = await instance.createCaller();
  const face = join(directory, 'face.png');
  writeFileSync(face, drawFace(200));
  // Red on the left, blue on the right, and a face low in the middle, where captions would stand.
  const ground = 'testsrc2=size=640x360:rate=25:duration=16,eq=contrast=0.2:saturation=0.2';
  const bars = 'drawbox=x=0:y=0:w=200:h=360:color=red:t=fill,drawbox=x=440:y=0:w=200:h=360:color=blue:t=fill';
  const film = await makeMedia('mp4', [
    ...['-f', 'lavfi', '-i', `${ground},${bars}`, '-loop', '1', '-i', face],
    ...['-f', 'lavfi', '-i', 'sine=frequency=220:duration=16', '-filter_complex', '[0][1]overlay=x=220:y=178:shortest=1,format=yuv420p[v]'],
    ...['-map', '[v]', '-map', '2', '-t', '16', '-c:v', 'libx264', '-preset', 'ultrafast', '-g', '25', '-c:a', 'aac'],
  ]);
  const wishes = { clipCount: 1, minClipSeconds: 5, maxClipSeconds: 8, aspects: ['9:16' as const, '16:9' as const] };
  const video = await uploadVideo(caller.call, instance.baseUrl, readFileSync(film), { captions: makeCaptions(16), wishes });
  videoId = video.id;
  for (const aspect of wishes.aspects) {
    await ready((rendition) => rendition.aspect === aspect);
  }
}, 240_000);

afterAll(async () => {
  await browser.close();
  await agent.remove();
  await instance.stop();
  rmSync(directory, { recursive: true, force: true });
});

const ready = (isWanted: (rendition: Rendition) => boolean) =>
  untilRendered(agent, async () => {
    [clip] = (await caller.call('listClips', { params: { id: videoId } })).items as [Clip];
    return clip?.renditions.find(isWanted);
  });

async function fetchMedia(url: string | null): Promise<Buffer> {
  const reply = await fetch(new URL(url ?? '', instance.baseUrl));
  expect(reply.status).toBe(200);
  return Buffer.from(await reply.arrayBuffer());
}

/** One frame of a rendition as RGB, in the given size. */
async function frameOf(rendition: Rendition, seconds: number, width: number, height: number): Promise<Buffer> {
  const path = join(directory, `${rendition.id}.mp4`);
  writeFileSync(path, await fetchMedia(rendition.media.videoUrl));
  const filters = `scale=${width}:${height}:flags=area:in_color_matrix=bt601,format=rgb24`;
  const args = [
    '-v',
    'error',
    '-nostdin',
    '-ss',
    seconds.toFixed(3),
    '-i',
    path,
    '-frames:v',
    '1',
    '-vf',
    filters,
    '-f',
    'rawvideo',
    'pipe:1',
  ];
  const { stdout } = await run('ffmpeg', args, { encoding: 'buffer', maxBuffer: 1 << 26 });
  return stdout;
}

/** Drags from the middle of an element. */
async function drag(page: Page, element: Locator, byX: number): Promise<void> {
  const box = await element.boundingBox();
  if (box === null) {
    throw new Error('What is to be dragged is not seen.');
  }
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  await page.mouse.move(x, y);
  await page.mouse.down();
  await page.mouse.move(x + byX / 2, y, { steps: 3 });
  await page.mouse.move(x + byX, y, { steps: 3 });
  await page.mouse.up();
}

test('a crop is dragged to key frames, undone, moved by keys, and rendered where it was placed', async (context) => {
  const visit = await browser.visit(context, { baseUrl: instance.baseUrl, token: caller.token, width: 1440, height: 900 });
  const { page } = visit;
  await page.goto(`/#/videos/${videoId}`);
  await chooseMore(page.getByRole('article').first(), 'Crop');
  const dialog = page.getByRole('dialog', { name: 'Place the crop' });
  const handle = dialog.getByRole('button', { name: /^Crop, its middle/ });
  await dialog.getByText('Placed by looking').waitFor();
  // The face stands in the middle, and the crop around it.
  await expect.poll(() => handle.getAttribute('aria-label'), slowly).toMatch(/at 5\d% across/);
  const marks = dialog.getByRole('button', { name: /^Key frame at/ });
  expect(await marks.count()).toBe(0);

  await drag(page, handle, -300);
  await dialog.getByText('Placed by hand: 1 key frame', { exact: true }).waitFor();
  expect(await marks.count()).toBe(1);
  await expect.poll(() => handle.getAttribute('aria-label')).toMatch(/at 16% across/);
  const seconds = clip.durationSeconds;
  await dialog.getByLabel('Time in the clip').fill((seconds - 1).toFixed(2));
  await handle.focus();
  for (let presses = 0; presses < 16; presses++) {
    await page.keyboard.press('Shift+ArrowRight');
  }
  await dialog.getByText('Placed by hand: 2 key frames', { exact: true }).waitFor();
  await expect.poll(() => handle.getAttribute('aria-label')).toMatch(/at 84% across/);
  await page.keyboard.press('Delete');
  await expect.poll(() => marks.count()).toBe(1);
  await page.keyboard.press('Control+z');
  await expect.poll(() => marks.count()).toBe(2);
  await dialog.getByRole('button', { name: 'Undo', exact: true }).click();
  await dialog.getByRole('button', { name: 'Redo', exact: true }).click();
  await marks.last().focus();
  await page.keyboard.press('Shift+ArrowLeft');
  await expect.poll(() => marks.last().getAttribute('aria-label')).toContain((seconds - 2).toFixed(2));
  await dialog.getByRole('button', { name: 'Back to automatic' }).click();
  await dialog.getByText('Placed by looking').waitFor();
  await dialog.getByRole('button', { name: 'Undo', exact: true }).click();
  await dialog.getByText('Placed by hand: 2 key frames', { exact: true }).waitFor();
  expect(await findBarriersEverywhere(page)).toEqual([]);

  const [request] = await Promise.all([
    page.waitForRequest((each) => each.method() === 'POST' && each.url().endsWith('/renditions')),
    dialog.getByRole('button', { name: 'Render with this crop' }).click(),
  ]);
  const { framing } = request.postDataJSON() as { framing: NonNullable<Rendition['framing']> };
  expect(framing).toMatchObject({ zoom: 1, keyframes: [{ atSeconds: 0 }, { atSeconds: expect.closeTo(seconds - 2, 1) as number }] });
  await dialog.waitFor({ state: 'detached' });
  const made = await ready(({ framing: wish }) => wish?.keyframes?.length === 2);
  expect(made.framing).toEqual(framing);
  const ends = [await frameOf(made, 0.1, 1, 1), await frameOf(made, seconds - 0.5, 1, 1)];
  const [[red = 0, , low = 0] = [], [dim = 0, , blue = 0] = []] = ends.map((pixel) => [...pixel]);
  expect(red - low).toBeGreaterThan(120);
  expect(blue - dim).toBeGreaterThan(120);

  // The editor opens with what was placed, and the recorded path is the placed one.
  await chooseMore(page.getByRole('article').first(), 'Crop');
  await dialog.getByText('Placed by hand: 2 key frames', { exact: true }).waitFor();
  const record = await caller.call('getFraming', { params: { id: made.id } });
  expect(record.crops[0]?.points[0]).toEqual({ atSeconds: 0, left: 0, top: 0 });
  expect(visit.problems).toEqual([]);
});

test('the cover that is chosen is shown and downloaded', async (context) => {
  const visit = await browser.visit(context, { baseUrl: instance.baseUrl, token: caller.token });
  const { page } = visit;
  await page.goto(`/#/videos/${videoId}`);
  const covers = page.getByRole('group', { name: 'Cover' });
  await covers.getByRole('radio', { name: 'Cover 1', exact: true }).waitFor();
  expect(await covers.getByRole('radio', { name: 'Cover 1', exact: true }).isChecked()).toBe(true);
  const second = await covers.locator('img').nth(1).getAttribute('src');
  await covers.getByRole('radio', { name: 'Cover 2', exact: true }).dispatchEvent('click');
  const pathOf = (url: string | null) => new URL(url ?? '', instance.baseUrl).pathname;
  const shown = page.getByRole('img', { name: /^Cover of/ }).first();
  await expect.poll(async () => pathOf(await shown.getAttribute('src')), slowly).toBe(pathOf(second));
  await page.getByRole('button', { name: 'Download', exact: true }).first().click();
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('menuitem', { name: 'Cover (JPEG)' }).click()]);
  expect(download.suggestedFilename()).toMatch(/\.jpg$/);
  expect(readFileSync(await download.path()).equals(await fetchMedia(second))).toBe(true);
  await page.reload();
  await expect.poll(() => covers.getByRole('radio', { name: 'Cover 2', exact: true }).isChecked(), slowly).toBe(true);
  expect(visit.problems).toEqual([]);
});

test('the preview keeps captions off a face as the rendered clip does', async (context) => {
  const visit = await browser.visit(context, { baseUrl: instance.baseUrl, token: caller.token, width: 1440, height: 900 });
  const { page } = visit;
  const rendered = await ready(({ aspect }) => aspect === '16:9');
  await page.goto(`/#/videos/${videoId}`);
  const answered = page.waitForResponse((reply) => reply.url().endsWith(`/${rendered.id}/framing`));
  await page.getByRole('button', { name: 'Add format' }).first().click();
  const dialog = page.getByRole('dialog', { name: 'Render this clip' });
  await dialog.locator('input[value="16:9"]').dispatchEvent('click');
  await dialog.getByLabel('Framing').selectOption('');
  await answered;
  await expect.poll(() => dialog.locator('.preview').getAttribute('data-drawn'), slowly).toMatch(/^karaoke/);
  await dialog.getByText('Where faces are in this shape').waitFor({ state: 'detached' });
  await enlargePreview(page, rendered);
  const seconds = 2.4;
  await seekPreview(page, 'karaoke', seconds);
  const [{ width, height }, frame] = [rendered, await frameOf(rendered, seconds + 0.001, rendered.width, rendered.height)];
  // The rows in which white letters stand, in what libass drew and in the rendered frame.
  const rowsOf = (isWhite: (index: number) => boolean) => {
    const rows: number[] = [];
    for (let row = 0; row < height; row++) {
      const letters = Array.from({ length: width }, (_, at) => row * width + at).filter(isWhite).length;
      rows.push(...(letters > 40 ? [row] : []));
    }
    return [rows[0] ?? -1, rows.at(-1) ?? -1] as const;
  };
  const burned = rowsOf((index) => [0, 1, 2].every((at) => (frame[index * 3 + at] ?? 0) > 225));
  expect(burned[0]).toBeGreaterThan(0);
  expect(burned[1]).toBeLessThan(height / 3);
  // The canvas shows what libass drew with the browser's next picture.
  const apart = async () => {
    const { pixels } = await pixelsOfPreview(page, 0);
    const drawn = rowsOf((index) => [0, 1, 2, 3].every((at) => (pixels[index * 4 + at] ?? 0) > 240));
    return Math.max(Math.abs(drawn[0] - burned[0]), Math.abs(drawn[1] - burned[1]));
  };
  await expect.poll(apart, slowly).toBeLessThan(14);
  expect(visit.problems).toEqual([]);
});

test('a viewer has no control of crop and cover', async (context) => {
  const viewer = await instance.createCaller({ role: 'viewer', workspaceId: caller.workspaceId });
  const visit = await browser.visit(context, { baseUrl: instance.baseUrl, token: viewer.token });
  const { page } = visit;
  await page.goto(`/#/videos/${videoId}`);
  await page.getByRole('button', { name: 'Download', exact: true }).first().waitFor();
  // The crop would be in it.
  expect(await page.getByRole('article').first().getByRole('button', { name: 'More', exact: true }).count()).toBe(0);
  expect(await page.getByRole('group', { name: 'Cover' }).count()).toBe(0);
  expect(visit.problems).toEqual([]);
});
