/** A video from an address, what an upload costs, and a file that is here already, in a real browser. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type FileServer, startFileServer, videoBytes } from '../support/fileServer.ts';
import { startInstance, type TestInstance, until } from '../support/instance.ts';
import { uploadVideo } from '../support/upload.ts';
import { findBarriersEverywhere } from './support/axe.ts';
import { consoleDirectory, prepareBrowser } from './support/browser.ts';

const browser = prepareBrowser();
const folder = mkdtempSync(join(tmpdir(), 'carmic-imports-'));
let instance: TestInstance;
let files: FileServer;

beforeAll(async () => {
  files = await startFileServer();
  instance = await startInstance({
    env: { CARMIC_CONSOLE_DIR: consoleDirectory, CARMIC_IMPORT_HOSTS: '127.0.0.1', CARMIC_OUTGOING_PRIVATE_RANGES: '127.0.0.1/32' },
  });
});
afterAll(async () => {
  await browser.close();
  await instance.stop();
  await files.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Leaves pictures where CARMIC_SCREENSHOTS points, for looking at. */
async function picture(page: Page, name: string): Promise<void> {
  const target = process.env['CARMIC_SCREENSHOTS'];
  if (target !== undefined) {
    mkdirSync(target, { recursive: true });
    await page.waitForTimeout(400);
    await page.screenshot({ path: join(target, `${name}.png`) });
  }
}

test('an address is fetched with its progress, and what is wrong with it is said', async (context) => {
  const owner = await instance.createCaller();
  let finish: () => void = () => undefined;
  const bytes = videoBytes(1_000_000);
  files.answer('/keynote.mp4', (_, response) => {
    response.writeHead(200, { 'content-length': bytes.length });
    response.write(bytes.subarray(0, 420_000));
    finish = () => response.end(bytes.subarray(420_000));
  });
  const { page, problems, expectRefusal } = await browser.visit(context, { baseUrl: instance.baseUrl, token: owner.token, width: 1440 });
  await page.goto('/#/');
  await page.getByRole('button', { name: 'From an address' }).click();
  await page.getByLabel('Address of the video file').fill('nonsense');
  await page.getByRole('button', { name: 'Fetch it' }).click();
  await page.getByText('Enter an address that begins with').waitFor();
  expectRefusal('/api/v1/video-imports');
  await page.getByLabel('Address of the video file').fill('https://example.org/talk.mp4');
  await page.getByRole('button', { name: 'Fetch it' }).click();
  await page.getByRole('alert').getByText('CARMIC_IMPORT_HOSTS').waitFor();
  await picture(page, 'import-1440');
  expect(await findBarriersEverywhere(page)).toEqual([]);
  await page.setViewportSize({ width: 360, height: 740 });
  await page.emulateMedia({ colorScheme: 'dark' });
  await picture(page, 'import-360-dark');
  await page.getByLabel('Address of the video file').fill(files.url('/keynote.mp4'));
  await page.getByRole('button', { name: 'Fetch it' }).click();
  await page.getByText('Being fetched', { exact: true }).waitFor();
  await page.getByText('42%').waitFor();
  await picture(page, 'fetching-360-dark');
  await page.getByRole('link', { name: 'keynote' }).first().click();
  await page.getByText('Fetched 0.4 MB of 1.0 MB').waitFor();
  finish();
  await page.getByText('Fetched 0.4 MB of 1.0 MB').waitFor({ state: 'detached' });
  expect(problems).toEqual([]);
});

test('an upload says what it costs before it starts, and a file that is here already is told with a way back', async (context) => {
  const owner = await instance.createCaller();
  const bytes = videoBytes(300_000, 9);
  const first = await uploadVideo(owner.call, instance.baseUrl, bytes, { fileName: 'first.mp4' });
  const { db } = instance.server.deps;
  await db.asSystem((tx) => db.change(tx, 'UPDATE workspaces SET storage_limit_bytes = 700000 WHERE id = :id', { id: owner.workspaceId }));
  const path = join(folder, 'again.mp4');
  writeFileSync(path, bytes);
  const { page, problems } = await browser.visit(context, { baseUrl: instance.baseUrl, token: owner.token, width: 1440 });
  await page.goto('/#/');
  const chooser = page.waitForEvent('filechooser');
  await page.getByRole('button', { name: 'Upload videos' }).click();
  await (await chooser).setFiles(path);
  await page.getByText('300 kB of storage, 400 kB are free').waitFor();
  await page.getByText('are known once the video has been looked at').waitFor();
  await picture(page, 'estimate-1440');
  await page.getByRole('button', { name: 'Start', exact: true }).click();
  const second = await until('the second video', async () =>
    (await owner.call('listVideos')).items.find((video) => video.duplicateOf === first.id),
  );
  await page.goto(`/#/videos/${second.id}`);
  await page.getByText('byte for byte').waitFor();
  await picture(page, 'duplicate-1440');
  expect(await findBarriersEverywhere(page)).toEqual([]);
  await page.getByRole('button', { name: 'Delete this copy' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await until('the copy to go', async () => ((await owner.call('listVideos')).items.length === 1 ? true : null));
  await page.goto(`/#/videos/${first.id}`);
  await page.getByRole('heading', { name: 'first' }).waitFor();
  expect(problems).toEqual([]);
});
