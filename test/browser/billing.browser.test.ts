/** Buying, changing and cancelling a plan in the console, and what administrators see of it. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RouteReply } from '@carmic/contract';
import { newId } from '../../server/src/core/ids.ts';
import { reserveMinutes, settleMinutes } from '../../server/src/plans/usage.ts';
import { deliver, openShop, planOf, type Shop, subscribed } from '../support/billing.ts';
import { uploadVideo } from '../support/upload.ts';
import { findBarriersEverywhere } from './support/axe.ts';
import { consoleDirectory, prepareBrowser } from './support/browser.ts';

const browser = prepareBrowser();
let shop: Shop;
beforeAll(async () => {
  shop = await openShop({ CARMIC_CONSOLE_DIR: consoleDirectory });
});
afterAll(async () => {
  await browser.close();
  await shop.stop();
});

test('an owner compares plans, subscribes on Stripe’s page, changes after a preview, and cancels in two clicks', async (context) => {
  const who = await shop.instance.createCaller();
  const visit = await browser.visit(context, { baseUrl: shop.instance.baseUrl, token: who.token });
  visit.expectRefusal('https://checkout.stripe.com/');
  const { page } = visit;
  await page.route('https://checkout.stripe.com/**', (route) =>
    route.fulfill({ contentType: 'text/html', body: '<title>Checkout</title>' }),
  );
  await page.goto('/#/billing');
  await page.getByText('This workspace has no subscription.').waitFor();
  await page.getByText('€19.00').waitFor();
  expect(await findBarriersEverywhere(page)).toEqual([]);
  await page.getByRole('button', { name: 'Choose Standard' }).click();
  await page.waitForURL('https://checkout.stripe.com/**');
  const sessionUrl = page.url();

  // Whoever comes back before the payment has no plan yet.
  await page.goto(`${shop.instance.baseUrl}/#/billing?from=checkout`);
  await page.getByText('Stripe has not confirmed the payment yet.').waitFor();
  expect(await planOf(who)).toBe('free');
  shop.stripe.completeCheckout(sessionUrl);
  await deliver(shop);
  await page.getByText('Renews on').waitFor();
  await page.getByText('visa ending in 4242').waitFor();
  await page.getByText('Invoice CARMIC-').first().waitFor();

  await page.getByRole('button', { name: 'Choose Professional' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('Charged now').waitFor();
  expect(await dialog.textContent()).toContain('€30.00');
  await dialog.getByRole('button', { name: 'Change the plan' }).click();
  await page.getByText('The plan was changed.').waitFor();
  expect(await planOf(who)).toBe('professional');

  await page.getByRole('button', { name: 'Cancel plan' }).click();
  await page.getByRole('button', { name: 'At the end of the period' }).click();
  await page.getByText(/^Ends on/).waitFor();
  expect(await findBarriersEverywhere(page)).toEqual([]);
  await page.getByRole('button', { name: 'Keep the plan' }).click();
  await page.getByText('Renews on').waitFor();
  expect(visit.problems).toEqual([]);
});

test('an administrator sees states, failed payments and drift, takes prices over, and gives a plan with a reason', async (context) => {
  const who = await subscribed(shop, shop.monthly);
  shop.stripe.setStatus(who.subscription, 'past_due');
  await deliver(shop);
  const visit = await browser.visit(context, { baseUrl: shop.instance.baseUrl, token: shop.admin.token });
  const { page } = visit;
  await page.goto('/#/plans');
  await page.getByText('Payment failed: 1').waitFor();
  await page.getByText('Not compared yet').waitFor();
  shop.stripe.addPrice(shop.monthly.product, 2500, { currency: 'usd' });
  await page.getByRole('button', { name: 'Show what differs' }).click();
  await page.getByText('$25.00 a month is new').waitFor();
  await page.getByRole('button', { name: 'Take over' }).click();
  await page.getByText('The prices were taken over.').waitFor();
  await page.getByRole('button', { name: 'Give a plan' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: 'Give a plan' }).click();
  await dialog.getByText('Say why, in at least three letters.').waitFor();
  await dialog.getByLabel('Workspace').selectOption(who.workspaceId);
  await dialog.getByLabel('Plan').selectOption({ label: 'Business' });
  await dialog.getByLabel('Reason').fill('A pilot');
  await dialog.getByRole('button', { name: 'Give a plan' }).click();
  await page.getByText('Business for A workspace').waitFor();
  expect(await planOf(who)).toBe('business');
  expect(await findBarriersEverywhere(page)).toEqual([]);
  await page.getByRole('button', { name: 'Take back' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Take back' }).click();
  await page.getByText('The plan was taken back.').waitFor();
  expect(await planOf(who)).toBe('standard');
  expect(visit.problems).toEqual([]);
});

test('an owner sets a budget and a cap beside the minutes of each month', async (context) => {
  const who = await shop.instance.createCaller();
  const visit = await browser.visit(context, { baseUrl: shop.instance.baseUrl, token: who.token });
  const { page } = visit;
  await page.goto('/#/account');
  await page.getByText('Nothing was processed yet.').waitFor();
  await page.getByLabel('Stop at (minutes a month)').fill('many');
  const section = page.getByRole('region', { name: 'Minutes by month' });
  await section.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Write whole minutes above zero').waitFor();
  await page.getByLabel('Stop at (minutes a month)').fill('300');
  await page.getByLabel('Tell me at (minutes a month)').fill('200');
  await section.getByRole('button', { name: 'Save' }).click();
  await page.getByText('The budget was saved.').waitFor();
  expect(await who.call('getUsageBudget')).toEqual({ alertMinutes: 200, capMinutes: 300 });
  expect(visit.problems).toEqual([]);
});

test('the statement of a month has a line per video; an owner adds a department, charges a video to it and saves the file', async (context) => {
  const who = await shop.instance.createCaller();
  const { workspaceId } = who;
  const { deps } = shop.instance.server;
  const video = await uploadVideo(who.call, shop.instance.baseUrl, Buffer.alloc(5000, 'v'));
  await deps.db.inWorkspace(workspaceId, async (tx) => {
    await reserveMinutes(deps, tx, { id: video.id, workspaceId }, 600);
    await settleMinutes(deps, tx, { id: video.id, workspaceId }, 0.5);
  });
  const visit = await browser.visit(context, { baseUrl: shop.instance.baseUrl, token: who.token });
  const { page } = visit;
  await page.goto('/#/account');
  const section = page.getByRole('region', { name: 'Where minutes and storage went' });
  await section.getByText(/^5 min used/).waitFor();
  await section.getByText('5 min given back').waitFor();
  // A day alone is told in words: one bar in an empty chart looks like a fault.
  const today = new Intl.DateTimeFormat('en', { day: 'numeric', month: 'long', timeZone: 'UTC' }).format(new Date());
  await section.getByText(`All of it on ${today}. The second day makes it a chart.`).waitFor();
  expect(await section.getByRole('img').count()).toBe(0);
  expect(await section.locator('dl').first().innerText()).toMatch(/Delivered\s+5\s/);
  // With two days there is a chart, which says in words what it draws; its figures are a table for whoever opens it by key.
  await page.route('**/api/v1/usage/days*', async (route) => {
    const response = await route.fetch();
    const { items } = (await response.json()) as RouteReply<'listUsageDays'>;
    const more = items.map((each) => ({
      ...each,
      day: each.day.replace(/-..$/, each.day.endsWith('-01') ? '-02' : '-01'),
      firstSeconds: 60,
    }));
    await route.fulfill({ response, json: { items: [...items, ...more] } });
  });
  await page.reload();
  await section.getByRole('img', { name: `Minutes by day (UTC). The busiest day was ${today}, with 5 min.` }).waitFor();
  await section.locator('summary', { hasText: 'The days as a table' }).focus();
  await page.keyboard.press('Enter');
  expect(await section.getByRole('row').nth(1).innerText()).toBe(`${today}\t5 min\t5 min`);
  await section.getByRole('button', { name: 'Add department' }).click();
  await section.getByText('Write a name.').waitFor();
  await section.getByLabel('Name of a department').fill('Sales');
  await section.getByRole('button', { name: 'Add department' }).click();
  await section.getByLabel(/^Department of/).selectOption({ label: 'Sales' });
  // The sums read alike before and after; that it is stored is not seen on the page.
  await expect
    .poll(async () => (await who.call('getVideoDepartment', { params: { id: video.id } })).departmentId)
    .toBe((await who.call('listDepartments')).items[0]?.id);
  await section.getByText('1 video · 5 min').waitFor();
  const [file] = await Promise.all([page.waitForEvent('download'), section.getByRole('button', { name: 'Save as CSV' }).click()]);
  const chunks: Buffer[] = [];
  for await (const chunk of await file.createReadStream()) {
    chunks.push(chunk as Buffer);
  }
  expect(Buffer.concat(chunks).toString()).toMatch(new RegExp(`,${video.id},.*,Sales,300,0,300,`));
  expect(await findBarriersEverywhere(page)).toEqual([]);
  expect(visit.problems).toEqual([]);
});

