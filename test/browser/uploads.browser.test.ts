/** Uploads in a real browser: side by side, paused, cut off, and gone on with after a reload. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Caller, startInstance, type TestInstance, until } from '../support/instance.ts';
import { uploadVideo } from '../support/upload.ts';
import { consoleDirectory, plainHost, prepareBrowser, type Visit } from './support/browser.ts';

const browser = prepareBrowser();
const slowly = { timeout: 40_000, interval: 100 };
const limitBytes = 60_000_000;
/** So slow that nothing ends before the test has done what it wants to do meanwhile. */
const crawl = 200_000;
let instance: TestInstance;
let directory: string;

beforeAll(async () => {
  instance = await startInstance({ env: { CARMIC_CONSOLE_DIR: consoleDirectory, CARMIC_MAX_UPLOAD_BYTES: String(limitBytes) } });
  directory = mkdtempSync(join(tmpdir(), 'carmic-uploads-'));
});

afterAll(async () => {
  await browser.close();
  await instance.stop();
  rmSync(directory, { recursive: true, force: true });
});

function makeFile(name: string, sizeBytes: number): string {
  const path = join(directory, name);
  writeFileSync(path, randomBytes(sizeBytes));
  return path;
}

/** Opens the library of somebody new, on a line of that many bytes per second. Answers the parts that are sent, as they are. */
async function openLibrary(context: Parameters<typeof browser.visit>[0], bytesPerSecond = -1, host = '127.0.0.1') {
  const caller = await instance.createCaller();
  const { port } = new URL(instance.baseUrl);
  const visit = await browser.visit(context, { baseUrl: `http://${host}:${port}`, token: caller.token });
  const sentParts: string[] = [];
  visit.page.on('request', (request) => {
    if (request.method() === 'PUT' && request.url().includes('/storage/v1/')) {
      sentParts.push(request.url());
    }
  });
  const line = await visit.context.newCDPSession(visit.page);
  await line.send('Network.enable');
  /** Makes the line that fast; 0 cuts it. */
  const setLine = async (uploadThroughput: number) => {
    await line.send('Network.emulateNetworkConditions', {
      offline: uploadThroughput === 0,
      latency: 0,
      downloadThroughput: -1,
      uploadThroughput,
    });
  };
  await setLine(bytesPerSecond);
  if (host === plainHost) {
    // The browser notes that it ignores headers which need a secure context.
    ['Cross-Origin-Opener-Policy', 'Origin-Agent-Cluster'].forEach((header) => visit.expectRefusal(header));
  }
  await visit.page.goto('/');
  await visit.page.getByText('Drop your first video here').waitFor();
  return { ...visit, caller, sentParts, setLine };
}

async function chooseAndStart({ page, choose }: Visit, files: string[]) {
  await choose(
    () =>
      page
        .getByRole('button', { name: /Upload videos/ })
        .first()
        .click(),
    files,
  );
  await page
    .getByRole('dialog')
    .getByRole('button', { name: /^Start/ })
    .click();
}

/** Waits for the one upload to be open; answers how to count the parts that are stored. */
async function countStored(caller: Caller): Promise<() => Promise<number>> {
  const uploadId = await until('the upload to open', async () => (await caller.call('listVideos')).items[0]?.uploadId);
  return async () => (await caller.call('getUpload', { params: { id: uploadId } })).storedParts.length;
}

const tray = (page: Page) => page.getByRole('region', { name: 'Uploads' });

test('two uploads run on while pages change', async (context) => {
  const visit = await openLibrary(context, 12_000_000);
  await chooseAndStart(visit, [makeFile('one.mp4', 20_000_000), makeFile('two.mp4', 20_000_000)]);
  await visit.page.getByRole('link', { name: /one/ }).first().click();
  await visit.page.getByRole('heading', { name: 'one', level: 1 }).waitFor();
  await expect.poll(() => tray(visit.page).getByText('Uploaded', { exact: true }).count(), slowly).toBe(2);
  const states = async () => (await visit.caller.call('listVideos')).items.map((video) => `${video.title} ${video.state}`).toSorted();
  await expect.poll(states, slowly).toEqual(['one inspecting', 'two inspecting']);
  expect(visit.problems).toEqual([]);
});

