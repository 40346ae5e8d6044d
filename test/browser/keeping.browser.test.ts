/** Plans, deletions and the calendar in the console. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Caller, startInstance, type TestInstance, until } from '../support/instance.ts';
import { enrolAgent } from '../support/protocolAgent.ts';
import { uploadVideo } from '../support/upload.ts';
import { verifyReceipt } from '../../server/src/retention/receipts/verifyReceipt.ts';
import { findBarriersEverywhere } from './support/axe.ts';
import { consoleDirectory, prepareBrowser } from './support/browser.ts';

const browser = prepareBrowser();
const slowly = { timeout: 60_000 };
let instance: TestInstance;
beforeAll(async () => {
  instance = await startInstance({ env: { CARMIC_CONSOLE_DIR: consoleDirectory, CARMIC_LEASE_SECONDS: '600' } });
});
afterAll(async () => {
  await browser.close();
  await instance.stop();
});
const upload = (caller: Parameters<typeof uploadVideo>[0], fileName: string) =>
  uploadVideo(caller, instance.baseUrl, Buffer.from(`video ${fileName}`), { fileName });

/** Clips with two renditions each whose work has ended. */
async function makeClips({ call }: Caller, id: string): Promise<void> {
  const agent = await enrolAgent(instance);
  // Videos of other tests wait for an inspection too.
  const clips = await until('the clips', async () => {
    const lease = await agent.lease(['inspect'], 1);
    if (lease !== null) {
      await agent.finish(lease, { probe: { durationSeconds: 60 } });
    }
    const { items } = await call('listClips', { params: { id } });
    return items.length > 0 ? items : null;
  });
  for (const clip of clips) {
    await call('createRendition', { params: { id: clip.id }, body: { aspect: '1:1' } });
  }
  const { db } = instance.server.deps;
  await db.asSystem((tx) => db.change(tx, "UPDATE renditions SET state = 'failed' WHERE video_id = :id", { id }));
}

test('a deletion shows every step and gives a receipt that is genuine; what expires stands in the calendar', async (context) => {
  const caller = await instance.createCaller();
  const visit = await browser.visit(context, { baseUrl: instance.baseUrl, token: caller.token });
  const { page } = visit;
  await page.goto('/#/deletions');
  await page.getByText('Nothing was deleted yet').waitFor();
  await page.getByText('Nothing expires in the next 30 days.').waitFor();
  const [gone] = [await upload(caller.call, 'gone.mp4'), await upload(caller.call, 'A talk about harbours.mp4')];
  const { id } = await caller.call('createErasure', { body: { scope: 'video', videoId: gone.id } });
  await until('the deletion to be done', async () =>
    (await caller.call('getErasure', { params: { id } })).state === 'done' ? true : null,
  );
  await page.reload();
  await page.getByRole('link', { name: 'A talk about harbours' }).waitFor();
  await page.getByText('A video with everything made from it').waitFor();
  await page.getByText('Receipt signed').waitFor();
  expect(await findBarriersEverywhere(page)).toEqual([]);
  await page.getByRole('button', { name: 'Receipt' }).click();
  const receipt = page.getByRole('dialog', { name: 'Receipt of a deletion' });
  await receipt.getByText('within the 24 hours that were promised').waitFor();
  await receipt.getByText('1 file deleted, with every copy').waitFor();
  await receipt.getByText('1 place asked at the end').waitFor();
  await receipt.getByText(id, { exact: true }).waitFor();
  expect(await findBarriersEverywhere(page)).toEqual([]);
  const [download] = await Promise.all([page.waitForEvent('download'), receipt.getByRole('button', { name: 'Save as a file' }).click()]);
  const verdict = verifyReceipt(readFileSync(await download.path(), 'utf8'), null);
  expect(verdict).toMatchObject({ isValid: true, body: { erasureId: id, keys: { count: 1 } } });
  expect(visit.problems).toEqual([]);
});

test('members see a legal hold and its end on the video and in the library, and no way to delete what is held', async (context) => {
  const admin = await instance.createCaller({ isAdmin: true });
  const caller = await instance.createCaller();
  const video = await upload(caller.call, 'evidence.mp4');
  await makeClips(caller, video.id);
  const body = { workspaceId: caller.workspaceId, videoId: video.id, reason: 'Case 12/2026' };
  const hold = await admin.call('placeHold', { body });
  const visit = await browser.visit(context, { baseUrl: instance.baseUrl, token: caller.token });
  const { page } = visit;
  await page.goto('/#/');
  await page.getByText('Legal hold').waitFor();
  // When it ends, and what says so, stands there too.
  const day = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeZone: 'UTC' }).format(new Date(video.expiresAt ?? ''));
  await page.getByText(`Expires in 3 days (${day})`).waitFor();
  await page.getByText('by the plan Free').waitFor();
  await page.getByRole('button', { name: 'Actions for evidence' }).click();
  await page.getByRole('menuitem', { name: 'Open' }).waitFor();
  expect(await page.getByRole('menuitem', { name: 'Delete' }).count()).toBe(0);
  await page.goto(`/#/videos/${video.id}`);
  await page.getByText('under a legal hold until an administrator lifts it').waitFor();
  expect(await page.getByText('Case 12').count()).toBe(0);
  expect(await findBarriersEverywhere(page)).toEqual([]);
  // A clip has a menu of its own.
  const removing = async () => {
    await page.getByRole('article').first().getByRole('button', { name: 'More' }).click();
    await page.getByRole('menuitem', { name: 'Rename' }).waitFor();
    return page.getByRole('menuitem', { name: 'Remove 9:16' }).count();
  };
  expect(await removing()).toBe(0);
  await admin.call('releaseHold', { params: { id: hold.id } });
  await page.reload();
  await page.getByRole('heading', { name: 'evidence' }).waitFor();
  expect(await page.getByText('legal hold').count()).toBe(0);
  expect(await removing()).toBe(1);
  expect(visit.problems).toEqual([]);
});

