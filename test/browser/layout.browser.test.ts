/** The clip editor and the clips on a wide window, under a finger, in other languages, and in a page that is read from right to left. */
import { EventEmitter, once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { Clip } from '@carmic/contract';
import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test, type TestContext } from 'vitest';
import { openPage } from '../shots/openPage.ts';
import { type Caller, startInstance, type TestInstance, until } from '../support/instance.ts';
import { makeTalk } from '../support/media.ts';
import { enrolAgent } from '../support/protocolAgent.ts';
import { uploadVideo } from '../support/upload.ts';
import { serveLibreTranslate, type WordService } from '../support/wordServices.ts';
import { findBarriers } from './support/axe.ts';
import { consoleDirectory, prepareBrowser, type VisitOptions } from './support/browser.ts';
import { chooseMore } from './support/chooseMore.ts';

const browser = prepareBrowser();
let instance: TestInstance;
let libre: WordService;
let caller: Caller;
let videoId: string;
let clip: Clip;
const captions = Array.from({ length: 6 }, (_, index) => {
  const time = (seconds: number) => `00:00:${String(seconds).padStart(2, '0')},000`;
  return `${index + 1}\n${time(index * 5)} --> ${time(index * 5 + 4)}\nThe river rose in the night and nobody told us.\n`;
}).join('\n');

beforeAll(async () => {
  libre = await serveLibreTranslate((text) => text.replace('river', 'Fluss'));
  instance = await startInstance({
    env: {
      CARMIC_CONSOLE_DIR: consoleDirectory,
      CARMIC_LEASE_SECONDS: '900',
      CARMIC_LIBRETRANSLATE_URL: libre.baseUrl,
      CARMIC_IMPORT_HOSTS: 'films.example.org',
    },
  });
  caller = await instance.createCaller();
  const agent = await enrolAgent(instance);
  const wishes = { clipCount: 1, minClipSeconds: 8, maxClipSeconds: 20, language: 'en', aspects: ['9:16' as const, '1:1' as const] };
  const video = await uploadVideo(caller.call, instance.baseUrl, Buffer.from('a river'), { captions, fileName: 'The river.mp4', wishes });
  videoId = video.id;
  const proxy = readFileSync(await makeTalk({ seconds: 30, size: '320x180' }));
  for (let isReady = false; !isReady;) {
    const lease = await agent.lease(['inspect', 'render'], 1);
    if (lease !== null) {
      await agent.finish(lease, { files: { proxy } });
    } else {
      isReady = (await caller.call('getVideo', { params: { id: videoId } })).state === 'ready';
    }
  }
  const [made] = (await caller.call('listClips', { params: { id: videoId } })).items;
  if (made === undefined) {
    throw new Error('One clip was asked for.');
  }
  clip = made;
}, 180_000);

afterAll(async () => {
  await browser.close();
  await instance.stop();
  await libre.close();
});

async function openVideo(context: TestContext, options: Partial<VisitOptions>) {
  const visit = await browser.visit(context, { baseUrl: instance.baseUrl, token: caller.token, reducedMotion: true, ...options });
  // The pictures of a made-up agent are no files.
  visit.expectRefusal('/storage/');
  visit.page.setDefaultTimeout(20_000);
  await openPage(visit.page, `/videos/${videoId}`);
  await visit.page.locator('[data-clip]').first().waitFor();
  return visit;
}

async function boxOf(element: Locator) {
  const box = await element.boundingBox();
  if (box === null) {
    throw new Error('It is in sight.');
  }
  return box;
}

const lineHeightOf = async (page: Page) =>
  Number.parseFloat((await page.evaluate("getComputedStyle(document.querySelector('[data-paragraph] p')).lineHeight")) as string);

const present = () => caller.call('getClip', { params: { id: clip.id } });
const secondsOf = async (page: Page) => (await page.evaluate("document.querySelector('.source video').currentTime")) as number;

/** A finger goes from one place to another and is lifted. */
async function swipe(page: Page, from: { x: number; y: number }, to: { x: number; y: number }): Promise<void> {
  const session = await page.context().newCDPSession(page);
  const touch = (type: 'touchStart' | 'touchMove' | 'touchEnd', points: { x: number; y: number }[]) =>
    session.send('Input.dispatchTouchEvent', { type, touchPoints: points });
  await touch('touchStart', [from]);
  for (let step = 1; step <= 8; step++) {
    await touch('touchMove', [{ x: from.x + ((to.x - from.x) * step) / 8, y: from.y + ((to.y - from.y) * step) / 8 }]);
  }
  await touch('touchEnd', []);
  await session.detach();
}