test('an upload can be paused, goes on after a reload with the same file only, and sends nothing twice', async (context) => {
  const visit = await openLibrary(context, 9_000_000);
  const { page, sentParts, caller, choose, setLine } = visit;
  const file = makeFile('long.mp4', 45_000_000);
  await chooseAndStart(visit, [file]);
  const storedCount = await countStored(caller);
  await expect.poll(storedCount, slowly).toBeGreaterThan(0);
  await setLine(crawl);
  await tray(page).getByRole('button', { name: 'Pause long' }).click();
  await tray(page).getByText('Paused').waitFor();
  await new Promise((resolve) => setTimeout(resolve, 1500));
  const stored = await storedCount();
  const sentBefore = sentParts.length;
  expect(stored).toBeLessThan(6);
  // On a telephone one line tells of it, until a person is needed.
  await page.setViewportSize({ width: 360, height: 760 });
  const heightNow = async () => (await tray(page).boundingBox())?.height ?? 0;
  await expect.poll(heightNow).toBeLessThan(80);

  page.on('dialog', (dialog) => void dialog.accept());
  await page.reload();
  await tray(page).getByText('Choose the same file again to go on').waitFor();
  // A scroll bar takes some of the width of a narrow window.
  await page.setViewportSize({ width: 360, height: 760 });
  await page.evaluate("Object.assign(document.documentElement.style, { scrollbarGutter: 'stable', overflowY: 'scroll' })");
  const { x = -1, width = 0 } = (await tray(page).boundingBox()) ?? {};
  const seen = (await page.evaluate('document.documentElement.clientWidth')) as number;
  expect([x >= 0, x + width <= seen], `from ${x} to ${x + width} of ${seen} px`).toEqual([true, true]);
  await page.setViewportSize({ width: 1280, height: 860 });
  await choose(() => tray(page).getByRole('button', { name: 'Choose file' }).click(), makeFile('other.mp4', 1000));
  await tray(page).getByText('That is another file. Choose long.mp4 again.').waitFor();
  rmSync(file);
  const changed = makeFile('long.mp4', 45_000_000);
  await choose(() => tray(page).getByRole('button', { name: 'Choose file' }).click(), changed);
  await tray(page)
    .getByText(/same name but other content/)
    .waitFor();
  expect(sentParts.length).toBe(sentBefore);
  expect(visit.problems).toEqual([]);
});

test('an upload that was reloaded away is completed with its file', async (context) => {
  const visit = await openLibrary(context, 9_000_000);
  const { page, sentParts, caller, choose, setLine } = visit;
  const file = makeFile('resumed.mp4', 45_000_000);
  await chooseAndStart(visit, [file]);
  const stored = await countStored(caller);
  await expect.poll(stored, slowly).toBeGreaterThan(0);
  await setLine(crawl);
  page.on('dialog', (dialog) => void dialog.accept());
  await page.reload();
  await tray(page).getByText('Choose the same file again to go on').waitFor();
  const [storedBefore, sentBefore] = [await stored(), sentParts.length];
  await setLine(-1);
  await choose(() => tray(page).getByRole('button', { name: 'Choose file' }).click(), file);
  await tray(page).getByText('Uploaded', { exact: true }).waitFor({ timeout: 60_000 });
  expect(sentParts.length - sentBefore).toBeLessThanOrEqual(6 - storedBefore);
  await expect.poll(async () => (await caller.call('listVideos')).items[0]?.state, slowly).toBe('inspecting');
  expect(visit.problems).toEqual([]);
});

test('a cut line is waited for and the upload goes on by itself', async (context) => {
  const visit = await openLibrary(context, crawl);
  const { page, setLine } = visit;
  await chooseAndStart(visit, [makeFile('cut.mp4', 45_000_000)]);
  await tray(page).getByText('Uploading', { exact: true }).waitFor();
  visit.expectRefusal('ERR_INTERNET_DISCONNECTED');
  await setLine(0);
  await tray(page).getByText('Connection lost, trying again…').waitFor();
  await setLine(-1);
  await tray(page).getByText('Uploaded', { exact: true }).waitFor({ timeout: 60_000 });
  expect(visit.problems).toEqual([]);
});

