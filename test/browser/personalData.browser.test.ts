/** Personal data in the console: a copy, what may be done with it, requests, and the administrators' queue. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openZip } from '../../server/src/privacy/archive/readZip.ts';
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

test('somebody makes a copy of their data, downloads it, restricts processing and asks a person; an administrator answers', async (context) => {
  const person = await instance.createCaller();
  const visit = await browser.visit(context, { baseUrl: instance.baseUrl, token: person.token });
  const { page } = visit;
  await page.goto('/#/personal-data');
  await page.getByText('No copy yet').waitFor();
  await page.getByRole('button', { name: 'Make a copy' }).click();
  await page.getByRole('button', { name: 'Download' }).waitFor({ timeout: 60_000 });
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Download' }).click()]);
  const zip = await openZip(await download.path());
  expect([...zip.entries.keys()]).toContain('manifest.json');
  await zip.close();

  await page.getByLabel('Restrict processing').check();
  await page.getByText('That is in force now.').first().waitFor();
  expect((await person.call('getRights')).restrictedAt).not.toBeNull();
  await page.getByRole('button', { name: 'A person’s decision' }).click();
  await page.getByLabel('What a person shall look at, and why').fill('The title is not what I said.');
  await page.getByRole('button', { name: 'Send' }).click();
  await page.getByText('The title is not what I said.').waitFor();
  expect(await findBarriersEverywhere(page)).toEqual([]);
  await page.getByRole('link', { name: 'What is kept, and why' }).click();
  const record = (about: string) => page.locator('summary', { hasText: about });
  await record('People and service accounts').waitFor();
  await record('Videos that were uploaded').waitFor();
  await page.getByLabel('Find a record or field').fill('totp_sealed');
  await record('Videos that were uploaded').waitFor({ state: 'detached' });
  await page.getByText('totp_sealed', { exact: true }).waitFor();
  expect(await findBarriersEverywhere(page)).toEqual([]);
  expect(visit.problems).toEqual([]);

  const admin = await instance.createCaller({ isAdmin: true });
  const desk = await browser.visit(context, { baseUrl: instance.baseUrl, token: admin.token });
  await desk.page.goto('/#/privacy-requests');
  await desk.page.getByText('The title is not what I said.').waitFor();
  await desk.page.getByRole('button', { name: 'Enter a request' }).click();
  await desk.page.getByLabel('What is asked for').selectOption('erasure');
  await desk.page.getByLabel('Address of the person').fill(`${person.userId}@example.test`);
  await desk.page.getByLabel('What they wrote').fill('Delete everything, please.');
  await desk.page.getByRole('dialog').getByRole('button', { name: 'Enter a request' }).click();
  const card = desk.page.getByRole('article').filter({ hasText: 'Delete everything, please.' });
  await expect.poll(() => card.getByRole('button', { name: 'Carry out' }).isDisabled(), { timeout: 30_000 }).toBe(true);
  expect(await findBarriersEverywhere(desk.page)).toEqual([]);
  await card.getByRole('button', { name: 'Record the check of identity' }).click();
  await desk.page.getByLabel('How it was made sure that the person is who they say').fill('Called back.');
  await desk.page.getByRole('dialog').getByRole('button', { name: 'Record the check of identity' }).click();
  await card.getByRole('button', { name: 'Carry out' }).click();
  await desk.page.getByRole('dialog').getByRole('button', { name: 'Carry out' }).click();
  await desk.page.getByRole('article').filter({ hasText: 'Erasure' }).getByText('Done', { exact: true }).waitFor();
  await expect(person.call('getMe')).rejects.toMatchObject({ code: 'unauthenticated' });
  expect(desk.problems).toEqual([]);
}, 400_000);
