/** Webhooks, service accounts and the audit log in a real browser. */
import { mkdirSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Page } from 'playwright-core';
import { type Caller, startInstance, type TestInstance } from '../support/instance.ts';
import { findBarriersEverywhere } from './support/axe.ts';
import { consoleDirectory, prepareBrowser } from './support/browser.ts';

const browser = prepareBrowser();
let instance: TestInstance;
let owner: Caller;
let receiver: Server;
let address = '';

beforeAll(async () => {
  receiver = createServer((request, response) => {
    request.resume().once('end', () => response.writeHead(204).end());
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  address = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/carmic`;
  instance = await startInstance({
    env: { CARMIC_CONSOLE_DIR: consoleDirectory, CARMIC_OUTGOING_HOSTS: '127.0.0.1', CARMIC_OUTGOING_PRIVATE_RANGES: '127.0.0.0/8' },
  });
  owner = await instance.createCaller({ isAdmin: true });
});
afterAll(async () => {
  await browser.close();
  await instance.stop();
  await new Promise((resolve) => receiver.close(resolve));
});

/** Leaves pictures where CARMIC_SCREENSHOTS points, for looking at. */
async function pictures(page: Page, name: string): Promise<void> {
  const folder = process.env['CARMIC_SCREENSHOTS'];
  if (folder === undefined) {
    return;
  }
  mkdirSync(folder, { recursive: true });
  for (const [width, colorScheme] of [[1440, 'light'] as const, [1440, 'dark'] as const, [360, 'light'] as const, [360, 'dark'] as const]) {
    await page.setViewportSize({ width, height: 860 });
    await page.emulateMedia({ colorScheme });
    await page.waitForTimeout(500);
    await page.screenshot({ path: join(folder, `${name}-${width}-${colorScheme}.png`) });
  }
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize({ width: 1280, height: 860 });
}

test('an owner makes a webhook, tries it, reads its log, and is told when somebody else changes it', async (context) => {
  const { page, problems, expectRefusal } = await browser.visit(context, { baseUrl: instance.baseUrl, token: owner.token });
  await page.goto('/#/webhooks');
  await page.getByRole('heading', { name: 'Nobody is told yet' }).waitFor();
  await pictures(page, 'webhooks-empty');
  await page.getByRole('button', { name: 'New webhook' }).first().click();
  await page.getByLabel('Address').fill(address);
  const kinds = page.getByRole('radiogroup', { name: 'Events' });
  const make = page.getByRole('button', { name: 'Make webhook' });
  await kinds.getByText('Chosen events').click();
  expect(await make.isDisabled(), 'none chosen would be all').toBe(true);
  const area = (name: string) => page.getByRole('dialog').locator('details').filter({ hasText: name }).first();
  await area('Videos').locator('summary').click();
  await area('Videos').getByRole('checkbox', { name: 'Video ready video.ready' }).check();
  await area('Suggested clips').locator('summary').click();
  await area('Suggested clips').getByRole('checkbox').first().check();
  expect(await page.getByRole('dialog').getByText('agent.', { exact: false }).count(), 'what no webhook is told of').toBe(0);
  await pictures(page, 'webhooks-dialog');
  await make.click();
  await page.getByText('Shown only now.').waitFor();
  await pictures(page, 'webhooks-secret');
  await page.getByRole('button', { name: 'Done' }).click();
  const row = page.getByRole('listitem').filter({ hasText: address });
  await row.getByText('Video ready, Clips suggested').waitFor();
  expect((await owner.call('listWebhooks')).items[0]?.eventTypes).toEqual(['video.ready', 'clips.suggested']);
  const act = async (name: string) => {
    await page.getByRole('button', { name: `Actions for ${address}` }).click();
    await page.getByRole('menuitem', { name }).click();
  };
  await act('Send a test');
  await page.getByRole('button', { name: `Deliveries to ${address}` }).click();
  const log = page.getByRole('dialog', { name: 'Deliveries' });
  await log.getByText('Delivered', { exact: true }).waitFor({ timeout: 60_000 });
  await log.getByText('answered 204').waitFor();
  await log.getByText('A test', { exact: true }).waitFor();
  await pictures(page, 'webhooks-log');
  await log.getByRole('button', { name: 'Send again' }).click();
  await page.getByText('It is sent once more').waitFor();
  await log.getByRole('button', { name: 'Close' }).click();
  await act('New secret');
  await page.getByRole('button', { name: 'Done' }).click();
  await page.getByText('Two secrets are in force').waitFor();
  expect(await findBarriersEverywhere(page)).toEqual([]);
  await pictures(page, 'webhooks-list');

  await act('Change');
  const [webhook] = (await owner.call('listWebhooks')).items;
  await owner.call('updateWebhook', { params: { id: webhook?.id ?? '' }, body: { eventTypes: ['video.deleted'] } });
  expectRefusal('/api/v1/webhooks/');
  const videos = page.getByRole('dialog').locator('details').filter({ hasText: 'Videos' }).first();
  const box = (name: string) => videos.getByRole('checkbox', { name });
  await videos.locator('summary').click();
  await box('video.failed').check();
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Somebody else has changed this webhook meanwhile.').waitFor();
  expect([await box('video.deleted').isChecked(), await box('video.failed').isChecked()]).toEqual([true, false]);
  await pictures(page, 'webhooks-conflict');
  expect((await owner.call('listWebhooks')).items[0]?.eventTypes).toEqual(['video.deleted']);
  await box('video.deleted').uncheck();
  await box('video.failed').check();
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  expect((await owner.call('listWebhooks')).items[0]?.eventTypes).toEqual(['video.failed']);
  await act('Remove');
  await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
  await page.getByRole('heading', { name: 'Nobody is told yet' }).waitFor();
  expect(problems).toEqual([]);
});

test('an owner makes a service account and a key that acts as it', async (context) => {
  const { page, problems } = await browser.visit(context, { baseUrl: instance.baseUrl, token: owner.token });
  await page.goto('/#/members');
  await page.getByRole('button', { name: 'New service account' }).click();
  await page.getByLabel('Name', { exact: true }).fill('The cutting room');
  await pictures(page, 'service-account');
  await page.getByRole('button', { name: 'Make account' }).click();
  await page.getByText('The cutting room was made.').waitFor();
  await page.getByRole('listitem').filter({ hasText: 'service account' }).waitFor();
  await page.goto('/#/account');
  await page.getByRole('button', { name: 'New key' }).click();
  await page.getByRole('dialog').getByLabel('Name', { exact: true }).fill('Nightly');
  await page.getByLabel('Acts as').selectOption({ label: 'The cutting room' });
  await pictures(page, 'service-key');
  await page.getByRole('button', { name: 'Make key' }).click();
  await page.getByText('Shown only now.').waitFor();
  expect((await owner.call('listApiKeys')).items[0]?.owner).toMatchObject({ name: 'The cutting room', kind: 'service' });
  expect(problems).toEqual([]);
});

test('an administrator filters the audit log, verifies the chain and saves it', async (context) => {
  const { page, problems } = await browser.visit(context, { baseUrl: instance.baseUrl, token: owner.token });
  await page.goto('/#/audit');
  const entry = (type: string) => page.getByRole('main').getByRole('listitem').filter({ hasText: type }).first();
  await entry('webhook.created').waitFor();
  await page.getByRole('button', { name: 'Verify the chain' }).click();
  await page.getByText(/^Intact: /).waitFor();
  expect(await findBarriersEverywhere(page)).toEqual([]);
  await pictures(page, 'audit');
  const kind = page.getByLabel('Kind of event');
  // Kinds are offered once it is said what they are about.
  expect(await kind.count()).toBe(0);
  const area = page.getByLabel('About', { exact: true });
  await area.selectOption({ label: 'Sign-in' });
  await entry('webhook.created').waitFor({ state: 'detached' });
  await entry('session.created').waitFor();
  expect(await kind.getByRole('option').allTextContents()).toEqual([
    'All kinds',
    ...['Emergency sign-in past the sign-on service', 'Sign-in refused', 'Signed in', 'Signed out, or session ended'],
  ]);
  await area.selectOption({ label: 'Safety' });
  await kind.selectOption('safety.appealed');
  await page.getByRole('heading', { name: 'Nothing of this kind' }).waitFor();
  await area.selectOption({ label: 'Webhooks' });
  expect(await kind.inputValue()).toBe('');
  await kind.selectOption({ label: 'Webhook made' });
  // What happened stands in words; the code that one searches for stands beside it.
  await entry('webhook.created').filter({ hasText: 'Webhook made' }).waitFor();
  const saved = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Save as JSON lines' }).click();
  expect((await saved).suggestedFilename()).toBe('audit.jsonl');
  expect(problems).toEqual([]);
});
