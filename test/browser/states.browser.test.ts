/** What the console says when things are not as they should be, and who may see what. */
import type { FailureCode } from '@carmic/contract';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Caller, startInstance, type TestInstance } from '../support/instance.ts';
import { enrolAgent, type ProtocolAgent } from '../support/protocolAgent.ts';
import { uploadVideo } from '../support/upload.ts';
import { findBarriersEverywhere } from './support/axe.ts';
import { consoleDirectory, prepareBrowser } from './support/browser.ts';

const browser = prepareBrowser();
const nothing = '00000000-0000-4000-8000-000000000000';
let instance: TestInstance;

beforeAll(async () => {
  instance = await startInstance({ env: { CARMIC_CONSOLE_DIR: consoleDirectory } });
});

afterAll(async () => {
  await browser.close();
  await instance.stop();
});

const upload = (caller: Caller, fileName: string) =>
  uploadVideo(caller.call, instance.baseUrl, Buffer.from(`video ${fileName}`), { fileName });

/** Leases inspections and gives each up with a reason, until the video has failed for good. */
async function failInspections(agent: ProtocolAgent, caller: Caller, videoId: string, code: FailureCode, message: string) {
  const isRetryable = code === 'decode_failed';
  while ((await caller.call('getVideo', { params: { id: videoId } })).state !== 'failed') {
    const lease = await agent.lease(['inspect'], 1);
    if (lease !== null) {
      const body = { leaseToken: lease.leaseToken, code, message, isRetryable };
      await agent.call('failLease', { params: { id: lease.taskId }, body });
    }
  }
}

test('a stranger is asked to sign in, hears why it failed, and a used link says so', async (context) => {
  const visit = await browser.visit(context, { baseUrl: instance.baseUrl });
  const { page } = visit;
  await page.goto('/#/agents');
  await page.getByRole('heading', { name: 'Sign in', exact: true }).waitFor();
  expect(visit.problems).toEqual([]);

  visit.expectRefusal('sessions');
  await page.getByLabel('Email').fill('nobody@example.org');
  await page.getByLabel('Password').fill('not the password');
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.getByText('That email and password do not match.').waitFor();
  await page.goto('/#/sign-in?token=carmic_link_that_was_used_long_ago');
  await page.getByText('This sign-in link no longer works').waitFor();
  visit.expectRefusal('sign-up');
  await page.goto('/#/confirm?token=broken');
  await page.getByText('It is not complete. Copy all of it from the mail').waitFor();
  expect(await findBarriersEverywhere(page)).toEqual([]);
  expect(visit.problems).toEqual([]);
});

test('the library asks for what it shows, once, and for nothing of other pages', async (context) => {
  const caller = await instance.createCaller();
  await upload(caller, 'first.mp4');
  const { page, problems } = await browser.visit(context, { baseUrl: instance.baseUrl, token: caller.token });
  const asked: string[] = [];
  page.on('request', (request) => asked.push(new URL(request.url()).pathname));
  await page.goto('/');
  await page.getByRole('heading', { name: 'first' }).waitFor();
  const times = (path: string) => asked.filter((each) => each === path).length;
  expect(['/api/v1/instance', '/api/v1/me', '/api/v1/videos'].map(times)).toEqual([1, 1, 1]);
  const isOfOtherPages = (path: string) => /\/assets\/(allRoutes|de)-/.test(path);
  expect(asked.filter(isOfOtherPages)).toEqual([]);

  await page.goto('/#/glossary');
  await page.getByRole('heading', { name: 'Glossary', exact: true }).waitFor();
  await page.goto('/#/account');
  await page.getByText('No keys.').waitFor();
  expect(asked.filter(isOfOtherPages)).toHaveLength(1);
  expect(problems).toEqual([]);
});

test('a session that ends elsewhere leads to sign in and back', async (context) => {
  const caller = await instance.createCaller();
  const visit = await browser.visit(context, { baseUrl: instance.baseUrl, token: caller.token });
  const { page } = visit;
  await page.goto('/#/account');
  await page.getByRole('heading', { name: 'Account', exact: true }).waitFor();
  // Whatever the page asks for by itself has been answered, so that the click is what finds the session gone.
  await page.getByText('Not set up.').waitFor();
  await page.getByText('No keys.').waitFor();
  await page.getByText(/processed this month/).waitFor();
  await page.getByText(/on average/).waitFor();
  await caller.call('deleteSession');
  visit.expectRefusal('/api/v1/');
  await page.getByLabel('Name', { exact: true }).fill('Somebody Else');
  await page.getByRole('link', { name: 'Library' }).first().click();
  await page.getByText('You were signed out. Sign in again to go on.').waitFor();
});

