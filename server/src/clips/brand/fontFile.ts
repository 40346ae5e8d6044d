/**
 * Reads a font that somebody uploaded and writes it anew from the tables that captions need: outlines, metrics, characters and shaping.
 * Hinting programs, variations, bitmaps and everything unknown stay behind, every table is looked at within its bounds, the character map is
 * built from what was read, and the font gets a generated name. What cannot be read is refused with the reason.
 *
 * Source: OpenType 1.9 (tables head, hhea, maxp, OS/2, hmtx, cmap, name, loca, glyf).
 */
import { type brandScripts, type BrandFont } from '@carmic/contract';
import { invalidInput } from '../../core/errors.ts';
import { mapCharacters, writeCharacterMap } from './fontCharacters.ts';

export interface CheckedFont extends Pick<BrandFont, 'family' | 'glyphCount' | 'coverage' | 'licence'> {
  bytes: Buffer;
}

const maxBytes = 10 * 1024 * 1024;
/** Kept as they are, after their bounds were checked: shapers and rasterisers check what is inside. */
const keptTables = ['head', 'hhea', 'maxp', 'OS/2', 'hmtx', 'loca', 'glyf', 'CFF ', 'VORG', 'vhea', 'vmtx', 'kern', 'GDEF', 'GSUB', 'GPOS'];
const maxTables = 64;

const refuse = (reason: string) => invalidInput(`This font cannot be used: ${reason}`);

/** Checks a font and writes it anew under `name`. Throws invalid_input with what is wrong with it. */
export function checkFont(bytes: Buffer, name: string): CheckedFont {
  if (bytes.length > maxBytes) {
    throw refuse('it is larger than 10 MB.');
  }
  try {
    return rewrite(bytes, name);
  } catch (error) {
    if (error instanceof RangeError) {
      throw refuse('it is damaged: a table ends before what it says it holds.');
    }
    throw error;
  }
}

function rewrite(bytes: Buffer, name: string): CheckedFont {
  const tables = readTables(bytes);
  const table = (tag: string): Buffer => {
    const found = tables.get(tag);
    if (found === undefined) {
      throw refuse(`it has no table ${tag.trim()}.`);
    }
    return found;
  };
  const glyphCount = checkSizes(table, tables.has('CFF '));
  checkLicence(table('OS/2'));
  const characters = mapCharacters(table('cmap'), glyphCount);
  const coverage = coverageOf(characters);
  if (!coverage.some(({ share }) => share >= 0.9)) {
    throw refuse('it lacks letters of every script that is known here. Use a font for text.');
  }
  const names = readNames(tables.get('name') ?? Buffer.alloc(0));
  const kept = new Map(keptTables.flatMap((tag) => (tables.has(tag) ? [[tag, table(tag)] as const] : [])));
  kept.set('cmap', writeCharacterMap(characters));
  kept.set('name', writeName(name));
  kept.set('post', plainPost());
  return {
    bytes: writeFont(kept, tables.has('CFF ')),
    family: (names.get(1) ?? names.get(16) ?? 'Unnamed').slice(0, 100),
    licence: [names.get(13), names.get(14)].filter((part) => part !== undefined).join(' ').slice(0, 500),
    glyphCount,
    coverage,
  };
}

function readTables(bytes: Buffer): Map<string, Buffer> {
  const kind = bytes.toString('latin1', 0, 4);
  if (kind === 'wOFF' || kind === 'wOF2') {
    throw refuse('it is a web font (WOFF). Upload the TTF or OTF it was made from.');
  }
  if (kind === 'ttcf') {
    throw refuse('it is a collection. Upload one font of it as TTF or OTF.');
  }
  if (kind !== '\0\x01\0\0' && kind !== 'OTTO' && kind !== 'true') {
    throw refuse('it is no TrueType or OpenType file.');
  }
  const count = bytes.readUInt16BE(4);
  if (count === 0 || count > maxTables) {
    throw refuse('its list of tables is damaged.');
  }
  const tables = new Map<string, Buffer>();
  for (let index = 0; index < count; index++) {
    const at = 12 + index * 16;
    const [start, length] = [bytes.readUInt32BE(at + 8), bytes.readUInt32BE(at + 12)];
    if (start + length > bytes.length) {
      throw refuse('it is cut off: a table lies behind its end.');
    }
    tables.set(bytes.toString('latin1', at, at + 4), bytes.subarray(start, start + length));
  }
  return tables;
}

