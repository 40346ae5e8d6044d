/** A template made concrete: for one size of picture, one platform, and what a brand changes. */
import type { CaptionLook, CaptionStyle, Platform } from '@carmic/contract';
import type { FontStack } from './captionFonts.ts';
import type { CaptionRules } from './layCaptions.ts';
import { type CaptionTemplate, captionTemplates } from './templates.ts';

/** Where the text may stand, in pixels from the edges. */
export interface SafeArea {
  top: number;
  bottom: number;
  side: number;
}

export type CaptionPlace = 'top' | 'middle' | 'bottom';

/** Everything that is needed to lay and draw captions in one picture. */
export interface ResolvedLook {
  template: CaptionTemplate;
  width: number;
  height: number;
  /** Sizes in pixels. */
  fontSize: number;
  outline: number;
  blur: number;
  safe: SafeArea;
  /** Where all captions stand; null lets each go where no face is, below first. */
  place: CaptionPlace | null;
}

/**
 * What the apps cover of an upright picture, as shares: titles above, name, text and progress below, buttons on the right (kept clear on
 * both sides, because captions stand in the middle). Read off TikTok's, Instagram's and YouTube's guides for creators and advertisers.
 */
const uprightSafe: Record<Platform, SafeArea> = {
  any: { top: 0.135, bottom: 0.215, side: 0.07 },
  tiktok: { top: 0.07, bottom: 0.2, side: 0.07 },
  reels: { top: 0.135, bottom: 0.215, side: 0.06 },
  shorts: { top: 0.12, bottom: 0.2, side: 0.06 },
};

/** Resolves a style for a picture. */
export function resolveLook(
  style: Exclude<CaptionStyle, 'none'>,
  { width, height }: { width: number; height: number },
  brand: CaptionLook = {},
  platform: Platform = 'any',
): ResolvedLook {
  const template = brandTemplate(captionTemplates[style], brand);
  const shape = width / height;
  const base = shape < 0.7 ? width : Math.min(width, height) * 0.7;
  const fontSize = Math.round(base * template.size * (brand.size ?? 1));
  const safe = shape < 0.7 ? uprightSafe[platform] : { top: 0.06, bottom: shape < 0.9 ? 0.14 : shape < 1.2 ? 0.1 : 0.08, side: 0.07 };
  return {
    template,
    width,
    height,
    fontSize,
    outline: template.outline === 0 ? 0 : Math.max(1, round(fontSize * template.outline)),
    blur: round(fontSize * template.blur),
    safe: { top: Math.round(height * safe.top), bottom: Math.round(height * safe.bottom), side: Math.round(width * safe.side) },
    place: brand.position === undefined || brand.position === 'auto' ? null : brand.position,
  };
}

function brandTemplate(template: CaptionTemplate, brand: CaptionLook): CaptionTemplate {
  const speakers = template.speakerColours;
  return {
    ...template,
    font: brand.font ?? template.font,
    textColour: brand.textColour ?? template.textColour,
    activeColour: brand.activeColour ?? template.activeColour,
    outlineColour: brand.outlineColour ?? template.outlineColour,
    boxColour: brand.boxColour ?? template.boxColour,
    case: brand.case ?? template.case,
    // In a box the outline is the room around the text.
    outline: template.hasBox ? template.outline : (brand.outline ?? template.outline),
    speakerColours: speakers && [
      brand.textColour ?? speakers[0] ?? template.textColour,
      brand.activeColour ?? speakers[1] ?? template.activeColour,
      ...speakers.slice(2),
    ],
  };
}

/** Rules that make lines fit the look. */
export function captionRules(look: ResolvedLook, fonts: FontStack, language = 'und'): CaptionRules {
  const { template, width, height, fontSize, safe, outline } = look;
  const isUpright = width / height < 0.7;
  return {
    lineWidth: (text) => fonts.textWidth(withCase(text, template, language), fontSize),
    maxLineWidth: width - 2 * safe.side - 2 * outline,
    maxWords: isUpright || template.maxWords === 1 ? template.maxWords : template.maxWords + 3,
    maxLines: template.maxLines,
    maxSeconds: template.motion === 'still' ? 4.5 : 3.2,
  };
}

/** Writes a text in the template's case; capital letters follow the language. */
export function withCase(text: string, template: CaptionTemplate, language: string): string {
  const locale = /^[a-z]{2,3}(-|$)/i.test(language) && language !== 'und' ? language : 'en';
  if (template.case === 'as_spoken') {
    return text;
  }
  return template.case === 'upper' ? text.toLocaleUpperCase(locale) : text.toLocaleLowerCase(locale);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
