import { describe, expect, it } from 'vitest';
import { buildAss, captionRules, chooseLook, escapeAss } from './ass.ts';
import { captionFont } from './fonts.ts';
import { readFontMetrics } from './fontMetrics.ts';
import { layCaptions } from './layCaptions.ts';
import { buildSrt, buildVtt } from './subtitles.ts';

const metrics = readFontMetrics(captionFont.path);
const look = chooseLook(1080, 1920);
const words = ['Some', '{\\b1}bold', '<i>text</i>', '&', 'more'].map((text, index) => ({
  text,
  startSeconds: index,
  endSeconds: index + 0.9,
}));

describe('buildAss', () => {
  it('writes one event per word, without a gap and without an overlap', () => {
    const captions = layCaptions(words, 6, { ...captionRules(look, metrics), maxSeconds: 60 });
    const times = [...buildAss(captions, look).matchAll(/^Dialogue: 0,([\d:.]+),([\d:.]+),/gm)].map((match) => [match[1], match[2]]);
    expect(times).toEqual([
      ['0:00:00.00', '0:00:01.00'],
      ['0:00:01.00', '0:00:02.00'],
      ['0:00:02.00', '0:00:03.00'],
      ['0:00:03.00', '0:00:04.00'],
      ['0:00:04.00', '0:00:05.25'],
    ]);
  });

  it('colours the word that is spoken and no other', () => {
    const captions = layCaptions(words.slice(0, 1), 6, captionRules(look, metrics));
    expect(buildAss(captions, look)).toContain('{\\1c&H2BE5FF&}Some{\\1c&HFFFFFF&}');
  });
});

describe('escapeAss', () => {
  it('leaves nothing that ASS would take for a command', () => {
    expect(escapeAss('{\\pos(0,0)}')).toBe('\\{\\\u2060pos(0,0)\\}');
    expect(escapeAss('a\\Nb')).toBe('a\\\u2060Nb');
    expect(escapeAss('two\r\nlines')).toBe('two lines');
  });
});

describe('readFontMetrics', () => {
  it('knows that a wide letter is wider than a narrow one, and which characters the font has', () => {
    expect(metrics.textWidth('W', 100)).toBeGreaterThan(2.5 * metrics.textWidth('i', 100));
    expect(metrics.textWidth('AA', 100)).toBeCloseTo(2 * metrics.textWidth('A', 100));
    expect([metrics.covers('Grüße, Łódź'), metrics.covers('漢字')]).toEqual([true, false]);
  });
});

describe('files beside the video', () => {
  const captions = layCaptions(words, 6, { ...captionRules(look, metrics), maxSeconds: 60 });

  it('show text literally in SRT', () => {
    const text = buildSrt(captions);
    expect(text).toMatch(/^1\n00:00:00,000 --> 00:00:05,250\n/);
    expect(text.replaceAll('\n', ' ')).toContain('{\\b1}bold <i>text</i> & more');
  });

  it('escape what WebVTT takes for marks', () => {
    const text = buildVtt(captions);
    expect(text).toMatch(/^WEBVTT\n\n00:00:00\.000 --> 00:00:05\.250\n/);
    expect(text).toContain('&lt;i&gt;text&lt;/i&gt;');
  });
});
