import { z } from 'zod';
import { suspensionReasonSchema, suspensionSchema } from './accounts.ts';
import { idParamsSchema, idSchema, pageOf, pageQuerySchema, timeSchema } from './common.ts';
import { route } from './route.ts';

/** How long a plan keeps content: for a number of days after the upload completed, or for as long as it fits into a storage of fixed size. */
export const retentionRuleSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('expires'),
    days: z.number().positive().max(36_500).describe('Days from the completed upload to the expiry'),
  }),
  z.object({
    kind: z.literal('fixed'),
    storageBytes: z.number().int().positive().describe('Storage of the workspace in bytes; no expiry'),
  }),
]);
export type RetentionRule = z.infer<typeof retentionRuleSchema>;

const limit = (text: string) => z.number().int().positive().nullable().describe(`${text}; null leaves it to the installation`);

/** What a plan allows beside its storage. */
export const planLimitsSchema = z.object({
  uploadBytes: limit('Largest upload in bytes'),
  durationSeconds: limit('Longest video in seconds'),
  framePixels: limit('Largest frame, width times height'),
  processingMinutes: z.number().int().positive().nullable().describe('Minutes of source video processed in a month; null is no limit'),
  parallelTasks: z.number().int().positive().nullable().describe('Media tasks of a workspace that run at the same time; null is no limit'),
  members: z.number().int().positive().nullable().describe('People in a workspace, open invitations included; null is no limit'),
});
export type PlanLimits = z.infer<typeof planLimitsSchema>;

/**
 * What a plan may include or leave out. What is there already stays when it is left out later; only something new is refused. Without
 * `freeRerenders` a rendering asked for after a clip was delivered costs the length of the clip.
 */
export const planFeatureSchema = z.enum(['brandKits', 'webhooks', 'apiKeys', 'translations', 'freeRerenders']);
export type PlanFeature = z.infer<typeof planFeatureSchema>;
const planFeaturesSchema = z.array(planFeatureSchema).max(planFeatureSchema.options.length);

const planFields = {
  name: z.string().trim().min(1).max(60),
  retention: retentionRuleSchema,
  limits: planLimitsSchema,
  features: planFeaturesSchema.describe('What workspaces on this plan may make anew'),
};

export const planSchema = z.object({
  id: idSchema,
  slug: z.string().describe('Fixed name for programs: free, standard, professional, business, enterprise, or made from the first name'),
  ...planFields,
  isDefault: z.boolean().describe('The plan of new workspaces'),
  isArchived: z.boolean().describe('No workspace can be put on it any more'),
  version: z.number().int().positive().describe('Counts its edits; an edit names the version it was made from'),
  workspaceCount: z.number().int(),
  createdAt: timeSchema,
  updatedAt: timeSchema,
});
export type Plan = z.infer<typeof planSchema>;

/** A plan as it was after one edit. */
export const planVersionSchema = z.object({
  version: z.number().int().positive(),
  ...planFields,
  isDefault: z.boolean(),
  isArchived: z.boolean(),
  changedBy: z.string().nullable().describe('Name of the administrator; null for the installation itself'),
  changedAt: timeSchema,
});

/**
 * Proof that the figures of an impact preview were read: `fingerprint` of that preview, and for a large change the number of videos typed
 * in. Without it a change that would expire anything is refused with `confirmation_needed`.
 */
export const confirmationSchema = z.object({
  fingerprint: z.string().max(100),
  typedVideoCount: z.number().int().nonnegative().optional().describe('Needed when the impact says needsTyping'),
});

export const createPlanBodySchema = z.object({
  ...planFields,
  limits: planLimitsSchema.extend({
    framePixels: planLimitsSchema.shape.framePixels.default(null),
    processingMinutes: planLimitsSchema.shape.processingMinutes.default(null),
    parallelTasks: planLimitsSchema.shape.parallelTasks.default(null),
    members: planLimitsSchema.shape.members.default(null),
  }),
  features: planFields.features.default(planFeatureSchema.options),
  isDefault: z.boolean().default(false),
});
export const updatePlanBodySchema = z.object({
  version: z.number().int().positive().describe('The version this edit was made from; another answers conflict'),
  name: planFields.name.optional(),
  retention: planFields.retention.optional(),
  limits: planLimitsSchema.partial().optional(),
  features: planFields.features.optional(),
  isDefault: z.literal(true).optional(),
  isArchived: z.boolean().optional(),
  confirmation: confirmationSchema.optional(),
});
export type UpdatePlanBody = z.infer<typeof updatePlanBodySchema>;