test('an upload whose announcement gets no answer is announced again by itself, and is one video', async (context) => {
  const visit = await openLibrary(context);
  const { page, caller } = visit;
  visit.expectRefusal('ERR_FAILED');
  let announced = 0;
  await page.route(/\/api\/v1\/videos$/, async (route) => {
    announced += 1;
    if (announced > 1) {
      return route.continue();
    }
    await route.fetch();
    return route.abort();
  });
  await chooseAndStart(visit, [makeFile('announced.mp4', 1_000_000)]);
  await tray(page).getByText('Uploaded', { exact: true }).waitFor({ timeout: 60_000 });
  expect(announced).toBe(2);
  expect((await caller.call('listVideos')).items.map(({ title }) => title)).toEqual(['announced']);
});

test('what cannot be uploaded is refused before anything is sent, and the rest goes on', async (context) => {
  const visit = await openLibrary(context);
  const { page, sentParts, caller } = visit;
  const files = [makeFile('good.mp4', 1_000_000), makeFile('empty.mp4', 0), makeFile('huge.mp4', limitBytes + 1)];
  await visit.choose(() => page.getByRole('button', { name: /Upload videos/ }).click(), files);
  const sheet = page.getByRole('dialog');
  await sheet.getByText('This file is empty.').waitFor();
  await sheet.getByText('60 MB, and this installation takes 60 MB at most.').waitFor();
  await sheet.getByRole('button', { name: 'Start' }).click();
  await tray(page).getByText('Uploaded', { exact: true }).waitFor({ timeout: 60_000 });
  expect((await caller.call('listVideos')).items.map((video) => video.title)).toEqual(['good']);
  expect(sentParts).toHaveLength(1);
  expect(visit.problems).toEqual([]);
});

test('subtitles that cannot be read stop the upload with a reason, and it can go on without them', async (context) => {
  const visit = await openLibrary(context);
  const { page, caller } = visit;
  const captions = join(directory, 'talk.srt');
  writeFileSync(captions, 'this is no subtitle file');
  visit.expectRefusal('/captions');
  await chooseAndStart(visit, [makeFile('talk.mp4', 1_000_000), captions]);
  await tray(page)
    .getByText(/The subtitles were not accepted/)
    .waitFor();
  expect((await caller.call('listVideos')).items[0]?.state).toBe('uploading');
  await tray(page).getByRole('button', { name: 'Go on without subtitles' }).click();
  await tray(page).getByText('Uploaded', { exact: true }).waitFor({ timeout: 60_000 });
  expect(visit.problems).toEqual([]);
});

