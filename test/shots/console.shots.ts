/** `npm run shots`: a picture of every page, light and dark, at 360 and 1440 px, some in German, into the folder `shots` that git ignores. */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildConsole } from '../../start/buildConsole.ts';
import { consoleDirectory, prepareBrowser } from '../browser/support/browser.ts';
import { startInstance, type TestInstance } from '../support/instance.ts';
import { type Seeded, seed } from './seed.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = join(root, 'shots');
const only = process.env['CARMIC_SHOTS']?.split(',');
const browser = prepareBrowser();
let instance: TestInstance;

beforeAll(async () => {
  await buildConsole(root, AbortSignal.timeout(580_000), () => process.stdout.write('Building the console …\n'));
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  instance = await startInstance({
    env: { CARMIC_CONSOLE_DIR: consoleDirectory, CARMIC_LEASE_SECONDS: '900', CARMIC_OUTGOING_HOSTS: 'hooks.harbour.example' },
  });
});

afterAll(async () => {
  await browser.close();
  await instance.stop();
});

/** Every page by the name of its picture. */
function pagesOf({ videos }: Seeded): [name: string, path: string][] {
  return [
    ['library', '/'],
    ['video', `/videos/${videos.ready.id}`],
    ['video-failed', `/videos/${videos.failed.id}`],
    ['video-running', `/videos/${videos.running.id}`],
    ['search', '/search?q=harbour'],
    ['glossary', '/glossary'],
    ['engines', '/engines'],
    ['safety', '/safety'],
    ['brands', '/brands'],
    ['agents', '/agents'],
    ['account', '/account'],
    ['billing', '/billing'],
    ['members', '/members'],
    ['sign-on', '/sign-on'],
    ['people', '/people'],
    ['deletions', '/deletions'],
    ['plans', '/plans'],
    ['overview', '/overview'],
    ['storage', '/storage'],
    ['safekeeping', '/safekeeping'],
    ['privacy-requests', '/privacy-requests'],
    ['mail', '/mail'],
    ['third-parties', '/third-parties'],
    ['personal-data', '/personal-data'],
    ['data-map', '/data-map'],
    ['audit', '/audit'],
    ['webhooks', '/webhooks'],
    ['not-found', '/nowhere'],
  ];
}

const inGerman = ['library', 'video', 'account', 'plans', 'overview'];

test('every page', async (context) => {
  const painter = await browser.visit(context, { baseUrl: instance.baseUrl });
  const seeded = await seed(instance, painter.page);
  await painter.context.close();
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
      for (const [name, path] of pagesOf(seeded)) {
        if ((language === 'en' || inGerman.includes(name)) && (only === undefined || only.includes(name))) {
          await visit.page.goto(`/#${path}`);
          await visit.page.locator('h1').first().waitFor();
          // An address behind the # loads nothing anew, so that the grey blocks of a page say when its data is there.
          await visit.page
            .getByRole('status', { name: /^(Loading|Wird geladen)$/ })
            .first()
            .waitFor({ state: 'detached' });
          await visit.page.waitForLoadState('networkidle');
          const suffix = language === 'en' ? '' : '-de';
          await visit.page.screenshot({ path: join(folder, `${name}${suffix}-${theme}-${width}.png`), fullPage: true });
        }
      }
      if (language === 'en' && only === undefined) {
        const stranger = await browser.visit(context, { baseUrl: instance.baseUrl, theme, width, height, reducedMotion: true });
        await stranger.page.goto('/');
        await stranger.page.locator('h1').first().waitFor();
        await stranger.page.screenshot({ path: join(folder, `sign-in-${theme}-${width}.png`) });
        await stranger.context.close();
      }
      problems.push(...visit.problems.map((problem) => `${theme} ${width}: ${problem}`));
      await visit.context.close();
    }
  }
  expect(problems).toEqual([]);
});
