/** Finding moments by wish: about something, without something, in a part of the video. */
import { z } from 'zod';
import { idParamsSchema, secondsSchema } from './common.ts';
import { boundaryCheckSchema } from './insight.ts';
import { route } from './route.ts';
import { clipSchema, scorePartSchema } from './videos.ts';

const phrasesSchema = z.array(z.string().trim().min(1).max(80)).max(10).default([]);

const wishFields = {
  topics: phrasesSchema.describe('A moment speaks of at least one of these'),
  avoid: phrasesSchema.describe('No moment speaks of these'),
  fromSeconds: secondsSchema.default(0),
  toSeconds: secondsSchema.nullable().default(null).describe('The end of the video by default'),
  count: z.number().int().min(1).max(30).default(5),
  minClipSeconds: z.number().min(5).max(180).default(15),
  maxClipSeconds: z.number().min(8).max(180).default(60),
};
const isRightWay = ({ minClipSeconds, maxClipSeconds, fromSeconds, toSeconds }: z.output<z.ZodObject<typeof wishFields>>) =>
  minClipSeconds <= maxClipSeconds && (toSeconds === null || fromSeconds < toSeconds);
const wrongWay = 'must have its smaller length and its earlier time first';

export const momentWishSchema = z.object(wishFields).refine(isRightWay, wrongWay);
export type MomentWish = z.infer<typeof momentWishSchema>;

export const momentSchema = z.object({
  startSeconds: secondsSchema,
  endSeconds: secondsSchema,
  score: z.number().min(0).max(100),
  scoreParts: z.array(scorePartSchema),
  title: z.string(),
  tags: z.array(z.string()),
  excerpt: z.string(),
  boundaries: z.array(boundaryCheckSchema),
});
export type Moment = z.infer<typeof momentSchema>;

/** Routes about moments. */
export const momentRoutes = {
  findMoments: route({
    method: 'POST',
    path: '/api/v1/videos/:id/moments',
    summary: 'Find moments by subject, exclusions and range; clips that are there already are left out, and nothing is made',
    policy: 'editor',
    params: idParamsSchema,
    body: momentWishSchema,
    reply: z.object({ items: z.array(momentSchema) }),
    status: 200,
  }),
  createClipsFromMoments: route({
    method: 'POST',
    path: '/api/v1/videos/:id/moment-clips',
    summary: 'Make clips of moments that the same wish finds, by their beginnings, and render them',
    policy: 'editor',
    params: idParamsSchema,
    body: z
      .object({ ...wishFields, startSeconds: z.array(secondsSchema).min(1).max(30).describe('Beginnings of moments that were found') })
      .refine(isRightWay, wrongWay),
    reply: z.object({ items: z.array(clipSchema) }),
    status: 201,
  }),
} as const;