test('a month with more videos than a page holds shows more on request, and keeps its place when a video is charged elsewhere', async (context) => {
  const who = await shop.instance.createCaller();
  const { workspaceId } = who;
  const { deps } = shop.instance.server;
  const oldest = await uploadVideo(who.call, shop.instance.baseUrl, Buffer.alloc(5000, 'v'), { fileName: 'The oldest.mp4' });
  await who.call('createDepartment', { body: { name: 'Sales' } });
  await deps.db.inWorkspace(workspaceId, async (tx) => {
    for (const id of [oldest.id, ...Array.from({ length: 60 }, newId)]) {
      await reserveMinutes(deps, tx, { id, workspaceId }, 60);
      await settleMinutes(deps, tx, { id, workspaceId }, 1);
    }
  });
  const visit = await browser.visit(context, { baseUrl: shop.instance.baseUrl, token: who.token });
  const { page } = visit;
  await page.goto('/#/account');
  const section = page.getByRole('region', { name: 'Where minutes and storage went' });
  await section.getByText('50 of 61 videos').waitFor();
  expect(await section.getByText('A deleted video').count()).toBe(50);
  await section.getByRole('button', { name: 'Show more' }).click();
  await section.getByRole('link', { name: 'The oldest' }).waitFor();
  expect(await section.getByText('A deleted video').count()).toBe(60);
  expect(await section.getByRole('button', { name: 'Show more' }).count()).toBe(0);
  await section.getByLabel(/^Department of/).selectOption({ label: 'Sales' });
  await section.getByText('1 video · 1 min').waitFor();
  expect(await section.getByText('A deleted video').count()).toBe(60);
  expect(visit.problems).toEqual([]);
});
