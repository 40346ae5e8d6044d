/** `npm run shots`: a picture of every page, light and dark, at 360 and 1440 px, some in German, into the folder `shots` that git ignores. */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildConsole } from '../../start/buildConsole.ts';
import { consoleDirectory, prepareBrowser } from '../browser/support/browser.ts';
import { startInstance, type TestInstance } from '../support/instance.ts';
import { framedPages } from './framedPages.ts';
import { type Seeded, seed } from './seed.ts';
import { compareBilling, seedBilling, sellingEnvironment } from './seedBilling.ts';
import { StripeStandIn } from '../support/stripeStandIn.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = join(root, 'shots');
const only = process.env['CARMIC_SHOTS']?.split(',');
const browser = prepareBrowser();
let instance: TestInstance;
let stripe: StripeStandIn;

beforeAll(async () => {
  await buildConsole(root, AbortSignal.timeout(580_000), () => process.stdout.write('Building the console …\n'));
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  stripe = await new StripeStandIn().start();
  instance = await startInstance({
    env: {
      ...sellingEnvironment(stripe),
      CARMIC_CONSOLE_DIR: consoleDirectory,
      CARMIC_LEASE_SECONDS: '900',
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
});

/** Every page by the name of its picture. */
function pagesOf({ videos }: Seeded, link: string): [name: string, path: string, open?: (page: Page) => Promise<void>][] {
  const video = `/videos/${videos.ready.id}`;
  const press = (name: RegExp) => (page: Page) => page.getByRole('button', { name }).first().click();
  return [
    ['shared', new URL(link).hash.slice(1)],
    ['share', video, press(/^(Share|Teilen)$/)],
    ['export', video, press(/^(Export|Exportieren)$/)],
    ['zip', video, press(/^(All as ZIP|Alles als ZIP)$/)],
    ['hold', '/safekeeping', press(/^Place a hold|^Place a legal hold|Add/)],
    ['plan', '/plans', press(/^Edit /)],
    ['enrolment', '/agents', press(/^Add an agent/)],
    ['case', '/safety', press(/evidence/i)],
    ['palette', '/', (page) => page.keyboard.press('Control+k')],
    ['keys', video, (page) => page.keyboard.press('?')],
    ...framedPages(videos),
  ];
}

/** Pages for those who are not signed in. */
const strangersPages = [
  ['sign-up', '/#/sign-up'],
  ['forgot', '/#/forgot'],
  ['privacy-policy', '/privacy'],
  ['privacy-parties', '/privacy/third-parties'],
] as const;

const inGerman = ['shared', 'share', 'export', 'zip', 'keys', 'library', 'video', 'account', 'billing', 'plans', 'overview'];

test('every page', async (context) => {
  const painter = await browser.visit(context, { baseUrl: instance.baseUrl });
  const seeded = await seed(instance, painter.page);
  await painter.context.close();
  await seedBilling(instance, stripe, seeded.admin);
  await compareBilling(seeded.admin);
  await seeded.admin.call('updateVideo', {
    params: { id: seeded.videos.ready.id },
    body: { folder: 'Founders at Sea', addTags: ['interview', 'harbours'] },
  });
  const [clip] = (await seeded.admin.call('listClips', { params: { id: seeded.videos.ready.id } })).items;
  const { url: link } = await seeded.admin.call('createClipLink', {
    params: { id: clip?.id ?? '' },
    body: { kind: 'review', canDownload: true },
  });
  const linkToken = link.split('token=')[1] ?? '';
  const remark = { linkToken, name: 'Grace Okafor', atSeconds: 4.2 };
  await seeded.admin.call('addSharedComment', { body: { ...remark, text: 'The first word is cut off here.' } });
  await seeded.admin.call('addSharedComment', {
    body: { linkToken, name: 'Grace Okafor', kind: 'changes_requested', text: 'Please mend that.' },
  });
  const problems: string[] = [];
  const looks = [
    { theme: 'light', width: 1440, height: 900 },
    { theme: 'dark', width: 360, height: 760 },
    { theme: 'dark', width: 1440, height: 900 },
    { theme: 'light', width: 360, height: 760 },
  ] as const;
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
      for (const [name, path, open] of pagesOf(seeded, link)) {
        if ((language === 'en' || inGerman.includes(name)) && (only === undefined || only.includes(name))) {
          await visit.page.goto(`/#${path}`);
          await visit.page.locator('h1').first().waitFor();
          // An address behind the # loads nothing anew, so that the grey blocks of a page say when its data is there.
          await visit.page
            .getByRole('status', { name: /^(Loading|Wird geladen)$/ })
            .first()
            .waitFor({ state: 'detached' });
          await visit.page.waitForLoadState('networkidle');
          if (open) {
            await open(visit.page);
            await visit.page.getByRole('dialog').waitFor();
            await visit.page.waitForLoadState('networkidle');
          }
          const suffix = language === 'en' ? '' : '-de';
          await visit.page.screenshot({ path: join(folder, `${name}${suffix}-${theme}-${width}.png`), fullPage: true });
          if (open) {
            await visit.page.keyboard.press('Escape');
            await visit.page.getByRole('dialog').waitFor({ state: 'detached' });
          }
        }
      }
      if (language === 'en' && only === undefined) {
        const stranger = await browser.visit(context, { baseUrl: instance.baseUrl, theme, width, height, reducedMotion: true });
        await stranger.page.goto('/');
        await stranger.page.locator('h1').first().waitFor();
        await stranger.page.screenshot({ path: join(folder, `sign-in-${theme}-${width}.png`) });
        for (const [name, path] of strangersPages) {
          await stranger.page.goto(path);
          await stranger.page.locator('h1').first().waitFor();
          await stranger.page.waitForLoadState('networkidle');
          await stranger.page.screenshot({ path: join(folder, `${name}-${theme}-${width}.png`), fullPage: true });
        }
        await stranger.context.close();
      }
      problems.push(...visit.problems.map((problem) => `${theme} ${width}: ${problem}`));
      await visit.context.close();
    }
  }
  expect(problems).toEqual([]);
});
