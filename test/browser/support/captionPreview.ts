/** Reads what the caption preview in the render dialog draws. */
import type { Page } from 'playwright-core';
import { expect } from 'vitest';

const slowly = { timeout: 150_000, interval: 200 };

/** As much of a canvas as is used in the page, whose types are not known here. */
interface Copy {
  getContext(kind: '2d'): {
    drawImage(source: unknown, x: number, y: number): void;
    getImageData(x: number, y: number, width: number, height: number): { data: Iterable<number> };
  };
}

/** What libass drew in the lower part of the picture, where captions stand, as RGBA. */
export async function pixelsOfPreview(page: Page, from = 0.7): Promise<{ width: number; height: number; top: number; pixels: Buffer }> {
  const read = await page
    .getByRole('dialog')
    .locator('canvas')
    .evaluate((element, share) => {
      const copy = element.ownerDocument.createElement('canvas');
      const { width, height } = element as unknown as { width: number; height: number };
      Object.assign(copy, { width, height });
      const context = (copy as unknown as Copy).getContext('2d');
      context.drawImage(element, 0, 0);
      const top = Math.round(height * share);
      const { data } = context.getImageData(0, top, width, height - top);
      return { width, height, top, text: Array.from(data, (value) => String.fromCharCode(value)).join('') };
    }, from);
  return { ...read, pixels: Buffer.from(read.text, 'latin1') };
}

/** Shows the preview in the size of the rendition, pixel for pixel. */
export async function enlargePreview(page: Page, { width, height }: { width: number; height: number }) {
  const preview = page.getByRole('dialog').locator('.preview');
  await preview.evaluate(
    (element, size) => {
      Object.assign((element as unknown as { style: object }).style, {
        position: 'fixed',
        left: 0,
        top: 0,
        width: `${size.width}px`,
        height: `${size.height}px`,
      });
    },
    { width, height },
  );
  const shown = () => preview.locator('canvas').evaluate((canvas) => (canvas as unknown as { width: number }).width);
  await expect.poll(shown, slowly).toBe(width);
}

/** Goes to a moment and waits until it is drawn. */
export async function seekPreview(page: Page, style: string, seconds: number) {
  await page.getByLabel('Moment of the clip').evaluate((input, value) => {
    (input as unknown as { value: string }).value = String(value);
    input.dispatchEvent(new Event('input', { bubbles: true }));
  }, seconds);
  await expect
    .poll(() => page.getByRole('dialog').locator('.preview').getAttribute('data-drawn'), slowly)
    .toBe(`${style} ${seconds.toFixed(2)}`);
}