/** What a workspace has otherwise than its plan says; a field that is absent follows the plan. */
export const planOverridesSchema = z.object({
  retention: retentionRuleSchema.optional(),
  limits: planLimitsSchema.partial().optional(),
  features: planFeaturesSchema.optional(),
  note: z.string().max(500).optional().describe('Why, for other administrators'),
});
export type PlanOverrides = z.infer<typeof planOverridesSchema>;

export const assignPlanBodySchema = z.object({
  planId: idSchema.optional().describe('Unchanged when absent'),
  overrides: planOverridesSchema.nullable().optional().describe('Replaces all overrides; null removes them; unchanged when absent'),
  confirmation: confirmationSchema.optional(),
});
export type AssignPlanBody = z.infer<typeof assignPlanBodySchema>;

const countsSchema = z.object({ videos: z.number().int(), bytes: z.number().int() });

/** What a change of a plan or of a workspace's plan would do to content that is there now, computed as the sweeper would. */
export const impactSchema = z.object({
  fingerprint: z.string().describe('Send it back as the confirmation'),
  needsConfirmation: z.boolean().describe('Something would expire earlier than today'),
  needsTyping: z.boolean().describe('Large: the number of videos must be typed in'),
  affectedWorkspaces: z.number().int(),
  expiring: countsSchema.describe('Would get an expiry, or an earlier one'),
  held: countsSchema.describe(
    'Of the expiring ones, those under a legal hold today: nobody could open them, their bytes stay until it ends',
  ),
  rescued: countsSchema.describe('Would lose its expiry, or get a later one'),
  firstExpiryAt: timeSchema.nullable().describe('When the first of the expiring ones would end'),
  byDay: z
    .array(z.object({ day: z.iso.date(), ...countsSchema.shape }))
    .describe('UTC days on which the expiring ones would end; at most 60'),
  workspaces: z
    .array(
      z.object({
        id: idSchema,
        name: z.string(),
        ...countsSchema.shape,
        firstExpiryAt: timeSchema.nullable(),
        isOverQuota: z.boolean().describe('Would hold more than its new storage; nothing is deleted for that, new uploads are refused'),
      }),
    )
    .describe('Those with the most expiring bytes first; at most 100'),
});
export type Impact = z.infer<typeof impactSchema>;

/** A workspace as the administrator of the installation sees it: figures, no content. */
export const workspaceAccountSchema = z.object({
  id: idSchema,
  name: z.string(),
  plan: z.object({ id: idSchema, slug: z.string(), name: z.string() }),
  overrides: planOverridesSchema.nullable(),
  retention: retentionRuleSchema.describe('In force, overrides included'),
  storage: z.object({
    usedBytes: z.number().int().describe('Sizes of all its objects and of open uploads'),
    limitBytes: z.number().int().nullable(),
  }),
  videoCount: z.number().int(),
  memberCount: z.number().int(),
  graceUntil: timeSchema.nullable().describe('Content of before a downgrade ends no earlier'),
  suspension: suspensionSchema.nullable(),
  createdAt: timeSchema,
});
export type WorkspaceAccount = z.infer<typeof workspaceAccountSchema>;

/** The plan of the caller's workspace with what is used of it. */
export const entitlementsSchema = z.object({
  plan: z.object({ id: idSchema, slug: z.string(), name: z.string() }),
  retention: retentionRuleSchema,
  limits: planLimitsSchema,
  features: planFeaturesSchema,
  memberCount: z.number().int().describe('People in this workspace'),
  storage: workspaceAccountSchema.shape.storage.extend({
    reservedBytes: z.number().int().describe('Part of usedBytes: uploads that are still open'),
    byKind: z.array(z.object({ kind: z.string(), bytes: z.number().int() })).describe('What uses it, largest first'),
  }),
  graceUntil: timeSchema.nullable(),
  notices: z.array(z.string()).describe('What the reader should know: storage nearly full, content that ends soon, grace'),
});
export type Entitlements = z.infer<typeof entitlementsSchema>;

