/** A clip is shared by a link, looked over by somebody without an account, and what they say comes to the editor; all of it with the keyboard. */
import type { Video } from '@carmic/contract';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Caller, startInstance, type TestInstance, until } from '../support/instance.ts';
import { firstLoadBytes, firstLoadFiles } from '../support/firstLoad.ts';
import { enrolAgent } from '../support/protocolAgent.ts';
import { uploadVideo } from '../support/upload.ts';
import { findBarriersEverywhere } from './support/axe.ts';
import { consoleDirectory, prepareBrowser } from './support/browser.ts';
import { chooseMore } from './support/chooseMore.ts';

const browser = prepareBrowser();
let instance: TestInstance;
let caller: Caller;
let video: Video;

beforeAll(async () => {
  instance = await startInstance({ env: { CARMIC_CONSOLE_DIR: consoleDirectory, CARMIC_LEASE_SECONDS: '600' } });
  caller = await instance.createCaller();
  const agent = await enrolAgent(instance);
  video = await uploadVideo(caller.call, instance.baseUrl, Buffer.from('a talk about harbours'), {
    fileName: 'harbours.mp4',
    wishes: { clipCount: 2, minClipSeconds: 5, maxClipSeconds: 20 },
  });
  for (let isReady = false; !isReady;) {
    const lease = await agent.lease(['inspect', 'render'], 1);
    if (lease !== null) {
      await agent.finish(lease);
    } else {
      isReady = (await caller.call('getVideo', { params: { id: video.id } })).state === 'ready';
    }
  }
}, 180_000);
afterAll(async () => {
  await browser.close();
  await instance.stop();
});

const firstClip = async () => (await caller.call('listClips', { params: { id: video.id } })).items.toSorted((a, b) => a.rank - b.rank)[0];

/** The keys of one word. */
const press = async (page: Page, ...keys: string[]) => {
  for (const key of keys) {
    await page.keyboard.press(key);
  }
};

test('a review by a link: made, opened with its password without an account, answered, and taken back', async (context) => {
  const clip = await firstClip();
  const editor = await browser.visit(context, { baseUrl: instance.baseUrl, token: caller.token, width: 1440 });
  // The files of a made-up agent are none.
  editor.expectRefusal('/storage/');
  await editor.page.goto(`/#/videos/${video.id}`);
  const card = editor.page.getByRole('article', { name: clip?.title ?? '' });
  await chooseMore(card, 'Share');
  const dialog = editor.page.getByRole('dialog');
  await dialog.getByLabel('Password (optional)').fill('short');
  await dialog.getByRole('button', { name: 'Make a link' }).click();
  await dialog.getByText('Take at least 8 characters').waitFor();
  await dialog.getByLabel('Password (optional)').fill('for the client only');
  await dialog.getByRole('button', { name: 'Make a link' }).click();
  const url = (await dialog.getByRole('region', { name: 'The link' }).textContent()) ?? '';
  expect(url).toContain('/#/shared?token=carmic_clip_');
  expect(await findBarriersEverywhere(editor.page)).toEqual([]);
  await press(editor.page, 'Escape');

  const guest = await browser.visit(context, { baseUrl: instance.baseUrl, width: 1440 });
  const { page } = guest;
  guest.expectRefusal('shared-clip-visits');
  guest.expectRefusal('/storage/');
  await page.goto(url);
  await page.getByLabel('Password').fill('not this one');
  await press(page, 'Enter');
  await page.getByText('This password is not right.').waitFor();
  expect(await findBarriersEverywhere(page)).toEqual([]);
  await page.getByLabel('Password').fill('for the client only');
  await press(page, 'Enter');
  await page.getByRole('heading', { name: clip?.title ?? '', level: 1 }).waitFor();
  await page.getByRole('button', { name: 'Send comment' }).click();
  await page.getByText('Say who you are.').waitFor();
  await page.getByLabel('Your name').fill('Grace');
  await page.getByLabel('Your comment').fill('The first word is cut off.');
  await page.getByRole('button', { name: 'Send comment' }).click();
  await page.getByText('Your comment was sent.').waitFor();
  await page.getByRole('button', { name: 'Go to 0:00' }).waitFor();
  await page.getByRole('button', { name: 'Approve', exact: true }).click();
  await page.getByText('You have approved this clip.').waitFor();
  // Told for seconds only, so that it is looked for first.
  await editor.page.getByText('was approved.').waitFor();
  expect(await findBarriersEverywhere(page)).toEqual([]);
  expect(await guest.context.cookies()).toEqual([]);

  await card.getByText('Approved', { exact: true }).first().waitFor();
  await card.getByText('2 comments').click();
  await card.getByText('The first word is cut off.').waitFor();
  expect(await findBarriersEverywhere(editor.page)).toEqual([]);
  await card.getByRole('button', { name: 'Done', exact: true }).first().click();
  await card.getByRole('button', { name: 'Open again' }).waitFor();

  await chooseMore(card, 'Share');
  await dialog.getByRole('button', { name: /Take back the link/ }).click();
  await dialog.getByText('No link leads here.').waitFor();
  await page.reload();
  await page.getByRole('heading', { name: 'This link leads nowhere' }).waitFor();
  expect(guest.problems).toEqual([]);
  expect(editor.problems).toEqual([]);
});

