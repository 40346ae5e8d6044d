/** The line is cut, slow, or loses an answer in the middle of work: nothing is lost or done twice, it is told, and stored without a reload. */
import type { Clip, Video } from '@carmic/contract';
import type { Page } from 'playwright-core';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, expect, test, type TestContext } from 'vitest';
import { type Caller, startInstance, type TestInstance, until } from '../support/instance.ts';
import { makeCaptions, makeTalk } from '../support/media.ts';
import { enrolAgent } from '../support/protocolAgent.ts';
import { uploadVideo } from '../support/upload.ts';
import { consoleDirectory, prepareBrowser, type Visit } from './support/browser.ts';

const browser = prepareBrowser();
let instance: TestInstance;
let caller: Caller;
let video: Video;
let clip: Clip;

beforeAll(async () => {
  instance = await startInstance({ env: { CARMIC_CONSOLE_DIR: consoleDirectory, CARMIC_LEASE_SECONDS: '900' } });
  caller = await instance.createCaller({ isAdmin: true });
  const agent = await enrolAgent(instance);
  const wishes = { clipCount: 1, minClipSeconds: 8, maxClipSeconds: 20, language: 'en' };
  video = await uploadVideo(caller.call, instance.baseUrl, Buffer.from('a talk'), {
    captions: makeCaptions(28),
    fileName: 'cut.mp4',
    wishes,
  });
  const proxy = readFileSync(await makeTalk({ seconds: 28, size: '320x180' }));
  await agent.finish(await until('the inspection', () => agent.lease(['inspect'], 5)), { files: { proxy } });
  clip = await until('the clip', async () => (await caller.call('listClips', { params: { id: video.id } })).items[0]);
  await agent.finish(await until('the rendition', () => agent.lease(['render'], 5)));
}, 240_000);

afterAll(async () => {
  await browser.close();
  await instance.stop();
});

const present = () => caller.call('getClip', { params: { id: clip.id } });
const transcript = () => caller.call('getTranscript', { params: { id: video.id } });

beforeEach(async () => {
  const body = { kind: 'segments' as const, segments: [{ startSeconds: 4, endSeconds: 16 }], baseVersion: (await present()).editVersion };
  await caller.call('createClipEdit', { params: { id: clip.id }, body });
});

async function open(context: TestContext, address: string, token: string | undefined = caller.token): Promise<Visit> {
  const visit = await browser.visit(context, { baseUrl: instance.baseUrl, ...(token && { token }), width: 1440, height: 900 });
  // The cut is the subject, and the pictures of a made-up agent are no files.
  ['ERR_INTERNET_DISCONNECTED', 'ERR_FAILED', '/storage/'].forEach((part) => visit.expectRefusal(part));
  await visit.page.goto(address);
  return visit;
}

const notSaved = (page: Page) => page.getByRole('status').getByText('Not saved yet.').waitFor();
const saved = (page: Page) => page.getByRole('status').getByText('Saved', { exact: true }).waitFor();

/** Lets the server do the next request of that kind, and loses its answer on the way back; tells how many came. */
async function loseAnswer(page: Page, method: string, path: RegExp): Promise<() => number> {
  let times = 0;
  await page.route(path, async (route) => {
    if (route.request().method() !== method) {
      return route.fallback();
    }
    times += 1;
    if (times > 1) {
      return route.continue();
    }
    await route.fetch();
    return route.abort();
  });
  return () => times;
}

async function correct(page: Page, index: number, text: string) {
  await page.locator(`[data-word="${index}"]`).dblclick();
  await page.getByLabel('What is said here').fill(text);
  await page.getByLabel('What is said here').press('Enter');
}

