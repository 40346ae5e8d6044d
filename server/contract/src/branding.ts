/** What a brand puts into a clip beside its captions: a logo over the picture, an intro before it, an outro behind it. */
import { z } from 'zod';

/** A file that an agent fetches before it renders. */
export const assetSchema = z.object({
  url: z.url().describe('Short-lived'),
  sizeBytes: z.number().int().positive(),
});
export type Asset = z.infer<typeof assetSchema>;

export const logoPositions = ['top_left', 'top_right', 'bottom_left', 'bottom_right'] as const;
export const logoPositionSchema = z.enum(logoPositions);
export type LogoPosition = z.infer<typeof logoPositionSchema>;

/** Most seconds of an intro or outro; what is longer is cut. */
export const longestBumperSeconds = 15;

/** Where a logo stands and when; what is left out has its usual value. */
export const logoPlaceSchema = z.object({
  position: logoPositionSchema.default('top_right'),
  width: z.number().min(0.04).max(0.5).default(0.16).describe('Share of the width of the clip'),
  opacity: z.number().min(0.1).max(1).default(0.9),
  fromSeconds: z.number().min(0).max(600).default(0).describe('Behind the intro'),
  durationSeconds: z.number().min(0.5).max(600).nullable().default(null).describe('Null: to the end, before the outro'),
});
export type LogoPlace = z.infer<typeof logoPlaceSchema>;

const bumperSchema = z.object({
  file: assetSchema.describe('A video, or a PNG or JPEG picture'),
  durationSeconds: z
    .number()
    .min(0.2)
    .max(longestBumperSeconds)
    .nullable()
    .default(null)
    .describe('A video is cut to it, a picture stands for it; null: as long as the video is, three seconds of a picture'),
});

export const brandingSchema = z.object({
  logo: logoPlaceSchema.extend({ file: assetSchema.describe('A PNG or JPEG picture') }).optional(),
  intro: bumperSchema.optional(),
  outro: bumperSchema.optional(),
});
export type Branding = z.infer<typeof brandingSchema>;