test('by keys alone: the palette leads to a video, the arrows to a clip, I and O cut it, ? lists every key', async (context) => {
  const visit = await browser.visit(context, { baseUrl: instance.baseUrl, token: caller.token, width: 1440 });
  const { page } = visit;
  visit.expectRefusal('/storage/');
  // The film comes late: keys that were pressed before are not lost.
  let showFilm: () => void = () => undefined;
  const shown = new Promise<void>((resolve) => (showFilm = resolve));
  await page.route('**/storage/**', async (route) => {
    if (route.request().resourceType() === 'media') {
      await shown;
    }
    await route.continue();
  });
  await page.goto('/');
  await page.getByRole('heading', { name: 'Library' }).waitFor();
  await press(page, 'Control+k');
  const field = page.getByRole('combobox', { name: 'A page, a video or an action' });
  await field.and(page.locator(':focus')).waitFor();
  expect(await findBarriersEverywhere(page)).toEqual([]);
  await page.keyboard.type('glos');
  await press(page, 'Enter');
  await page.getByRole('heading', { name: 'Glossary', level: 1 }).waitFor();
  await press(page, 'Control+k');
  await field.and(page.locator(':focus')).waitFor();
  await page.keyboard.type('harb');
  await page.getByRole('option', { name: 'harbours', selected: true }).waitFor();
  await press(page, 'ArrowDown', 'ArrowUp', 'Enter');
  await page.getByRole('heading', { name: 'harbours', level: 1 }).waitFor();

  const clip = await firstClip();
  await page.getByRole('article', { name: clip?.title ?? '' }).waitFor();
  await press(page, 'i');
  await page.getByText('Choose a clip first').waitFor();
  await press(page, 'ArrowDown');
  await page
    .getByRole('article', { name: clip?.title ?? '' })
    .and(page.locator(':focus'))
    .waitFor();
  await press(page, 'i');
  await until('the longer clip', async () => ((await firstClip())?.segments[0]?.startSeconds === 0 ? true : null));
  const time = page.locator('.player .time');
  await press(page, 'l', 'l', 'j', 'ArrowRight', 'ArrowRight', 'ArrowLeft');
  showFilm();
  await expect.poll(() => time.textContent(), { timeout: 60_000 }).toMatch(/^0:11 /);
  await press(page, 'o');
  await until('the cut', async () => ((await firstClip())?.segments.at(-1)?.endSeconds === 11 ? true : null));
  await press(page, 'j', 'ArrowRight');
  await expect.poll(() => time.textContent(), { timeout: 60_000 }).toMatch(/^0:02 /);
  await press(page, 'i');
  await until('the other cut', async () => ((await firstClip())?.segments[0]?.startSeconds === 2 ? true : null));

  // A second cut before the first one is answered is no second person's: it waits, and goes on top of it.
  let answerFirst: () => void = () => undefined;
  const answered = new Promise<void>((resolve) => (answerFirst = resolve));
  await page.route('**/api/v1/clips/*/edits', async (route) => {
    await answered;
    await route.continue();
  });
  for (const moment of [/^0:03 /, /^0:04 /]) {
    await press(page, 'ArrowRight');
    await expect.poll(() => time.textContent(), { timeout: 60_000 }).toMatch(moment);
    await press(page, 'i');
  }
  answerFirst();
  await until('both cuts', async () => ((await firstClip())?.segments[0]?.startSeconds === 4 ? true : null));
  await page.unroute('**/api/v1/clips/*/edits');

  await press(page, '?');
  const help = page.getByRole('dialog', { name: 'Keys' });
  await help.waitFor();
  const listed = (await help.locator('kbd').allTextContents()).join(' ');
  expect(listed).toBe('Ctrl K ? Esc Space K J L ← → ↑ ↓ I O Shift ← → Ctrl Z M F ← → ↑ ↓');
  expect(await findBarriersEverywhere(page)).toEqual([]);
  await press(page, 'Escape');
  await help.waitFor({ state: 'detached' });
  expect(visit.problems).toEqual([]);
});

