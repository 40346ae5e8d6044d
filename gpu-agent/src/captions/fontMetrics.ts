/**
 * Reads from a TrueType file how wide its characters are, so that lines are broken where libass would draw them.
 *
 * Source: OpenType 1.9, tables head, hhea, hmtx, OS/2 and cmap (formats 4 and 12).
 */
import { readFileSync } from 'node:fs';

export interface FontMetrics {
  /** Width of a text in pixels when libass draws it with this `Fontsize`. */
  textWidth(text: string, fontSize: number): number;
  /** Whether the font has a picture for every character. */
  covers(text: string): boolean;
}

/** Reads the metrics of the font at `path`. Throws when it is no TrueType font with a Unicode table. */
export function readFontMetrics(path: string): FontMetrics {
  const font = readFileSync(path);
  const tables = readTables(font);
  const unitsPerEm = font.readUInt16BE(tableAt(tables, 'head') + 18);
  const hhea = tableAt(tables, 'hhea');
  const metricCount = font.readUInt16BE(hhea + 34);
  const hmtx = tableAt(tables, 'hmtx');
  const glyphOf = readCharacterMap(font, tableAt(tables, 'cmap'));
  // libass sizes fonts as VSFilter does: Fontsize is the height of the Windows ascent and descent together, not of the em.
  const os2 = tableAt(tables, 'OS/2');
  const lineHeight = font.readUInt16BE(os2 + 74) + font.readUInt16BE(os2 + 76) || unitsPerEm;
  const advance = (codePoint: number) => {
    const glyph = glyphOf(codePoint);
    if (glyph === 0) {
      return isWide(codePoint) ? unitsPerEm : unitsPerEm * 0.7;
    }
    return font.readUInt16BE(hmtx + Math.min(glyph, metricCount - 1) * 4);
  };
  return {
    textWidth: (text, fontSize) =>
      ([...text].reduce((sum, letter) => sum + advance(letter.codePointAt(0) ?? 0), 0) * fontSize) / lineHeight,
    covers: (text) => [...text].every((letter) => glyphOf(letter.codePointAt(0) ?? 0) !== 0),
  };
}

/** Characters of East Asian scripts take a whole em in every font that has them. */
function isWide(codePoint: number): boolean {
  return (codePoint >= 0x1100 && codePoint <= 0x11ff) || (codePoint >= 0x2e80 && codePoint <= 0xd7ff) || codePoint >= 0xf900;
}

function readTables(font: Buffer): ReadonlyMap<string, number> {
  const tables = new Map<string, number>();
  const count = font.readUInt16BE(4);
  for (let index = 0; index < count; index++) {
    const at = 12 + index * 16;
    tables.set(font.toString('latin1', at, at + 4), font.readUInt32BE(at + 8));
  }
  return tables;
}

function tableAt(tables: ReadonlyMap<string, number>, name: string): number {
  const at = tables.get(name);
  if (at === undefined) {
    throw new Error(`The caption font has no table ${name}.`);
  }
  return at;
}

function readCharacterMap(font: Buffer, cmap: number): (codePoint: number) => number {
  const count = font.readUInt16BE(cmap + 2);
  const offsets: number[] = [];
  for (let index = 0; index < count; index++) {
    const platform = font.readUInt16BE(cmap + 4 + index * 8);
    if (platform === 0 || platform === 3) {
      offsets.push(cmap + font.readUInt32BE(cmap + 8 + index * 8));
    }
  }
  const full = offsets.find((at) => font.readUInt16BE(at) === 12);
  if (full !== undefined) {
    return (codePoint) => lookUpGroups(font, full, codePoint);
  }
  const basic = offsets.find((at) => font.readUInt16BE(at) === 4);
  if (basic === undefined) {
    throw new Error('The caption font has no Unicode character map.');
  }
  return (codePoint) => lookUpSegments(font, basic, codePoint);
}

function lookUpGroups(font: Buffer, at: number, codePoint: number): number {
  const groups = font.readUInt32BE(at + 12);
  for (let index = 0; index < groups; index++) {
    const group = at + 16 + index * 12;
    const first = font.readUInt32BE(group);
    if (codePoint >= first && codePoint <= font.readUInt32BE(group + 4)) {
      return font.readUInt32BE(group + 8) + codePoint - first;
    }
  }
  return 0;
}

function lookUpSegments(font: Buffer, at: number, codePoint: number): number {
  const length = font.readUInt16BE(at + 6);
  const ends = at + 14;
  const starts = ends + length + 2;
  for (let index = 0; index < length; index += 2) {
    if (codePoint > font.readUInt16BE(ends + index)) {
      continue;
    }
    const start = font.readUInt16BE(starts + index);
    if (codePoint < start) {
      return 0;
    }
    const delta = font.readUInt16BE(starts + length + index);
    const rangeAt = starts + length * 2 + index;
    const range = font.readUInt16BE(rangeAt);
    const glyph = range === 0 ? codePoint : font.readUInt16BE(rangeAt + range + (codePoint - start) * 2);
    return glyph === 0 ? 0 : (glyph + delta) & 0xffff;
  }
  return 0;
}
