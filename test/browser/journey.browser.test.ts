/** The whole way in a real browser: from the printed link to a downloaded clip, with a real server, agent and ffmpeg. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type AgentProcess, startAgentProcess } from '../support/agentProcess.ts';
import { startInstance, type TestInstance } from '../support/instance.ts';
import { makeTalk, probeFile } from '../support/media.ts';
import { findBarriersEverywhere } from './support/axe.ts';
import { consoleDirectory, prepareBrowser } from './support/browser.ts';

const browser = prepareBrowser();
const slowly = { timeout: 40_000, interval: 100 };
const timeOf = (player: Locator) => player.evaluate((video) => video.currentTime);
/** What is said, one sentence every four seconds. */
const sentences = [
  'So the first thing we learned was that nobody reads the manual.',
  'We had written four hundred pages, and the queue never moved.',
  'What moved it was one button.',
  'One button that said: show me what you changed.',
  'That is the whole talk, honestly.',
  'Why does it work so well?',
  'Because people never ask for features, they ask whether it worked.',
  'In the second year we hired a researcher.',
  'She wrote down every sigh she heard.',
  'Every sigh became a ticket, and I was amazed.',
  'Thank you very much.',
];
let instance: TestInstance;
let agent: AgentProcess;
let directory: string;

beforeAll(async () => {
  instance = await startInstance({ env: { CARMIC_CONSOLE_DIR: consoleDirectory, CARMIC_LEASE_SECONDS: '20' } });
  agent = await startAgentProcess(instance, { env: { CARMIC_AGENT_PICTURE_CHECK: 'on' } });
  directory = mkdtempSync(join(tmpdir(), 'carmic-browser-'));
});

afterAll(async () => {
  await browser.close();
  await agent.remove();
  await instance.stop();
  rmSync(directory, { recursive: true, force: true });
});

test('from the printed link to a downloaded clip', async (context) => {
  context.onTestFailed(() => void process.stderr.write(agent.log().slice(-3000)));
  const visit = await browser.visit(context, { baseUrl: instance.baseUrl });
  const { page } = visit;

  await signInByLink(page);
  await uploadTalk(visit);
  await watchProgress(page);
  await lookAtClips(page);
  await workOnClips(page);
  await addSquareFormat(page);
  await followTheTranscript(page);
  await signOutAndIn(page);
  await deleteVideo(page);

  expect(visit.problems).toEqual([]);
});

async function signInByLink(page: Page) {
  const link = await instance.server.signInLink();
  if (link === null) {
    throw new Error('The server gave no sign-in link.');
  }
  await page.goto(link);
  await page.getByRole('heading', { name: 'Welcome. Make it yours' }).waitFor();
  expect(page.url()).not.toContain('token');
  expect(await findBarriersEverywhere(page)).toEqual([]);
  await page.getByLabel('Your name').fill('Ada Lovelace');
  await page.getByLabel('Email').fill('ada@example.org');
  await page.getByLabel('Password').fill('short');
  await page.getByRole('button', { name: 'Save and go on' }).click();
  await page.getByText('Use 8 to 128 characters.').waitFor();
  await page.getByLabel('Password').fill('seven unrelated words');
  await page.getByRole('button', { name: 'Save and go on' }).click();
  await page.getByRole('heading', { name: 'First set-up' }).waitFor();
  await page.getByRole('link', { name: 'Leave for later' }).click();
  await page.getByText('Drop your first video here').waitFor();
}

async function uploadTalk({ page, choose }: { page: Page; choose: (click: () => Promise<void>, files: string[]) => Promise<void> }) {
  const captions = join(directory, 'talk.srt');
  writeFileSync(captions, writeSrt(sentences));
  const talk = await makeTalk({ seconds: 44 });
  await choose(() => page.getByRole('button', { name: /Upload videos/ }).click(), [talk, captions]);
  const sheet = page.getByRole('dialog');
  await sheet.getByText('talk.srt').waitFor();
  await sheet.getByLabel('Clips', { exact: true }).fill('2');
  await sheet.getByText('Custom').click();
  await sheet.getByLabel('At least (seconds)').fill('8');
  await sheet.getByLabel('At most (seconds)').fill('10');
  expect(await findBarriersEverywhere(page)).toEqual([]);
  await sheet.getByRole('button', { name: 'Start' }).click();
  await page.getByRole('article').getByRole('heading').waitFor();
}

async function watchProgress(page: Page) {
  await page.getByRole('article').getByRole('link').first().click();
  await page.getByRole('region', { name: 'Progress' }).waitFor();
  await page.getByText('How it was made').waitFor({ timeout: 150_000 });
}

async function lookAtClips(page: Page) {
  const cards = page.getByRole('article');
  expect(await cards.count()).toBe(2);
  const scores = await page.getByRole('img', { name: /Score \d+ of 100/ }).evaluateAll((rings) => rings.map((ring) => ring.textContent));
  expect(scores.map(Number)).toEqual(scores.map(Number).toSorted((a, b) => b - a));
  await cards.first().getByText('Why this score').click();
  expect(await cards.first().locator('details[open] li').count()).toBeGreaterThan(3);
  await cards
    .first()
    .getByText(/checks passed/)
    .last()
    .click();
  await cards.first().getByText('Integrated loudness').waitFor();
  // Somewhere down the page a button would stand half below the header of a narrow window, and be too small a target there.
  await page.evaluate('scrollTo(0, 0)');
  expect(await findBarriersEverywhere(page)).toEqual([]);

  await cards
    .first()
    .getByRole('button', { name: /^Play / })
    .and(page.locator('.start'))
    .click();
  await expect.poll(() => timeOf(cards.first().locator('video')), slowly).toBeGreaterThan(0.5);
  const shape = await cards
    .first()
    .locator('video')
    .evaluate((video) => [video.muted, video.videoWidth < video.videoHeight]);
  expect(shape).toEqual([false, true]);
}

