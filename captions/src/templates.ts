/** The caption templates, as data. Sizes are shares, so that one template fits every picture. */
import type { CaptionFontId, CaptionStyle } from '@carmic/contract';

/** How a caption changes while it is spoken. */
export type CaptionMotion =
  /** It stands still. */
  | 'still'
  /** The spoken word has another colour. */
  | 'colour'
  /** The spoken word grows for a moment. */
  | 'pop'
  /** The spoken word stands in a box. */
  | 'box'
  /** Words appear as they are spoken, and stay. */
  | 'reveal';

export interface CaptionTemplate {
  font: CaptionFontId;
  /** Text size as a share of the width of an upright picture; others scale with it. */
  size: number;
  textColour: string;
  activeColour: string;
  outlineColour: string;
  boxColour: string;
  /** Whether the text stands on a box. */
  hasBox: boolean;
  case: 'as_spoken' | 'upper' | 'lower';
  /** Shares of the text size. */
  outline: number;
  blur: number;
  motion: CaptionMotion;
  maxWords: number;
  maxLines: 1 | 2;
  /** Colours of the first, second, ... speaker; one colour for everybody when null. */
  speakerColours: readonly string[] | null;
}

const plain: CaptionTemplate = {
  font: 'montserrat',
  size: 0.105,
  textColour: '#ffffff',
  activeColour: '#ffe52b',
  outlineColour: '#101010',
  boxColour: '#101010',
  hasBox: false,
  case: 'as_spoken',
  outline: 0.08,
  blur: 0,
  motion: 'colour',
  maxWords: 5,
  maxLines: 2,
  speakerColours: null,
};

/** All templates but `none`, which draws nothing. */
export const captionTemplates: Record<Exclude<CaptionStyle, 'none'>, CaptionTemplate> = {
  karaoke: plain,
  pop: { ...plain, font: 'anton', size: 0.155, case: 'upper', motion: 'pop', maxWords: 1, maxLines: 1, outline: 0.07 },
  boxed: { ...plain, font: 'poppins', size: 0.086, hasBox: true, outline: 0.16, activeColour: '#ffd84d', boxColour: '#14121a' },
  highlight: { ...plain, size: 0.094, motion: 'box', boxColour: '#7a3cff', activeColour: '#ffffff' },
  reveal: { ...plain, font: 'poppins', size: 0.098, motion: 'reveal', outline: 0.06 },
  headline: { ...plain, font: 'anton', size: 0.14, case: 'upper', activeColour: '#39e75f', maxWords: 3, outline: 0.09 },
  neon: { ...plain, size: 0.094, textColour: '#fdf4ff', outlineColour: '#d01fff', activeColour: '#6ff7ff', outline: 0.07, blur: 0.06 },
  duo: { ...plain, size: 0.092, motion: 'still', maxWords: 6, speakerColours: ['#ffe52b', '#5ad7ff', '#ff8ab8', '#9dff8a'] },
  minimal: { ...plain, font: 'poppins', size: 0.068, motion: 'still', outline: 0.045, maxWords: 8 },
  classic: { ...plain, font: 'poppins', size: 0.066, motion: 'still', hasBox: true, outline: 0.14, boxColour: '#000000', maxWords: 9 },
};
