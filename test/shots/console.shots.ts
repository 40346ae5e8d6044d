/** `npm run shots`: a picture of every page, light and dark, at 360 and 1440 px, in English and German, into the folder `shots` that git ignores. */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildConsole } from '../../start/buildConsole.ts';
import { consoleDirectory, prepareBrowser } from '../browser/support/browser.ts';
import { startInstance, type TestInstance } from '../support/instance.ts';
import { framedPages } from './framedPages.ts';
import { openPage } from './openPage.ts';
import { type Seeded, seed } from './seed.ts';
import { compareBilling, seedBilling, sellingEnvironment } from './seedBilling.ts';
import { serveLibreTranslate, type WordService } from '../support/wordServices.ts';
import { seedAdmin } from './seedAdmin.ts';
import { seedLanguages } from './seedLanguages.ts';
import { StripeStandIn } from '../support/stripeStandIn.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = join(root, 'shots');
const only = process.env['CARMIC_SHOTS']?.split(',');
const onlyLooks = process.env['CARMIC_SHOT_LOOKS']?.split(',');
const browser = prepareBrowser();
let instance: TestInstance;
let stripe: StripeStandIn;
let libre: WordService;

beforeAll(async () => {
  await buildConsole(root, AbortSignal.timeout(580_000), () => process.stdout.write('Building the console …\n'));
  if (only === undefined && onlyLooks === undefined) {
    rmSync(folder, { recursive: true, force: true });
  }
  mkdirSync(folder, { recursive: true });
  stripe = await new StripeStandIn().start();
  libre = await serveLibreTranslate((text) => text);
  instance = await startInstance({
    env: {
      ...sellingEnvironment(stripe),
      CARMIC_CONSOLE_DIR: consoleDirectory,
      CARMIC_LEASE_SECONDS: '900',
      CARMIC_LIBRETRANSLATE_URL: libre.baseUrl,
      CARMIC_OUTGOING_HOSTS: 'hooks.harbour.example',
      CARMIC_OPERATOR_NAME: 'Harbour Media GmbH',
      CARMIC_OPERATOR_EMAIL: 'privacy@harbour.example',
    },
  });
});

afterAll(async () => {
  await browser.close();
  await instance.stop();
  await stripe.close();
  await libre.close();
});

/** What is to be seen: a page, and what a person opens on it. Buttons are found by their English or German names. */
interface Picture {
  name: string;
  path: string;
  /** Opens a dialog, which is closed again behind the picture. */
  dialog?: (page: Page) => Promise<void>;
  /** Opens a part of the page itself. */
  part?: (page: Page) => Promise<void>;
  /** Undoes behind the picture what a reload leaves. */
  after?: (page: Page) => Promise<void>;
  /** What stands at the edge of the window is not drawn into a longer page. */
  isWindow?: boolean;
}

