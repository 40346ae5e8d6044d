/** The fonts captions are drawn with: what each is called, where its file is, and which is asked first for which letters. All are free (SIL OFL 1.1). */
import type { CaptionFontId } from '@carmic/contract';
import { type FontMetrics, readFontMetrics } from './fontMetrics.ts';

/** A font that may be drawn with. */
export interface CaptionFont {
  id: string;
  /** The name by which libass finds it: the first family name in the file. */
  family: string;
  /** The file inside its package of npm's `@expo-google-fonts`. */
  file: string;
}

/** Fonts to choose from, for Latin, Greek or Cyrillic letters. */
export const textFonts: Record<CaptionFontId, CaptionFont> = {
  montserrat: { id: 'montserrat', family: 'Montserrat ExtraBold', file: 'montserrat/800ExtraBold/Montserrat_800ExtraBold.ttf' },
  poppins: { id: 'poppins', family: 'Poppins SemiBold', file: 'poppins/600SemiBold/Poppins_600SemiBold.ttf' },
  anton: { id: 'anton', family: 'Anton', file: 'anton/400Regular/Anton_400Regular.ttf' },
};

/** Fonts that stand in where the chosen one has no letters, in the order they are asked. */
export const scriptFonts: readonly CaptionFont[] = [
  textFonts.montserrat,
  { id: 'arabic', family: 'Noto Sans Arabic ExtraBold', file: 'noto-sans-arabic/800ExtraBold/NotoSansArabic_800ExtraBold.ttf' },
  { id: 'hebrew', family: 'Noto Sans Hebrew ExtraBold', file: 'noto-sans-hebrew/800ExtraBold/NotoSansHebrew_800ExtraBold.ttf' },
  {
    id: 'devanagari',
    family: 'Noto Sans Devanagari ExtraBold',
    file: 'noto-sans-devanagari/800ExtraBold/NotoSansDevanagari_800ExtraBold.ttf',
  },
  { id: 'bengali', family: 'Noto Sans Bengali ExtraBold', file: 'noto-sans-bengali/800ExtraBold/NotoSansBengali_800ExtraBold.ttf' },
  { id: 'tamil', family: 'Noto Sans Tamil ExtraBold', file: 'noto-sans-tamil/800ExtraBold/NotoSansTamil_800ExtraBold.ttf' },
  { id: 'thai', family: 'Noto Sans Thai ExtraBold', file: 'noto-sans-thai/800ExtraBold/NotoSansThai_800ExtraBold.ttf' },
  { id: 'korean', family: 'Black Han Sans', file: 'black-han-sans/400Regular/BlackHanSans_400Regular.ttf' },
  { id: 'japanese', family: 'Dela Gothic One', file: 'dela-gothic-one/400Regular/DelaGothicOne_400Regular.ttf' },
  { id: 'chinese', family: 'ZCOOL QingKe HuangYou', file: 'zcool-qingke-huangyou/400Regular/ZCOOLQingKeHuangYou_400Regular.ttf' },
];

/** A font whose file was read. */
export interface LoadedFont extends CaptionFont {
  metrics: FontMetrics;
}

/** A piece of a word that is drawn with one font. */
export interface TextRun {
  text: string;
  font: LoadedFont;
}

/** The chosen font, and those behind it. */
export interface FontStack {
  readonly primary: LoadedFont;
  /** Cuts a text into runs of one font; characters that no font has are left out. */
  runs(text: string): TextRun[];
  /** The characters that no font has, each once. */
  missing(text: string): string[];
  /** Width in pixels as libass draws it. */
  textWidth(text: string, fontSize: number): number;
}

/**
 * Builds a stack from fonts in the order they are asked. The font that has most letters of `text` is the one a caption is set in, so that
 * spaces and boxes fit; the first font still draws what it can.
 */
