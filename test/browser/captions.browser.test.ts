/** Captions: the preview is what is rendered, pauses are taken out with undo, and everything can be downloaded. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Clip, Rendition } from '@carmic/contract';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type AgentProcess, startAgentProcess } from '../support/agentProcess.ts';
import { type Caller, startInstance, type TestInstance } from '../support/instance.ts';
import { makeTalk } from '../support/media.ts';
import { uploadVideo } from '../support/upload.ts';
import { findBarriersEverywhere } from './support/axe.ts';
import { consoleDirectory, prepareBrowser } from './support/browser.ts';

/** A sentence every four seconds, and somebody who thinks behind it. */
const captions = Array.from({ length: 10 }, (_, index) => {
  const at = (seconds: number) =>
    `00:00:${String(Math.floor(seconds)).padStart(2, '0')},${Math.round((seconds % 1) * 1000)
      .toString()
      .padStart(3, '0')}`;
  const from = index * 4;
  return `${index * 2 + 1}\n${at(from)} --> ${at(from + 3.2)}\nWhy did all ${index + 2} of these things change everything?\n\n${index * 2 + 2}\n${at(from + 3.3)} --> ${at(from + 3.9)}\num\n`;
}).join('\n');
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
  directory = mkdtempSync(join(tmpdir(), 'carmic-captions-'));
  instance = await startInstance({ env: { CARMIC_CONSOLE_DIR: consoleDirectory, CARMIC_LEASE_SECONDS: '30' } });
  agent = await startAgentProcess(instance);
  caller = await instance.createCaller();
  const talk = readFileSync(await makeTalk({ seconds: 40 }));
  const wishes = { clipCount: 1, minClipSeconds: 6, maxClipSeconds: 9, aspects: ['16:9' as const] };
  const video = await uploadVideo(caller.call, instance.baseUrl, talk, { captions, wishes });
  videoId = video.id;
  await ready(async () => {
    [clip] = (await caller.call('listClips', { params: { id: videoId } })).items as [Clip];
    return clip?.renditions[0];
  });
}, 240_000);

afterAll(async () => {
  await browser.close();
  await agent.remove();
  await instance.stop();
  rmSync(directory, { recursive: true, force: true });
});

async function ready(read: () => Promise<Rendition | undefined>): Promise<Rendition> {
  for (const deadline = Date.now() + 200_000; Date.now() < deadline; await new Promise((resolve) => setTimeout(resolve, 250))) {
    const found = await read();
    if (found?.state === 'ready') {
      return found;
    }
    if (found?.state === 'failed') {
      throw new Error(`The rendering failed: ${found.failure?.message ?? ''}`);
    }
  }
  throw new Error(`The rendering did not end in time. ${agent.log().slice(-1500)}`);
}

async function renderAs(captionStyle: Rendition['captionStyle'], captionOptions: Rendition['captionOptions'] = {}): Promise<Rendition> {
  const { id } = await caller.call('createRendition', { params: { id: clip.id }, body: { aspect: '16:9', captionStyle, captionOptions } });
  return ready(() => caller.call('getRendition', { params: { id } }));
}

/** The same part of one frame of a rendition as RGB. */
async function frameOf(rendition: Rendition, seconds: number, size: { width: number; height: number; top: number }): Promise<Buffer> {
  const path = join(directory, `${rendition.id}.mp4`);
  const reply = await fetch(new URL(rendition.media.videoUrl ?? '', instance.baseUrl));
  writeFileSync(path, Buffer.from(await reply.arrayBuffer()));
  const args = ['-v', 'error', '-nostdin', '-ss', (seconds + 0.001).toFixed(3), '-i', path, '-frames:v', '1'];
  const filters = `scale=${size.width}:${size.height}:flags=area:in_color_matrix=bt601,format=rgb24,crop=iw:ih-${size.top}:0:${size.top}`;
  const { stdout } = await run('ffmpeg', [...args, '-vf', filters, '-f', 'rawvideo', 'pipe:1'], { encoding: 'buffer', maxBuffer: 1 << 26 });
  return stdout;
}

/** As much of a canvas as is used in the page, whose types are not known here. */
interface Copy {
  getContext(kind: '2d'): {
    drawImage(source: unknown, x: number, y: number): void;
    getImageData(x: number, y: number, width: number, height: number): { data: Iterable<number> };
  };
}

/** What libass drew in the lower part of the picture, where captions stand, as RGBA. */
async function pixelsOf(page: Page): Promise<{ width: number; height: number; top: number; pixels: Buffer }> {
  const read = await page
    .getByRole('dialog')
    .locator('canvas')
    .evaluate((element) => {
      const copy = element.ownerDocument.createElement('canvas');
      const { width, height } = element as unknown as { width: number; height: number };
      Object.assign(copy, { width, height });
      const context = (copy as unknown as Copy).getContext('2d');
      context.drawImage(element, 0, 0);
      const top = Math.round(height * 0.7);
      const { data } = context.getImageData(0, top, width, height - top);
      return { width, height, top, text: Array.from(data, (value) => String.fromCharCode(value)).join('') };
    });
  return { ...read, pixels: Buffer.from(read.text, 'latin1') };
}

async function openDialog(page: Page) {
  await page.goto(`/#/videos/${videoId}`);
  await page.getByRole('button', { name: 'Add format' }).first().click();
  const dialog = page.getByRole('dialog', { name: 'Render this clip' });
  await dialog.waitFor();
  return dialog;
}