function picturesOf({ videos }: Seeded, link: string, translationId: string): Picture[] {
  const video = `/videos/${videos.ready.id}`;
  const press = (name: RegExp) => (page: Page) => page.getByRole('button', { name }).first().click();
  const choose = (button: RegExp, item: RegExp) => async (page: Page) => {
    await press(button)(page);
    await page.getByRole('menuitem', { name: item }).click();
  };
  const ofClip = (item: RegExp) => async (page: Page) => {
    await page
      .getByRole('article')
      .first()
      .getByRole('button', { name: /^(More|Mehr)$/ })
      .click();
    await page.getByRole('menuitem', { name: item }).click();
  };
  const openRender = press(/^(Add format|Format hinzufügen)$/);
  return [
    { name: 'shared', path: new URL(link).hash.slice(1) },
    { name: 'translation', path: `/translations/${translationId}` },
    { name: 'share', path: video, dialog: ofClip(/^(Share|Teilen)$/) },
    { name: 'export', path: video, dialog: press(/^(Export|Exportieren)$/) },
    { name: 'zip', path: video, dialog: press(/^(All as ZIP|Alles als ZIP)$/) },
    { name: 'render', path: video, dialog: openRender },
    {
      name: 'line-breaks',
      path: video,
      dialog: async (page) => {
        await openRender(page);
        await page
          .getByRole('dialog')
          .getByText(/^(Line breaks|Zeilenumbrüche)$/)
          .click();
        await page.getByRole('group', { name: /^(Line breaks|Zeilenumbrüche)$/ }).scrollIntoViewIfNeeded();
      },
    },
    { name: 'crop', path: video, dialog: ofClip(/^(Crop|Ausschnitt)$/) },
    { name: 'cut', path: video, part: (page) => cutByWords(page) },
    { name: 'tags', path: '/', dialog: choose(/^(Actions for|Aktionen für) Why/, /^(Folder and tags|Ordner und Schlagwörter)$/) },
    { name: 'hold', path: '/safekeeping', dialog: press(/^(Place a hold|Löschsperre setzen)$/) },
    { name: 'plan', path: '/plans', dialog: press(/^Edit | bearbeiten$/) },
    { name: 'enrolment', path: '/agents', dialog: press(/^(Add an agent|Agenten hinzufügen)$/) },
    { name: 'agent-log', path: '/agents', dialog: press(/^(Log of|Protokoll von)/) },
    { name: 'case', path: '/safety', dialog: press(/^(See the evidence|Belege ansehen)$/) },
    { name: 'enter-request', path: '/privacy-requests', dialog: press(/^(Enter a request|Anfrage eintragen)$/) },
    { name: 'provider', path: '/sign-on', dialog: press(/^(Add a provider|Dienst hinzufügen|Anbieter hinzufügen)$/) },
    {
      name: 'webhook',
      path: '/webhooks',
      dialog: async (page) => {
        await press(/^(Actions for|Aktionen für) https:/)(page);
        await page.getByRole('menuitem', { name: /^(Change|Ändern)$/ }).click();
        await page.getByRole('dialog').locator('summary').first().click();
      },
    },
    { name: 'deliveries', path: '/webhooks', dialog: press(/^(Deliveries to|Zustellungen an)/) },
    {
      name: 'safety-rules',
      path: '/safety',
      part: async (page) => {
        await page.getByText(/^(Rules|Regeln)$/).click();
        await page.getByRole('spinbutton').first().waitFor();
      },
    },
    { name: 'setting-error', path: '/settings?group=limits', part: trySetting },
    {
      name: 'audit-verified',
      path: '/audit',
      part: async (page) => {
        await press(/^(Verify the chain|Kette prüfen)$/)(page);
        await page.getByText(/^(Intact|Unversehrt)/).waitFor();
      },
    },
    { name: 'impact', path: '/plans', dialog: previewPlan },
    { name: 'invite', path: '/members', dialog: press(/^(Invite|Einladen)$/) },
    { name: 'receipt', path: '/deletions', dialog: press(/^(Receipt|Beleg)$/) },
    { name: 'palette', path: '/', dialog: (page) => page.keyboard.press('Control+k') },
    { name: 'keys', path: video, dialog: (page) => page.keyboard.press('?') },
    ...framedPages(videos).map(([name, path]) => ({ name, path })),
    // Last: parts that never arrive keep the line of the page from being quiet.
    { name: 'uploads', path: '/', part: startUploads, after: cancelUploads, isWindow: true },
  ];
}

/** The first clip, about to be cut: its time line, and some words selected. */
async function cutByWords(page: Page): Promise<void> {
  await page
    .getByRole('button', { name: /^(Cut by words|Schneiden)$/ })
    .first()
    .click();
  const first = page.locator('[data-word].inside').first();
  await first.waitFor();
  await first.evaluate((element) => (element.closest('[data-paragraph]')?.querySelector('button') as { focus(): void } | null)?.focus());
  for (const _ of ['one', 'two', 'three']) {
    await page.keyboard.press('Shift+ArrowRight');
  }
  await page.getByRole('group', { name: /^(Selected words|Ausgewählte Wörter)$/ }).waitFor();
}

/** Makes the window as high as its page: a longer picture would have what sticks to the window's edge in its middle. */
async function growWindow(page: Page, width: number): Promise<void> {
  const height = await page.evaluate(
    () => (Reflect.get(globalThis, 'document') as { documentElement: { scrollHeight: number } }).documentElement.scrollHeight,
  );
  await page.setViewportSize({ width, height });
}