async function workOnClips(page: Page) {
  const first = page.getByRole('article').first();
  // What an engine made is marked, until a person has made another; a score stays a suggestion. Keeps: A1.
  const suggestedTitle = first.getByTitle('An engine wrote this title');
  await suggestedTitle.waitFor();
  await first.getByRole('button', { name: 'Rename' }).click();
  await page.keyboard.type(`A <b>title</b> & 'more'`);
  await page.keyboard.press('Enter');
  await first.getByRole('heading', { name: `A <b>title</b> & 'more'` }).waitFor();
  await expect.poll(() => suggestedTitle.count(), slowly).toBe(0);
  await first.getByTitle('An engine gave this score').waitFor();
  await first.getByRole('button', { name: 'Keep' }).click();
  await first.getByRole('button', { name: 'Kept', pressed: true }).waitFor();

  const second = page.getByRole('article').nth(1);
  await second.getByRole('button', { name: 'More', exact: true }).click();
  await page.getByRole('menuitem', { name: 'Discard' }).click();
  await expect.poll(() => page.getByRole('article').count(), slowly).toBe(1);
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect.poll(() => page.getByRole('article').count(), slowly).toBe(2);

  await page.reload();
  await page.getByRole('heading', { name: `A <b>title</b> & 'more'` }).waitFor();
  await page.getByText('Kept', { exact: true }).first().click();
  await expect.poll(() => page.getByRole('article').count(), slowly).toBe(1);
  await page.getByRole('radiogroup', { name: 'Which clips' }).getByText('All').click();
}

async function addSquareFormat(page: Page) {
  const first = page.getByRole('article').first();
  await first.getByRole('button', { name: 'Add format' }).click();
  const dialog = page.getByRole('dialog', { name: 'Render this clip' });
  await dialog.getByRole('radio', { name: '1:1' }).dispatchEvent('click');
  await dialog.getByRole('button', { name: 'Render', exact: true }).click();
  await first.getByRole('button', { name: 'Square 1:1, Ready' }).waitFor({ timeout: 60_000 });
  await first.getByRole('button', { name: 'Download' }).click();
  const [video] = await Promise.all([page.waitForEvent('download'), page.getByRole('menuitem', { name: /Video 1:1/ }).click()]);
  const path = join(directory, 'square.mp4');
  await video.saveAs(path);
  const { streams } = await probeFile(path);
  const picture = streams.find((stream) => stream.codec_type === 'video');
  expect(picture?.width).toBeGreaterThan(0);
  expect(picture?.width).toBe(picture?.height);

  await first.getByRole('button', { name: 'Download' }).click();
  const [subtitles] = await Promise.all([page.waitForEvent('download'), page.getByRole('menuitem', { name: /SRT/ }).click()]);
  expect(subtitles.suggestedFilename()).toMatch(/\.srt$/);
}

async function followTheTranscript(page: Page) {
  const words = page.getByRole('region', { name: 'Transcript' }).locator('[data-word]');
  await words.filter({ hasText: /^Because$/ }).click();
  await expect.poll(() => timeOf(page.locator('aside.source video')), slowly).toBeCloseTo(24, 0);
  const slider = page.getByRole('slider', { name: 'Position in the source' });
  const before = Number(await slider.getAttribute('aria-valuenow'));
  await slider.press('ArrowLeft');
  expect(Number(await slider.getAttribute('aria-valuenow'))).toBe(before - 1);
  await page
    .getByRole('button', { name: /^Play the source/ })
    .first()
    .click();
  await page.locator('[data-word].active').waitFor();
  await expect.poll(() => page.locator('aside.source video').evaluate((video) => video.paused), slowly).toBe(false);
}

async function signOutAndIn(page: Page) {
  await page.getByRole('button', { name: /Account: Ada Lovelace/ }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await page.getByRole('heading', { name: 'Sign in', exact: true }).waitFor();
  expect(await findBarriersEverywhere(page)).toEqual([]);
  await page.getByLabel('Email').fill('ada@example.org');
  await page.getByLabel('Password').fill('seven unrelated words');
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  // Back to where the person was.
  await page.getByRole('article').first().waitFor();
  expect(page.url()).toContain('/videos/');
}

async function deleteVideo(page: Page) {
  await page.locator('main header').getByRole('button', { name: 'More' }).first().click();
  await page.getByRole('menuitem', { name: 'Delete video…' }).click();
  await page.getByRole('button', { name: 'Delete for good' }).click();
  await page.getByText('Drop your first video here').waitFor();
}

function writeSrt(lines: readonly string[]): string {
  const time = (seconds: number) => `00:00:${String(seconds).padStart(2, '0')},000`;
  return lines.map((line, index) => `${index + 1}\n${time(index * 4)} --> ${time(index * 4 + 4)}\n${line}\n`).join('\n');
}