test('cutting by words shows ten lines and more beside the picture, all of it in one window; closed, the clip is where it was', async (context) => {
  const visit = await openVideo(context, { width: 1440, height: 900 });
  const { page } = visit;
  const beside = await boxOf(page.locator('aside.source'));
  // Beside the clips lines are as wide as their panel.
  const [room, lines] = [await boxOf(page.locator('aside.source .scroll')), await boxOf(page.locator('[data-paragraph] p').first())];
  expect(lines.width).toBeGreaterThan(room.width - 50);
  await page.getByRole('button', { name: 'Cut by words' }).click();
  const line = page.getByRole('region', { name: 'Cut of #1' });
  await line.waitFor();
  const words = page.getByRole('region', { name: 'Transcript' });
  const picture = page.locator('aside.source .picture');
  await expect.poll(async () => (await boxOf(picture)).y).toBeGreaterThanOrEqual(0);
  const [text, film, cut] = [await boxOf(words.locator('.scroll')), await boxOf(picture), await boxOf(line)];
  expect(Math.min(text.height, 900 - text.y) / (await lineHeightOf(page))).toBeGreaterThan(10);
  expect(film.x + film.width).toBeLessThanOrEqual(text.x);
  expect(film.height).toBeGreaterThan(200);
  expect(Math.min(film.y, text.y, cut.y)).toBeGreaterThanOrEqual(0);
  expect(cut.y).toBeGreaterThanOrEqual(text.y + text.height - 1);
  expect(cut.y + cut.height).toBeLessThanOrEqual(900);
  expect(cut.width).toBeGreaterThan(beside.width * 2);
  expect(await findBarriers(page)).toEqual([]);
  // However high the window is, the film takes what the wave form leaves, and nothing stays empty below that.
  await page.setViewportSize({ width: 1440, height: 1100 });
  const wave = await boxOf(page.locator('aside.source').getByRole('slider', { name: 'Position in the source' }));
  expect((await boxOf(line)).y - (wave.y + wave.height)).toBeLessThan(32);
  await page.setViewportSize({ width: 1440, height: 900 });

  await line.getByRole('button', { name: 'Back beside the clips' }).click();
  expect((await boxOf(page.locator('aside.source'))).width).toBe(beside.width);
  await line.getByRole('button', { name: 'Cut across the page' }).click();
  await line.getByRole('button', { name: 'Close the cut' }).click();
  await line.waitFor({ state: 'detached' });
  expect((await boxOf(page.locator('aside.source'))).width).toBe(beside.width);
  expect(await page.locator(':focus').getAttribute('data-clip')).toBe(clip.id);
  expect(visit.problems).toEqual([]);
  await visit.context.close();
});

test('a clip fits into one window of a telephone; what else there is opens below it', async (context) => {
  for (const language of ['en', 'de']) {
    const visit = await openVideo(context, { width: 360, height: 760 });
    const { page } = visit;
    await page.evaluate(`localStorage.setItem('carmic.language', '${language}')`);
    await page.reload();
    const card = page.locator('[data-clip]').first();
    await card.waitFor();
    expect((await boxOf(card)).height).toBeLessThan(600);
    expect(await card.getByRole('textbox').count()).toBe(0);
    await card.getByText(/^(Reasons, tags and texts|Gründe, Schlagwörter und Texte)$/).click();
    await card.getByRole('textbox', { name: /^(Add a tag|Schlagwort hinzufügen)$/ }).waitFor();
    expect(await findBarriers(page)).toEqual([]);
    await visit.context.close();
  }
});

test('on a telephone six lines of words and more stay in sight above what is done with those that are selected', async (context) => {
  const { page } = await openVideo(context, { width: 360, height: 760 });
  await page.getByRole('button', { name: 'Cut by words' }).click();
  await page.locator('[data-word].inside').first().waitFor();
  await page.locator('[data-paragraph] button').first().focus();
  await page.keyboard.press('Shift+ArrowRight');
  const bar = page.getByRole('group', { name: 'Selected words' });
  await bar.waitFor();
  const room = page.getByRole('region', { name: 'Transcript' }).locator('.scroll');
  expect(((await boxOf(room)).height - (await boxOf(bar)).height) / (await lineHeightOf(page))).toBeGreaterThan(6);
});

