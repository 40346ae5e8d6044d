import { describe, expect, it } from 'vitest';
import { sniffContainer } from './sniff.ts';
import { TaskFailure } from './taskFailure.ts';

function codeOf(head: Buffer): string {
  try {
    return sniffContainer(head);
  } catch (error) {
    return error instanceof TaskFailure ? error.code : String(error);
  }
}

const box = (type: string, brand: string) => Buffer.concat([Buffer.from([0, 0, 0, 24]), Buffer.from(type + brand), Buffer.alloc(40)]);

describe('sniffContainer', () => {
  it('names mp4, matroska, avi, ogg, flv and transport streams from their magic', () => {
    expect(codeOf(box('ftyp', 'isom'))).toBe('mov');
    expect(codeOf(Buffer.concat([Buffer.from('1a45dfa3', 'hex'), Buffer.alloc(40)]))).toBe('matroska');
    expect(codeOf(Buffer.from('RIFF\0\0\0\0AVI LIST'))).toBe('avi');
    expect(codeOf(Buffer.from('OggS\0\0\0\0'))).toBe('ogg');
    expect(codeOf(Buffer.from('FLV\u0001\u0005', 'latin1'))).toBe('flv');
    const packets = Buffer.alloc(188 * 5);
    for (let index = 0; index < 5; index++) {
      packets[index * 188] = 0x47;
    }
    expect(codeOf(packets)).toBe('mpegts');
  });

  it('refuses playlists whatever they are called and however they are written', () => {
    for (const text of [
      '#EXTM3U\n#EXTINF:10,\n/etc/passwd\n',
      '\uFEFF#EXTM3U\n',
      '\n\n  #EXT-X-MEDIA-SEQUENCE:0\n',
      'ffconcat version 1.0\nfile a.mp4\n',
      "file '/etc/passwd'\n",
      'v=0\no=- 0 0 IN IP4 127.0.0.1\n',
      '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011">',
      '[playlist]\nFile1=http://example.org\n',
    ]) {
      expect(codeOf(Buffer.from(text)), text).toBe('playlist_refused');
    }
    expect(codeOf(Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from('#EXTM3U\n', 'utf16le')]))).toBe('playlist_refused');
  });

  it('refuses pictures, sound, text and rubbish as no video', () => {
    expect(codeOf(Buffer.from('ffd8ffe000104a464946', 'hex'))).toBe('not_a_video');
    expect(codeOf(box('ftyp', 'avif'))).toBe('not_a_video');
    expect(codeOf(Buffer.from('ID3\u0003', 'latin1'))).toBe('not_a_video');
    expect(codeOf(Buffer.from('Dear reader,'))).toBe('not_a_video');
    expect(codeOf(Buffer.alloc(5000))).toBe('not_a_video');
  });

  it('tells an empty file from a file that is no video', () => {
    expect(codeOf(Buffer.alloc(0))).toBe('empty_file');
  });
});
