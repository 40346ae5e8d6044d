import type { Locator } from 'playwright-core';

/** Chooses an action of a card from the menu of those that are used less often. */
export async function chooseMore(card: Locator, item: string): Promise<void> {
  await card.getByRole('button', { name: 'More', exact: true }).click();
  await card.page().getByRole('menuitem', { name: item, exact: true }).click();
}
