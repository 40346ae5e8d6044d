import { captionStyles, type CaptionStyle } from '@carmic/contract';
import { describe, expect, it } from 'vitest';
import { fontPath, loadFontStack } from '../node/fontFiles.ts';
import { buildAss, escapeAss } from './ass.ts';
import { scriptFonts, textFonts } from './captionFonts.ts';
import { layCaptions } from './layCaptions.ts';
import { captionRules, resolveLook } from './look.ts';
import { placeCaptions } from './placeCaptions.ts';
import { buildSrt, buildVtt } from './subtitles.ts';

const fonts = loadFontStack('montserrat', '');
const size = { width: 1080, height: 1920 };
const words = ['Some', '{\\b1}bold', '<i>text</i>', '&', 'more'].map((text, index) => ({
  text,
  startSeconds: index,
  endSeconds: index + 0.9,
}));

function lay(style: Exclude<CaptionStyle, 'none'>, count = words.length) {
  const look = resolveLook(style, size);
  const rules = { ...captionRules(look, fonts), maxSeconds: 60, maxLineWidth: 4000 };
  return { look, captions: placeCaptions(layCaptions(words.slice(0, count), 6, rules), look, []) };
}
const build = (style: Exclude<CaptionStyle, 'none'>, count?: number) => {
  const { captions, look } = lay(style, count);
  return buildAss(captions, look, fonts, 'en');
};

describe('buildAss', () => {
  it('writes one event per word, without a gap and without an overlap', () => {
    const times = [...build('karaoke').matchAll(/^Dialogue: 0,([\d:.]+),([\d:.]+),/gm)].map((match) => [match[1], match[2]]);
    expect(times).toEqual([
      ['0:00:00.00', '0:00:01.00'],
      ['0:00:01.00', '0:00:02.00'],
      ['0:00:02.00', '0:00:03.00'],
      ['0:00:03.00', '0:00:04.00'],
      ['0:00:04.00', '0:00:05.25'],
    ]);
  });

  it('marks the word that is spoken and no other, each template in its way', () => {
    expect(build('karaoke', 1)).toContain('{\\1c&H2BE5FF&}Some{\\1c&HFFFFFF&}');
    expect(build('highlight', 1)).toContain('{\\rActive}Some{\\r}');
    expect(build('pop', 1)).toMatch(/\\fscx78.*}SOME$/m);
    expect(build('minimal', 1).match(/^Dialogue/gm)).toHaveLength(1);
    expect(build('reveal', 2)).toMatch(/Some \{\\alpha&HFF&\}/);
  });

  it('has a template for every style that draws, and a font file for every font it may name', () => {
    for (const style of captionStyles.filter((name) => name !== 'none')) {
      expect(build(style), style).toMatch(/^Dialogue: 0,0:00:00.00/m);
    }
    for (const font of [...Object.values(textFonts), ...scriptFonts]) {
      expect(fontPath(font)).toMatch(/\.ttf$/);
    }
  });
});

describe('a brand', () => {
  it('changes colours, case, size, place and font, and nothing else', () => {
    const look = resolveLook('karaoke', size, {
      textColour: '#112233',
      activeColour: '#445566',
      case: 'upper',
      position: 'top',
      size: 0.8,
      font: 'anton',
    });
    const captions = placeCaptions(layCaptions(words.slice(0, 1), 6, captionRules(look, fonts)), look, []);
    const text = buildAss(captions, look, loadFontStack('anton', ''), 'en');
    expect(text).toContain('Style: Caption,Anton,91,&H00332211,');
    expect(text).toContain('{\\an8}{\\1c&H665544&}SOME{\\1c&H332211&}');
    expect(text).toContain(',Caption,,0,0,259,,');
  });
});

describe('escapeAss', () => {
  it('leaves nothing that ASS would take for a command', () => {
    expect(escapeAss('{\\pos(0,0)}')).toBe('\\{\\\u2060pos(0,0)\\}');
    expect(escapeAss('a\\Nb')).toBe('a\\\u2060Nb');
    expect(escapeAss('two\r\nlines')).toBe('two lines');
  });
});

describe('fonts', () => {
  it('know that a wide letter is wider than a narrow one, and which characters they have', () => {
    const { metrics } = fonts.primary;
    expect(metrics.textWidth('W', 100)).toBeGreaterThan(2.5 * metrics.textWidth('i', 100));
    expect(metrics.textWidth('AA', 100)).toBeCloseTo(2 * metrics.textWidth('A', 100));
    expect([metrics.covers('Grüße, Łódź'), metrics.covers('漢字')]).toEqual([true, false]);
  });

  it.each([
    ['ar', 'مرحبا بالعالم', 'Noto Sans Arabic ExtraBold'],
    ['he', 'שלום עולם', 'Noto Sans Hebrew ExtraBold'],
    ['hi', 'नमस्ते दुनिया', 'Noto Sans Devanagari ExtraBold'],
    ['bn', 'ওহে বিশ্ব', 'Noto Sans Bengali ExtraBold'],
    ['ta', 'வணக்கம்', 'Noto Sans Tamil ExtraBold'],
    ['th', 'สวัสดี', 'Noto Sans Thai ExtraBold'],
    ['ko', '안녕하세요', 'Black Han Sans'],
    ['ja', 'こんにちは世界', 'Dela Gothic One'],
    ['zh', '你好世界，今天', 'ZCOOL QingKe HuangYou'],
  ])('for %s have every character, in the font made for it', (language, text, family) => {
    const stack = loadFontStack('anton', text, language);
    expect(stack.missing(text)).toEqual([]);
    expect(stack.runs(text.split(' ')[0] ?? '').map((run) => run.font.family)).toEqual([family]);
  });

  it('name the characters that nothing can draw, and leave them out instead of drawing boxes', () => {
    const stack = loadFontStack('montserrat', 'ok 𓀀🎉');
    expect(stack.missing('ok 𓀀🎉')).toEqual(['𓀀', '🎉']);
    expect(stack.runs('o𓀀k').map((run) => run.text)).toEqual(['ok']);
  });
});

describe('files beside the video', () => {
  it('show text literally in SRT', () => {
    const text = buildSrt(lay('karaoke').captions);
    expect(text).toMatch(/^1\n00:00:00,000 --> 00:00:05,250\n/);
    expect(text.replaceAll('\n', ' ')).toContain('{\\b1}bold <i>text</i> & more');
  });

  it('escape what WebVTT takes for marks', () => {
    const text = buildVtt(lay('karaoke').captions);
    expect(text).toMatch(/^WEBVTT\n\n00:00:00\.000 --> 00:00:05\.250\n/);
    expect(text).toContain('&lt;i&gt;text&lt;/i&gt;');
  });
});