/** Shows the preview in the size of the rendition, pixel for pixel. */
async function enlarge(page: Page, { width, height }: Rendition) {
  const preview = page.getByRole('dialog').locator('.preview');
  await preview.evaluate(
    (element, size) => {
      Object.assign((element as unknown as { style: object }).style, {
        position: 'fixed',
        left: 0,
        top: 0,
        width: `${size.width}px`,
        height: `${size.height}px`,
      });
    },
    { width, height },
  );
  const shown = () => preview.locator('canvas').evaluate((canvas) => (canvas as unknown as { width: number }).width);
  await expect.poll(shown, slowly).toBe(width);
}

async function seek(page: Page, style: string, seconds: number) {
  await page.getByLabel('Moment of the clip').evaluate((input, value) => {
    (input as unknown as { value: string }).value = String(value);
    input.dispatchEvent(new Event('input', { bubbles: true }));
  }, seconds);
  await expect
    .poll(() => page.getByRole('dialog').locator('.preview').getAttribute('data-drawn'), slowly)
    .toBe(`${style} ${seconds.toFixed(2)}`);
}

test('the preview in the dialog has the pixels of the rendered frame', async (context) => {
  const visit = await browser.visit(context, { baseUrl: instance.baseUrl, token: caller.token, width: 1440, height: 900 });
  const { page } = visit;
  const [bare, rendered] = await Promise.all([renderAs('none'), renderAs('karaoke')]);
  const style = rendered.captionStyle;
  const dialog = await openDialog(page);
  await dialog.locator(`input[value="${style}"]`).check({ force: true });
  await expect.poll(() => dialog.locator('.preview').getAttribute('data-drawn'), slowly).not.toBe('');
  await enlarge(page, rendered);
  const seconds = 2.4;
  await seek(page, style, seconds);
  const drawn = await pixelsOf(page);
  const [background, frame] = [await frameOf(bare, seconds, drawn), await frameOf(rendered, seconds, drawn)];
  let [covered, apart, changed] = [0, 0, 0];
  for (let index = 0; index < drawn.width * (drawn.height - drawn.top); index++) {
    const alpha = (drawn.pixels[index * 4 + 3] ?? 0) / 255;
    for (let channel = 0; channel < 3; channel++) {
      const [before, after] = [background[index * 3 + channel] ?? 0, frame[index * 3 + channel] ?? 0];
      const expected = before * (1 - alpha) + (drawn.pixels[index * 4 + channel] ?? 0) * alpha;
      if (alpha > 0.02 || Math.abs(before - after) > 60) {
        covered += 1;
        apart += Math.abs(expected - after);
        changed += Math.abs(before - after);
      }
    }
  }
  process.stderr.write(
    `preview against render, ${style}: ${(apart / covered).toFixed(1)} of ${(changed / covered).toFixed(1)} levels apart on ${covered / 3} pixels\n`,
  );
  expect(covered / 3, style).toBeGreaterThan(drawn.width * drawn.height * 0.005);
  expect(apart / covered, style).toBeLessThan(0.15 * (changed / covered));
  expect(visit.problems).toEqual([]);
});

test('a clip is tightened, undone and redone; the dialog renders what was chosen; every file can be downloaded', async (context) => {
  const visit = await browser.visit(context, { baseUrl: instance.baseUrl, token: caller.token });
  const { page } = visit;
  await page.goto(`/#/videos/${videoId}`);
  const cut = page.getByRole('group', { name: 'Cut' });
  await cut.getByRole('button', { name: 'Remove pauses and fillers' }).click();
  await page.getByText('Render it to see it.').waitFor();
  await cut.getByText('Version 2').waitFor();
  await cut.getByRole('button', { name: 'Undo' }).click();
  await cut.getByText('Version 1').waitFor();
  await cut.getByRole('button', { name: 'Redo' }).click();
  await cut.getByText('Version 2').waitFor();
  await page.getByText('Rendered from an earlier cut').waitFor();

  const dialog = await openDialog(page);
  await dialog.locator('input[value="1:1"]').check({ force: true });
  await dialog.locator('input[value="headline"]').check({ force: true });
  await dialog.getByRole('radio', { name: 'Above' }).check({ force: true });
  await expect.poll(() => dialog.locator('.preview').getAttribute('data-drawn'), slowly).not.toBe('');
  expect(await findBarriersEverywhere(page)).toEqual([]);
  await dialog.getByRole('button', { name: 'Render', exact: true }).click();
  await dialog.waitFor({ state: 'detached' });
  const made = await ready(async () =>
    (await caller.call('getClip', { params: { id: clip.id } })).renditions.find((rendition) => rendition.aspect === '1:1'),
  );
  expect(made).toMatchObject({ editVersion: 2, captionStyle: 'headline', captionOptions: { look: { position: 'top' } } });

  await page.reload();
  await page
    .getByText('Subtitles')
    .or(page.getByRole('button', { name: 'Download' }))
    .first()
    .waitFor();
  for (const name of ['Transcript (JSON)', 'Captions for editors (ASS)', 'Cut for editors (OpenTimelineIO)', 'Everything (ZIP)']) {
    await page.getByRole('button', { name: 'Download' }).first().click();
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('menuitem', { name }).click()]);
    expect(await download.failure(), name).toBeNull();
  }
  expect(visit.problems).toEqual([]);
});