export const planRoutes = {
  listPlans: route({
    method: 'GET',
    path: '/api/v1/plans',
    summary: 'Plans and their retention tiers',
    policy: 'admin',
    query: z.object({ archived: z.enum(['true', 'false']).default('false').describe('Include archived ones') }),
    reply: z.object({ items: z.array(planSchema) }),
    status: 200,
  }),
  createPlan: route({
    method: 'POST',
    path: '/api/v1/plans',
    summary: 'Add a plan',
    policy: 'admin',
    body: createPlanBodySchema,
    reply: planSchema,
    status: 201,
  }),
  getPlan: route({
    method: 'GET',
    path: '/api/v1/plans/:id',
    summary: 'One plan',
    policy: 'admin',
    params: idParamsSchema,
    reply: planSchema,
    status: 200,
    hasEtag: true,
  }),
  listPlanVersions: route({
    method: 'GET',
    path: '/api/v1/plans/:id/versions',
    summary: 'How a plan came to be as it is, newest first',
    policy: 'admin',
    params: idParamsSchema,
    reply: z.object({ items: z.array(planVersionSchema) }),
    status: 200,
  }),
  previewPlan: route({
    method: 'POST',
    path: '/api/v1/plans/:id/impacts',
    summary: 'What an edit of a plan would do, without doing it',
    policy: 'admin',
    params: idParamsSchema,
    body: updatePlanBodySchema,
    reply: impactSchema,
    status: 200,
  }),
  updatePlan: route({
    method: 'PATCH',
    path: '/api/v1/plans/:id',
    summary: 'Edit a plan',
    policy: 'admin',
    params: idParamsSchema,
    body: updatePlanBodySchema,
    reply: planSchema,
    status: 200,
    hasEtag: true,
  }),
  listWorkspaces: route({
    method: 'GET',
    path: '/api/v1/workspaces',
    summary: 'All workspaces with their plans and what they use',
    policy: 'admin',
    query: pageQuerySchema.extend({ cursor: idSchema.optional(), planId: idSchema.optional(), search: z.string().max(100).optional() }),
    reply: pageOf(workspaceAccountSchema),
    status: 200,
  }),
  getWorkspace: route({
    method: 'GET',
    path: '/api/v1/workspaces/:id',
    summary: 'One workspace with its plan and what it uses',
    policy: 'admin',
    params: idParamsSchema,
    reply: workspaceAccountSchema,
    status: 200,
  }),
  previewWorkspacePlan: route({
    method: 'POST',
    path: '/api/v1/workspaces/:id/plan-impacts',
    summary: 'What another plan or other overrides would do, without doing it',
    policy: 'admin',
    params: idParamsSchema,
    body: assignPlanBodySchema,
    reply: impactSchema,
    status: 200,
  }),
  assignPlan: route({
    method: 'PUT',
    path: '/api/v1/workspaces/:id/plan',
    summary: 'Put a workspace on a plan, or change its overrides',
    policy: 'admin',
    params: idParamsSchema,
    body: assignPlanBodySchema,
    reply: workspaceAccountSchema,
    status: 200,
  }),
  suspendWorkspace: route({
    method: 'POST',
    path: '/api/v1/workspaces/:id/suspensions',
    summary: 'Shut a workspace: nobody in it, no key and no link opens anything of it, no agent works for it, and nothing is deleted by it',
    policy: 'admin',
    params: idParamsSchema,
    body: z.object({ reason: suspensionReasonSchema }),
    reply: workspaceAccountSchema,
    status: 201,
  }),
  reinstateWorkspace: route({
    method: 'DELETE',
    path: '/api/v1/workspaces/:id/suspensions/current',
    summary: 'Open a suspended workspace again',
    policy: 'admin',
    params: idParamsSchema,
    reply: workspaceAccountSchema,
    status: 200,
  }),
  getEntitlements: route({
    method: 'GET',
    path: '/api/v1/entitlements',
    summary: 'The plan of this workspace and what is used of it',
    policy: 'viewer',
    reply: entitlementsSchema,
    status: 200,
  }),
  recountStorage: route({
    method: 'POST',
    path: '/api/v1/workspaces/:id/storage-recounts',
    summary: 'Count what a workspace stores anew, as it is done every night',
    policy: 'admin',
    params: idParamsSchema,
    reply: z.object({ countedBytes: z.number().int(), correctedBytes: z.number().int().describe('Counted minus what was on record') }),
    status: 201,
  }),
} as const;
