/** Which glyph a font draws for which character: read from a font's own table, and written as a new one of one plain form. */
import { invalidInput } from '../../core/errors.ts';

const lastCharacter = 0x10ffff;

/** Reads a Unicode table (formats 12 and 4). Glyphs that are not there are left out. Throws RangeError where the table is cut off. */
export function mapCharacters(cmap: Buffer, glyphCount: number): ReadonlyMap<number, number> {
  const subtables: Buffer[] = [];
  const count = Math.min(cmap.readUInt16BE(2), 100);
  for (let index = 0; index < count; index++) {
    const platform = cmap.readUInt16BE(4 + index * 8);
    if (platform === 0 || platform === 3) {
      subtables.push(cmap.subarray(cmap.readUInt32BE(8 + index * 8)));
    }
  }
  const full = subtables.find((table) => table.length > 16 && table.readUInt16BE(0) === 12);
  const basic = subtables.find((table) => table.length > 16 && table.readUInt16BE(0) === 4);
  const found = new Map<number, number>();
  const add = (character: number, glyph: number) => {
    if (glyph > 0 && glyph < glyphCount && character <= lastCharacter) {
      found.set(character, glyph);
    }
  };
  if (full !== undefined) {
    readGroups(full, glyphCount, add);
  } else if (basic !== undefined) {
    readSegments(basic, add);
  } else {
    throw invalidInput('This font cannot be used: it has no Unicode table, so its letters are not known.');
  }
  return found;
}

function readGroups(table: Buffer, glyphCount: number, add: (character: number, glyph: number) => void): void {
  const groups = table.readUInt32BE(12);
  for (let index = 0; index < groups; index++) {
    const at = 16 + index * 12;
    const [first, last, glyph] = [table.readUInt32BE(at), table.readUInt32BE(at + 4), table.readUInt32BE(at + 8)];
    // A group names one glyph for each character: behind the last glyph there is nothing to read.
    for (let character = first; character <= Math.min(last, lastCharacter, first + glyphCount); character++) {
      add(character, glyph + character - first);
    }
  }
}

function readSegments(table: Buffer, add: (character: number, glyph: number) => void): void {
  const length = table.readUInt16BE(6);
  const [ends, starts] = [14, 16 + length];
  for (let index = 0; index < length; index += 2) {
    const [start, end] = [table.readUInt16BE(starts + index), table.readUInt16BE(ends + index)];
    const delta = table.readUInt16BE(starts + length + index);
    const rangeAt = starts + length * 2 + index;
    const range = table.readUInt16BE(rangeAt);
    for (let character = start; character <= end && character < 0xffff; character++) {
      const glyph = range === 0 ? character : table.readUInt16BE(rangeAt + range + (character - start) * 2);
      add(character, glyph === 0 && range !== 0 ? 0 : (glyph + delta) & 0xffff);
    }
  }
}

/** A table of format 12 that says the same. */
export function writeCharacterMap(characters: ReadonlyMap<number, number>): Buffer {
  const groups: { first: number; last: number; glyph: number }[] = [];
  for (const [character, glyph] of [...characters].sort(([a], [b]) => a - b)) {
    const group = groups.at(-1);
    if (group && character === group.last + 1 && glyph === group.glyph + character - group.first) {
      group.last = character;
    } else {
      groups.push({ first: character, last: character, glyph });
    }
  }
  const table = Buffer.alloc(12 + 16 + groups.length * 12);
  table.writeUInt16BE(1, 2);
  table.writeUInt16BE(3, 4);
  table.writeUInt16BE(10, 6);
  table.writeUInt32BE(12, 8);
  table.writeUInt16BE(12, 12);
  table.writeUInt32BE(table.length - 12, 16);
  table.writeUInt32BE(groups.length, 24);
  for (const [index, { first, last, glyph }] of groups.entries()) {
    table.writeUInt32BE(first, 28 + index * 12);
    table.writeUInt32BE(last, 32 + index * 12);
    table.writeUInt32BE(glyph, 36 + index * 12);
  }
  return table;
}
