/** Every page with something on it: no barrier in light on a wide window and in dark on a narrow one, and nothing that the browser complains of. */
import type { Locator } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { framedPages, type PageVideos } from '../shots/framedPages.ts';
import { openPage } from '../shots/openPage.ts';
import { seedPeople, seedSafety } from '../shots/seedCases.ts';
import { failInspection, fillPlaces } from '../shots/seed.ts';
import { type Caller, startInstance, type TestInstance, until } from '../support/instance.ts';
import { enrolAgent } from '../support/protocolAgent.ts';
import { uploadVideo } from '../support/upload.ts';
import { findBarriers } from './support/axe.ts';
import { consoleDirectory, prepareBrowser } from './support/browser.ts';
import { chooseMore } from './support/chooseMore.ts';

const browser = prepareBrowser();
let instance: TestInstance;
let admin: Caller;
let videos: PageVideos;
const srt =
  '1\n00:00:00,000 --> 00:00:03,000\nWhy do most harbours fail?\n\n2\n00:00:03,500 --> 00:00:09,000\nIt is always the money that runs out.\n';

beforeAll(async () => {
  instance = await startInstance({
    env: {
      CARMIC_CONSOLE_DIR: consoleDirectory,
      CARMIC_LEASE_SECONDS: '900',
      CARMIC_OUTGOING_HOSTS: 'hooks.harbour.example',
      CARMIC_OPERATOR_NAME: 'Harbour Media GmbH',
      CARMIC_OPERATOR_EMAIL: 'privacy@harbour.example',
    },
  });
  admin = await instance.createCaller({ isAdmin: true });
  const agent = await enrolAgent(instance, ['inspect', 'render'], { name: 'studio-gpu-1' });
  const add = async (fileName: string) => {
    const video = await uploadVideo(admin.call, instance.baseUrl, Buffer.from(fileName), { fileName, captions: srt });
    await agent.finish(await until('the inspection', () => agent.lease(['inspect'], 5)));
    await until('the clips', async () => (await admin.call('listClips', { params: { id: video.id } })).items[0]);
    return video;
  };
  const ready = await add('Why harbours fail.mp4');
  const second = await add('Annual meeting.mp4');
  const failed = await uploadVideo(admin.call, instance.baseUrl, Buffer.from('failed'), { fileName: 'Old camera.avi' });
  await failInspection(agent, admin, failed.id);
  const running = await uploadVideo(admin.call, instance.baseUrl, Buffer.from('running'), { fileName: 'Rehearsal.mp4' });
  const lease = await until('its inspection', () => agent.lease(['inspect'], 5));
  await agent.renew(lease, 0.62);
  await seedSafety(instance, admin, agent);
  await seedPeople(admin);
  await fillPlaces(instance, admin, ready, second);
  videos = { ready, failed, running };
});
afterAll(async () => {
  await browser.close();
  await instance.stop();
});

describe('every page', () => {
  for (const [theme, width] of [
    ['light', 1440],
    ['dark', 360],
  ] as const) {
    test(`has no barrier in ${theme} at ${width} px, no error and no failed request`, { timeout: 600_000 }, async (context) => {
      const visit = await browser.visit(context, { baseUrl: instance.baseUrl, token: admin.token, theme, width, reducedMotion: true });
      // Pictures and films of a made-up agent are no files; the pages around them are meant here.
      visit.expectRefusal('/storage/');
      const barriers: string[] = [];
      for (const [name, path] of framedPages(videos)) {
        await visit.page.goto(`/#${path}`);
        await visit.page.locator('h1').first().waitFor();
        await visit.page.getByRole('status', { name: 'Loading' }).first().waitFor({ state: 'detached' });
        barriers.push(...(await findBarriers(visit.page)).map((text) => `${name}: ${text}`));
      }
      expect(barriers).toEqual([]);
      expect(visit.problems).toEqual([]);
      await visit.context.close();
    });
  }
});

test('no page scrolls sideways at 360 px, in English and in German', { timeout: 600_000 }, async (context) => {
  const tooWide: string[] = [];
  for (const language of ['en', 'de']) {
    const visit = await browser.visit(context, {
      baseUrl: instance.baseUrl,
      token: admin.token,
      width: 360,
      height: 760,
      reducedMotion: true,
    });
    visit.expectRefusal('/storage/');
    await visit.page.addInitScript(`localStorage.setItem('carmic.language', '${language}')`);
    for (const [name, path] of framedPages(videos)) {
      await openPage(visit.page, path);
      expect(await visit.page.locator('html').getAttribute('lang')).toBe(language);
      // What is wider may also be cut off by a box that hides it: every button has to be in sight.
      const px = (await visit.page.evaluate('document.documentElement.scrollWidth - innerWidth')) as number;
      const hidden = (await visit.page.evaluate(buttonsOutOfSight)) as string[];
      tooWide.push(...(px > 0 ? [`${language} ${name}: ${px} px too wide`] : []), ...hidden.map((text) => `${language} ${name}: ${text}`));
    }
    await visit.context.close();
  }
  expect(tooWide).toEqual([]);
});

/** Runs in the page: buttons whose side lies beyond the window, unless something around them scrolls. */
const buttonsOutOfSight = `[...document.querySelectorAll('main button, main a, main input, main select')]
  .filter((element) => element.checkVisibility({ visibilityProperty: true }) && !element.closest('.visually-hidden'))
  .filter((element) => element.getBoundingClientRect().right > innerWidth + 1)
  .filter((element) => {
    for (let around = element.parentElement; around; around = around.parentElement) {
      if (['auto', 'scroll'].includes(getComputedStyle(around).overflowX) && around !== document.documentElement) return false;
    }
    return true;
  })
  .map((element) => (element.getAttribute('aria-label') ?? element.textContent ?? '').trim().slice(0, 60))`;

