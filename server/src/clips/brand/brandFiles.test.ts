import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fontPath } from '@carmic/captions/node';
import { loadBrandFont, readFontMetrics, scriptFonts, textFonts } from '@carmic/captions';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { AppError } from '../../core/errors.ts';
import { checkFont } from './fontFile.ts';
import { checkLogo } from './logoFile.ts';
import { checkPiece } from './pieceFile.ts';

const directory = mkdtempSync(join(tmpdir(), 'carmic-brand-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const ffmpeg = (...args: string[]) => execFileSync('ffmpeg', ['-v', 'error', '-nostdin', '-y', ...args], { maxBuffer: 1 << 26 });
const anton = readFileSync(fontPath(textFonts.anton));
const tagsOf = (bytes: Buffer) =>
  Array.from({ length: bytes.readUInt16BE(4) }, (_, index) => bytes.toString('latin1', 12 + index * 16, 16 + index * 16));

/** Broken in any place, a file is read or refused with a sentence; nothing else. */
function survives(check: (bytes: Buffer) => unknown, good: Buffer, runs: number) {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(255)), { minLength: 1, maxLength: 12 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.boolean(),
      (changes, cut, isHeader) => {
        const bytes = Buffer.from(good.subarray(0, Math.ceil(good.length * (cut < 0.5 ? 1 : cut))));
        for (const [place, value] of changes) {
          bytes[Math.floor(place * (isHeader ? Math.min(400, bytes.length - 1) : bytes.length - 1))] = value;
        }
        try {
          check(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(AppError);
          expect((error as AppError).code).toBe('invalid_input');
        }
      },
    ),
    { numRuns: runs, seed: 20261127 },
  );
}

describe('an uploaded font', () => {
  const checked = checkFont(anton, 'Brand 0123456789ab');

  it('is written anew under a generated name, with what captions need and nothing else', () => {
    expect(checked).toMatchObject({ family: 'Anton', glyphCount: expect.any(Number), licence: expect.stringContaining('Open Font License') });
    expect(tagsOf(anton)).toEqual(expect.arrayContaining(['fpgm', 'prep']));
    expect(tagsOf(checked.bytes)).not.toEqual(expect.arrayContaining(['fpgm']));
    expect(checked.bytes.toString('latin1')).not.toContain('Anton');
    expect(checked.bytes.includes(Buffer.from('Brand 0123456789ab', 'utf16le').swap16())).toBe(true);
  });

  it('draws the same letters in the same width as before', () => {
    const [before, after] = [readFontMetrics(anton), loadBrandFont('Brand', checked.bytes).metrics];
    for (const text of ['Hamburgefonstiv', 'Grüße 12', 'ÅÄÖ']) {
      expect(after.textWidth(text, 100)).toBeCloseTo(before.textWidth(text, 100), 6);
    }
    expect([after.covers('Łódź'), after.covers('漢')]).toEqual([true, false]);
  });

  it('tells which scripts it has', () => {
    expect(checked.coverage.find(({ script }) => script === 'latin')?.share).toBe(1);
    const hebrew = scriptFonts.find((font) => font.id === 'hebrew') ?? textFonts.anton;
    const coverage = checkFont(readFileSync(fontPath(hebrew)), 'Brand').coverage;
    expect(coverage.find(({ script }) => script === 'hebrew')?.share).toBe(1);
    expect(coverage.some(({ script }) => script === 'thai')).toBe(false);
  });

  it('is refused with a reason when it is none, a web font, a collection, cut off, or not to be embedded', () => {
    const changed = (change: (bytes: Buffer) => void) => {
      const bytes = Buffer.from(anton);
      change(bytes);
      return bytes;
    };
    const os2 = tagsOf(anton).indexOf('OS/2');
    const at = anton.readUInt32BE(12 + os2 * 16 + 8);
    const reasons: [Buffer, RegExp][] = [
      [Buffer.from('not a font at all'), /no TrueType/],
      [changed((bytes) => bytes.write('wOF2', 0)), /web font/],
      [changed((bytes) => bytes.write('ttcf', 0)), /collection/],
      [anton.subarray(0, anton.length / 2), /cut off/],
      [changed((bytes) => bytes.writeUInt16BE(2, at + 8)), /forbids embedding/],
    ];
    for (const [bytes, reason] of reasons) {
      expect(() => checkFont(bytes, 'Brand')).toThrow(reason);
    }
  });

  it('never breaks the reader, however it is damaged', () => survives((bytes) => checkFont(bytes, 'Brand'), anton, 150));
});

describe('an uploaded logo', () => {
  const png = (format: string) =>
    ffmpeg(
      ...['-f', 'lavfi', '-i', 'testsrc2=size=90x60', '-frames:v', '1', '-pix_fmt', format, '-metadata', 'comment=secret place'],
      ...['-f', 'image2pipe', '-c:v', 'png', 'pipe:1'],
    );
  const pixels = (bytes: Buffer) =>
    execFileSync('ffmpeg', ['-v', 'error', '-f', 'png_pipe', '-i', 'pipe:0', '-pix_fmt', 'rgba', '-f', 'rawvideo', 'pipe:1'], { input: bytes });

  it.each(['rgba', 'rgb24', 'gray', 'ya8', 'pal8'])('of the form %s keeps its pixels and nothing else', (format) => {
    const before = png(format);
    const { bytes, width, height } = checkLogo(before);
    expect([width, height]).toEqual([90, 60]);
    expect(pixels(bytes).equals(pixels(before))).toBe(true);
    expect(bytes.toString('latin1')).not.toMatch(/tEXt|pHYs|secret/);
  });

  it('is refused with a reason when it is no PNG, has 16 bits, is too large, or unpacks to something else', () => {
    expect(() => checkLogo(Buffer.from('<svg onload="x"/>'))).toThrow(/no PNG/);
    expect(() => checkLogo(png('rgb48be'))).toThrow(/8 bits a channel/);
    expect(() => checkLogo(ffmpeg('-f', 'lavfi', '-i', 'color=size=5000x20', '-frames:v', '1', '-f', 'image2pipe', '-c:v', 'png', 'pipe:1'))).toThrow(
      /5000×20 pixels/,
    );
    const cut = png('rgba');
    expect(() => checkLogo(cut.subarray(0, cut.length - 200))).toThrow(/cut off|no picture/);
  });

  it('never breaks the reader, however it is damaged', () => survives(checkLogo, png('rgba'), 150));
});

describe('an uploaded intro', () => {
  const make = (name: string, seconds: number, ...codec: string[]) => {
    const path = join(directory, name);
    ffmpeg('-f', 'lavfi', '-i', `testsrc2=size=160x90:rate=10:duration=${seconds}`, ...codec, path);
    return readFileSync(path);
  };
  const intro = make('intro.mp4', 2, '-c:v', 'libx264', '-preset', 'ultrafast');

  it('tells its length and size', () => {
    expect(checkPiece(intro)).toEqual({ durationSeconds: 2, width: 160, height: 90 });
  });

  it('is refused with a reason when it is no MP4, too long, cut off, or coded otherwise', () => {
    expect(() => checkPiece(Buffer.from('#EXTM3U\nhttp://127.0.0.1/secret'))).toThrow(/cut off|no MP4/);
    expect(() => checkPiece(make('long.mp4', 16, '-c:v', 'libx264', '-preset', 'ultrafast'))).toThrow(/16\.0 seconds/);
    expect(() => checkPiece(make('mpeg.mp4', 1, '-c:v', 'mpeg4'))).toThrow(/codec/);
    expect(() => checkPiece(intro.subarray(0, intro.length / 2))).toThrow(/cut off/);
  });

  it('never breaks the reader, however it is damaged', () => survives(checkPiece, intro, 300));
});
