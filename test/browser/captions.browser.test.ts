/** Captions: the preview is what is rendered, pauses are taken out with undo, and everything can be downloaded. */
import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { planCaptions, captionTemplates, planTimeline } from '@carmic/captions';
import { fontPath, loadFontStack } from '@carmic/captions/node';
import { type CaptionStyle, captionStyles, type Clip, type Rendition } from '@carmic/contract';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type AgentProcess, startAgentProcess } from '../support/agentProcess.ts';
import { type Caller, startInstance, type TestInstance } from '../support/instance.ts';
import { makeTalk } from '../support/media.ts';
import { uploadVideo } from '../support/upload.ts';
import { findBarriersEverywhere } from './support/axe.ts';
import { consoleDirectory, prepareBrowser } from './support/browser.ts';
import { enlargePreview, expectPreviewToBe, seekPreview } from './support/captionPreview.ts';
import { chooseMore } from './support/chooseMore.ts';
import { untilRendered } from './support/untilRendered.ts';

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

const ready = (read: () => Promise<Rendition | undefined>) => untilRendered(agent, read);

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

async function openDialog(page: Page) {
  await page.goto(`/#/videos/${videoId}`);
  await page.getByRole('button', { name: 'Add format' }).first().click();
  const dialog = page.getByRole('dialog', { name: 'Render this clip' });
  await dialog.waitFor();
  return dialog;
}

test('the preview in the dialog has the pixels of the rendered frame', async (context) => {
  const visit = await browser.visit(context, { baseUrl: instance.baseUrl, token: caller.token, width: 1440, height: 900 });
  const { page } = visit;
  const [bare, rendered] = await Promise.all([renderAs('none'), renderAs('karaoke')]);
  const style = rendered.captionStyle;
  const dialog = await openDialog(page);
  await dialog.locator(`input[value="${style}"]`).dispatchEvent('click');
  await expect.poll(() => dialog.locator('.preview').getAttribute('data-drawn'), slowly).not.toBe('');
  await enlargePreview(page, rendered);
  const seconds = 2.4;
  await seekPreview(page, style, seconds);
  const difference = await expectPreviewToBe(page, style, 0.15, {
    leastChange: 60,
    rendered: async (size) => {
      const [background, frame] = [await frameOf(bare, seconds, size), await frameOf(rendered, seconds, size)];
      return { ground: (index, channel) => background[index * 3 + channel] ?? 0, frame };
    },
  });
  process.stderr.write(
    `preview against render, ${style}: ${difference.apart.toFixed(1)} of ${difference.changed.toFixed(1)} levels apart on ${difference.pixels} pixels\n`,
  );
  expect(difference.pixels, style).toBeGreaterThan(difference.width * difference.height * 0.005);
  expect(visit.problems).toEqual([]);
});