test('a video is put into a folder, given tags, and found by them', async (context) => {
  const visit = await browser.visit(context, { baseUrl: instance.baseUrl, token: caller.token });
  const { page } = visit;
  visit.expectRefusal('/storage/');
  await caller.call('createVideo', { body: { fileName: 'another.mp4', sizeBytes: 10 } });
  await page.goto('/');
  const card = page.getByRole('article').filter({ has: page.getByRole('heading', { name: 'harbours' }) });
  await card.getByRole('button', { name: 'Actions for harbours' }).click();
  await page.getByRole('menuitem', { name: 'Folder and tags' }).click();
  await page.getByLabel('Folder', { exact: true }).fill('Coast');
  await page.getByLabel('Tag', { exact: true }).fill('interview');
  await press(page, 'Enter');
  await page.getByRole('button', { name: 'Remove the tag interview' }).waitFor();
  expect(await findBarriersEverywhere(page)).toEqual([]);
  await page.getByRole('button', { name: 'Save' }).click();
  await card.getByText('Coast', { exact: true }).waitFor();
  await page.getByRole('heading', { name: 'another' }).waitFor();
  await page.getByLabel('Tag', { exact: true }).selectOption('interview');
  await page.getByRole('heading', { name: 'another' }).waitFor({ state: 'detached' });
  await card.getByText('Coast', { exact: true }).waitFor();
  await page.getByLabel('State', { exact: true }).selectOption('failed');
  await page.getByText('No video is like that').waitFor();
  expect(await findBarriersEverywhere(page)).toEqual([]);
  await page.getByRole('button', { name: 'Show all' }).click();
  await page.getByRole('heading', { name: 'another' }).waitFor();
  expect(visit.problems).toEqual([]);
});

test('the first load of the library stays below 170 KB of script, compressed', () => {
  expect(firstLoadBytes(consoleDirectory)).toBeLessThanOrEqual(170 * 1024);
  expect(firstLoadBytes(consoleDirectory)).toBeGreaterThan(50 * 1024);
});

test('the first load of the library is one file beside the words, and leaves out what checks answers', () => {
  const files = [...firstLoadFiles(consoleDirectory)];
  expect(files.map(([path]) => path.replace(/^.*\/(\w+).*$/, '$1')).sort()).toEqual(['count', 'en', 'main', 'start']);
  // Names that the library of the checks throws and is configured by.
  expect(files.filter(([, source]) => /ZodError|jitless/.test(source)).map(([path]) => path)).toEqual([]);
});
