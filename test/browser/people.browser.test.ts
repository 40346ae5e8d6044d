/** Accounts in a real browser: second factors, a passkey of a virtual authenticator, members, people. */
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Page } from 'playwright-core';
import { type Caller, startInstance, type TestInstance } from '../support/instance.ts';
import { codeOf } from '../support/totp.ts';
import { findBarriers } from './support/axe.ts';
import { consoleDirectory, prepareBrowser } from './support/browser.ts';

const browser = prepareBrowser();
let instance: TestInstance;
let admin: Caller;
const password = 'seven green bottles';

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

beforeAll(async () => {
  // Browsers take passkeys for names only, so the instance goes by one here.
  const port = await freePort();
  instance = await startInstance({
    env: { CARMIC_PORT: String(port), CARMIC_BASE_URL: `http://localhost:${port}`, CARMIC_CONSOLE_DIR: consoleDirectory },
  });
  admin = await instance.createCaller({ isAdmin: true });
});
afterAll(async () => {
  await browser.close();
  await instance.stop();
});

/** Leaves pictures where CARMIC_SCREENSHOTS points, for looking at. */
async function picture(page: Page, name: string): Promise<void> {
  const folder = process.env['CARMIC_SCREENSHOTS'];
  if (folder !== undefined) {
    mkdirSync(folder, { recursive: true });
    await page.waitForLoadState('networkidle');
    await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
  }
}

describe('an account in the console', () => {
  test('gets a passkey and signs in with it', async (context) => {
    const caller = await instance.createCaller();
    await caller.call('updateMe', { body: { newPassword: password, name: 'Ada Lovelace' } });
    const { page, problems, expectRefusal } = await browser.visit(context, { baseUrl: instance.baseUrl, token: caller.token, width: 1440 });
    const cdp = await page.context().newCDPSession(page);
    await cdp.send('WebAuthn.enable');
    await cdp.send('WebAuthn.addVirtualAuthenticator', {
      options: { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true },
    });
    await page.goto('/#/account');
    await page.getByRole('button', { name: 'Add a passkey' }).click();
    await page.getByRole('button', { name: 'I have kept them' }).click();
    await page.getByText('10 codes are left.').waitFor();
    await picture(page, 'account-1440');
    expect(await findBarriers(page)).toEqual([]);
    await page.getByRole('button', { name: 'Sign out', exact: true }).click();
    expectRefusal('/api/v1/me');
    await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
    await page.getByRole('heading', { name: 'Account', exact: true }).waitFor();
    expect(problems).toEqual([]);
  });

  test('is asked for the second step after the password', async (context) => {
    const caller = await instance.createCaller();
    await caller.call('updateMe', { body: { newPassword: password } });
    const { page, problems, expectRefusal } = await browser.visit(context, {
      baseUrl: instance.baseUrl,
      token: caller.token,
      width: 360,
      theme: 'dark',
    });
    await page.goto('/#/account');
    const { db } = instance.server.deps;
    await db.asSystem((tx) =>
      db.change(tx, "UPDATE sessions SET authenticated_at = now() - interval '1 hour' WHERE user_id = :id", { id: caller.userId }),
    );
    expectRefusal('/api/v1/me/totp');
    await page.getByRole('button', { name: 'Set up' }).click();
    await page.getByLabel('Password, or a code').fill(password);
    await page.getByRole('button', { name: 'Confirm' }).click();
    const key = await page.getByRole('region', { name: 'Key', exact: true }).innerText();
    await picture(page, 'totp-360-dark');
    await page.getByLabel('Code of the app').fill(codeOf(key));
    await page.getByRole('button', { name: 'Finish' }).click();
    await page.getByRole('button', { name: 'I have kept them' }).click();
    await picture(page, 'account-360-dark');
    await page.getByRole('button', { name: 'Sign out', exact: true }).click();
    // The account's page has a field for the address as well.
    await page.getByRole('heading', { name: 'Sign in', exact: true }).waitFor();
    await page.getByLabel('Email').fill(`${caller.userId}@example.test`);
    await page.getByLabel('Password').fill(password);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.getByLabel('Code').fill(codeOf(key, 1));
    await picture(page, 'second-step-360-dark');
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByRole('heading', { name: 'Account', exact: true }).waitFor();
    expect(problems).toEqual([]);
  });
});