test('a clip is tightened, undone and redone; the dialog renders what was chosen; every file can be downloaded', async (context) => {
  const visit = await browser.visit(context, { baseUrl: instance.baseUrl, token: caller.token });
  const { page } = visit;
  await page.goto(`/#/videos/${videoId}`);
  const card = page.getByRole('article').first();
  await chooseMore(card, 'Remove pauses and fillers');
  await page.getByText('Render it to see it.').waitFor();
  await card.getByText('Version 2').waitFor();
  await page.getByRole('region', { name: 'Notifications' }).getByRole('button', { name: 'Undo' }).click();
  await card.getByText('Version 1').waitFor();
  await chooseMore(card, 'Redo the cut');
  await card.getByText('Version 2').waitFor();
  await chooseMore(card, 'Undo the cut');
  await card.getByText('Version 1').waitFor();
  await chooseMore(card, 'Redo the cut');
  await card.getByText('Version 2').waitFor();
  await page.getByText('Rendered from an earlier cut').waitFor();

  const dialog = await openDialog(page);
  await dialog.locator('input[value="1:1"]').dispatchEvent('click');
  await dialog.locator('input[value="headline"]').dispatchEvent('click');
  await dialog.getByRole('radio', { name: 'Above' }).dispatchEvent('click');
  await expect.poll(() => dialog.locator('.preview').getAttribute('data-drawn'), slowly).not.toBe('');
  await dialog.getByText('Line breaks').click();
  const gaps = dialog.getByRole('group', { name: 'Line breaks' });
  const gap = gaps.getByRole('button', { name: /: no break$/ }).first();
  const [, word = ''] = /“(.+)”/.exec((await gap.getAttribute('aria-label')) ?? '') ?? [];
  await gap.focus();
  await page.keyboard.press('Enter');
  await gaps.getByRole('button', { name: new RegExp(`^Before “${word}”: new (line|caption), by hand$`) }).waitFor();
  const here = await page.locator(':focus').getAttribute('data-gap');
  await page.keyboard.press('ArrowRight');
  expect(Number(await page.locator(':focus').getAttribute('data-gap'))).toBe(Number(here) + 1);
  expect(await findBarriersEverywhere(page)).toEqual([]);
  await dialog.getByRole('button', { name: 'Render', exact: true }).click();
  await dialog.waitFor({ state: 'detached' });
  const made = await ready(async () =>
    (await caller.call('getClip', { params: { id: clip.id } })).renditions.find((rendition) => rendition.aspect === '1:1'),
  );
  expect(made).toMatchObject({
    editVersion: 2,
    captionStyle: 'headline',
    captionOptions: { look: { position: 'top' }, breaks: [{ kind: 'break' }] },
  });
  const ass = await (await fetch(new URL(made.media.assUrl ?? '', instance.baseUrl))).text();
  const lines = [...ass.matchAll(/^Dialogue: (?:[^,]*,){9}(.*)$/gm)].flatMap(([, text = '']) =>
    text.replace(/\{[^}]*\}/g, '').split('\\N'),
  );
  expect(lines.some((line) => line.toLowerCase().startsWith(word.toLowerCase()))).toBe(true);

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

const drawnStyles = captionStyles.filter((style) => style !== 'none');

/** One frame of every template as ffmpeg's libass draws it on one colour, in one run. */
async function drawAll(size: { width: number; height: number }, seconds: number, ground: string): Promise<Map<CaptionStyle, Buffer>> {
  const { language, words } = await caller.call('getTranscript', { params: { id: videoId } });
  const { probe } = await caller.call('getVideo', { params: { id: videoId } });
  const { segments, renditions } = await caller.call('getClip', { params: { id: clip.id } });
  const { width = 0, height = 0 } = renditions[0] ?? {};
  // The dialog takes over the breaks of what was rendered last, which is another test's.
  const breaks = renditions.flatMap(({ captionOptions }) => captionOptions.breaks ?? []);
  if (probe === null) {
    throw new Error('The video was not inspected.');
  }
  const inside = words.filter((word) =>
    segments.some((span) => word.endSeconds > span.startSeconds && word.startSeconds < span.endSeconds),
  );
  mkdirSync(join(directory, 'fonts'), { recursive: true });
  for (const style of drawnStyles) {
    const fonts = loadFontStack(captionTemplates[style].font, inside.map((word) => word.text).join(''), language);
    const timeline = planTimeline(segments, probe, 60);
    const plan = planCaptions({ style, language, words: inside, timeline, width, height, fonts, breaks });
    writeFileSync(join(directory, `${style}.ass`), plan.ass);
    for (const font of plan.fonts) {
      copyFileSync(fontPath(font), join(directory, 'fonts', basename(font.file)));
    }
  }
  const split = drawnStyles.map((_, index) => `[i${index}]`).join('');
  const chains = drawnStyles.map((style, index) => `[i${index}]ass=${style}.ass:fontsdir=fonts[o${index}]`).join(';');
  const graph = `[0]format=rgb24,setpts=PTS+${seconds}/TB,split=${drawnStyles.length}${split};${chains}`;
  await run(
    'ffmpeg',
    [
      ...[
        '-v',
        'error',
        '-nostdin',
        '-y',
        '-f',
        'lavfi',
        '-i',
        `color=c=${ground}:s=${size.width}x${size.height}:r=25:d=1`,
        '-filter_complex',
        graph,
      ],
      ...drawnStyles.flatMap((style, index) => [
        '-map',
        `[o${index}]`,
        '-frames:v',
        '1',
        '-pix_fmt',
        'rgb24',
        '-f',
        'rawvideo',
        `${style}.raw`,
      ]),
    ],
    { cwd: directory },
  );
  return new Map(drawnStyles.map((style) => [style, readFileSync(join(directory, `${style}.raw`))]));
}

test('every template is drawn in the preview as ffmpeg draws it', async (context) => {
  const visit = await browser.visit(context, { baseUrl: instance.baseUrl, token: caller.token, width: 1440, height: 900 });
  const { page } = visit;
  const dialog = await openDialog(page);
  await dialog.locator('input[value="16:9"]').dispatchEvent('click');
  await dialog.locator('input[value="boxed"]').dispatchEvent('click');
  // The dialog begins with what was chosen last, which is another test's.
  await dialog.getByRole('radio', { name: 'Off faces' }).dispatchEvent('click');
  await expect.poll(() => dialog.locator('.preview').getAttribute('data-drawn'), slowly).toMatch(/^boxed/);
  const size = { width: 960, height: 540 };
  await enlargePreview(page, size);
  const seconds = 2.4;
  const ground = [0x3a, 0x6e, 0xa5];
  const frames = await drawAll(size, seconds, '0x3a6ea5');
  const results: string[] = [];
  for (const style of drawnStyles) {
    await dialog.locator(`input[value="${style}"]`).dispatchEvent('click');
    await seekPreview(page, style, seconds);
    const { apart, changed, pixels } = await expectPreviewToBe(page, style, 0.06, {
      from: 0,
      leastChange: 8,
      rendered: async () => ({ ground: (_, channel) => ground[channel] ?? 0, frame: frames.get(style) ?? Buffer.alloc(0) }),
    });
    results.push(`${style} ${apart.toFixed(1)} of ${changed.toFixed(1)}`);
    expect(pixels, style).toBeGreaterThan(size.width * size.height * 0.002);
  }
  process.stderr.write(`preview against ffmpeg, levels apart of levels changed: ${results.join('; ')}\n`);
  expect(visit.problems).toEqual([]);
});

test('a brand kit is made with font and logo, is drawn in the preview, and is burned in', async (context) => {
  const visit = await browser.visit(context, { baseUrl: instance.baseUrl, token: caller.token, width: 1440, height: 900 });
  const { page } = visit;
  await page.goto('/#/brands');
  await page.getByText('No brand kit yet', { exact: true }).waitFor();
  await page.getByRole('button', { name: 'New brand kit', exact: true }).click();
  const preview = page.getByRole('img', { name: 'Preview of the brand kit', exact: true });
  await expect.poll(() => preview.getAttribute('data-drawn'), slowly).toMatch(/^karaoke/);
  await page.getByLabel('Name', { exact: true }).fill('Evening show');
  await page.getByLabel('Take this kit when nothing else is chosen', { exact: true }).check();
  await page
    .getByRole('radiogroup', { name: 'Template', exact: true })
    .getByRole('radio', { name: 'Minimal', exact: true })
    .dispatchEvent('click');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await page.getByText('Saved', { exact: true }).waitFor();
  await expect.poll(() => preview.getAttribute('data-drawn'), slowly).toMatch(/^minimal/);

  const fontFile = fontPath({ id: 'x', family: 'x', file: 'poppins/600SemiBold/Poppins_600SemiBold.ttf' });
  await visit.choose(() => page.getByRole('button', { name: 'Choose a file: Font', exact: true }).click(), fontFile);
  await page.getByLabel('Where do you have the right to use this font from?', { exact: true }).fill('SIL Open Font License');
  await page.getByRole('button', { name: 'Store the font', exact: true }).click();
  await page.getByText('Right to use: SIL Open Font License', { exact: true }).waitFor();
  const logo = join(directory, 'logo.png');
  await run('ffmpeg', ['-v', 'error', '-nostdin', '-y', '-f', 'lavfi', '-i', 'testsrc2=size=200x80', '-frames:v', '1', logo]);
  await visit.choose(() => page.getByRole('button', { name: 'Choose a file: Logo', exact: true }).click(), logo);
  await page.getByText('200 × 80 pixels', { exact: true }).waitFor();
  visit.expectRefusal('/assets');
  const text = join(directory, 'intro.mp4');
  writeFileSync(text, 'no video');
  await visit.choose(() => page.getByRole('button', { name: 'Choose a file: Intro', exact: true }).click(), text);
  await page.getByText(/cannot be an intro or outro/).waitFor();
  await expect.poll(() => preview.getAttribute('data-drawn'), slowly).toMatch(/^minimal/);
  await preview.locator('img').waitFor();
  expect(await findBarriersEverywhere(page)).toEqual([]);

  const { items } = await caller.call('listBrandKits');
  expect(items[0]).toMatchObject({ name: 'Evening show', isDefault: true, captionStyle: 'minimal', version: 4 });
  const rendition = await renderAs('classic');
  expect(rendition.brandKitId).toBe(items[0]?.id);
  const ass = await (await fetch(new URL(rendition.media.assUrl ?? '', instance.baseUrl))).text();
  expect(ass).toContain(`Style: Caption,${items[0]?.font?.drawnAs ?? 'nothing'},`);
  await openDialog(page);
  await expect.poll(() => page.getByLabel('Brand kit', { exact: true }).inputValue(), slowly).toBe(items[0]?.id);
  expect(visit.problems).toEqual([]);
});

test('a viewer sees and downloads everything, and no control that would be refused', async (context) => {
  const viewer = await instance.createCaller({ role: 'viewer', workspaceId: caller.workspaceId });
  const visit = await browser.visit(context, { baseUrl: instance.baseUrl, token: viewer.token });
  const { page } = visit;
  for (const [path, control] of [
    ['/#/', 'Upload videos'],
    ['/#/glossary', 'Add a term'],
    ['/#/brands', 'New brand kit'],
  ] as const) {
    await page.goto(path);
    await page
      .getByText(/Editors and owners can change it\.|editors and owners can change them\./)
      .first()
      .waitFor();
    expect(await page.getByRole('button', { name: control, exact: true }).count(), control).toBe(0);
  }
  await page.goto(`/#/videos/${videoId}`);
  await page.getByRole('button', { name: 'Download', exact: true }).first().waitFor();
  for (const name of ['Keep', 'Discard', 'Add format', 'Rename', 'Cut by words', 'More', 'Next unsure word']) {
    expect(await page.getByRole('button', { name, exact: true }).count(), name).toBe(0);
  }
  expect(visit.problems).toEqual([]);
});
