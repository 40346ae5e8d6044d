/** The whole way by keys alone, with a real server, agent and ffmpeg: from the printed link to the receipt of a deletion. */
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { verifyReceipt } from '../../server/src/retention/receipts/verifyReceipt.ts';
import { type AgentProcess, startAgentProcess } from '../support/agentProcess.ts';
import { startInstance, type TestInstance } from '../support/instance.ts';
import { makeCaptions, makeTalk, probeFile } from '../support/media.ts';
import { consoleDirectory, prepareBrowser, type Visit } from './support/browser.ts';
import { type Keyboard, keyboardOf } from './support/keyboard.ts';

const browser = prepareBrowser();
const slowly = { timeout: 150_000, interval: 200 };
let instance: TestInstance;
let agent: AgentProcess;
let directory: string;

beforeAll(async () => {
  instance = await startInstance({ env: { CARMIC_CONSOLE_DIR: consoleDirectory, CARMIC_LEASE_SECONDS: '30' } });
  agent = await startAgentProcess(instance);
  directory = mkdtempSync(join(tmpdir(), 'carmic-keyboard-'));
});

afterAll(async () => {
  await browser.close();
  await agent.remove();
  await instance.stop();
  rmSync(directory, { recursive: true, force: true });
});

test('by keys alone, from the printed link to the receipt of a deletion', async (context) => {
  context.onTestFailed(() => void process.stderr.write(agent.log().slice(-2000)));
  const visit = await browser.visit(context, { baseUrl: instance.baseUrl, width: 1440, height: 900 });
  const keys = keyboardOf(visit.page);
  await signIn(visit, keys);
  await upload(visit, keys);
  await cut(visit, keys);
  await correct(visit, keys);
  await frame(visit, keys);
  await placeCrop(visit, keys);
  await download(visit, keys);
  await remove(visit, keys);
  expect(visit.problems).toEqual([]);
});

async function signIn({ page }: Visit, keys: Keyboard) {
  await page.goto((await instance.server.signInLink()) ?? '');
  await page.getByRole('heading', { name: 'Welcome. Make it yours' }).waitFor();
  await keys.reach(/^Your name/);
  await keys.type('Ada Lovelace');
  await keys.reach(/^Email/);
  await keys.type('ada@example.org');
  await keys.reach(/^Password/);
  await keys.type('seven unrelated words');
  await keys.press('Enter');
  await page.getByRole('heading', { name: 'First set-up' }).waitFor();
  await keys.reach(/^Leave for later/);
  await keys.press('Enter');
  await page.getByText('Drop your first video here').waitFor();
  await keys.expectFocus();
}

async function upload({ page, choose }: Visit, keys: Keyboard) {
  const captions = join(directory, 'talk.srt');
  writeFileSync(captions, makeCaptions(24));
  const talk = join(directory, 'Harbours.mp4');
  copyFileSync(await makeTalk({ seconds: 24 }), talk);
  await keys.reach(/Upload videos/);
  await choose(() => keys.press('Enter'), [talk, captions]);
  const sheet = page.getByRole('dialog');
  await sheet.getByText('talk.srt').waitFor();
  await keys.reach(/^Clips$/);
  await keys.press('Control+a');
  await keys.type('1');
  await keys.reach(/^\d+–\d+ s$|^Custom$/);
  for (let presses = 0; presses < 6 && !/Custom/.test((await keys.focused()).name); presses += 1) {
    await keys.press('ArrowRight');
  }
  await keys.reach(/^At least/);
  await keys.press('Control+a');
  await keys.type('8');
  await keys.reach(/^At most/);
  await keys.press('Control+a');
  await keys.type('12');
  await keys.reach(/^Start/);
  await keys.press('Enter');
  await sheet.waitFor({ state: 'detached' });
  await keys.expectFocus();
  await page.getByRole('article').getByRole('heading').waitFor();
  await keys.reach(/^Skip to content/);
  await keys.press('Enter');
  await keys.reach(/Harbours|^0:24/);
  await keys.press('Enter');
  await page.getByText('How it was made').waitFor({ timeout: 150_000 });
  await keys.expectFocus();
}

const clipNow = async (page: Visit['page']) => {
  const id = new URL(page.url().replace('#/', '')).pathname.split('/').at(-1) ?? '';
  const reply = await page.request.get(`/api/v1/videos/${id}/clips`);
  return (
    (await reply.json()) as { items: { segments: { startSeconds: number; endSeconds: number }[]; renditions: { state: string }[] }[] }
  ).items[0];
};

const states = async (page: Visit['page']) => (await clipNow(page))?.renditions.map(({ state }) => state);