test('words that are corrected while the line is cut wait, one behind the other, and are stored when it is back', async (context) => {
  const { page, context: profile } = await open(context, `/#/videos/${video.id}`);
  await page.locator('[data-word="0"]').waitFor();
  const before = await transcript();
  await profile.setOffline(true);
  await correct(page, 1, 'must the');
  await notSaved(page);
  await correct(page, 3, 'port');
  expect((await transcript()).version).toBe(before.version);
  await profile.setOffline(false);
  await saved(page);
  await expect.poll(async () => (await transcript()).version).toBe(before.version + 2);
  const expected = before.words.map(({ text }) => text);
  expected.splice(3, 1, 'port');
  expected.splice(1, 1, 'must', 'the');
  expect((await transcript()).words.map(({ text }) => text)).toEqual(expected);
  await expect.poll(() => page.locator('[data-word]').allTextContents()).toEqual(expected);
  expect(await page.getByLabel('What is said here').count()).toBe(0);
});

test('a correction whose answer was lost is made once, and on a slow line it is told that it is being saved', async (context) => {
  const { page, context: profile } = await open(context, `/#/videos/${video.id}`);
  await page.locator('[data-word="0"]').waitFor();
  const before = await transcript();
  const sent = await loseAnswer(page, 'PATCH', /\/transcript$/);
  await correct(page, 5, 'in deep');
  await expect.poll(sent).toBe(2);
  await saved(page);
  const now = await transcript();
  expect(now.version).toBe(before.version + 1);
  expect(now.words.length).toBe(before.words.length + 1);

  const line = await profile.newCDPSession(page);
  await line.send('Network.enable');
  await line.send('Network.emulateNetworkConditions', { offline: false, latency: 2500, downloadThroughput: 4000, uploadThroughput: 4000 });
  await correct(page, 8, 'slowly');
  await page.getByRole('status').getByText('Saving…').waitFor();
  // The next word is written meanwhile, and is not taken away by the answer to the first.
  await page.locator('[data-word="10"]').dblclick();
  const field = page.getByLabel('What is said here');
  await field.fill('meanwhile');
  await page.getByRole('status').getByText('Saving…').waitFor({ state: 'detached' });
  expect(await field.inputValue()).toBe('meanwhile');
  await field.press('Enter');
  await expect
    .poll(async () => (await transcript()).words.map(({ text }) => text).filter((text) => /slowly|meanwhile/.test(text)))
    .toEqual(['slowly', 'meanwhile']);
});

test('cuts of a clip wait for the line and are made once, also when an answer was lost', async (context) => {
  const { page, context: profile } = await open(context, `/#/videos/${video.id}`);
  await page.getByRole('button', { name: 'Cut by words' }).click();
  const line = page.getByRole('region', { name: 'Cut of #1' });
  const [from, to] = [line.getByLabel('Start', { exact: true }), line.getByLabel('End', { exact: true })];
  await from.waitFor();
  const before = await present();
  await profile.setOffline(true);
  await from.fill('0:05');
  await from.press('Enter');
  await notSaved(page);
  await to.fill('0:15');
  await to.press('Enter');
  await profile.setOffline(false);
  await saved(page);
  await expect.poll(async () => (await present()).segments).toEqual([{ startSeconds: 5, endSeconds: 15 }]);
  expect((await present()).editVersion).toBe(before.editVersion + 2);

  const sent = await loseAnswer(page, 'POST', /\/edits$/);
  await from.fill('0:06');
  await from.press('Enter');
  await expect.poll(sent).toBe(2);
  await saved(page);
  expect(await present()).toMatchObject({ editVersion: before.editVersion + 3, segments: [{ startSeconds: 6, endSeconds: 15 }] });
  await expect.poll(() => from.inputValue()).toBe('0:06');
});

test('a render that is ordered while the line is cut, or whose answer is lost, is ordered once', async (context) => {
  const { page, context: profile } = await open(context, `/#/videos/${video.id}`);
  const dialog = page.getByRole('dialog', { name: 'Render this clip' });
  const order = async (aspect: string) => {
    await page.getByRole('button', { name: 'Add format' }).click();
    await dialog.locator(`input[value="${aspect}"]`).dispatchEvent('click');
    await dialog.getByRole('button', { name: 'Render', exact: true }).click();
  };
  const aspects = async () => (await present()).renditions.map(({ aspect }) => aspect).filter((aspect) => aspect !== '9:16');
  const sent = await loseAnswer(page, 'POST', /\/renditions$/);
  await order('1:1');
  await dialog.waitFor({ state: 'detached' });
  await expect.poll(sent).toBe(2);
  expect(await aspects()).toEqual(['1:1']);
  await profile.setOffline(true);
  await order('16:9');
  await notSaved(page);
  await profile.setOffline(false);
  await dialog.waitFor({ state: 'detached' });
  expect(await aspects()).toEqual(['1:1', '16:9']);
});