export function buildFontStack(fonts: readonly [LoadedFont, ...LoadedFont[]], text: string, language = 'und'): FontStack {
  const ordered = [fonts[0], ...preferred(fonts.slice(1), language)];
  const letters = [...text].filter((letter) => /\p{L}/u.test(letter));
  const counts = ordered.map((font) => letters.filter((letter) => ordered.find((one) => one.metrics.covers(letter)) === font).length);
  const primary = ordered[counts.indexOf(Math.max(...counts))] ?? fonts[0];
  const known = new Map<string, TextRun[]>();
  const runs = (text: string): TextRun[] => {
    const before = known.get(text);
    if (before) {
      return before;
    }
    const made = cutRuns(text, ordered);
    known.set(text, made);
    return made;
  };
  return {
    primary,
    runs,
    missing: (text) => [
      ...new Set([...text].filter((letter) => !isInvisible(letter) && !ordered.some((font) => font.metrics.covers(letter)))),
    ],
    textWidth: (text, fontSize) => runs(text).reduce((sum, run) => sum + run.font.metrics.textWidth(run.text, fontSize), 0),
  };
}

/** Chinese and Japanese share letters, and each reads best in its own font. */
function preferred(fonts: readonly LoadedFont[], language: string): LoadedFont[] {
  const first = language.startsWith('zh') ? 'chinese' : language.startsWith('ja') ? 'japanese' : null;
  return [...fonts].sort((a, b) => Number(b.id === first) - Number(a.id === first));
}

/** A whole word in one font where one has all of it; otherwise letter by letter. */
function cutRuns(text: string, fonts: readonly LoadedFont[]): TextRun[] {
  const letters = [...text];
  const whole = fonts.find((font) => letters.every((letter) => isInvisible(letter) || font.metrics.covers(letter)));
  if (whole) {
    return [{ text, font: whole }];
  }
  const runs: TextRun[] = [];
  for (const letter of letters) {
    const last = runs.at(-1);
    const font =
      last && (isInvisible(letter) || /\p{M}|\s/u.test(letter) || last.font.metrics.covers(letter))
        ? last.font
        : fonts.find((candidate) => candidate.metrics.covers(letter));
    if (!font || (!isInvisible(letter) && !font.metrics.covers(letter))) {
      continue;
    }
    if (last && last.font === font) {
      last.text += letter;
    } else {
      runs.push({ text: letter, font });
    }
  }
  return runs;
}

/** Characters that shape their neighbours or the direction, and have no picture of their own. */
function isInvisible(letter: string): boolean {
  return /[\p{Default_Ignorable_Code_Point}\p{Cc}]/u.test(letter);
}

/** Reads a font's file. */
export function loadFont(font: CaptionFont, bytes: Uint8Array): LoadedFont {
  return { ...font, metrics: readFontMetrics(bytes) };
}

/** A font that somebody uploaded, under the family that is written into its file; its bytes come with it. */
export function loadBrandFont(family: string, bytes: Uint8Array): LoadedFont {
  return loadFont({ id: `brand ${family}`, family, file: '' }, bytes);
}

/** The fonts a text needs beside the chosen one, so that only these are fetched: by the scripts in it. */
export function fontsForText(chosen: CaptionFontId, text: string): CaptionFont[] {
  const scripts: readonly [string, RegExp][] = [
    ['arabic', /\p{Script=Arabic}/u],
    ['hebrew', /\p{Script=Hebrew}/u],
    ['devanagari', /\p{Script=Devanagari}/u],
    ['bengali', /\p{Script=Bengali}/u],
    ['tamil', /\p{Script=Tamil}/u],
    ['thai', /\p{Script=Thai}/u],
    ['korean', /\p{Script=Hangul}/u],
    ['japanese', /[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Han}]/u],
    ['chinese', /\p{Script=Han}/u],
  ];
  const wanted = new Set(scripts.filter(([, pattern]) => pattern.test(text)).map(([id]) => id));
  return [textFonts[chosen], ...scriptFonts.filter((font) => font.id !== chosen && (font.id === 'montserrat' || wanted.has(font.id)))];
}
