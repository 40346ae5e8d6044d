import type { Page } from 'playwright-core';

/** Goes to an address of the console and waits until its data is there: it loads nothing anew behind the `#`, so that the grey blocks say when. */
export async function openPage(page: Page, path: string): Promise<void> {
  await page.goto(`/#${path}`);
  await page.locator('h1').first().waitFor();
  await page
    .getByRole('status', { name: /^(Loading|Wird geladen)$/ })
    .first()
    .waitFor({ state: 'detached' });
}
