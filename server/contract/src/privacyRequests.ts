import { z } from 'zod';
import { emailSchema } from './accounts.ts';
import { idParamsSchema, idSchema, pageOf, pageQuerySchema, timeSchema } from './common.ts';
import { route } from './route.ts';

/** Which processing a person has stopped. */
export const personalRightsSchema = z.object({
  restrictedAt: timeSchema.nullable().describe('Nothing new is made of their content since then; it is kept (GDPR, article 18)'),
  statisticsObjectedAt: timeSchema.nullable().describe('Their videos are in no aggregated statistics since then (article 21)'),
  marketingObjectedAt: timeSchema.nullable().describe('They get no marketing since then (article 21)'),
});
export type PersonalRights = z.infer<typeof personalRightsSchema>;

export const privacyRequestKindSchema = z.enum(['access', 'rectification', 'restriction', 'objection', 'erasure', 'human_decision']);
export type PrivacyRequestKind = z.infer<typeof privacyRequestKindSchema>;

const noteSchema = z.string().trim().min(1).max(4000);

/** One request concerning personal data, and what was done about it. */
export const privacyRequestSchema = z.object({
  id: idSchema,
  kind: privacyRequestKindSchema,
  channel: z.enum(['console', 'mail']),
  state: z.enum(['open', 'done', 'refused', 'withdrawn']),
  userId: idSchema.nullable(),
  subjectId: idSchema.nullable().describe('The video that a person shall look at'),
  contact: z.string().nullable().describe('Address it came from; gone once an erasure is done'),
  detail: z.string().nullable(),
  receivedAt: timeSchema,
  deadlineAt: timeSchema.describe('One month after it came, three when it was extended (article 12(3))'),
  isOverdue: z.boolean(),
  extendedAt: timeSchema.nullable(),
  identityCheckedAt: timeSchema.nullable(),
  closedAt: timeSchema.nullable(),
  receipt: z.record(z.string(), z.json()).nullable().describe('Signed receipt of an erasure'),
  log: z.array(z.object({ action: z.string(), actorId: idSchema.nullable(), note: z.string().nullable(), at: timeSchema })),
});
export type PrivacyRequest = z.infer<typeof privacyRequestSchema>;

export const handlePrivacyRequestBodySchema = z.discriminatedUnion('action', [
  z.object({ action: z.literal('check_identity'), note: noteSchema.describe('How it was made sure that the person is who they say') }),
  z.object({ action: z.literal('extend'), note: noteSchema.describe('The reason, which the person is told') }),
  z.object({ action: z.literal('carry_out'), note: noteSchema.optional() }),
  z.object({ action: z.literal('refuse'), note: noteSchema.describe('The reason, which the person is told') }),
]);

export const privacyRequestRoutes = {
  getRights: route({
    method: 'GET',
    path: '/api/v1/me/rights',
    summary: 'Which processing of your data you have stopped',
    policy: 'person',
    reply: personalRightsSchema,
    status: 200,
  }),
  updateRights: route({
    method: 'PATCH',
    path: '/api/v1/me/rights',
    summary: 'Restrict processing, or object to statistics or marketing; takes effect at once',
    policy: 'person',
    body: z.object({
      isRestricted: z.boolean().optional(),
      objectsToStatistics: z.boolean().optional(),
      objectsToMarketing: z.boolean().optional(),
    }),
    reply: personalRightsSchema,
    status: 200,
  }),
  createOwnPrivacyRequest: route({
    method: 'POST',
    path: '/api/v1/me/privacy-requests',
    summary: 'Ask for a correction that you cannot make yourself, or for a person’s decision on what an engine decided',
    policy: 'person',
    body: z.object({ kind: z.enum(['rectification', 'human_decision']), detail: noteSchema, videoId: idSchema.optional() }),
    reply: privacyRequestSchema,
    status: 201,
  }),
  listOwnPrivacyRequests: route({
    method: 'GET',
    path: '/api/v1/me/privacy-requests',
    summary: 'Your requests concerning personal data, newest first',
    policy: 'person',
    reply: z.object({ items: z.array(privacyRequestSchema) }),
    status: 200,
  }),
  withdrawPrivacyRequest: route({
    method: 'DELETE',
    path: '/api/v1/me/privacy-requests/:id',
    summary: 'Take an open request back',
    policy: 'person',
    params: idParamsSchema,
    reply: privacyRequestSchema,
    status: 200,
  }),
  listPrivacyRequests: route({
    method: 'GET',
    path: '/api/v1/privacy-requests',
    summary: 'Requests concerning personal data: open ones by their deadline, then closed ones',
    policy: 'admin',
    query: pageQuerySchema.omit({ cursor: true }).extend({ state: z.enum(['open', 'all']).default('all') }),
    reply: pageOf(privacyRequestSchema),
    status: 200,
  }),
  createPrivacyRequest: route({
    method: 'POST',
    path: '/api/v1/privacy-requests',
    summary: 'Enter a request that came by mail',
    policy: 'admin',
    body: z.object({ kind: privacyRequestKindSchema, email: emailSchema, detail: noteSchema, receivedAt: timeSchema.optional() }),
    reply: privacyRequestSchema,
    status: 201,
  }),
  handlePrivacyRequest: route({
    method: 'POST',
    path: '/api/v1/privacy-requests/:id/actions',
    summary: 'Record the check of identity, extend, carry out or refuse a request; carrying out and refusing need a fresh sign-in',
    policy: 'admin',
    params: idParamsSchema,
    body: handlePrivacyRequestBodySchema,
    reply: privacyRequestSchema,
    status: 201,
  }),
} as const;
