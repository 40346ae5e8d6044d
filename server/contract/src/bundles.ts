/** Many files of a video's clips as one ZIP. */
import { z } from 'zod';
import { idParamsSchema, idSchema, noContentSchema, timeSchema } from './common.ts';
import { route } from './route.ts';

/** Renditions that one ZIP holds at most. */
export const maxBundled = 100;

export const createBundleBodySchema = z.object({
  renditionIds: z.array(idSchema).min(1).max(maxBundled).describe('Of clips of this video'),
});

/** Why a rendition is not in a ZIP: it waits for a review or was refused, is not ready, or is not there any more. */
export const leftOutReasonSchema = z.enum(['withheld', 'not_ready', 'gone']);
export type LeftOutReason = z.infer<typeof leftOutReasonSchema>;

const leftOutSchema = z.object({
  renditionId: idSchema,
  clipTitle: z.string().nullable().describe('Null when it is not there any more'),
  reason: leftOutReasonSchema,
});
export type LeftOut = z.infer<typeof leftOutSchema>;

const entrySchema = z.object({ name: z.string().describe('Path inside of the ZIP'), sizeBytes: z.number().int() });

export const bundleSchema = z.object({
  url: z.string().describe('Answers the ZIP until it expires; relative to this server'),
  expiresAt: timeSchema,
  sizeBytes: z.number().int().describe('Of the ZIP, as it would be now'),
  entries: z.array(entrySchema),
  leftOut: z.array(leftOutSchema),
});
export type Bundle = z.infer<typeof bundleSchema>;

export const bundleRoutes = {
  createBundle: route({
    method: 'POST',
    path: '/api/v1/videos/:id/bundles',
    summary: 'A link to one ZIP with everything of several renditions, and what will be in it',
    policy: 'viewer',
    params: idParamsSchema,
    body: createBundleBodySchema,
    reply: bundleSchema,
    status: 201,
  }),
  getBundleFile: route({
    method: 'GET',
    path: '/api/v1/bundle-files',
    summary: 'The ZIP that a link stands for; what is in it is looked up anew',
    policy: 'public',
    query: z.object({ token: z.string().min(20).max(6000) }),
    reply: noContentSchema,
    status: 200,
    answers: 'file',
  }),
} as const;