test('addresses of nothing, of somebody else and of something deleted say so and lead on', async (context) => {
  const [caller, stranger] = [await instance.createCaller(), await instance.createCaller()];
  const visit = await browser.visit(context, { baseUrl: instance.baseUrl, token: caller.token });
  const { page } = visit;
  const foreign = await upload(stranger, 'theirs.mp4');
  visit.expectRefusal(`/videos/${nothing}`);
  visit.expectRefusal(`/videos/${foreign.id}`);
  await page.goto('/#/there/is/nothing');
  await page.getByRole('heading', { name: 'There is nothing at this address' }).waitFor();
  expect(await findBarriersEverywhere(page)).toEqual([]);
  for (const id of [nothing, foreign.id]) {
    await page.goto(`/#/videos/${id}`);
    await page.getByRole('heading', { name: 'This video is not here any more' }).waitFor();
  }

  const own = await upload(caller, 'mine.mp4');
  // The page may ask once more between the deletion and the news of it.
  visit.expectRefusal(`/videos/${own.id}`);
  await page.goto(`/#/videos/${own.id}`);
  await page.getByRole('heading', { name: 'mine' }).waitFor();
  await caller.call('deleteVideo', { params: { id: own.id } });
  await page.getByRole('heading', { name: 'This video is not here any more' }).waitFor();
  await page.getByRole('link', { name: 'Go to the library' }).click();
  await page.getByText('Drop your first video here').waitFor();
  expect(visit.problems).toEqual([]);
});

test('an answer that was asked for before a video was deleted does not bring it back', async (context) => {
  const caller = await instance.createCaller();
  const { page, problems } = await browser.visit(context, { baseUrl: instance.baseUrl, token: caller.token });
  const own = await upload(caller, 'late.mp4');
  await page.goto(`/#/videos/${own.id}`);
  await page.getByRole('heading', { name: 'late' }).waitFor();
  await page.waitForLoadState('networkidle');
  let hasAsked: () => void = () => undefined;
  const asked = new Promise<void>((resolve) => (hasAsked = resolve));
  let isGone: () => void = () => undefined;
  const gone = new Promise<void>((resolve) => (isGone = resolve));
  const answered = page.waitForResponse((response) => response.url().endsWith(`/api/v1/videos/${own.id}`), { timeout: 120_000 });
  await page.route(`**/api/v1/videos/${own.id}`, async (route) => {
    const response = await route.fetch();
    hasAsked();
    await gone;
    await route.fulfill({ response });
  });
  await caller.call('updateVideo', { params: { id: own.id }, body: { addTags: ['asked'] } });
  await asked;
  await caller.call('deleteVideo', { params: { id: own.id } });
  await page.getByRole('heading', { name: 'This video is not here any more' }).waitFor();
  isGone();
  await answered;
  await page.waitForTimeout(500);
  await page.getByRole('heading', { name: 'This video is not here any more' }).waitFor({ timeout: 1000 });
  expect(problems).toEqual([]);
});

test('what is heard of a video while it is being deleted is not asked about: the answer would be that it is gone', async (context) => {
  const caller = await instance.createCaller();
  const video = await upload(caller, 'leaving.mp4');
  const { page, problems } = await browser.visit(context, { baseUrl: instance.baseUrl, token: caller.token });
  const asked: string[] = [];
  page.on('request', (request) => request.method() === 'GET' && request.url().includes(video.id) && asked.push(request.url()));
  let release: () => void = () => expect.unreachable();
  const isReleased = new Promise<void>((resolve) => (release = resolve));
  await page.route(/\/api\/v1\/videos\/[^/]+$/, async (route) => {
    await (route.request().method() === 'DELETE' ? isReleased : Promise.resolve());
    await route.continue();
  });
  await page.goto('/');
  const stream = page.waitForResponse(/\/events\/stream/);
  await page.getByRole('article').getByRole('link').first().click();
  await page.getByRole('heading', { name: 'leaving', level: 1 }).waitFor();
  await stream;

  const leaving = page.waitForRequest((request) => request.method() === 'DELETE');
  await page.locator('main header').getByRole('button', { name: 'More' }).click();
  await page.getByRole('menuitem', { name: 'Delete video…' }).click();
  await page.getByRole('button', { name: 'Delete for good' }).click();
  await leaving;
  asked.length = 0;
  await caller.call('updateVideo', { params: { id: video.id }, body: { folder: 'Last words' } });
  // The stream tells within its second; the library and the page would ask at once, or after their pause of two.
  await page.waitForTimeout(4000);
  release();
  await page.getByText('Drop your first video here').waitFor();
  expect(asked).toEqual([]);
  expect(problems).toEqual([]);
});

