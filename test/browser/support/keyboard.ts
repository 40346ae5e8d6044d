/** Goes through pages by keys alone, as somebody does who has no mouse: nothing is clicked, and nothing is given the focus by the script. */
import type { Page } from 'playwright-core';
import { expect } from 'vitest';

/** What has the focus: its name as read out, where it is, and whether it is seen to have it. */
interface Focused {
  name: string;
  isBody: boolean;
  isSeen: boolean;
  tag: string;
}

export interface Keyboard {
  /** Presses keys one after the other. */
  press(...keys: string[]): Promise<void>;
  type(text: string): Promise<void>;
  /** Presses Tab (or another key) until something of that name has the focus; every stop on the way must be seen to have it. */
  reach(name: RegExp, by?: string): Promise<void>;
  focused(): Promise<Focused>;
  /** Waits for something of that name, or of any, to have the focus, and never for the bare page. */
  expectFocus(name?: RegExp): Promise<void>;
}

const mostStops = 150;

/** Makes the keys of a page. */
export function keyboardOf(page: Page): Keyboard {
  const focused = async () => (await page.evaluate(readFocus)) as Focused;
  return {
    async press(...keys) {
      for (const key of keys) {
        await page.keyboard.press(key);
      }
    },
    type: (text) => page.keyboard.type(text),
    async reach(name, by = 'Tab') {
      const passed: string[] = [];
      for (let stops = 0; stops < mostStops; stops += 1) {
        await page.keyboard.press(by);
        const now = await focused();
        passed.push(`${now.name.slice(0, 40)} (${now.tag})`);
        // Behind the last stop comes the browser's own frame, which a page without one shows as its body.
        if (!now.isBody) {
          expect(now, `The focus is seen, after ${passed.slice(-5).join(' | ')}`).toMatchObject({ isSeen: true });
        }
        if (name.test(now.name)) {
          return;
        }
      }
      throw new Error(`Nothing called ${String(name)} was reached by ${by}: ${passed.join(' | ')}`);
    },
    focused,
    async expectFocus(name = /./) {
      const what = async () => {
        const { isBody, isSeen, name: own, tag } = await focused();
        return isBody ? '' : isSeen ? own : `${own} (${tag}), whose focus is not seen`;
      };
      await expect.poll(what).toMatch(name);
      await expect.poll(what).not.toContain('whose focus is not seen');
    },
  };
}

/** Runs in the page. */
const readFocus = `(() => {
  const element = document.activeElement;
  const textOf = (ids) => (ids ?? '').split(' ').map((id) => document.getElementById(id)?.textContent ?? '').join(' ').trim();
  const labels = [...(element.labels ?? [])].map((label) => label.textContent).join(' ');
  const name = element.getAttribute('aria-label') || textOf(element.getAttribute('aria-labelledby')) || labels || element.textContent || '';
  const isRinged = (node) => {
    const { outlineStyle, outlineWidth, outlineColor, boxShadow } = getComputedStyle(node);
    return outlineStyle !== 'none' && parseFloat(outlineWidth) >= 1 && !/, 0\\)$|\\/ 0\\)$/.test(outlineColor);
  };
  // A control that is drawn by its label is ringed there.
  const box = element.getBoundingClientRect();
  const isHidden = box.width <= 1 || box.height <= 1 || getComputedStyle(element).opacity === '0';
  const drawn = isHidden ? [element.parentElement, element.parentElement?.parentElement, element.nextElementSibling] : [element];
  return {
    name: name.replace(/\\s+/g, ' ').trim(),
    tag: element.tagName.toLowerCase() + '.' + String(element.className),
    isBody: element === document.body || element === document.documentElement,
    isSeen: drawn.some((node) => node instanceof Element && isRinged(node)),
  };
})()`;