/** Waits until nothing that is seen says that it is on its way: not a part of the page, nor a preview that the browser draws itself. */
async function untilLoaded(page: Page): Promise<void> {
  await page.waitForLoadState('networkidle');
  const signs = page.getByRole('status', { name: loading }).or(page.getByText(loading)).filter({ visible: true });
  await expect.poll(() => signs.count(), { timeout: 15_000 }).toBe(0);
}

const loading = /^(Loading|Wird geladen)$/;

/** Tries a value with a unit, which is answered with the number to enter. */
async function trySetting(page: Page): Promise<void> {
  const row = page.getByRole('listitem').filter({ hasText: 'CARMIC_MAX_UPLOAD_BYTES' });
  await row.locator('summary').click();
  await row.getByRole('textbox').fill('20 GB');
  await row.getByRole('button', { name: /^(Check|Prüfen)$/ }).click();
  await row.getByText('20000000000 (20 GB)').first().waitFor();
}

/** A plan that keeps everything now would keep it for some seconds only: what that would end. */
async function previewPlan(page: Page): Promise<void> {
  await page
    .getByRole('button', { name: /^Edit Professional$|^Professional bearbeiten$/ })
    .first()
    .click();
  await page
    .getByRole('dialog')
    .getByText(/^(Expires|Läuft ab)$/)
    .click();
  await page.getByLabel(/^(Days|Tage)/).fill('0.0001');
  await page.getByRole('button', { name: /^(Show the impact|Auswirkung zeigen)$/ }).click();
  await page.getByRole('dialog').getByRole('status').waitFor();
}

/** Two files on their way, whose parts do not arrive. */
async function startUploads(page: Page): Promise<void> {
  await page.route('**', (route) => (route.request().method() === 'PUT' ? undefined : route.fallback()));
  const [chooser] = await Promise.all([
    page.waitForEvent('filechooser'),
    page
      .getByRole('button', { name: /^(Upload videos|Videos hochladen)$/ })
      .first()
      .click(),
  ]);
  await chooser.setFiles(
    uploaded.map((title, at) => ({
      name: `${title}.mp4`,
      mimeType: 'video/mp4',
      buffer: Buffer.alloc(9_000_000 + at * 5_000_000, at + 1),
    })),
  );
  await page.getByRole('dialog').getByRole('button', { name: startButton }).click();
  // On a telephone one line tells of them.
  const unfold = page.getByRole('button', { name: /^(Show uploads|Uploads zeigen)$/ });
  if ((page.viewportSize()?.width ?? 0) < 600) {
    await unfold.click();
  }
  const tray = page.getByRole('region', { name: 'Uploads' });
  await expect.poll(() => tray.getByText(/^(Uploading|Wird hochgeladen)/).count()).toBe(2);
}

const startButton = /^Start| starten$/;
const uploaded = ['Harbour days, part 1', 'The harbour at night, uncut'];

async function cancelUploads(page: Page): Promise<void> {
  for (const name of uploaded) {
    const button = page.getByRole('button', { name: new RegExp(`^(Cancel ${name}|${name} abbrechen)$`) });
    await button.click();
    await page
      .getByRole('dialog')
      .getByRole('button', { name: /^(Cancel upload|Upload abbrechen)$/ })
      .click();
    await button.waitFor({ state: 'detached' });
  }
  await page.unrouteAll({ behavior: 'ignoreErrors' });
}

/** Pages for those who are not signed in. */
const strangersPages = [
  ['sign-in', '/'],
  ['sign-up', '/#/sign-up'],
  ['forgot', '/#/forgot'],
  ['used-link', '/#/confirm?token=used'],
  ['used-invitation', '/#/invitation?token=used'],
  ['privacy-policy', '/privacy'],
  ['privacy-parties', '/privacy/third-parties'],
] as const;