/** Runs in the page: how many rows the buttons under a clip stand in, and whether one of them breaks its words onto two lines. */
const rowsOfActions = `(() => {
  const boxes = [...document.querySelectorAll('[data-clip] footer button')].map((button) => button.getBoundingClientRect());
  const tops = boxes.map(({ top, height }) => Math.round(top + height / 2)).sort((a, b) => a - b);
  return { rows: tops.filter((top, index) => index === 0 || top - tops[index - 1] > 8).length, tallest: Math.max(...boxes.map(({ height }) => height)) };
})()`;

test('what is done with a clip stands in one row, on a telephone in two; the rarer lies in a menu, which has the focus again', async (context) => {
  for (const [language, more, crop] of [
    ['en', 'More', 'Crop'],
    ['de', 'Mehr', 'Ausschnitt'],
  ] as const) {
    const visit = await openVideo(context, { width: 1440, height: 900 });
    const { page } = visit;
    await page.evaluate(`localStorage.setItem('carmic.language', '${language}')`);
    await page.reload();
    const card = page.locator('[data-clip]').first();
    await card.getByRole('button', { name: /^(Cut by words|Schneiden)$/ }).waitFor();
    for (const [width, most] of [
      [1440, 1],
      [360, 2],
    ] as const) {
      await page.setViewportSize({ width, height: 900 });
      const measure = async () => (await page.evaluate(rowsOfActions)) as { rows: number; tallest: number };
      await expect.poll(async () => (await measure()).rows, { message: `${language}, ${width} px` }).toBeLessThanOrEqual(most);
      expect((await measure()).tallest).toBeLessThan(40);
    }
    const button = card.getByRole('button', { name: more, exact: true });
    await button.focus();
    await page.keyboard.press('Enter');
    await page.getByRole('menuitem', { name: crop, exact: true }).waitFor();
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await expect.poll(() => button.evaluate((element) => element.matches(':focus'))).toBe(true);
    expect(visit.problems).toEqual([]);
    await visit.context.close();
  }
});

test('the two ways to bring a video in stand side by side on a telephone', async (context) => {
  const visit = await openVideo(context, { width: 360, height: 760 });
  const { page } = visit;
  for (const [language, names] of [
    ['en', ['From an address', 'Upload videos']],
    ['de', ['Von einer Adresse', 'Videos hochladen']],
  ] as const) {
    await page.evaluate(`localStorage.setItem('carmic.language', '${language}')`);
    await page.reload();
    await openPage(page, '/');
    const boxes = await Promise.all(names.map((name) => boxOf(page.locator('main').getByRole('button', { name, exact: true }))));
    expect(boxes.map(({ y }) => y)).toEqual([boxes[0]?.y, boxes[0]?.y]);
    expect(Math.max(...boxes.map(({ height }) => height))).toBeLessThan(40);
  }
  expect(visit.problems).toEqual([]);
});

test('a finger moves the film along the wave form, pushes the page over it, and drags an edge of the cut', async (context) => {
  const visit = await openVideo(context, { width: 390, height: 800, isPhone: true });
  const { page } = visit;
  const strip = page.locator('.source [role=slider]').first();
  await strip.scrollIntoViewIfNeeded();
  const length = Number(await strip.getAttribute('aria-valuemax'));
  let box = await boxOf(strip);
  const y = box.y + box.height / 2;
  await swipe(page, { x: box.x + box.width * 0.2, y }, { x: box.x + box.width * 0.4, y });
  await expect.poll(() => secondsOf(page)).toBeCloseTo(length * 0.4, 0);
  // Up over the strip: the page moves, the film stays.
  const before = (await page.evaluate('scrollY')) as number;
  await swipe(page, { x: box.x + box.width * 0.8, y }, { x: box.x + box.width * 0.8, y: y - 150 });
  await expect.poll(() => page.evaluate('scrollY')).toBeGreaterThan(before + 40);
  expect(await secondsOf(page)).toBeCloseTo(length * 0.4, 0);

  await page.getByRole('button', { name: 'Cut by words' }).click();
  const line = page.getByRole('region', { name: 'Cut of #1' });
  const end = line.getByRole('slider', { name: /^End of part/ });
  await end.scrollIntoViewIfNeeded();
  box = await boxOf(end);
  expect(Math.min(box.width, box.height)).toBeGreaterThanOrEqual(24);
  const { editVersion, segments } = await present();
  await swipe(page, { x: box.x + box.width / 2, y: box.y + box.height / 2 }, { x: box.x + box.width / 2 - 60, y: box.y + box.height / 2 });
  const cut = await until('the edit', async () => {
    const now = await present();
    return now.editVersion === editVersion ? null : now;
  });
  expect(cut.segments[0]?.startSeconds).toBe(segments[0]?.startSeconds);
  expect(cut.segments.at(-1)?.endSeconds).toBeLessThan((segments.at(-1)?.endSeconds ?? 0) - 1);
  expect(visit.problems).toEqual([]);
  await visit.context.close();
});

