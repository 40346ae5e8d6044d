/**
 * Reads from a TrueType file how wide its characters are, so that lines are broken where libass would draw them.
 *
 * Source: OpenType 1.9, tables head, hhea, hmtx, OS/2 and cmap (formats 4 and 12).
 */
export interface FontMetrics {
  /** Width of a text in pixels when libass draws it with this `Fontsize`. */
  textWidth(text: string, fontSize: number): number;
  /** Whether the font has a picture for every character. */
  covers(text: string): boolean;
}

/** Reads the metrics of a font from its bytes. Throws when it is no TrueType font with a Unicode table. */
export function readFontMetrics(bytes: Uint8Array): FontMetrics {
  const font = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const tables = readTables(font);
  const unitsPerEm = font.getUint16(tableAt(tables, 'head') + 18);
  const hhea = tableAt(tables, 'hhea');
  const metricCount = font.getUint16(hhea + 34);
  const hmtx = tableAt(tables, 'hmtx');
  const look = readCharacterMap(font, tableAt(tables, 'cmap'));
  const seen = new Map<number, number>();
  const glyphOf = (codePoint: number) => {
    const glyph = seen.get(codePoint) ?? look(codePoint);
    seen.set(codePoint, glyph);
    return glyph;
  };
  // libass sizes fonts as VSFilter does: Fontsize is the height of the Windows ascent and descent together, not of the em.
  const os2 = tableAt(tables, 'OS/2');
  const lineHeight = font.getUint16(os2 + 74) + font.getUint16(os2 + 76) || unitsPerEm;
  const advance = (codePoint: number) => {
    const glyph = glyphOf(codePoint);
    if (glyph === 0) {
      return isWide(codePoint) ? unitsPerEm : unitsPerEm * 0.7;
    }
    return font.getUint16(hmtx + Math.min(glyph, metricCount - 1) * 4);
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

function readTables(font: DataView): ReadonlyMap<string, number> {
  const tables = new Map<string, number>();
  const count = font.getUint16(4);
  for (let index = 0; index < count; index++) {
    const at = 12 + index * 16;
    tables.set(tagAt(font, at), font.getUint32(at + 8));
  }
  return tables;
}

function tagAt(font: DataView, at: number): string {
  return String.fromCharCode(...[0, 1, 2, 3].map((index) => font.getUint8(at + index)));
}

function tableAt(tables: ReadonlyMap<string, number>, name: string): number {
  const at = tables.get(name);
  if (at === undefined) {
    throw new Error(`The caption font has no table ${name}.`);
  }
  return at;
}

function readCharacterMap(font: DataView, cmap: number): (codePoint: number) => number {
  const count = font.getUint16(cmap + 2);
  const offsets: number[] = [];
  for (let index = 0; index < count; index++) {
    const platform = font.getUint16(cmap + 4 + index * 8);
    if (platform === 0 || platform === 3) {
      offsets.push(cmap + font.getUint32(cmap + 8 + index * 8));
    }
  }
  const full = offsets.find((at) => font.getUint16(at) === 12);
  if (full !== undefined) {
    return (codePoint) => lookUpGroups(font, full, codePoint);
  }
  const basic = offsets.find((at) => font.getUint16(at) === 4);
  if (basic === undefined) {
    throw new Error('The caption font has no Unicode character map.');
  }
  return (codePoint) => lookUpSegments(font, basic, codePoint);
}

function lookUpGroups(font: DataView, at: number, codePoint: number): number {
  const groups = font.getUint32(at + 12);
  for (let index = 0; index < groups; index++) {
    const group = at + 16 + index * 12;
    const first = font.getUint32(group);
    if (codePoint >= first && codePoint <= font.getUint32(group + 4)) {
      return font.getUint32(group + 8) + codePoint - first;
    }
  }
  return 0;
}

function lookUpSegments(font: DataView, at: number, codePoint: number): number {
  const length = font.getUint16(at + 6);
  const ends = at + 14;
  const starts = ends + length + 2;
  for (let index = 0; index < length; index += 2) {
    if (codePoint > font.getUint16(ends + index)) {
      continue;
    }
    const start = font.getUint16(starts + index);
    if (codePoint < start) {
      return 0;
    }
    const delta = font.getUint16(starts + length + index);
    const rangeAt = starts + length * 2 + index;
    const range = font.getUint16(rangeAt);
    const glyph = range === 0 ? codePoint : font.getUint16(rangeAt + range + (codePoint - start) * 2);
    return glyph === 0 ? 0 : (glyph + delta) & 0xffff;
  }
  return 0;
}
