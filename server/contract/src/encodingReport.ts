import { z } from 'zod';
import { shareSchema } from './common.ts';

/** A preset and a rate (crf, cq, qp or whatever the encoder calls it: more is coarser). */
export const encodingSettingsSchema = z.object({
  preset: z
    .string()
    .regex(/^[a-z0-9]{1,12}$/)
    .nullable()
    .describe('Null where the encoder has none'),
  rate: z.number().int().min(1).max(255).describe('Constant quality; more is coarser and smaller'),
});
export type EncodingSettings = z.infer<typeof encodingSettingsSchema>;

/** Settings for one encoder. */
export const encodingChoiceSchema = encodingSettingsSchema.extend({ encoder: z.string().max(40).describe('As ffmpeg names it') });
export type EncodingChoice = z.infer<typeof encodingChoiceSchema>;

/** What is asked of the encode of one clip. */
export const renderTuningSchema = z.object({
  target: shareSchema.nullable().describe('Similarity (SSIM, luma) below which the clip is encoded again, finer; null: measured only'),
  choices: z.array(encodingChoiceSchema).max(20).describe('Settings for the encoders named; others keep their own'),
});
export type RenderTuning = z.infer<typeof renderTuningSchema>;

/** One encode of a clip. It says nothing of what is to be seen in it. */
export const encodingTrySchema = encodingSettingsSchema.extend({
  score: shareSchema
    .nullable()
    .describe('Mean SSIM (luma) of the encoded frames against those given to the encoder; null where it cannot tell'),
  bitsPerPixel: z.number().min(0).max(100).describe('Bits of the picture for each pixel of each frame'),
});
export type EncodingTry = z.infer<typeof encodingTrySchema>;

/** How a clip was encoded: more than one try where the first fell below the target. The last is the one delivered. */
export const encodingReportSchema = z.object({ tries: z.array(encodingTrySchema).min(1).max(4) });
export type EncodingReport = z.infer<typeof encodingReportSchema>;

/** What may be chosen for an encoder. */
export interface EncodingLadder {
  /** The settings of the product, which need no proof. */
  base: EncodingSettings & { preset: string };
  /** From the quickest to the slowest. */
  presets: readonly string[];
  finest: number;
  coarsest: number;
}

/** The encoders that tell how similar their picture is, and can therefore be tuned. */
export const encodingLadders = {
  libx264: { base: { preset: 'veryfast', rate: 21 }, presets: ['veryfast', 'faster', 'fast'], finest: 15, coarsest: 31 },
  libx265: { base: { preset: 'fast', rate: 24 }, presets: ['fast', 'medium'], finest: 18, coarsest: 34 },
} as const satisfies Record<string, EncodingLadder>;
export const tunedEncoders = ['libx264', 'libx265'] as const;
export const tunedEncoderSchema = z.enum(tunedEncoders);
export type TunedEncoder = z.infer<typeof tunedEncoderSchema>;

export const resolutionBands = ['sd', 'hd', 'full_hd', 'ultra_hd'] as const;
export const frameRateBands = ['film', 'video', 'fast'] as const;
export const durationBands = ['under_15', 'under_30', 'under_60', 'longer'] as const;

/** Which clips are alike for an encoder. `other`: what no band of its own was kept for. */
export const encodingBandSchema = z.object({
  encoder: tunedEncoderSchema,
  resolution: z.enum(resolutionBands).describe('By the shorter side: up to 540, 800, 1200 lines, more'),
  frameRate: z.enum([...frameRateBands, 'other']).describe('Frames per second: film up to 26, video up to 31, fast above'),
  duration: z.enum([...durationBands, 'other']).describe('Seconds'),
});
export type EncodingBand = z.infer<typeof encodingBandSchema>;
