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

/** How far a preview is from a rendered frame, in levels of 255 per colour where either of them has a caption. */
export interface Difference {
  /** Between the preview over its ground and the frame. */
  apart: number;
  /** Between the ground and the frame: what the captions change. */
  changed: number;
  pixels: number;
  width: number;
  height: number;
}

/** What a preview is held against: what is behind the captions and the frame with them, as RGB of the size that is drawn, from its row `top` on. */
export interface Rendered {
  ground: (index: number, channel: number) => number;
  frame: Buffer;
}

/**
 * Holds what is drawn against a rendered frame until it is at most `share` of the captions' own change away. The canvas shows what libass
 * drew when the browser composes its next picture, which can be later than libass says so.
 */
export async function expectPreviewToBe(
  page: Page,
  label: string,
  share: number,
  options: { from?: number; leastChange: number; rendered: (size: { width: number; height: number; top: number }) => Promise<Rendered> },
): Promise<Difference> {
  let difference: Difference = { apart: 0, changed: 0, pixels: 0, width: 0, height: 0 };
  let rendered: Rendered | undefined;
  const look = async () => {
    const drawn = await pixelsOfPreview(page, options.from);
    rendered ??= await options.rendered(drawn);
    difference = compare(drawn, rendered, options.leastChange);
    return difference.pixels === 0 ? Infinity : difference.apart / difference.changed;
  };
  await expect.poll(look, { ...slowly, message: label }).toBeLessThan(share);
  return difference;
}

function compare(drawn: Awaited<ReturnType<typeof pixelsOfPreview>>, { ground, frame }: Rendered, leastChange: number): Difference {
  const { width, height, top, pixels } = drawn;
  let [covered, apart, changed] = [0, 0, 0];
  for (let index = 0; index < width * (height - top); index++) {
    const alpha = (pixels[index * 4 + 3] ?? 0) / 255;
    for (let channel = 0; channel < 3; channel++) {
      const [before, after] = [ground(index, channel), frame[index * 3 + channel] ?? 0];
      if (alpha > 0.02 || Math.abs(before - after) > leastChange) {
        covered += 1;
        apart += Math.abs(before * (1 - alpha) + (pixels[index * 4 + channel] ?? 0) * alpha - after);
        changed += Math.abs(before - after);
      }
    }
  }
  return { apart: apart / covered, changed: changed / covered, pixels: covered / 3, width, height };
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