test('files can be dropped anywhere, and a cancelled upload leaves nothing', async (context) => {
  const visit = await openLibrary(context, crawl);
  const { page, caller } = visit;
  await page.goto('/#/account');
  await page.getByRole('heading', { name: 'Account', exact: true }).waitFor();
  const transfer = await page.evaluateHandle(`(() => {
    const made = new DataTransfer();
    made.items.add(new File([new Uint8Array(9_000_000)], 'dropped.mp4', { type: 'video/mp4' }));
    return made;
  })()`);
  await page.dispatchEvent('body', 'dragenter', { dataTransfer: transfer });
  await page.getByText('Drop to upload').waitFor();
  await page.dispatchEvent('body', 'drop', { dataTransfer: transfer });
  await page.getByRole('dialog').getByRole('button', { name: 'Start' }).click();
  // Before the server knows of it there is nothing to ask about.
  await tray(page).getByText('Uploading', { exact: true }).waitFor();
  await tray(page).getByRole('button', { name: 'Cancel dropped' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel upload' }).click();
  await tray(page).waitFor({ state: 'detached' });
  await expect.poll(async () => (await caller.call('listVideos')).items.length, slowly).toBe(0);
  expect(visit.problems).toEqual([]);
});

test('an upload that fails is seen, also where the list was closed before: a storage that is full', async (context) => {
  const visit = await openLibrary(context);
  const { page } = visit;
  visit.expectRefusal('507');
  let answer: () => void = () => expect.unreachable();
  const isAnswered = new Promise<void>((resolve) => (answer = resolve));
  await page.route('**/storage/**', async (route) => {
    if (route.request().method() !== 'PUT') {
      await route.fallback();
      return;
    }
    await isAnswered;
    await route.fulfill({ status: 507, body: '' });
  });
  await chooseAndStart(visit, [makeFile('full.mp4', 1_000_000)]);
  await tray(page).getByText('Uploading', { exact: true }).waitFor();
  await tray(page).getByRole('button', { name: 'Hide uploads' }).click();
  await tray(page).getByText('Uploading', { exact: true }).waitFor({ state: 'detached' });
  answer();
  const reason = tray(page).getByText('The server has no room left for this file.');
  await reason.waitFor();
  await tray(page).getByRole('button', { name: 'Hide uploads' }).click();
  await reason.waitFor({ state: 'detached' });
  expect(visit.problems).toEqual([]);
});

test('what is heard of an upload while it is being cancelled is not asked about: the answer would be that it is gone', async (context) => {
  const visit = await openLibrary(context, crawl);
  const { page, caller } = visit;
  await chooseAndStart(visit, [makeFile('leaving.mp4', 9_000_000)]);
  await tray(page).getByText('Uploading', { exact: true }).waitFor();
  const [video] = (await caller.call('listVideos')).items;
  const params = { id: video?.id ?? '' };
  await page.getByRole('article').getByRole('heading', { name: 'leaving' }).waitFor();
  await caller.call('updateVideo', { params, body: { folder: 'First words' } });
  // Heard and asked about: the stream is open.
  await page.getByRole('article').getByText('First words').waitFor();

  let release: () => void = () => expect.unreachable();
  const isReleased = new Promise<void>((resolve) => (release = resolve));
  await page.route(/\/api\/v1\/videos\/[^/]+$/, async (route) => {
    await (route.request().method() === 'DELETE' ? isReleased : Promise.resolve());
    await route.continue();
  });
  const leaving = page.waitForRequest((request) => request.method() === 'DELETE');
  await tray(page).getByRole('button', { name: 'Cancel leaving' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel upload' }).click();
  await leaving;
  const asked: string[] = [];
  page.on('request', (request) => request.method() === 'GET' && request.url().includes(params.id) && asked.push(request.url()));
  await caller.call('updateVideo', { params, body: { folder: 'Last words' } });
  await page.waitForTimeout(4000);
  release();
  await tray(page).waitFor({ state: 'detached' });
  await page.getByText('Drop your first video here').waitFor();
  expect(asked).toEqual([]);
  expect(visit.problems).toEqual([]);
});

test('uploads work over plain http under a name of the network, where browsers offer no hash function', async (context) => {
  const visit = await openLibrary(context, -1, plainHost);
  const { page, caller } = visit;
  expect(await page.evaluate('isSecureContext')).toBe(false);
  await chooseAndStart(visit, [makeFile('network.mp4', 20_000_000)]);
  await tray(page).getByText('Uploaded', { exact: true }).waitFor({ timeout: 180_000 });
  await expect.poll(async () => (await caller.call('listVideos')).items[0]?.state, slowly).toBe('inspecting');
  expect(visit.problems).toEqual([]);
});

test('an administrator hears that no agent is there to work on what has arrived', async (context) => {
  const administrator = await instance.createCaller({ isAdmin: true });
  await uploadVideo(administrator.call, instance.baseUrl, randomBytes(1000), { fileName: 'waits.mp4' });
  const visit = await browser.visit(context, { baseUrl: instance.baseUrl, token: administrator.token });
  await visit.page.goto('/');
  await visit.page.getByText('No agent is running, so videos wait.').waitFor();
  await visit.page.getByRole('link', { name: 'See agents' }).click();
  await visit.page.getByRole('heading', { name: 'No agent is enrolled' }).waitFor();
  expect(visit.problems).toEqual([]);
});
