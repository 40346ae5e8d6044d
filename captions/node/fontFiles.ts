/** Caption fonts as files, for programs that run in Node. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { CaptionFontId } from '@carmic/contract';
import { buildFontStack, type CaptionFont, fontsForText, type FontStack, type LoadedFont, loadFont } from '../src/captionFonts.ts';

const require = createRequire(import.meta.url);
const loaded = new Map<string, LoadedFont>();

/** Where a font's file is. */
export function fontPath(font: CaptionFont): string {
  return require.resolve(`@expo-google-fonts/${font.file}`);
}

/** Loads what a text needs; a file is read once. A brand’s own font goes before the chosen one. */
export function loadFontStack(chosen: CaptionFontId, text: string, language?: string, own: LoadedFont | null = null): FontStack {
  const load = (font: CaptionFont): LoadedFont => {
    const known = loaded.get(font.id) ?? loadFont(font, readFileSync(fontPath(font)));
    loaded.set(font.id, known);
    return known;
  };
  const [first, ...rest] = fontsForText(chosen, text);
  if (!first) {
    throw new Error(`There is no caption font called ${chosen}.`);
  }
  return buildFontStack(own === null ? [load(first), ...rest.map(load)] : [own, load(first), ...rest.map(load)], text, language);
}
