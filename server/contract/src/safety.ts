/** Rules about what videos may show and say: a policy of administrators, verdicts, reviews by people, appeals. */
import { z } from 'zod';
import { idParamsSchema, idSchema, pageOf, pageQuerySchema, secondsSchema, timeSchema } from './common.ts';
import { spanSchema } from './media.ts';
import { insightSchema, safetyCategorySchema, safetyFindingSchema } from './insight.ts';
import { route } from './route.ts';
import { clipSchema } from './videos.ts';

export const videoActions = ['off', 'note', 'hold', 'refuse'] as const;
export const videoActionSchema = z
  .enum(videoActions)
  .describe('Nothing; shown with its time; the video waits for a review; the video is refused, against which its owner can appeal');
export type VideoAction = z.infer<typeof videoActionSchema>;

export const clipActions = ['note', 'hold', 'refuse'] as const;
export const clipActionSchema = z
  .enum(clipActions)
  .describe('Clips may hold it; a clip that holds it waits for a review; no clip is suggested that holds it');
export type ClipAction = z.infer<typeof clipActionSchema>;

/** What happens with content of one category. */
export const safetyRuleSchema = z.object({
  category: safetyCategorySchema,
  threshold: z.number().min(0.05).max(1).describe('Score from which it counts; 0.5 is where the built-in classifiers were set'),
  video: videoActionSchema,
  clip: clipActionSchema,
});
export type SafetyRule = z.infer<typeof safetyRuleSchema>;

const uniqueRules = (max: number) =>
  z
    .array(safetyRuleSchema)
    .max(max)
    .refine((rules) => new Set(rules.map((rule) => rule.category)).size === rules.length, 'has a category twice');

/** Rules for everybody, and where plans have others. */
export const safetyRulesSchema = z.object({
  rules: uniqueRules(8).describe('One per category'),
  planRules: z
    .array(z.object({ planId: idSchema, rules: uniqueRules(8) }))
    .max(50)
    .default([])
    .describe('Rules of a plan that stand instead of the general one of the same category'),
});
export type SafetyRules = z.infer<typeof safetyRulesSchema>;

export const safetyPolicySchema = z.object({
  version: z.number().int().positive(),
  ...safetyRulesSchema.shape,
  note: z.string().describe('Why it was changed'),
  changedBy: z.string().nullable().describe('Name of the administrator; null for the first version'),
  changedAt: timeSchema,
});
export type SafetyPolicyVersion = z.infer<typeof safetyPolicySchema>;

export const reviewKinds = ['hold', 'appeal'] as const;
/** A case that a person decides. */
export const safetyReviewSchema = z.object({
  id: idSchema,
  kind: z.enum(reviewKinds).describe('The policy held the video or clip; its owner appeals against a refusal'),
  state: z.enum(['open', 'allowed', 'refused', 'withdrawn']).describe('Withdrawn when the clip no longer holds what it was held for'),
  videoId: idSchema,
  clipId: idSchema.nullable().describe('Null where it is about the whole video'),
  workspaceId: idSchema,
  workspaceName: z.string(),
  policyVersion: z.number().int(),
  reason: z.string().describe('Why the policy stopped it, in one sentence'),
  appeal: z.string().nullable().describe('What its owner says'),
  decision: z.string().nullable().describe('The reason of whoever decided'),
  openedAt: timeSchema,
  decidedAt: timeSchema.nullable(),
});
export type SafetyReview = z.infer<typeof safetyReviewSchema>;

/** A case with its evidence. */
export const safetyCaseSchema = z.object({
  review: safetyReviewSchema,
  title: z.string().describe('Of the clip, or of the video'),
  durationSeconds: secondsSchema.nullable(),
  span: spanSchema.nullable().describe('Where the clip lies in the video; null where the case is about the whole video'),
  engine: z.string(),
  findings: z.array(safetyFindingSchema),
  proxyUrl: z.string().nullable().describe('Short-lived'),
});
export type SafetyCase = z.infer<typeof safetyCaseSchema>;

const reasonSchema = z.string().trim().min(5).max(2000);

/** Routes about safety, and what is read out of the words. */
export const safetyRoutes = {
  getInsight: route({
    method: 'GET',
    path: '/api/v1/videos/:id/insight',
    summary: 'Chapters, and passages that may break the rules',
    policy: 'viewer',
    params: idParamsSchema,
    reply: insightSchema,
    status: 200,
  }),
  getSafetyRules: route({
    method: 'GET',
    path: '/api/v1/safety-rules',
    summary: 'The rules in force for this workspace',
    policy: 'viewer',
    reply: z.object({ version: z.number().int(), rules: z.array(safetyRuleSchema) }),
    status: 200,
  }),
  listSafetyPolicies: route({
    method: 'GET',
    path: '/api/v1/safety-policies',
    summary: 'Versions of the safety policy, the one in force first; at most 100',
    policy: 'admin',
    reply: z.object({ items: z.array(safetyPolicySchema) }),
    status: 200,
  }),
  createSafetyPolicy: route({
    method: 'POST',
    path: '/api/v1/safety-policies',
    summary: 'Put a new version of the safety policy in force; videos that were checked keep their verdicts',
    policy: 'admin',
    body: z.object({
      baseVersion: z.number().int().positive().describe('The version this edit was made from; another answers conflict'),
      note: reasonSchema.describe('Why, for other administrators'),
      ...safetyRulesSchema.shape,
    }),
    reply: safetyPolicySchema,
    status: 201,
  }),
  listSafetyReviews: route({
    method: 'GET',
    path: '/api/v1/safety-reviews',
    summary: 'Cases for people to decide; open ones oldest first, decided ones newest first',
    policy: 'admin',
    query: pageQuerySchema.extend({ state: z.enum(['open', 'decided']).default('open') }),
    reply: pageOf(safetyReviewSchema),
    status: 200,
  }),
  openSafetyReview: route({
    method: 'POST',
    path: '/api/v1/safety-reviews/:id/openings',
    summary: 'See the evidence of a case; the customer sees that it was opened',
    policy: 'admin',
    params: idParamsSchema,
    reply: safetyCaseSchema,
    status: 201,
  }),
  decideSafetyReview: route({
    method: 'PUT',
    path: '/api/v1/safety-reviews/:id/decision',
    summary: 'Decide a case with a reason that the customer reads',
    policy: 'admin',
    params: idParamsSchema,
    body: z.object({ decision: z.enum(['allow', 'refuse']), reason: reasonSchema }),
    reply: safetyReviewSchema,
    status: 200,
  }),
  appealVideo: route({
    method: 'POST',
    path: '/api/v1/videos/:id/appeals',
    summary: 'Ask a person to look again at a video that was refused',
    policy: 'editor',
    params: idParamsSchema,
    body: z.object({ message: reasonSchema }),
    reply: insightSchema,
    status: 201,
  }),
  appealClip: route({
    method: 'POST',
    path: '/api/v1/clips/:id/appeals',
    summary: 'Ask a person to look again at a clip that was refused',
    policy: 'editor',
    params: idParamsSchema,
    body: z.object({ message: reasonSchema }),
    reply: clipSchema,
    status: 201,
  }),
} as const;
