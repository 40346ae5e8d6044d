import axe from 'axe-core';
import type { Page } from 'playwright-core';

interface AxeResults {
  violations: { id: string; help: string; nodes: { html: string; failureSummary?: string }[] }[];
}

/** What is wrong with the page for people who cannot see it well or use a mouse (WCAG 2.2 AA), or that is wider than the window. */
export async function findBarriers(page: Page): Promise<string[]> {
  // A page that is still loading has barriers of its own.
  await page.locator('h1').first().waitFor({ state: 'attached' });
  // So has a dialog that is still coming up.
  await untilStill(page);
  // Evaluated through the debugger, so the page's content policy stays as it is. It stays in a document whose address changes behind `#` only.
  if (await page.evaluate("typeof axe === 'undefined'")) {
    await page.evaluate(`${axe.source};0`);
  }
  // Half of its work is telling what passed, and where; nobody asks for that here.
  const options = {
    runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
    resultTypes: ['violations'],
    selectors: false,
    preload: false,
  };
  const { violations } = (await page.evaluate(`axe.run(document, ${JSON.stringify(options)})`)) as AxeResults;
  const overflow = (await page.evaluate('document.documentElement.scrollWidth - innerWidth')) as number;
  return [
    ...violations.map(
      ({ id, help, nodes }) => `${id}: ${help}: ${nodes.map((node) => `${node.html} ${node.failureSummary ?? ''}`).join('\n')}`,
    ),
    ...(overflow > 0 ? [`the page is ${overflow} px wider than the window`] : []),
  ];
}

/** Looks at the present page in light on a wide screen and in dark on a narrow one. */
export async function findBarriersEverywhere(page: Page): Promise<string[]> {
  const before = page.viewportSize() ?? { width: 1280, height: 860 };
  const wide = await findBarriers(page);
  await page.setViewportSize({ width: 360, height: 740 });
  await page.emulateMedia({ colorScheme: 'dark' });
  const narrow = await findBarriers(page);
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize(before);
  await untilStill(page);
  return [...wide.map((text) => `light, wide: ${text}`), ...narrow.map((text) => `dark, narrow: ${text}`)];
}

/** Waits until what answers to the window has, and for what moves to its end: colours change within a transition, and half-way ones are nobody's design. */
async function untilStill(page: Page): Promise<void> {
  await page.evaluate(`(async () => {
    for (const frame of [1, 2]) await new Promise(requestAnimationFrame);
    const moving = document.getAnimations().filter((each) => each.playState === 'running' && each.effect?.getComputedTiming().endTime !== Infinity);
    // What is out of sight may stand still, and never ends.
    await Promise.race([Promise.allSettled(moving.map((each) => each.finished)), new Promise((resolve) => setTimeout(resolve, 1000))]);
  })()`);
}
