import { z } from 'zod';

/** Picture codecs a rendition can be made in. */
export const videoCodecs = ['h264', 'hevc', 'av1'] as const;
export const videoCodecSchema = z.enum(videoCodecs).describe('h264 plays everywhere; hevc and av1 are smaller and play on newer devices');
export type VideoCodec = z.infer<typeof videoCodecSchema>;

export const encoderFamilies = ['cpu', 'nvenc', 'vaapi', 'qsv'] as const;
export const encoderFamilySchema = z.enum(encoderFamilies).describe('cpu: the processor; the others: a graphics card');
export type EncoderFamily = z.infer<typeof encoderFamilySchema>;

/** Why an encoder does not work, told apart. */
export const encoderCauses = [
  'not_built',
  'no_driver',
  'old_driver',
  'no_device',
  'no_access',
  'session_limit',
  'out_of_memory',
  'unsupported',
  'low_quality',
  'switched_off',
  'failed',
] as const;
export const encoderCauseSchema = z.enum(encoderCauses);
export type EncoderCause = z.infer<typeof encoderCauseSchema>;

/** How close an encoder's picture comes to that of libx264, on the same reference clip with the settings of the product. */
export const encoderQualitySchema = z.object({
  ssim: z.number().describe('Structural similarity to the reference clip, 1 is equal'),
  referenceSsim: z.number().describe('The same of libx264'),
  sizeShare: z.number().describe('Size of its file against that of libx264'),
});
export type EncoderQuality = z.infer<typeof encoderQualitySchema>;

/** One encoder of a host, as it was found by encoding with it. Agents of the version before send name, works and reason only. */
export const encoderCapabilitySchema = z.object({
  name: z.string(),
  works: z.boolean(),
  reason: z.string(),
  codec: videoCodecSchema.optional(),
  family: encoderFamilySchema.optional(),
  cause: encoderCauseSchema.nullable().optional().describe('Null when it works'),
  sessions: z.number().int().nullable().optional().describe('Clips it may encode at a time; null when nothing limits it below the slots'),
  quality: encoderQualitySchema.nullable().optional(),
});
export type EncoderCapability = z.infer<typeof encoderCapabilitySchema>;

/** How ffmpeg is confined on a host. */
export const confinementSchema = z.object({
  level: z
    .enum(['sandbox', 'limits'])
    .describe('sandbox: sees only its scratch folder and has no network; limits: only limits and whitelists'),
  detail: z.string().describe('In one sentence'),
  fix: z.string().nullable().describe('What an administrator can do to confine it better; null when there is nothing to do'),
});
export type Confinement = z.infer<typeof confinementSchema>;