async function cut({ page }: Visit, keys: Keyboard) {
  const time = page.locator('.player .time');
  await keys.press('ArrowDown');
  await expect.poll(async () => (await keys.focused()).tag).toMatch(/^article/);
  const at = async (edge: 'startSeconds' | 'endSeconds', seconds: number) =>
    expect.poll(async () => (await clipNow(page))?.segments.at(-1)?.[edge], slowly).toBe(seconds);
  await keys.press('i');
  await at('startSeconds', 0);
  await keys.press('l', 'ArrowRight', 'ArrowRight', 'ArrowRight');
  await expect.poll(() => time.textContent(), slowly).toMatch(/^0:13 /);
  await keys.press('o');
  await at('endSeconds', 13);
  await keys.press('j');
  await expect.poll(() => time.textContent(), slowly).toMatch(/^0:03 /);
  await keys.press('i');
  await at('startSeconds', 3);
  // A handle of the time line goes by arrows, and is let go of by itself.
  await keys.reach(/^End of part 1 of 1/);
  await keys.press('Shift+ArrowLeft', 'ArrowLeft');
  await at('endSeconds', 11.9);
}

async function correct({ page }: Visit, keys: Keyboard) {
  await keys.reach(/^Play from 0:00/);
  await keys.press('ArrowRight', 'ArrowRight', 'F2');
  await keys.expectFocus(/^What is said here/);
  await keys.type('Hafen');
  await keys.press('Enter');
  await page.locator('[data-word]', { hasText: /^Hafen$/ }).waitFor();
  await keys.expectFocus(/^Play from/);
  await keys.press('F2');
  await keys.expectFocus(/^What is said here/);
  await keys.press('Escape');
  await keys.expectFocus(/^Play from/);
}

async function frame({ page }: Visit, keys: Keyboard) {
  await keys.reach(/^Add format/, 'Shift+Tab');
  await keys.press('Enter');
  const dialog = page.getByRole('dialog', { name: 'Render this clip' });
  await dialog.waitFor();
  await keys.reach(/^9:16/);
  for (let presses = 0; presses < 6 && !/^1:1/.test((await keys.focused()).name); presses += 1) {
    await keys.press('ArrowRight');
  }
  await keys.reach(/^Framing/);
  await keys.press('ArrowDown');
  const layout = await dialog.getByLabel('Framing').inputValue();
  expect(layout).not.toBe('');
  await keys.reach(/^Render$/);
  await keys.press('Enter');
  await dialog.waitFor({ state: 'detached' });
  await keys.expectFocus(/^Add format/);
  await expect.poll(() => states(page), slowly).toEqual(['ready', 'ready']);
}

async function placeCrop({ page }: Visit, keys: Keyboard) {
  await keys.reach(/^More$/);
  await keys.press('Enter');
  await keys.expectFocus(/^Crop$/);
  await keys.press('Enter');
  const dialog = page.getByRole('dialog', { name: 'Place the crop' });
  await dialog.waitFor();
  await keys.reach(/^Set key frame/);
  await keys.press('Enter');
  await keys.reach(/^Crop, its middle/, 'Shift+Tab');
  await keys.press('Shift+ArrowLeft', 'Shift+ArrowLeft');
  await dialog.getByText('Placed by hand: 1 key frame', { exact: true }).waitFor();
  await keys.reach(/^Time in the clip/);
  await keys.press('End');
  await keys.reach(/^Crop, its middle/, 'Shift+Tab');
  await keys.press('Shift+ArrowRight', 'Shift+ArrowRight', 'Shift+ArrowRight');
  await dialog.getByText('Placed by hand: 2 key frames', { exact: true }).waitFor();
  await keys.reach(/^Render with this crop/);
  await keys.press('Enter');
  await dialog.waitFor({ state: 'detached' });
  await keys.expectFocus(/^More$/);
}

async function download({ page }: Visit, keys: Keyboard) {
  await expect.poll(() => states(page), slowly).toEqual(['ready', 'ready', 'ready']);
  const button = page.getByRole('article').getByRole('button', { name: 'Download', exact: true });
  await button.waitFor();
  await keys.reach(/^Download$/, 'Shift+Tab');
  await keys.press('Enter');
  await keys.expectFocus(/^Video/);
  const [file] = await Promise.all([page.waitForEvent('download'), keys.press('Enter')]);
  const path = join(directory, 'clip.mp4');
  await file.saveAs(path);
  expect((await probeFile(path)).streams.some(({ codec_type: kind }) => kind === 'video')).toBe(true);
  await keys.expectFocus(/^Download$/);
}

async function remove({ page }: Visit, keys: Keyboard) {
  await keys.reach(/^More$/, 'Shift+Tab');
  await keys.press('Enter');
  await keys.expectFocus(/^Delete video/);
  await keys.press('Enter');
  await keys.reach(/^Delete for good/);
  await keys.press('Enter');
  await page.getByText('Drop your first video here').waitFor();
  await keys.expectFocus();
  await keys.reach(/^Deletions/, 'Shift+Tab');
  await keys.press('Enter');
  await page.getByText('Receipt signed').waitFor();
  await keys.reach(/^Receipt$/);
  await keys.press('Enter');
  await page.getByRole('dialog', { name: 'Receipt of a deletion' }).waitFor();
  await keys.reach(/^Save as a file$/);
  const [file] = await Promise.all([page.waitForEvent('download'), keys.press('Enter')]);
  expect(verifyReceipt(readFileSync(await file.path(), 'utf8'), null)).toMatchObject({ isValid: true });
}