test('an administrator edits a plan after seeing what it would end, and gives a workspace rules of its own', async (context) => {
  const admin = await instance.createCaller({ isAdmin: true });
  const customer = await instance.createCaller();
  const plan = await admin.call('createPlan', {
    body: { name: 'Trial', retention: { kind: 'expires', days: 60 }, limits: { uploadBytes: null, durationSeconds: null } },
  });
  await admin.call('assignPlan', { params: { id: customer.workspaceId }, body: { planId: plan.id } });
  const video = await upload(customer.call, 'kept.mp4');
  const visit = await browser.visit(context, { baseUrl: instance.baseUrl, token: admin.token });
  const { page } = visit;
  await page.goto('/#/plans');
  await page.getByRole('heading', { name: 'Trial' }).waitFor();
  expect(await findBarriersEverywhere(page)).toEqual([]);

  await page.getByRole('button', { name: 'Edit Trial' }).click();
  await page.getByLabel('Days after the upload').fill('soon');
  await page.getByRole('button', { name: 'Show the impact' }).click();
  await page.getByText('Check the fields').waitFor();
  await page.getByLabel('Days after the upload').fill('10');
  await page.getByRole('button', { name: 'Show the impact' }).click();
  await page.getByText('1 video (14 bytes) would expire, or expire earlier').waitFor();
  expect(await findBarriersEverywhere(page)).toEqual([]);
  // Another value is another impact: it has to be looked at again.
  await page.getByLabel('Days after the upload').fill('12');
  await page.getByRole('button', { name: 'Show the impact' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
  await page.getByText('The plan was saved.').waitFor();
  await page.getByText('Content expires after 12 days.').first().waitFor();
  expect((await customer.call('getVideo', { params: { id: video.id } })).expiresAt).not.toBe(video.expiresAt);

  await page.locator('li', { hasText: 'Trial' }).getByRole('button', { name: 'Change plan' }).click();
  await page.getByLabel('Rules of its own').check();
  await page.getByText('Fixed storage').click();
  await page.getByLabel('Storage in GB').fill('50');
  await page.getByLabel('Processing minutes').fill('600');
  await page.getByRole('button', { name: 'Show the impact' }).click();
  await page.getByText('1 video would be kept longer.').waitFor();
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
  await page.getByText('own rules').waitFor();
  const { limits, retention } = await customer.call('getEntitlements');
  expect({ minutes: limits.processingMinutes, retention }).toEqual({ minutes: 600, retention: { kind: 'fixed', storageBytes: 50e9 } });
  expect(visit.problems).toEqual([]);
});

test('an administrator holds a workspace, lifts the hold again, and compares the storage with the records', async (context) => {
  const admin = await instance.createCaller({ isAdmin: true });
  const customer = await instance.createCaller();
  const held = await upload(customer.call, 'evidence.mp4');
  const visit = await browser.visit(context, { baseUrl: instance.baseUrl, token: admin.token });
  const { page } = visit;
  await page.goto('/#/safekeeping');
  await page.getByRole('button', { name: 'Place a hold' }).first().waitFor();
  const over = () => page.getByText('Over', { exact: true }).count();
  // The hold of another test may be in the list.
  await expect.poll(over, slowly).toBe((await admin.call('listHolds')).items.length);
  const overBefore = await over();
  await page.getByRole('button', { name: 'Place a hold' }).first().click();
  const dialog = page.getByRole('dialog', { name: 'Place a legal hold' });
  await dialog.getByRole('button', { name: 'Place the hold' }).click();
  await dialog.getByText('Choose a workspace and write a reason.').waitFor();
  const workspaces = dialog.getByLabel('Workspace', { exact: true });
  await expect.poll(() => workspaces.locator(`option[value="${customer.workspaceId}"]`).count(), slowly).toBe(1);
  await workspaces.selectOption(customer.workspaceId);
  await dialog.getByLabel('Only one video: its id').fill(held.id);
  await dialog.getByLabel('Reason').fill('Case 17');
  expect(await findBarriersEverywhere(page)).toEqual([]);
  await dialog.getByRole('button', { name: 'Place the hold' }).click();
  await page.getByText('Case 17').waitFor();
  await expect(customer.call('createErasure', { body: { scope: 'video', videoId: held.id } })).rejects.toThrow(/legal hold/);

  await page.getByRole('button', { name: 'Look only' }).click();
  await page.getByText('All as it should be').waitFor();
  await page
    .getByText(/\d+ files? compared/)
    .first()
    .waitFor();
  expect(await findBarriersEverywhere(page)).toEqual([]);

  await page.getByRole('button', { name: /^Lift the hold/ }).click();
  await page.getByRole('dialog', { name: 'Lift this hold?' }).getByRole('button', { name: 'Lift' }).click();
  await expect.poll(over, slowly).toBe(overBefore + 1);
  expect((await customer.call('createErasure', { body: { scope: 'video', videoId: held.id } })).id).toBeTruthy();
  expect(visit.problems).toEqual([]);
});
