import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contentDisposition } from './contentDisposition.ts';

const decoded = (header: string) => decodeURIComponent(/filename\*=UTF-8''(.*)$/.exec(header)?.[1] ?? '');

describe('the Content-Disposition', () => {
  it('is inline without a name', () => {
    expect(contentDisposition(undefined)).toBe('inline');
  });

  it('carries a plain name both ways', () => {
    expect(contentDisposition('My clip (1).mp4')).toBe(`attachment; filename="My clip (1).mp4"; filename*=UTF-8''My%20clip%20%281%29.mp4`);
  });

  it('keeps letters of every script in the extended name', () => {
    expect(decoded(contentDisposition('Ärger 動画 🎬.mp4'))).toBe('Ärger 動画 🎬.mp4');
  });

  it.each([
    ['a"; filename="evil.exe', 'a"; filename="evil.exe'],
    ['a\r\nset-cookie: x=1', 'aset-cookie- x=1'],
    ['../../etc/passwd', '-..-etc-passwd'],
    ['C:\\evil.bat', 'C--evil.bat'],
    ['gpj.\u202Eexe', 'gpj.exe'],
    ['...', 'download'],
    ['', 'download'],
    ['\0\u0007', 'download'],
  ])('keeps %j from being more than a name', (name, shown) => {
    const header = contentDisposition(name);
    expect(header).toMatch(/^attachment; filename="[A-Za-z0-9 ._()-]+"; filename\*=UTF-8''[\x21-\x7e]+$/);
    expect(decoded(header)).toBe(shown);
  });

  it('shortens a long name and keeps its ending', () => {
    const header = contentDisposition(`${'長'.repeat(500)}.mp4`);
    expect(decoded(header)).toBe(`${'長'.repeat(176)}.mp4`);
  });

  it('is one well-formed header for any name', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (name) => {
        expect(contentDisposition(name)).toMatch(
          /^attachment; filename="[A-Za-z0-9 ._()-]+"; filename\*=UTF-8''[A-Za-z0-9!#$&+.^_`|~%-]+$/,
        );
      }),
    );
  });
});
