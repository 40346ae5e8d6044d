/** From the words of a transcript to everything a clip's captions are: one function for the render and for the preview. */
import type { CaptionOptions, CaptionStyle, Word } from '@carmic/contract';
import { buildAss, type PlacedCaption } from './ass.ts';
import type { CaptionFont, FontStack } from './captionFonts.ts';
import { layCaptions } from './layCaptions.ts';
import { captionRules, type ResolvedLook, resolveLook, withCase } from './look.ts';
import { type ClipWord, mapWords } from './mapWords.ts';
import { markBreaks } from './markBreaks.ts';
import { placeCaptions, type SeenFace } from './placeCaptions.ts';
import { isSwearing, maskWord } from './swearing.ts';
import type { Timeline } from './timeline.ts';

export interface CaptionRequest extends CaptionOptions {
  style: CaptionStyle;
  language: string;
  /** On the source's time line. */
  words: readonly Word[];
  timeline: Timeline;
  width: number;
  height: number;
  fonts: FontStack;
  faces?: readonly SeenFace[];
}

export interface CaptionPlan {
  style: CaptionStyle;
  language: string;
  /** The words on the clip's time line, as they are written. */
  words: ClipWord[];
  captions: PlacedCaption[];
  look: ResolvedLook;
  ass: string;
  /** The fonts that the file names: the template's, and those of other scripts where they are used. */
  fonts: CaptionFont[];
  /** Characters that no font can draw; they are left out of the picture. */
  missing: string[];
  /** Where swearing is heard, on the clip's time line. */
  swearing: { startSeconds: number; endSeconds: number }[];
}

/** Plans the captions of a clip. Without a style the files beside the video are laid out as `karaoke` would be. */
export function planCaptions(request: CaptionRequest): CaptionPlan {
  const { style, language, timeline, fonts, profanity } = request;
  const look = resolveLook(style === 'none' ? 'karaoke' : style, request, request.look, request.platform);
  const heard = mapWords(markBreaks(request.words, request.breaks ?? []), timeline);
  const words =
    profanity?.text === 'mask' ? heard.map((word) => (isSwearing(word.text) ? { ...word, text: maskWord(word.text) } : word)) : heard;
  const laid = layCaptions(words, timeline.durationSeconds, captionRules(look, fonts, language), language);
  const captions = placeCaptions(laid, look, request.faces ?? []);
  const texts = words.map((word) => withCase(word.text, look.template, language));
  return {
    style,
    language,
    words,
    captions,
    look,
    ass: buildAss(captions, look, fonts, language),
    fonts: [...new Set([fonts.primary, ...texts.flatMap((text) => fonts.runs(text).map((run) => run.font))])],
    missing: fonts.missing(texts.join('')),
    swearing: heard.filter((word) => isSwearing(word.text)).map(({ startSeconds, endSeconds }) => ({ startSeconds, endSeconds })),
  };
}
