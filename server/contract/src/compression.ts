import { z } from 'zod';
import { shareSchema, timeSchema } from './common.ts';
import { encodingBandSchema, encodingSettingsSchema, tunedEncoderSchema } from './encodingReport.ts';
import { route, type RouteDefinition } from './route.ts';

/** What is counted of encodes, and who chooses their settings. */
export const compressionSettingsSchema = z.object({
  statistics: z.enum(['on', 'off']).describe('off: nothing is reported, and what is there of today is deleted at once'),
  minimumGroup: z.number().int().min(5).max(100_000).describe('Figures of fewer workspaces than these are neither kept nor shown'),
  tuner: z
    .enum(['on', 'pinned', 'off'])
    .describe('on: chosen from the figures; pinned: as written below; off: the settings of the product'),
  target: z.number().min(0.8).max(0.999).describe('Similarity (SSIM, luma) that every clip has to reach'),
  allowsSlowerPresets: z.boolean().describe('Whether slower presets may be chosen, which take more of the processor'),
  pinned: z
    .array(
      encodingSettingsSchema.extend({
        encoder: tunedEncoderSchema,
        preset: z.string().regex(/^[a-z]{1,12}$/),
        rate: z.number().int().min(10).max(40),
      }),
    )
    .max(tunedEncoderSchema.options.length)
    .refine((pins) => new Set(pins.map(({ encoder }) => encoder)).size === pins.length, 'names an encoder once'),
});
export type CompressionSettings = z.infer<typeof compressionSettingsSchema>;

const figuresSchema = encodingSettingsSchema.extend({
  contributors: z.number().int().describe('Workspaces, added over days; those of one owner count once'),
  score: shareSchema.describe('Mean similarity'),
  deviation: z.number().describe('Standard deviation of the similarity'),
  bitsPerPixel: z.number(),
  isHeld: z.boolean().describe('Nine clips of ten are above the target'),
});

/** What is known of one band, and what follows from it. */
export const learnedBandSchema = encodingBandSchema.extend({
  chosen: encodingSettingsSchema,
  trial: encodingSettingsSchema.nullable().describe('Tried on half of the clips'),
  reason: z
    .enum(['unknown', 'held', 'finer'])
    .describe('unknown: no figures yet; held: the smallest that holds; finer: nothing known holds'),
  savedShare: z.number().nullable().describe('Bytes saved against the settings of the product, both from the figures'),
  figures: z.array(figuresSchema),
});
export type LearnedBand = z.infer<typeof learnedBandSchema>;

export const compressionSchema = z.object({
  settings: compressionSettingsSchema,
  bands: z.array(learnedBandSchema),
  releases: z.array(z.object({ day: z.iso.date(), releasedAt: timeSchema, cells: z.number().int() })).describe('The last 28 days'),
});
export type Compression = z.infer<typeof compressionSchema>;

/** Anonymous figures of encodes, and the choice of their settings. */
export const compressionRoutes = {
  getCompression: route({
    method: 'GET',
    path: '/api/v1/compression',
    summary: 'What was learned of encodes from anonymous figures, and what is done with it',
    policy: 'admin',
    reply: compressionSchema,
    status: 200,
  }),
  getCompressionSettings: route({
    method: 'GET',
    path: '/api/v1/compression-settings',
    summary: 'Whether encodes are counted, and who chooses their settings',
    policy: 'admin',
    reply: compressionSettingsSchema,
    status: 200,
    hasEtag: true,
  }),
  putCompressionSettings: route({
    method: 'PUT',
    path: '/api/v1/compression-settings',
    summary: 'Change whether encodes are counted, and who chooses their settings',
    policy: 'admin',
    body: compressionSettingsSchema,
    reply: compressionSettingsSchema,
    status: 200,
    hasEtag: true,
    demandsMatch: true,
  }),
} as const satisfies Record<string, RouteDefinition>;