test('a failure names the stage, the cause and the next step, and can be tried again where that may help', async (context) => {
  const caller = await instance.createCaller();
  const agent = await enrolAgent(instance, ['inspect']);
  const visit = await browser.visit(context, { baseUrl: instance.baseUrl, token: caller.token });
  const { page } = visit;
  await page.goto('/');
  const list = await upload(caller, 'list.mp4');
  await page.getByRole('article').getByText('Looking at the video').waitFor();
  await failInspections(agent, caller, list.id, 'playlist_refused', 'This file is a playlist, not a video.');
  await page.getByRole('article').getByText('Stopped at: Inspect').waitFor();
  await page.getByRole('article').getByRole('link').first().click();
  const card = page.getByRole('alert');
  await card.getByText('This file is a playlist, not a video.').waitFor();
  await card.getByText('What you can do:').waitFor();
  expect(await card.getByRole('button', { name: 'Try again' }).count()).toBe(0);
  expect(await findBarriersEverywhere(page)).toEqual([]);

  const broken = await upload(caller, 'broken.mp4');
  await page.goto(`/#/videos/${broken.id}`);
  await failInspections(agent, caller, broken.id, 'decode_failed', 'The picture could not be decoded.');
  await page.getByRole('alert').getByText('The picture could not be decoded.').waitFor();
  await page.getByRole('alert').getByRole('button', { name: 'Try again' }).click();
  await page.getByRole('alert').waitFor({ state: 'detached' });
  await page.getByRole('region', { name: 'Progress' }).getByText('Waiting for an agent').waitFor();
  expect(visit.problems).toEqual([]);
});

test('the page follows the server live and finds its way back after a restart', async (context) => {
  const caller = await instance.createCaller();
  const visit = await browser.visit(context, { baseUrl: instance.baseUrl, token: caller.token });
  const { page } = visit;
  await page.goto('/');
  await page.getByText('Drop your first video here').waitFor();
  await upload(caller, 'before.mp4');
  await page
    .getByRole('article', { name: /before/ })
    .or(page.getByRole('heading', { name: 'before' }))
    .first()
    .waitFor();

  // A cut line is the subject here; what the page asks meanwhile cannot be answered.
  visit.expectRefusal('ERR_');
  await instance.restart(async () => {
    await page.getByText('Reconnecting…').waitFor();
  });
  await page.getByText('Reconnecting…').waitFor({ state: 'detached', timeout: 60_000 });
  await upload(caller, 'after.mp4');
  await page.getByRole('heading', { name: 'after' }).waitFor();
  expect(visit.problems).toEqual([]);
});

test('what happens while the library is on its way is not missed: neither behind the list, nor before the live stream', async (context) => {
  for (const late of ['the list', 'the stream'] as const) {
    const caller = await instance.createCaller();
    const { page, problems, context: profile } = await browser.visit(context, { baseUrl: instance.baseUrl, token: caller.token });
    let happen: () => void = () => undefined;
    const hasHappened = new Promise<void>((resolve) => (happen = resolve));
    let read: () => void = () => undefined;
    const isRead = new Promise<void>((resolve) => (read = resolve));
    await page.route(/\/api\/v1\/videos\?/, async (route) => {
      const response = await route.fetch();
      read();
      await (late === 'the list' ? hasHappened : Promise.resolve());
      await route.fulfill({ response });
    });
    const streamed = page.waitForRequest(/\/events\/stream/);
    await page.route(/\/events\/stream/, async (route) => {
      await (late === 'the stream' ? hasHappened : Promise.resolve());
      await route.continue();
    });
    await page.goto('/');
    await Promise.all([isRead, streamed]);
    if (late === 'the list') {
      await page.waitForTimeout(1500);
    } else {
      await page.getByText('Drop your first video here').waitFor();
    }
    await upload(caller, 'meanwhile.mp4');
    // The stream tells within its second of what has happened; the answer of the list is older than that.
    await page.waitForTimeout(late === 'the list' ? 2500 : 0);
    happen();
    await page.getByRole('heading', { name: 'meanwhile' }).waitFor({ timeout: 20_000 });
    expect(problems).toEqual([]);
    await profile.close();
  }
});