/** Every glyph has its width, and its outline where it is said to be. Answers how many glyphs there are. */
function checkSizes(table: (tag: string) => Buffer, isCff: boolean): number {
  const head = table('head');
  const [magic, unitsPerEm, isLong] = [head.readUInt32BE(12), head.readUInt16BE(18), head.readInt16BE(50) === 1];
  const glyphCount = table('maxp').readUInt16BE(4);
  const widths = table('hhea').readUInt16BE(34);
  if (magic !== 0x5f0f3cf5 || unitsPerEm < 16 || unitsPerEm > 16_384 || glyphCount < 2 || widths === 0 || widths > glyphCount) {
    throw refuse('its headers are damaged.');
  }
  if (table('OS/2').length < 78 || table('hmtx').length < widths * 4 + (glyphCount - widths) * 2) {
    throw refuse('its metrics are damaged.');
  }
  if (isCff) {
    return glyphCount;
  }
  const [loca, outlines] = [table('loca'), table('glyf').length];
  let before = 0;
  for (let glyph = 0; glyph <= glyphCount; glyph++) {
    const at = isLong ? loca.readUInt32BE(glyph * 4) : loca.readUInt16BE(glyph * 2) * 2;
    if (at < before || at > outlines) {
      throw refuse('its outlines are damaged.');
    }
    before = at;
  }
  return glyphCount;
}

/** Bit 1 of fsType, alone, says that the font may not be embedded in anything. */
function checkLicence(os2: Buffer): void {
  if ((os2.readUInt16BE(8) & 0x000e) === 0x0002) {
    throw refuse('its maker forbids embedding (the file says so). Ask them for a licence and a file that allows it.');
  }
}

type Script = (typeof brandScripts)[number];
const letters: Record<Script, string> = {
  latin: 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.,!?’-',
  latin_extended: 'ÄÖÜäöüßÀÁÂÃÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕØÙÚÛÝàáâãåæçèéêëìíîïñòóôõøùúûýÿŁłŃńŚśŹźŻżĄąĘęĆćČčŠšŽžĚěŘřŮůŐőŰűŞşĞğİı',
  greek: 'ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩαβγδεζηθικλμνξοπρςστυφχψωάέήίόύώ',
  cyrillic: 'АБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯабвгдежзийклмнопрстуфхцчшщъыьэюяёЁіІїЇєЄ',
  arabic: 'ابتثجحخدذرزسشصضطظعغفقكلمنهوي',
  hebrew: 'אבגדהוזחטיכלמנסעפצקרשת',
  devanagari: 'अआइईउऊएऐओऔकखगघचछजझटठडढणतथदधनपफबभमयरलवशषसह',
  thai: 'กขคงจฉชซญฎฏฐณดตถทธนบปผฝพฟภมยรลวศษสหฬอฮ',
  hangul: '가나다라마바사아자차카타파하이그는고에서지로한',
  kana: 'あいうえおかきくけこさしすせそたちつてとなにぬねのアイウエオカキクケコサシスセソ',
};

function coverageOf(characters: ReadonlyMap<number, number>): BrandFont['coverage'] {
  return (Object.entries(letters) as [Script, string][])
    .map(([script, text]) => {
      const all = [...text];
      return { script, share: Number((all.filter((letter) => characters.has(letter.codePointAt(0) ?? 0)).length / all.length).toFixed(3)) };
    })
    .filter(({ share }) => share > 0);
}

