/** The first set-up in a real browser: from the printed link to a sample video that went the whole way, some steps done, some skipped. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type AgentProcess, startAgentProcess } from '../support/agentProcess.ts';
import { startInstance, type TestInstance } from '../support/instance.ts';
import { type Mailbox, startMailbox } from '../support/mailbox.ts';
import { findBarriers, findBarriersEverywhere } from './support/axe.ts';
import { consoleDirectory, prepareBrowser } from './support/browser.ts';

const browser = prepareBrowser();
let instance: TestInstance;
let mailbox: Mailbox;
let agent: AgentProcess;

beforeAll(async () => {
  mailbox = await startMailbox();
  instance = await startInstance({
    env: {
      CARMIC_CONSOLE_DIR: consoleDirectory,
      CARMIC_LEASE_SECONDS: '20',
      CARMIC_SMTP_URL: mailbox.url,
      CARMIC_MAIL_FROM: 'Carmic <carmic@harbour.example>',
    },
  });
  agent = await startAgentProcess(instance);
});
afterAll(async () => {
  await browser.close();
  await agent.remove();
  await instance.stop();
  await mailbox.close();
});

const next = (page: Page) => page.getByRole('button', { name: 'Next step' }).click();
const skip = (page: Page) => page.getByRole('button', { name: 'Skip for now' }).click();
const stepNamed = (page: Page, name: string) => page.getByRole('heading', { level: 2, name, exact: true }).waitFor();

test('the first administrator walks the set-up, skips a step, and another browser goes on', { timeout: 400_000 }, async (context) => {
  context.onTestFailed(() => void process.stderr.write(agent.log().slice(-3000)));
  const visit = await browser.visit(context, { baseUrl: instance.baseUrl, reducedMotion: true });
  const { page } = visit;
  const link = await instance.server.signInLink();
  await page.goto(link ?? '');
  await page.getByLabel('Your name').fill('Ada Lovelace');
  await page.getByLabel('Email').fill('ada@example.org');
  await page.getByLabel('Password').fill('seven unrelated words');
  await page.getByRole('button', { name: 'Save and go on' }).click();

  await stepNamed(page, 'Administrator');
  await page.getByText('Ada Lovelace signs in with ada@example.org and a password.').waitFor();
  await next(page);
  await stepNamed(page, 'Storage');
  await page.getByText(/checks passed|need your attention/).waitFor();
  expect(await findBarriersEverywhere(page)).toEqual([]);
  await next(page);
  await stepNamed(page, 'Agent');
  await page.getByText(/ is online\./).waitFor();
  await page.getByRole('button', { name: 'Add an agent' }).click();
  await page.getByRole('dialog').getByText('Waiting').waitFor();
  await page.keyboard.press('Escape');
  await next(page);
  await stepNamed(page, 'Transcription');
  await page.getByRole('checkbox').first().waitFor();
  await skip(page);
  await stepNamed(page, 'Mail');
  await page.getByRole('button', { name: 'Send a test mail' }).click();
  await page.getByText('The mail server took a mail for ada@example.org').waitFor();
  expect(mailbox.received.some((mail) => mail.includes('To: ada@example.org') && mail.includes('Mail works'))).toBe(true);
  await page.context().close();

  const token = await signInAnew();
  const other = await browser.visit(context, { baseUrl: instance.baseUrl, token, reducedMotion: true, theme: 'dark', width: 360 });
  await other.page.goto('/#/setup');
  await stepNamed(other.page, 'Plans');
  await other.page.getByText('5 of 7 steps').first().waitFor();
  const plan = other.page.getByRole('radio', { checked: false }).first();
  await plan.check();
  expect(await findBarriers(other.page)).toEqual([]);
  await other.page.getByRole('button', { name: /^Use / }).click();
  await other.page.getByText(/^New workspaces get /).waitFor();
  await next(other.page);

  await stepNamed(other.page, 'Sample video');
  await other.page.getByRole('button', { name: 'Make a sample and run it' }).click();
  await other.page.getByText('“Carmic sample” went the whole way.').waitFor({ timeout: 240_000 });
  await other.page.getByRole('button', { name: 'Finish' }).click();
  await other.page.getByRole('heading', { name: 'This installation is set up.' }).waitFor();
  await other.page.getByRole('link', { name: /Transcription/ }).click();
  await other.page.getByText('You skipped this step.').waitFor();
  expect(await findBarriers(other.page)).toEqual([]);
  expect([...visit.problems, ...other.problems]).toEqual([]);
});

/** The session of the same person in another browser. */
async function signInAnew(): Promise<string> {
  const answer = await fetch(`${instance.baseUrl}/api/v1/sessions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: instance.baseUrl },
    body: JSON.stringify({ email: 'ada@example.org', password: 'seven unrelated words' }),
  });
  return /carmic=([^;]+)/.exec(answer.headers.get('set-cookie') ?? '')?.[1] ?? '';
}