describe('other people', () => {
  test('are invited to a workspace and join by the link', async (context) => {
    const owner = await instance.createCaller();
    const { page, problems } = await browser.visit(context, { baseUrl: instance.baseUrl, token: owner.token, width: 1440 });
    await page.goto('/#/members');
    await page.getByRole('button', { name: 'Invite' }).click();
    await page.getByLabel('Email').fill('grace@example.org');
    await page.getByRole('button', { name: 'Make invitation' }).click();
    const link = await page.getByRole('region', { name: 'Invitation link' }).innerText();
    await page.getByRole('button', { name: 'Done' }).click();
    await page.getByText('grace@example.org').waitFor();
    await picture(page, 'members-1440');
    expect(await findBarriers(page)).toEqual([]);
    const guest = await browser.visit(context, { baseUrl: instance.baseUrl, width: 360 });
    await guest.page.goto(link.slice(link.indexOf('/#/')));
    await guest.page.getByLabel('Your name').fill('Grace Hopper');
    await guest.page.getByLabel('Password').fill('cobol and the sea');
    await picture(guest.page, 'invitation-360');
    await guest.page.getByRole('button', { name: 'Join' }).click();
    await guest.page.getByRole('heading', { name: 'Library' }).waitFor();
    expect((await owner.call('listMembers')).items.map((member) => member.name)).toContain('Grace Hopper');
    expect([...problems, ...guest.problems]).toEqual([]);
  });

  test('are seen, invited and suspended by an administrator', async (context) => {
    const { page, problems } = await browser.visit(context, { baseUrl: instance.baseUrl, token: admin.token, width: 1440, theme: 'dark' });
    const victim = await instance.createCaller();
    await victim.call('updateMe', { body: { name: 'Mallory Example' } });
    await page.goto('/#/people');
    await page.getByRole('button', { name: 'Actions for Mallory Example' }).click();
    await page.getByRole('menuitem', { name: 'Suspend…' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Suspend' }).click();
    await dialog.getByText('Say why').waitFor();
    await dialog.getByLabel('Reason').fill('Left the company');
    await picture(page, 'suspend-person-1440-dark');
    await dialog.getByRole('button', { name: 'Suspend' }).click();
    await page.getByText('Reason: Left the company').waitFor();
    await page.getByText('suspended', { exact: true }).waitFor();
    await expect(victim.call('getMe')).rejects.toThrow();
    await picture(page, 'people-1440-dark');
    expect(await findBarriers(page)).toEqual([]);
    await page.setViewportSize({ width: 360, height: 800 });
    await picture(page, 'people-360-dark');
    expect(problems).toEqual([]);
  });

  test('of a workspace that an administrator suspends see why, and come in again when it is open', async (context) => {
    const owner = await instance.createCaller();
    await owner.call('updateOwnWorkspace', { body: { name: 'Film club' } });
    const office = await browser.visit(context, { baseUrl: instance.baseUrl, token: admin.token, width: 1440 });
    const { page } = office;
    await page.goto('/#/plans');
    await page.getByRole('button', { name: 'Suspend Film club' }).click();
    await page.getByRole('dialog').getByLabel('Reason').fill('Films of somebody else');
    await picture(page, 'suspend-workspace-1440');
    await page.getByRole('dialog').getByRole('button', { name: 'Suspend' }).click();
    await page.getByText('Reason: Films of somebody else').waitFor();
    await picture(page, 'plans-suspended-1440');
    expect(await findBarriers(page)).toEqual([]);
    await page.setViewportSize({ width: 360, height: 800 });
    await picture(page, 'plans-suspended-360');

    const member = await browser.visit(context, { baseUrl: instance.baseUrl, token: owner.token, width: 360, theme: 'dark' });
    member.expectRefusal('/api/v1/');
    await member.page.goto('/#/');
    await member.page.getByRole('heading', { name: 'This workspace is suspended' }).waitFor();
    await member.page.getByText('Films of somebody else').waitFor();
    await picture(member.page, 'suspended-360-dark');
    expect(await findBarriers(member.page)).toEqual([]);
    await member.page.getByRole('button', { name: 'Go to your account' }).click();
    await member.page.getByRole('heading', { name: 'Account', exact: true }).waitFor();

    await page.getByRole('button', { name: 'Open again: Film club' }).click();
    await page.getByRole('button', { name: 'Suspend Film club' }).waitFor();
    await member.page.goto('/');
    await member.page.getByRole('heading', { name: 'Library' }).waitFor();
    expect([...office.problems, ...member.problems]).toEqual([]);
  });
});

test('a stranger reads in the language of the page what is agreed to, and that a link was used', async (context) => {
  const [accounts, mail] = [await admin.call('getAccountSettings'), await admin.call('getMailSettings')];
  await admin.call('putAccountSettings', { body: { ...accounts, signUp: 'open' } }, { ifMatch: '*' });
  await admin.call('putMailSettings', { body: { ...mail, marketing: 'opt_in' } }, { ifMatch: '*' });
  const { marketing } = await admin.call('getInstance');
  // The browser speaks English; German was chosen on the page.
  const { page, problems, expectRefusal } = await browser.visit(context, { baseUrl: instance.baseUrl });
  await page.addInitScript(`localStorage.setItem('carmic.language', 'de')`);
  await page.goto('/#/sign-up');
  await page.getByText(marketing.wording.de).waitFor();
  expect(marketing.wording.de).not.toBe(marketing.wording.en);
  expect(await page.getByText(marketing.wording.en).count()).toBe(0);

  expectRefusal('/api/v1/');
  await page.goto('/#/confirm?token=carmic_token_that_was_used_long_ago_and_is_of_no_use_any_more');
  await page.getByRole('heading', { name: 'Dieser Link gilt nicht mehr' }).waitFor();
  await page.getByRole('alert').filter({ hasText: 'Er wurde schon benutzt oder ist abgelaufen.' }).waitFor();
  expect(problems).toEqual([]);
  await admin.call('putAccountSettings', { body: accounts }, { ifMatch: '*' });
  await admin.call('putMailSettings', { body: mail }, { ifMatch: '*' });
});
