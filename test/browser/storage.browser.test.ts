/** The storage's checks as an administrator sees them. */
import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startInstance, type TestInstance } from '../support/instance.ts';
import { findBarriersEverywhere } from './support/axe.ts';
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

test('an administrator sees what is wrong with the storage, mends it with the command that is shown, and looks again', async (context) => {
  const admin = await instance.createCaller({ isAdmin: true });
  const objects = join(instance.directory, 'objects');
  await chmod(objects, 0o755);
  const visit = await browser.visit(context, { baseUrl: instance.baseUrl, token: admin.token });
  const { page } = visit;
  await page.goto('/#/');
  await page.getByRole('link', { name: 'Storage' }).first().click();
  await page.getByText('1 of 4 checks need your attention.').waitFor();
  const first = page.locator('main li').first();
  expect(await first.innerText()).toContain('Other users of this machine can look into the object directory.');
  const command = `chmod 700 ${objects}`;
  expect(await first.getByRole('region', { name: 'Command that mends it' }).innerText()).toBe(command);
  await first.getByRole('button', { name: 'Copy' }).waitFor();
  expect(await findBarriersEverywhere(page)).toEqual([]);

  await chmod(objects, 0o700);
  await page.getByRole('button', { name: 'Check again' }).click();
  await page.locator('.notice.good').getByText('All 4 checks passed.').waitFor();
  expect(await page.getByText('In order').count()).toBe(4);
  expect(await findBarriersEverywhere(page)).toEqual([]);
  expect(visit.problems).toEqual([]);
});

test('in German nothing of the storage is told in English: not what was found, not what to do', async (context) => {
  const admin = await instance.createCaller({ isAdmin: true });
  const objects = join(instance.directory, 'objects');
  await chmod(objects, 0o755);
  const visit = await browser.visit(context, { baseUrl: instance.baseUrl, token: admin.token });
  await visit.page.addInitScript(`localStorage.setItem('carmic.language', 'de')`);
  await visit.page.goto('/#/storage');
  const list = visit.page.getByRole('main').getByRole('list').first();
  await list.getByText('Nehmen Sie den anderen die Rechte daran.').waitFor();
  const { checks } = await admin.call('getStorage');
  const page = await list.innerText();
  await chmod(objects, 0o700);
  expect(checks.length).toBe(4);
  expect(checks.flatMap(({ message, remedy }) => [message, remedy ?? message]).filter((said) => page.includes(said))).toEqual([]);
  expect(page).not.toContain('undefined');
  expect(visit.problems).toEqual([]);
});

test('others are told that the page is for administrators, and the API answers them nothing', async (context) => {
  const caller = await instance.createCaller();
  await expect(caller.call('getStorage')).rejects.toMatchObject({ code: 'forbidden' });
  const visit = await browser.visit(context, { baseUrl: instance.baseUrl, token: caller.token });
  await visit.page.goto('/#/storage');
  await visit.page.getByRole('heading', { name: 'Storage' }).waitFor();
  expect(await visit.page.getByRole('button', { name: 'Check again' }).count()).toBe(0);
  expect(await visit.page.getByRole('link', { name: 'Storage' }).count()).toBe(0);
});
