/** What is drawn first, and what has to be there for it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page, Route } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startInstance, type TestInstance } from '../support/instance.ts';
import { uploadVideo } from '../support/upload.ts';
import { consoleDirectory, prepareBrowser } from './support/browser.ts';

const browser = prepareBrowser();
let instance: TestInstance;

beforeAll(async () => {
  instance = await startInstance({ env: { CARMIC_CONSOLE_DIR: consoleDirectory } });
});
afterAll(async () => {
  await browser.close();
  await instance.stop();
});

const waiting = '#app > [role=status][aria-label=Loading]';

/** Notes in every page to come whether it ever waits to know who is signed in; answers how to ask. */
async function watchWaiting(page: Page): Promise<() => Promise<boolean>> {
  await page.addInitScript((selector) => {
    const { document, MutationObserver } = globalThis as unknown as {
      document: { querySelector(selector: string): unknown };
      MutationObserver: new (look: () => void) => { observe(node: unknown, options: object): void };
    };
    Reflect.set(globalThis, 'hasWaited', false);
    const look = () => document.querySelector(selector) !== null && Reflect.set(globalThis, 'hasWaited', true);
    new MutationObserver(look).observe(document, { childList: true, subtree: true });
  }, waiting);
  return () => page.evaluate(() => Reflect.get(globalThis, 'hasWaited') as boolean);
}

test('where it is known who is signed in when the program comes, the page itself is the first picture', async (context) => {
  const caller = await instance.createCaller();
  await uploadVideo(caller.call, instance.baseUrl, Buffer.from('first'), { fileName: 'first.mp4' });
  const visit = await browser.visit(context, { baseUrl: instance.baseUrl, token: caller.token });
  const { page } = visit;
  const hasWaited = await watchWaiting(page);
  const answer = page.waitForEvent('response', (response) => response.url().endsWith('/api/v1/me'));
  const others = page.waitForEvent('response', (response) => response.url().endsWith('/api/v1/instance'));
  await page.route(/\/assets\/main-[^/]*\.js$/, async (route) => {
    await Promise.all([answer, others]);
    // Until then the sign of the house stands there.
    await page.locator('#app > .starting').waitFor();
    await route.continue();
  });
  await page.goto('/');
  await page.getByRole('link', { name: 'first' }).first().waitFor();
  expect(await hasWaited()).toBe(false);
  expect(await page.locator('.starting').count()).toBe(0);
  expect(visit.problems).toEqual([]);
});

test('while it is not known who is signed in, that is shown, and the page comes with the answer', async (context) => {
  const caller = await instance.createCaller();
  const visit = await browser.visit(context, { baseUrl: instance.baseUrl, token: caller.token });
  const { page } = visit;
  const hasWaited = await watchWaiting(page);
  const asked = new Promise<Route>((resolve) => void page.route('**/api/v1/me', resolve, { times: 1 }));
  await page.goto('/');
  await page.locator(waiting).waitFor();
  await (await asked).continue();
  await page.getByRole('heading', { name: 'Library', level: 1 }).waitFor();
  await page.locator(waiting).waitFor({ state: 'detached' });
  expect(await hasWaited()).toBe(true);
  expect(visit.problems).toEqual([]);
});

test('the program tells browsers to compile it while it comes', () => {
  const [, path = ''] = /src="(\/assets\/main-[^"]+\.js)"/.exec(readFileSync(join(consoleDirectory, 'index.html'), 'utf8')) ?? [];
  // It counts for what comes after it.
  expect(readFileSync(join(consoleDirectory, path), 'utf8').split('\n')[0]).toBe('//# allFunctionsCalledOnLoad');
});