/** English names by their number; platform 3 writes UTF-16, platform 1 one byte a letter. Control characters are left out. */
function readNames(table: Buffer): Map<number, string> {
  const names = new Map<number, string>();
  if (table.length < 6) {
    return names;
  }
  const [count, texts] = [table.readUInt16BE(2), table.readUInt16BE(4)];
  for (let index = 0; index < Math.min(count, 2000) && 18 + index * 12 <= table.length; index++) {
    const at = 6 + index * 12;
    const platform = table.readUInt16BE(at);
    const [id, length, start] = [table.readUInt16BE(at + 6), table.readUInt16BE(at + 8), texts + table.readUInt16BE(at + 10)];
    if (start + length > table.length || (platform !== 3 && platform !== 1) || (names.has(id) && platform === 1)) {
      continue;
    }
    const bytes = Buffer.from(table.subarray(start, start + (platform === 3 ? length - (length % 2) : length)));
    const text = platform === 3 ? bytes.swap16().toString('utf16le') : bytes.toString('latin1');
    const isEnglish = platform === 1 || table.readUInt16BE(at + 4) === 0x0409;
    if (isEnglish || !names.has(id)) {
      names.set(id, text.replace(/\p{C}/gu, ' ').trim());
    }
  }
  return names;
}

/** Family, style and full name, as programs look for them. */
function writeName(name: string): Buffer {
  const records: [number, string][] = [
    [1, name],
    [2, 'Regular'],
    [4, name],
    [6, name.replace(/[^A-Za-z0-9]/g, '')],
  ];
  const texts = records.map(([, text]) => Buffer.from(text, 'utf16le').swap16());
  const header = Buffer.alloc(6 + records.length * 12);
  header.writeUInt16BE(records.length, 2);
  header.writeUInt16BE(header.length, 4);
  let offset = 0;
  for (const [index, [id]] of records.entries()) {
    const length = texts[index]?.length ?? 0;
    for (const [field, value] of [3, 1, 0x0409, id, length, offset].entries()) {
      header.writeUInt16BE(value, 6 + index * 12 + field * 2);
    }
    offset += length;
  }
  return Buffer.concat([header, ...texts]);
}

/** A table that names no glyphs (version 3). */
function plainPost(): Buffer {
  const post = Buffer.alloc(32);
  post.writeUInt32BE(0x0003_0000, 0);
  return post;
}

function writeFont(tables: ReadonlyMap<string, Buffer>, isCff: boolean): Buffer {
  const entries = [...tables].sort(([a], [b]) => (a < b ? -1 : 1));
  const header = Buffer.alloc(12 + entries.length * 16);
  header.write(isCff ? 'OTTO' : '\0\x01\0\0', 0, 'latin1');
  const power = 2 ** Math.floor(Math.log2(entries.length));
  header.writeUInt16BE(entries.length, 4);
  header.writeUInt16BE(power * 16, 6);
  header.writeUInt16BE(Math.log2(power), 8);
  header.writeUInt16BE((entries.length - power) * 16, 10);
  let offset = header.length;
  const bodies: Buffer[] = [];
  for (const [index, [tag, table]] of entries.entries()) {
    const body = Buffer.alloc(Math.ceil(table.length / 4) * 4);
    table.copy(body);
    if (tag === 'head') {
      body.writeUInt32BE(0, 8);
    }
    const at = 12 + index * 16;
    header.write(tag, at, 'latin1');
    header.writeUInt32BE(checksum(body), at + 4);
    header.writeUInt32BE(offset, at + 8);
    header.writeUInt32BE(table.length, at + 12);
    offset += body.length;
    bodies.push(body);
  }
  return Buffer.concat([header, ...bodies]);
}

function checksum(body: Buffer): number {
  let sum = 0;
  for (let at = 0; at < body.length; at += 4) {
    sum = (sum + body.readUInt32BE(at)) >>> 0;
  }
  return sum;
}