test('administrators see the agents and enrol one; others do not', async (context) => {
  const [administrator, member] = [await instance.createCaller({ isAdmin: true }), await instance.createCaller()];
  const visit = await browser.visit(context, { baseUrl: instance.baseUrl, token: administrator.token });
  const { page } = visit;
  await page.goto('/#/agents');
  await page.getByRole('button', { name: 'Add an agent' }).first().click();
  await page.getByRole('region', { name: 'Command' }).getByText(instance.baseUrl).waitFor();
  await page
    .getByRole('region', { name: 'Enrolment code' })
    .getByText(/.{10,}/)
    .waitFor();
  expect(await findBarriersEverywhere(page)).toEqual([]);
  await enrolAgent(instance);
  await page.getByText('protocol agent has enrolled.').waitFor();
  await page.getByRole('button', { name: 'Done' }).click();
  // The dialog may hear of the agent before the list does, whose order changes then.
  const cards = page.getByRole('article');
  const { length: agents } = (await administrator.call('listAgents')).items;
  await expect.poll(() => cards.count(), { timeout: 30_000 }).toBe(agents);
  await cards.first().getByText('Capabilities').click();
  await cards.first().getByText('libx264').waitFor();
  expect(await findBarriersEverywhere(page)).toEqual([]);
  expect(visit.problems).toEqual([]);

  const other = await browser.visit(context, { baseUrl: instance.baseUrl, token: member.token });
  await other.page.goto('/#/agents');
  await other.page.getByText('Only administrators can see this.').waitFor();
  expect(await other.page.getByRole('link', { name: 'Agents' }).count()).toBe(0);
  expect(other.problems).toEqual([]);
});

test('everything on the way to deleting a video works with the keyboard alone, and the theme can be chosen', async (context) => {
  const caller = await instance.createCaller();
  await upload(caller, 'a <img src=x onerror=alert(1)>.mp4');
  const visit = await browser.visit(context, { baseUrl: instance.baseUrl, token: caller.token, reducedMotion: true });
  const { page } = visit;
  await page.goto('/');
  await page.getByRole('heading', { name: 'a <img src=x onerror=alert(1)>' }).waitFor();
  await page.keyboard.press('Tab');
  expect(await page.locator(':focus').textContent()).toContain('Skip to content');
  await page.keyboard.press('Enter');
  await pressUntilFocused(page, 'Tab', /^Actions for/);
  await page.keyboard.press('Enter');
  await page.getByRole('menu').waitFor();
  await page.keyboard.press('End');
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog', { name: 'Delete this video?' });
  await dialog.waitFor();
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  await page.goto('/#/account');
  await page.getByRole('radio', { name: 'Dark' }).focus();
  await page.keyboard.press('Space');
  await page.reload();
  expect(await page.locator('html').getAttribute('data-theme')).toBe('dark');
  expect(await findBarriersEverywhere(page)).toEqual([]);
  expect(visit.problems).toEqual([]);
});