test('every page', async (context) => {
  const painter = await browser.visit(context, { baseUrl: instance.baseUrl });
  const seeded = await seed(instance, painter.page);
  await painter.context.close();
  await seedBilling(instance, stripe, seeded.admin);
  await compareBilling(seeded.admin);
  await seedAdmin(instance, seeded.admin);
  await seeded.admin.call('updateVideo', {
    params: { id: seeded.videos.ready.id },
    body: { folder: 'Founders at Sea', addTags: ['interview', 'harbours'] },
  });
  const [clip] = (await seeded.admin.call('listClips', { params: { id: seeded.videos.ready.id } })).items;
  const { url: link } = await seeded.admin.call('createClipLink', {
    params: { id: clip?.id ?? '' },
    body: { kind: 'review', canDownload: true },
  });
  const translationId = await seedLanguages(seeded);
  const linkToken = link.split('token=')[1] ?? '';
  const remark = { linkToken, name: 'Grace Okafor', atSeconds: 4.2 };
  await seeded.admin.call('addSharedComment', { body: { ...remark, text: 'The first word is cut off here.' } });
  await seeded.admin.call('addSharedComment', {
    body: { linkToken, name: 'Grace Okafor', kind: 'changes_requested', text: 'Please mend that.' },
  });
  const problems: string[] = [];
  const looks = (
    [
      { theme: 'light', width: 1440, height: 900 },
      { theme: 'dark', width: 360, height: 760 },
      { theme: 'dark', width: 1440, height: 900 },
      { theme: 'light', width: 360, height: 760 },
    ] as const
  ).filter(({ theme, width }) => onlyLooks === undefined || onlyLooks.includes(`${theme}-${width}`));
  for (const { theme, width, height } of looks) {
    for (const language of ['en', 'de'] as const) {
      const visit = await browser.visit(context, {
        baseUrl: instance.baseUrl,
        token: seeded.admin.token,
        theme,
        width,
        height,
        reducedMotion: true,
      });
      await visit.page.addInitScript(`localStorage.setItem('carmic.language', '${language}')`);
      for (const { name, path, dialog, part, after, isWindow } of picturesOf(seeded, link, translationId)) {
        if (only === undefined || only.includes(name)) {
          const suffix = language === 'en' ? '' : '-de';
          const picture = `${name}${suffix}-${theme}-${width}`;
          try {
            await openPage(visit.page, path);
            await visit.page.waitForLoadState('networkidle');
            if (dialog) {
              await dialog(visit.page);
              await visit.page.getByRole('dialog').waitFor();
            }
            await part?.(visit.page);
            await untilLoaded(visit.page);
            // What stands on the screen says more of a dialog than the page behind it.
            if (dialog === undefined && isWindow !== true) {
              await growWindow(visit.page, width);
              await untilLoaded(visit.page);
            }
            await visit.page.screenshot({ path: join(folder, `${picture}.png`) });
            await visit.page.setViewportSize({ width, height });
            await after?.(visit.page);
            if (dialog || part) {
              // What is still on its way when a page is left would never be counted as arrived.
              await visit.page.reload({ waitUntil: 'networkidle' });
            }
          } catch (error) {
            problems.push(`${picture}: ${String(error).slice(0, 400)}`);
            await visit.page.setViewportSize({ width, height });
            await visit.page.reload();
          }
        }
      }
      const doors = strangersPages.filter(([name]) => only === undefined || only.includes(name));
      if (doors.length > 0) {
        const stranger = await browser.visit(context, { baseUrl: instance.baseUrl, theme, width, height, reducedMotion: true });
        await stranger.page.addInitScript(`localStorage.setItem('carmic.language', '${language}')`);
        for (const [name, path] of doors) {
          stranger.expectRefusal('/api/v1/');
          // The pages of the server itself go by the address.
          await stranger.page.goto(path.includes('#') || path === '/' ? path : `${path}?lang=${language}`);
          await stranger.page.locator('h1').first().waitFor();
          await stranger.page.waitForLoadState('networkidle');
          const picture = `${name}${language === 'en' ? '' : '-de'}-${theme}-${width}`;
          await stranger.page.screenshot({ path: join(folder, `${picture}.png`), fullPage: true });
        }
        await stranger.context.close();
      }
      problems.push(...visit.problems.map((problem) => `${theme} ${width}: ${problem}`));
      await visit.context.close();
    }
  }
  expect(problems).toEqual([]);
});