test('a finger places the crop and moves its key frame', async (context) => {
  const visit = await openVideo(context, { width: 390, height: 800, isPhone: true });
  const { page } = visit;
  // Until the film is there, its still picture stands for it and says so.
  const gate = new EventEmitter();
  let isHeld = true;
  await page.route(/\/storage\//, async (route) => {
    if (isHeld) {
      await once(gate, 'open');
    }
    await route.continue();
  });
  await page.reload();
  await chooseMore(page.getByRole('article').first(), 'Crop');
  const dialog = page.getByRole('dialog', { name: 'Place the crop' });
  const loading = dialog.getByRole('group', { name: 'Picture of the source' }).getByText('Loading');
  await loading.waitFor();
  expect(await dialog.locator('video').getAttribute('poster')).toMatch(/\/storage\//);
  isHeld = false;
  gate.emit('open');
  await loading.waitFor({ state: 'detached' });
  await dialog.getByRole('button', { name: 'Set key frame' }).click();
  const crop = dialog.getByRole('button', { name: /^Crop, its middle/ });
  const mark = dialog.getByRole('button', { name: /^Key frame at/ });
  await mark.waitFor();
  const [from, label] = [await boxOf(crop), await crop.getAttribute('aria-label')];
  await swipe(page, { x: from.x + from.width / 2, y: from.y + 20 }, { x: from.x + from.width / 2 + 50, y: from.y + 20 });
  await expect.poll(() => crop.getAttribute('aria-label')).not.toBe(label);
  expect((await boxOf(crop)).x).toBeGreaterThan(from.x + 30);

  const box = await boxOf(mark);
  expect(Math.min(box.width, box.height)).toBeGreaterThanOrEqual(24);
  const at = await mark.getAttribute('aria-label');
  await swipe(page, { x: box.x + box.width / 2, y: box.y + box.height / 2 }, { x: box.x + box.width / 2 + 100, y: box.y + box.height / 2 });
  await expect.poll(() => mark.getAttribute('aria-label')).not.toBe(at);
  expect((await boxOf(mark)).x).toBeGreaterThan(box.x + 80);
  expect(visit.problems).toEqual([]);
  await visit.context.close();
});

/** Runs in the page: which buttons and links lie over each other, by their names. */
const overlaps = `(() => {
  const all = [...document.querySelectorAll('main button, main a, main [role=slider], main input, main h1, main h2')]
    .filter((each) => each.checkVisibility({ visibilityProperty: true, opacityProperty: true }) && !each.closest('.visually-hidden, .cover'))
    .map((each) => ({ each, box: each.getBoundingClientRect() })).filter(({ box }) => box.width > 1 && box.height > 1);
  const name = (each) => (each.getAttribute('aria-label') ?? each.textContent ?? '').trim().slice(0, 40);
  return all.flatMap((a, index) => all.slice(index + 1).filter((b) => !a.each.contains(b.each) && !b.each.contains(a.each))
    .filter((b) => Math.min(a.box.right, b.box.right) - Math.max(a.box.left, b.box.left) > 3 && Math.min(a.box.bottom, b.box.bottom) - Math.max(a.box.top, b.box.top) > 3)
    .map((b) => name(a.each) + ' / ' + name(b.each))).sort();
})()`;