test('a menu opens beside its button and above everything, goes by arrows and letters, and gives the focus back', async (context) => {
  const caller = await instance.createCaller();
  const visit = await browser.visit(context, { baseUrl: instance.baseUrl, token: caller.token, reducedMotion: true });
  const { page } = visit;
  await page.goto('/');
  const button = page.getByRole('button', { name: /^Account/ });
  const menu = page.getByRole('menu');
  const focused = () => page.locator(':focus').textContent();
  // Its lines are made before anybody opens it, and neither seen nor read.
  const lines = page.locator('[role=menu]:has-text("Sign out")');
  await lines.waitFor({ state: 'attached' });
  expect([await lines.isVisible(), await menu.count()]).toEqual([false, 0]);
  await button.focus();
  await page.keyboard.press('ArrowUp');
  await menu.waitFor();
  expect(await button.getAttribute('aria-expanded')).toBe('true');
  expect((await focused())?.trim()).toBe('Sign out');
  await page.keyboard.press('ArrowDown');
  expect((await focused())?.trim()).toBe('Account');
  await page.keyboard.type('da');
  expect((await focused())?.trim()).toBe('Dark');
  expect(await findBarriersEverywhere(page)).toEqual([]);
  const [box, at] = [await menu.boundingBox(), await button.boundingBox()];
  expect(box && at && box.y >= 0 && box.y + box.height <= at.y).toBe(true);
  await page.keyboard.press('Escape');
  await menu.waitFor({ state: 'detached' });
  expect(await focused()).toContain('Account: ');
  expect(await button.getAttribute('aria-expanded')).toBe('false');

  await button.click();
  await menu.waitFor();
  await page.getByRole('menuitem', { name: 'Dark' }).hover();
  expect((await focused())?.trim()).toBe('Dark');
  await page.getByRole('heading', { level: 1 }).click();
  await menu.waitFor({ state: 'detached' });
  await button.click();
  await button.click();
  await menu.waitFor({ state: 'detached' });
  await page.keyboard.press('Enter');
  await menu.waitFor();
  await page.keyboard.type('da');
  await page.keyboard.press('Space');
  await menu.waitFor({ state: 'detached' });
  expect(await page.locator('html').getAttribute('data-theme')).toBe('dark');
  expect(visit.problems).toEqual([]);
});

test('a dialog is gone with Escape: a key that comes at once presses nothing in it, and it can be opened again', async (context) => {
  const caller = await instance.createCaller();
  const { id } = await upload(caller, 'kept.mp4');
  const visit = await browser.visit(context, { baseUrl: instance.baseUrl, token: caller.token });
  const { page } = visit;
  await page.goto('/');
  const open = async () => {
    await page.getByRole('button', { name: /^Actions for/ }).click();
    await page.getByRole('menuitem', { name: /^Delete/ }).click();
  };
  const dialog = page.getByRole('dialog', { name: 'Delete this video?' });
  for (const turn of [1, 2, 3]) {
    await open();
    await dialog.getByRole('button', { name: 'Delete for good' }).focus();
    await Promise.all([page.keyboard.press('Escape'), page.keyboard.press('Enter')]);
    await dialog.waitFor({ state: 'detached' });
    expect([turn, await page.getByRole('article').count()]).toEqual([turn, 1]);
  }
  await open();
  await dialog.getByRole('button', { name: 'Close' }).click();
  await dialog.waitFor({ state: 'detached' });
  expect((await caller.call('getVideo', { params: { id } })).id).toBe(id);
  expect(visit.problems).toEqual([]);
});

test('what lies behind a dialog is not pressed through it: a press there closes the dialog, and only the next one is meant for the page', async (context) => {
  const caller = await instance.createCaller();
  const visit = await browser.visit(context, { baseUrl: instance.baseUrl, token: caller.token, reducedMotion: true });
  const { page } = visit;
  await page.goto('/');
  await page.getByRole('heading', { name: 'Library', level: 1 }).waitFor();
  const place = await page.getByRole('link', { name: 'Search', exact: true }).boundingBox();
  const press = () => page.mouse.click((place?.x ?? 0) + 20, (place?.y ?? 0) + 10);
  await page.keyboard.press('Control+k');
  await page.getByRole('dialog').waitFor();
  await expect.poll(() => page.evaluate('getComputedStyle(document.body).overflowY')).toBe('hidden');
  // The strip that is kept for the scroll bar is as dark as the page beside it.
  const ground = () => page.evaluate('getComputedStyle(document.documentElement).backgroundColor');
  await expect.poll(ground).toBe('rgb(155, 154, 155)');
  await press();
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await expect.poll(() => page.evaluate('getComputedStyle(document.body).overflowY')).toBe('visible');
  await expect.poll(ground).toBe('rgba(0, 0, 0, 0)');
  expect(new URL(page.url()).hash).toMatch(/^(#\/)?$/);
  await press();
  await page.waitForURL(/#\/search$/);
  expect(visit.problems).toEqual([]);
});

async function pressUntilFocused(page: Awaited<ReturnType<typeof browser.visit>>['page'], key: string, name: RegExp) {
  for (let presses = 0; presses < 40; presses += 1) {
    await page.keyboard.press(key);
    const label =
      (await page
        .locator(':focus')
        .getAttribute('aria-label')
        .catch(() => null)) ?? '';
    if (name.test(label)) {
      return;
    }
  }
  throw new Error(`Nothing called ${String(name)} could be reached by ${key}.`);
}