test('the enrolment dialog shows at 360 px the whole code, and no button stands over it or over the command', async (context) => {
  const visit = await browser.visit(context, {
    baseUrl: instance.baseUrl,
    token: admin.token,
    width: 360,
    height: 760,
    reducedMotion: true,
  });
  await visit.page.goto('/#/agents');
  await visit.page.getByRole('button', { name: 'Add an agent' }).click();
  const dialog = visit.page.getByRole('dialog');
  const code = dialog.getByRole('region', { name: 'Enrolment code' });
  await code.waitFor();
  expect(await code.evaluate((element) => element.scrollWidth - element.clientWidth)).toBe(0);
  const boxOf = async (thing: Locator) => (await thing.boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
  const texts = [await boxOf(code), await boxOf(dialog.getByRole('region', { name: 'Command' }))];
  const buttons = await Promise.all((await dialog.getByRole('button', { name: 'Copy' }).all()).map(boxOf));
  expect(buttons.length).toBe(2);
  // All of the width is theirs: the button stands above or below.
  const beside = texts.flatMap((text) => buttons.filter((button) => button.y < text.y + text.height && text.y < button.y + button.height));
  expect(beside).toEqual([]);
  expect(texts.filter((text) => text.width < 290)).toEqual([]);
  expect(visit.problems).toEqual([]);
});

test('the main dialogs have no barrier, and are left by Escape', { timeout: 300_000 }, async (context) => {
  const visit = await browser.visit(context, { baseUrl: instance.baseUrl, token: admin.token, theme: 'dark', reducedMotion: true });
  const { page } = visit;
  visit.expectRefusal('/storage/');
  const video = `/videos/${videos.ready.id}`;
  const press = (name: string | RegExp) => () => page.getByRole('button', { name }).first().click();
  const dialogs: [path: string, open: () => Promise<void>][] = [
    ['/safekeeping', press('Place a hold')],
    ['/plans', press(/^Edit /)],
    ['/agents', press('Add an agent')],
    ['/safety', press('See the evidence')],
    ['/privacy-requests', press('Enter a request')],
    [video, press(/^Export$/)],
    [video, press(/^All as ZIP$/)],
    [video, () => chooseMore(page.getByRole('article').first(), 'Crop')],
    [video, () => chooseMore(page.getByRole('article').first(), 'Share')],
    [
      `/videos/${videos.failed.id}`,
      async () => {
        await page.locator('main header').getByRole('button', { name: 'More' }).first().click();
        await page.getByRole('menuitem', { name: 'Delete video…' }).click();
      },
    ],
  ];
  const barriers: string[] = [];
  for (const [path, open] of dialogs) {
    await page.goto(`/#${path}`);
    await open();
    const dialog = page.getByRole('dialog').or(page.getByRole('alertdialog'));
    await dialog.waitFor();
    await dialog.getByRole('status', { name: 'Loading' }).first().waitFor({ state: 'detached' });
    barriers.push(...(await findBarriers(page)).map((text) => `${path}: ${text}`));
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
  }
  expect(barriers).toEqual([]);
  expect(visit.problems).toEqual([]);
});

test('forms of administrators offer nothing that cannot be, and take and tell numbers as the reader’s language writes them', async (context) => {
  const visit = await browser.visit(context, { baseUrl: instance.baseUrl, token: admin.token, width: 1440, reducedMotion: true });
  const { page } = visit;
  await page.addInitScript(`localStorage.setItem('carmic.language', 'de')`);
  await openPage(page, '/safety');
  await page.getByText('Regeln', { exact: true }).click();
  const threshold = page.getByLabel('Wert, ab dem Hass zählt');
  await page.getByLabel('Was mit einem Video geschieht: Hass').selectOption('Vermerken');
  expect(await threshold.isEnabled()).toBe(true);
  await page.getByLabel('Was mit einem Video geschieht: Hass').selectOption('Nicht beachten');
  expect(await threshold.isEnabled(), 'nothing counts from there on').toBe(false);

  await openPage(page, '/compression');
  const target = page.getByLabel('Ähnlichkeit, die jeder Clip erreichen muss (SSIM)');
  expect(await target.inputValue()).toMatch(/^0,\d+$/);
  await target.fill('0,965');
  await page.getByRole('button', { name: 'Speichern' }).click();
  await page.getByText('Gespeichert.').waitFor();
  expect((await admin.call('getCompressionSettings')).target).toBe(0.965);

  await openPage(page, '/settings?group=limits');
  const row = page.getByRole('listitem').filter({ hasText: 'CARMIC_MAX_UPLOAD_BYTES' });
  await row.locator('summary').click();
  await row.getByRole('textbox').fill('20 GB');
  await row.getByRole('button', { name: 'Prüfen' }).click();
  await row.getByText('Diese Einstellung zählt in Bytes und braucht die Zahl allein: 20000000000 (20 GB).').waitFor();

  await openPage(page, '/sign-on');
  await page.getByRole('button', { name: 'Dienst hinzufügen' }).first().click();
  const [offered, enforced] = ['Auf der Anmeldeseite anbieten', 'Verpflichtend'].map((name) => page.getByRole('checkbox', { name }));
  await offered?.check();
  await enforced?.check();
  await offered?.uncheck();
  expect([await enforced?.isChecked(), await enforced?.isEnabled()]).toEqual([false, false]);
});
