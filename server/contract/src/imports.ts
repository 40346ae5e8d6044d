import { z } from 'zod';
import { idSchema, secondsSchema, sha256Schema } from './common.ts';
import { route, type RouteDefinition } from './route.ts';
import { videoOptionsSchema, videoSchema } from './videos.ts';

export const importVideoBodySchema = z.object({
  url: z
    .url({ protocol: /^https?$/ })
    .max(2000)
    .describe('Address of the video file itself; only hosts that the operator opened are called'),
  title: z.string().trim().min(1).max(200).optional().describe('The last part of the address by default'),
  options: videoOptionsSchema.partial().optional(),
  departmentId: idSchema.nullish().describe('To whom it is charged; null: to nobody; left out: to the default department of the workspace'),
});

export const estimateQuerySchema = z.object({
  sizeBytes: z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER).describe('Of all files together'),
  durationSeconds: z.coerce
    .number()
    .min(0)
    .max(10_000_000)
    .optional()
    .describe('Of all files together; without it nothing is said of minutes'),
  sourceSha256: sha256Schema
    .optional()
    .describe('As an upload’s source has it: SHA-256 over the binary SHA-256 digests of its parts, in order'),
});

/** What a video would cost, before anything is uploaded. Nothing is reserved by asking. */
export const estimateSchema = z.object({
  storage: z.object({
    neededBytes: z.number().int().describe('For the source; clips come on top'),
    freeBytes: z.number().int().nullable().describe('Null without a limit'),
    fits: z.boolean(),
  }),
  minutes: z.object({
    charged: z.number().int().nullable().describe('Processing minutes that would be reserved; null while the length is not known'),
    left: z.number().int().nullable().describe('Of this month; null without a limit'),
    fits: z.boolean(),
  }),
  wallSeconds: secondsSchema
    .nullable()
    .describe('About how long it takes from the end of the upload, from this workspace’s last videos; null while there are none'),
  basedOnVideos: z.number().int().describe('How many videos `wallSeconds` is made from'),
  duplicateOf: idSchema.nullable().describe('A video of this workspace with the same bytes'),
});
export type VideoEstimate = z.infer<typeof estimateSchema>;

/** Videos that the server fetches itself, and what a video would cost. */
export const importRoutes = {
  createVideoImport: route({
    method: 'POST',
    path: '/api/v1/video-imports',
    summary: 'Make a video from an address; it is fetched in the background and its first stage tells how far that is',
    policy: 'editor',
    body: importVideoBodySchema,
    reply: videoSchema,
    status: 201,
  }),
  getVideoEstimate: route({
    method: 'GET',
    path: '/api/v1/video-estimates',
    summary: 'What a video would cost: processing minutes, storage, time; changes nothing',
    policy: 'editor',
    query: estimateQuerySchema,
    reply: estimateSchema,
    status: 200,
  }),
} as const satisfies Record<string, RouteDefinition>;
