/** Sign-on in a real browser: set up and tested by an administrator, then used by somebody at a real OpenID provider. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Page } from 'playwright-core';
import { type Caller, startInstance, type TestInstance } from '../support/instance.ts';
import { type OpenIdProvider, startOpenIdProvider } from '../support/openIdProvider.ts';
import { findBarriers } from './support/axe.ts';
import { consoleDirectory, prepareBrowser } from './support/browser.ts';

const browser = prepareBrowser();
let instance: TestInstance;
let admin: Caller;
let provider: OpenIdProvider;

beforeAll(async () => {
  instance = await startInstance({ env: { CARMIC_CONSOLE_DIR: consoleDirectory } });
  admin = await instance.createCaller({ isAdmin: true });
  provider = await startOpenIdProvider(`${instance.baseUrl}/api/v1/sign-on-callback`, {
    sub: 'grace',
    email: 'grace@corp.test',
    email_verified: true,
    name: 'Grace Hopper',
    groups: ['film'],
  });
});
afterAll(async () => {
  await browser.close();
  await provider.stop();
  await instance.stop();
});

/** Leaves pictures where CARMIC_SCREENSHOTS points, for looking at. */
async function picture(page: Page, name: string): Promise<void> {
  const folder = process.env['CARMIC_SCREENSHOTS'];
  if (folder !== undefined) {
    mkdirSync(folder, { recursive: true });
    await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
  }
}

test('an administrator sets a provider up, tests it, and somebody signs in with it', async (context) => {
  const own = await browser.visit(context, { baseUrl: instance.baseUrl, token: admin.token, width: 1440 });
  const { page } = own;
  // The way leads to the provider and back, which is what this is about.
  own.expectRefusal(new URL(provider.issuer).host);
  await page.goto('/#/sign-on');
  await page.getByText('No identity provider yet').waitFor();
  await page.getByRole('button', { name: 'Add a provider' }).click();
  await page.getByLabel('Name on the sign-in page').fill('Corp login');
  await page.getByLabel('Issuer').fill(provider.issuer);
  await page.getByLabel('Client id').fill(provider.clientId);
  await page.getByLabel('Client secret').fill(provider.clientSecret);
  await page.getByLabel('Email domains').fill('corp.test');
  await page.getByLabel('Offer it on the sign-in page').check();
  await page.getByRole('button', { name: 'Add a group' }).click();
  await page.getByLabel('Group', { exact: true }).fill('film');
  await page.getByLabel('Role').selectOption('editor');
  await picture(page, 'sign-on-dialog-1440');
  expect(await findBarriers(page)).toEqual([]);
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await page.getByRole('button', { name: 'Test the connection' }).click();
  await page.getByText('It publishes its signing keys').waitFor();
  await page.getByRole('link', { name: 'Try a sign-on' }).click();
  await page.getByText('grace@corp.test').waitFor();
  await page.getByText('Groups: film').waitFor();
  await picture(page, 'sign-on-1440');
  expect(await findBarriers(page)).toEqual([]);
  expect(own.problems).toEqual([]);

  const theirs = await browser.visit(context, { baseUrl: instance.baseUrl, width: 360, theme: 'dark' });
  theirs.expectRefusal(new URL(provider.issuer).host);
  await theirs.page.goto('/');
  await theirs.page.getByRole('link', { name: 'Sign in with Corp login' }).waitFor();
  await picture(theirs.page, 'sign-in-360-dark');
  await theirs.page.getByRole('link', { name: 'Sign in with Corp login' }).click();
  await theirs.page.getByText('Grace Hopper').first().waitFor({ state: 'attached' });
  expect(new URL(theirs.page.url()).hash).toBe('#/');
  expect(theirs.problems).toEqual([]);
});
