/** How captions look and what is done about swearing: chosen when a clip is rendered. */
import { z } from 'zod';
import { secondsSchema } from './common.ts';

export const captionStyles = [
  'karaoke',
  'pop',
  'boxed',
  'highlight',
  'reveal',
  'headline',
  'neon',
  'duo',
  'minimal',
  'classic',
  'none',
] as const;
export const captionStyleSchema = z
  .enum(captionStyles)
  .describe('Template of the captions; `karaoke`: word by word, the spoken word coloured; `none`: no captions in the picture');
export type CaptionStyle = z.infer<typeof captionStyleSchema>;

export const captionFontIds = ['montserrat', 'poppins', 'anton'] as const;
export type CaptionFontId = (typeof captionFontIds)[number];

const colourSchema = z
  .string()
  .regex(/^#[0-9a-fA-F]{6}$/)
  .describe('Colour as #rrggbb');

/** What a brand changes about a template. What is left out stays as the template has it. */
export const captionLookSchema = z.object({
  textColour: colourSchema.optional(),
  activeColour: colourSchema.optional().describe('Of the word that is spoken'),
  outlineColour: colourSchema.optional(),
  boxColour: colourSchema.optional().describe('Behind the text, where the template has a box'),
  case: z.enum(['as_spoken', 'upper', 'lower']).optional(),
  position: z.enum(['auto', 'top', 'middle', 'bottom']).optional().describe('`auto`: below, or where no face is'),
  outline: z.number().min(0).max(0.2).optional().describe('Width of the outline as a share of the text size'),
  size: z.number().min(0.6).max(1.4).optional().describe('Size of the text against the template’s'),
  font: z.enum(captionFontIds).optional(),
});
export type CaptionLook = z.infer<typeof captionLookSchema>;

export const platforms = ['any', 'tiktok', 'reels', 'shorts'] as const;
export const platformSchema = z.enum(platforms).describe('Whose buttons and texts the captions keep clear of; `any`: all of them');
export type Platform = z.infer<typeof platformSchema>;

/** What is done about swear words. */
export const profanitySchema = z.object({
  text: z.enum(['keep', 'mask']).default('keep').describe('`mask`: only the first letter is written'),
  sound: z.enum(['keep', 'mute', 'beep']).default('keep'),
});
export type Profanity = z.infer<typeof profanitySchema>;

export const captionBreakSchema = z.object({
  atSeconds: secondsSchema.describe('On the source time line, where the word behind it begins: it holds whatever engine heard the words'),
  kind: z
    .enum(['break', 'join'])
    .describe('`break`: a new line begins here, or a new caption; `join`: none does while both words fit one line'),
});
export type CaptionBreak = z.infer<typeof captionBreakSchema>;

/** Everything about captions that may be chosen beside the template. */
export const captionOptionsSchema = z.object({
  look: captionLookSchema.optional(),
  platform: platformSchema.optional(),
  profanity: profanitySchema.optional(),
  breaks: z.array(captionBreakSchema).max(300).optional().describe('Where a person wants lines to break, and where not'),
});
export type CaptionOptions = z.infer<typeof captionOptionsSchema>;