test('a comment of a guest waits for the line and is sent once; what is written meanwhile stays', async (context) => {
  const { url } = await caller.call('createClipLink', { params: { id: clip.id }, body: { kind: 'review' } });
  const { page, context: profile } = await open(context, url.slice(url.indexOf('/#/')), '');
  await page.getByLabel('Your name').fill('Grace');
  const text = page.getByLabel('Your comment');
  const comments = async () => (await caller.call('listReviews', { params: { id: video.id } })).comments.map((comment) => comment.text);
  await profile.setOffline(true);
  await text.fill('Too loud at the end.');
  await page.getByRole('button', { name: 'Send comment' }).press('Enter');
  await notSaved(page);
  await text.fill('One more thing');
  await profile.setOffline(false);
  await page.getByText('Your comment was sent.').waitFor();
  expect(await text.inputValue()).toBe('One more thing');
  expect(await comments()).toEqual(['Too loud at the end.']);
  const sent = await loseAnswer(page, 'POST', /\/shared-clip-comments$/);
  await page.getByRole('button', { name: 'Send comment' }).press('Enter');
  await expect.poll(sent).toBe(2);
  await saved(page);
  await expect.poll(comments).toEqual(['Too loud at the end.', 'One more thing']);
  expect(await text.inputValue()).toBe('');
});

test('settings of an administrator wait for the line, are stored once, and can be changed again on top of a lost answer', async (context) => {
  const { page, context: profile } = await open(context, '/#/people');
  const domains = page.getByRole('radiogroup').getByRole('radio', { name: /domain/i });
  await domains.waitFor({ state: 'attached' });
  const save = page.getByRole('button', { name: 'Save', exact: true });
  const settings = () => caller.call('getAccountSettings');
  await domains.dispatchEvent('click');
  await page.getByLabel('Email domains').fill('example.org');
  await profile.setOffline(true);
  await save.press('Enter');
  await notSaved(page);
  await profile.setOffline(false);
  await saved(page);
  expect(await settings()).toMatchObject({ signUp: 'domain', allowedDomains: ['example.org'] });
  const sent = await loseAnswer(page, 'PUT', /\/account-settings$/);
  await page.getByLabel('Email domains').fill('example.org example.net');
  await save.press('Enter');
  await expect.poll(sent).toBe(2);
  await saved(page);
  await page.getByLabel('Email domains').fill('example.com');
  await save.press('Enter');
  await expect.poll(async () => (await settings()).allowedDomains).toEqual(['example.com']);
  const section = page.getByRole('region', { name: 'How people come in' });
  expect(await section.getByRole('button', { name: 'Save', exact: true }).count()).toBe(1);
  await expect.poll(() => section.getByRole('alert').or(page.locator('.toasts [role=alert]')).count()).toBe(0);
});

test('a page of which a part does not arrive comes when it does; while the line is cut nothing is loaded anew, and it can be tried again', async (context) => {
  const { page, context: profile } = await open(context, '/#/account');
  await page.getByText('No keys.').waitFor();
  let times = 0;
  await page.route(/\/assets\/Glossary-.*\.js$/, (route) => {
    times += 1;
    return times < 3 ? route.abort() : route.continue();
  });
  await page.goto('/#/glossary');
  await page.getByRole('heading', { name: 'Glossary', level: 1 }).waitFor();
  await profile.setOffline(true);
  await page.goto('/#/members');
  await page.getByRole('heading', { name: 'This could not be loaded' }).waitFor();
  await profile.setOffline(false);
  await page.getByRole('button', { name: 'Try again' }).click();
  await page.getByRole('heading', { name: 'Members', level: 1 }).waitFor();
});
