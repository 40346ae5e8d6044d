import { z } from 'zod';
import { idParamsSchema, idSchema, noContentSchema, secondsSchema, timeSchema } from './common.ts';
import { route, type RouteDefinition } from './route.ts';
import { aspectSchema } from './media.ts';

export const clipLinkKinds = ['view', 'review'] as const;
export const clipLinkKindSchema = z
  .enum(clipLinkKinds)
  .describe('`view`: whoever has the link sees the clip; `review`: they comment on it too, approve it or ask for changes');
export type ClipLinkKind = z.infer<typeof clipLinkKindSchema>;

export const clipLinkSchema = z.object({
  id: idSchema,
  clipId: idSchema,
  kind: clipLinkKindSchema,
  hasPassword: z.boolean(),
  canDownload: z.boolean(),
  createdAt: timeSchema,
  expiresAt: timeSchema,
});
export type ClipLink = z.infer<typeof clipLinkSchema>;

export const clipCommentKinds = ['comment', 'approved', 'changes_requested'] as const;
export const clipCommentKindSchema = z.enum(clipCommentKinds).describe('A remark, or what somebody decided about the clip');
export type ClipCommentKind = z.infer<typeof clipCommentKindSchema>;

export const clipCommentSchema = z.object({
  id: idSchema,
  clipId: idSchema,
  kind: clipCommentKindSchema,
  atSeconds: secondsSchema.nullable().describe('Where in the clip; null: about all of it'),
  name: z.string().describe('What the person calls themselves'),
  text: z.string(),
  editVersion: z.number().int().describe('The version of the cut that was seen'),
  isDone: z.boolean(),
  createdAt: timeSchema,
});
export type ClipComment = z.infer<typeof clipCommentSchema>;

const createClipLinkBodySchema = z.object({
  kind: clipLinkKindSchema,
  expiresInDays: z.number().int().min(1).max(90).default(14),
  password: z.string().min(8).max(200).nullable().default(null),
  canDownload: z.boolean().default(false),
});

const linkTokenSchema = z.string().min(20).max(200).describe('The secret of the link');
const linkPasswordSchema = z.string().max(200).optional().describe('Where the link asks for one');

const sharedVersionSchema = z.object({
  id: idSchema,
  aspect: aspectSchema,
  width: z.number().int(),
  height: z.number().int(),
  captionLanguage: z.string().nullable(),
  videoUrl: z.string(),
  coverUrl: z.string().nullable(),
  downloadUrl: z.string().nullable().describe('Null where the link does not allow it'),
});
export type SharedVersion = z.infer<typeof sharedVersionSchema>;

export const sharedClipSchema = z.object({
  title: z.string(),
  kind: clipLinkKindSchema,
  expiresAt: timeSchema,
  durationSeconds: secondsSchema,
  versions: z.array(sharedVersionSchema).describe('Files that are ready; empty while they are made'),
  comments: z.array(clipCommentSchema).describe('What was said through this link, oldest first'),
});
export type SharedClip = z.infer<typeof sharedClipSchema>;

export const sharedVisitSchema = z.discriminatedUnion('state', [
  z.object({ state: z.literal('password_needed') }),
  z.object({ state: z.literal('open'), clip: sharedClipSchema }),
]);
export type SharedVisit = z.infer<typeof sharedVisitSchema>;

const sharedCommentBodySchema = z
  .object({
    linkToken: linkTokenSchema,
    password: linkPasswordSchema,
    id: idSchema.optional().describe('Chosen by whoever sends, so that what is sent once more is the same comment'),
    kind: clipCommentKindSchema.default('comment'),
    name: z.string().trim().min(1).max(80),
    text: z.string().trim().max(2000).default(''),
    atSeconds: secondsSchema.max(86_400).nullable().default(null),
  })
  .refine(({ kind, text }) => kind === 'approved' || text !== '', { path: ['text'], message: 'Say what it is about.' });

/** Links to clips for people without an account, and what they say. */
export const sharingRoutes = {
  listReviews: route({
    method: 'GET',
    path: '/api/v1/videos/:id/reviews',
    summary: 'Links to the clips of a video, and what was said through them',
    policy: 'viewer',
    params: idParamsSchema,
    reply: z.object({ links: z.array(clipLinkSchema), comments: z.array(clipCommentSchema) }),
    status: 200,
  }),
  createClipLink: route({
    method: 'POST',
    path: '/api/v1/clips/:id/links',
    summary: 'Make a link by which people without an account see a clip, or review it',
    policy: 'editor',
    params: idParamsSchema,
    body: createClipLinkBodySchema,
    reply: z.object({ link: clipLinkSchema, url: z.string().describe('Shown only now') }),
    status: 201,
  }),
  deleteClipLink: route({
    method: 'DELETE',
    path: '/api/v1/clip-links/:id',
    summary: 'Take a link back; what was said through it stays',
    policy: 'editor',
    params: idParamsSchema,
    reply: noContentSchema,
    status: 204,
  }),
  updateClipComment: route({
    method: 'PATCH',
    path: '/api/v1/clip-comments/:id',
    summary: 'Mark a comment as done, or open again',
    policy: 'editor',
    params: idParamsSchema,
    body: z.object({ isDone: z.boolean() }),
    reply: clipCommentSchema,
    status: 200,
  }),
  deleteClipComment: route({
    method: 'DELETE',
    path: '/api/v1/clip-comments/:id',
    summary: 'Remove a comment',
    policy: 'editor',
    params: idParamsSchema,
    reply: noContentSchema,
    status: 204,
  }),
  openSharedClip: route({
    method: 'POST',
    path: '/api/v1/shared-clip-visits',
    summary: 'The clip behind a link',
    policy: 'public',
    body: z.object({ linkToken: linkTokenSchema, password: linkPasswordSchema }),
    reply: sharedVisitSchema,
    status: 200,
  }),
  addSharedComment: route({
    method: 'POST',
    path: '/api/v1/shared-clip-comments',
    summary: 'Comment on the clip behind a link, approve it or ask for changes',
    policy: 'public',
    body: sharedCommentBodySchema,
    reply: sharedClipSchema,
    status: 201,
  }),
} as const satisfies Record<string, RouteDefinition>;