test('in a page from right to left time still goes from left to right, nothing lies over anything, and nothing is out of sight', async (context) => {
  for (const width of [1440, 360]) {
    const visit = await openVideo(context, { width, height: 800 });
    const { page } = visit;
    for (const path of ['/', `/videos/${videoId}`, '/search', '/glossary', '/brands']) {
      await openPage(page, path);
      const inOrder = await page.evaluate(overlaps);
      await page.evaluate("document.documentElement.dir = 'rtl'");
      expect([path, await page.evaluate(overlaps)]).toEqual([path, inOrder]);
      expect([path, await page.evaluate('Math.max(0, document.documentElement.scrollWidth - innerWidth)')]).toEqual([path, 0]);
      const beyond = `[...document.querySelectorAll('main button, main a, main input')]
        .filter((each) => each.checkVisibility({ visibilityProperty: true }) && !each.closest('.visually-hidden'))
        .filter((each) => each.getBoundingClientRect().left < -1).map((each) => each.textContent)`;
      expect([path, await page.evaluate(beyond)]).toEqual([path, []]);
      await page.evaluate("document.documentElement.dir = 'ltr'");
    }
    await openPage(page, `/videos/${videoId}`);
    await page.evaluate("document.documentElement.dir = 'rtl'");
    await page.getByRole('button', { name: 'Cut by words' }).click();
    const line = page.getByRole('region', { name: 'Cut of #1' });
    const strip = page.locator('.source [role=slider]').first();
    await strip.scrollIntoViewIfNeeded();
    const whole = await boxOf(strip);
    await page.mouse.click(whole.x + whole.width * 0.25, whole.y + whole.height / 2);
    await expect.poll(() => secondsOf(page)).toBeCloseTo(Number(await strip.getAttribute('aria-valuemax')) * 0.25, 0);
    const [start, end, waves] = [
      await boxOf(line.getByRole('slider', { name: /^Start of part/ })),
      await boxOf(line.getByRole('slider', { name: /^End of part/ })),
      await boxOf(line.locator('.strip')),
    ];
    expect(start.x).toBeGreaterThanOrEqual(waves.x - 20);
    expect(end.x).toBeGreaterThan(start.x + 40);
    // The surroundings are mirrored: the clip's time comes behind its name, to the left.
    expect((await boxOf(line.locator('.length'))).x).toBeLessThan((await boxOf(line.getByRole('heading'))).x);
    expect(visit.problems).toEqual([]);
    await visit.context.close();
  }
});

test('languages stand beside the shapes with their approval; what is approved is rendered from there, what is not leads to its lines', async (context) => {
  const params = { id: videoId };
  const { id } = await caller.call('createTranslation', { params, body: { language: 'de' } });
  const draft = await until('the translation', async () => {
    const track = await caller.call('getTranslation', { params: { id } });
    return track.state === 'draft' ? track : null;
  });
  const visit = await openVideo(context, { width: 1440, height: 900 });
  const { page } = visit;
  const card = page.locator('[data-clip]').first();
  const german = card.getByRole('group', { name: 'Languages' }).getByRole('button', { name: /^German: / });
  const square = card.getByRole('group', { name: 'Formats' }).getByRole('button', { name: /1:1/ });
  await square.click();
  await german.click();
  expect(await german.getAttribute('aria-label')).toBe('German: To be looked over, Not rendered');
  await card.getByText('German can be rendered once its lines were approved.').waitFor();
  expect(await card.getByRole('link', { name: 'Look them over' }).getAttribute('href')).toBe(`#/translations/${id}`);
  expect(await findBarriers(page)).toEqual([]);

  // Somebody approves it: it can be rendered at once.
  await caller.call('updateTranslation', { params: { id }, body: { version: draft.version, lines: [], isApproved: true } });
  await card.getByRole('button', { name: 'Render in German' }).click();
  const made = await until('the rendition', async () =>
    (await present()).renditions.find(({ captionLanguage }) => captionLanguage === 'de'),
  );
  expect(made).toMatchObject({ aspect: '1:1', captionLanguage: 'de' });
  await expect.poll(() => german.getAttribute('aria-label')).toBe('German: Approved, Waiting to be rendered');
  await card.getByRole('button', { name: /9:16/ }).click();
  await expect.poll(() => german.getAttribute('aria-label')).toBe('German: Approved, Not rendered');
  await card.getByRole('button', { name: /^English: As it is spoken, Ready/ }).click();
  await card.getByText('9:16 is not rendered with captions in German.').waitFor({ state: 'detached' });
  expect(visit.problems).toEqual([]);
  await visit.context.close();
});
