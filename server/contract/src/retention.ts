import { z } from 'zod';
import { idParamsSchema, idSchema, noContentSchema, pageQuerySchema, timeSchema } from './common.ts';
import { route } from './route.ts';

/** What expires, day by day. */
export const calendarSchema = z.object({
  days: z.array(
    z.object({
      day: z.iso.date().describe('UTC'),
      videos: z.number().int(),
      bytes: z.number().int(),
      items: z
        .array(
          z.object({
            videoId: idSchema,
            title: z.string(),
            sizeBytes: z.number().int().describe('Of all its objects'),
            expiresAt: timeSchema,
          }),
        )
        .describe('The first 50 of the day'),
    }),
  ),
});
export type Calendar = z.infer<typeof calendarSchema>;

/** Content that must not be deleted, whoever asks: a whole workspace, or one video. */
export const legalHoldSchema = z.object({
  id: idSchema,
  workspaceId: idSchema,
  workspaceName: z.string(),
  videoId: idSchema.nullable().describe('Null: the whole workspace'),
  reason: z.string(),
  placedBy: z.string().nullable(),
  placedAt: timeSchema,
  endsAt: timeSchema.nullable().describe('Null: until it is released'),
  releasedAt: timeSchema.nullable(),
  isInForce: z.boolean(),
});
export type LegalHold = z.infer<typeof legalHoldSchema>;

export const placeHoldBodySchema = z.object({
  workspaceId: idSchema,
  videoId: idSchema.optional(),
  reason: z.string().trim().min(1).max(1000),
  endsAt: timeSchema.optional(),
});
export type PlaceHoldBody = z.infer<typeof placeHoldBodySchema>;

/** A comparison of storage and rows, both ways. */
export const reconciliationSchema = z.object({
  id: idSchema,
  isDryRun: z.boolean().describe('Nothing was removed'),
  startedAt: timeSchema,
  finishedAt: timeSchema.nullable(),
  failure: z.string().nullable(),
  counts: z.object({
    listedObjects: z.number().int(),
    orphans: z.number().int().describe('Files over a day old that no row speaks of'),
    orphansRemoved: z.number().int(),
    youngOrphans: z.number().int().describe('Younger ones; they may belong to work that is going on'),
    missing: z.number().int().describe('Rows whose file is not there'),
    openUploads: z.number().int().describe('Uploads in parts that no row knows, over a day old'),
    openUploadsRemoved: z.number().int(),
  }),
  findings: z
    .array(z.object({ kind: z.enum(['orphan', 'missing', 'open_upload']), key: z.string(), since: timeSchema }))
    .describe('The first 200'),
});
export type Reconciliation = z.infer<typeof reconciliationSchema>;

const monthSchema = z
  .string()
  .regex(/^20\d{2}-(0[1-9]|1[0-2])$/)
  .describe('2026-03');

/** Processing minutes and storage of one month. The lines of all pages add up to the totals, which each page has. */
export const usageStatementSchema = z.object({
  month: z.string().describe('2026-03'),
  limitMinutes: z.number().int().nullable().describe('Of the plan; null when it sets none'),
  capMinutes: z.number().int().nullable().describe('That the owners set; null when they set none'),
  extraSeconds: z.number().int().describe('Part of usedSeconds: beyond the plan, bought by use'),
  extraSeatDays: z.number().int().describe('People beyond the plan, bought by use, times days'),
  usedSeconds: z.number().int().describe('Delivered work'),
  reservedSeconds: z.number().int().describe('Work that is going on'),
  byteDays: z.number().int().describe('What was stored, in bytes, times how long, in days; that of no video included'),
  videoCount: z.number().int().describe('Lines of all pages'),
  byDepartment: z
    .array(
      z.object({
        departmentId: idSchema.nullable().describe('Null: what is charged to no department'),
        name: z.string().nullable(),
        videoCount: z.number().int(),
        usedSeconds: z.number().int(),
        byteDays: z.number().int(),
      }),
    )
    .describe('Sums of all lines by department'),
  lines: z
    .array(
      z.object({
        videoId: idSchema,
        title: z.string().nullable().describe('Null when the video is deleted'),
        departmentId: idSchema.nullable(),
        department: z.string().nullable().describe('Its name'),
        reservedSeconds: z.number().int(),
        usedSeconds: z.number().int(),
        rerenderedSeconds: z.number().int().describe('Part of usedSeconds: renderings after the first, where the plan counts them'),
        releasedSeconds: z.number().int().describe('Failed or cancelled work; it costs nothing'),
        byteDays: z.number().int(),
        at: timeSchema.describe('When its first work or storage of this month began'),
      }),
    )
    .describe('By video, newest first; a page of them'),
  nextCursor: z.string().nullable().describe('Null on the last page'),
});
export type UsageStatement = z.infer<typeof usageStatementSchema>;

/** Work that ended on one day. Over a month the days add up to its statement. */
export const usageDaySchema = z.object({
  day: z.iso.date().describe('UTC'),
  firstSeconds: z.number().int().describe('Of videos that were delivered'),
  rerenderedSeconds: z.number().int().describe('Of renderings after the first, where the plan counts them'),
  releasedSeconds: z.number().int().describe('Of failed or cancelled work; it costs nothing'),
});
export type UsageDay = z.infer<typeof usageDaySchema>;

/** What the owners of a workspace allow themselves in a month. */
export const usageBudgetSchema = z.object({
  alertMinutes: z
    .number()
    .int()
    .positive()
    .max(10_000_000)
    .nullable()
    .describe('A mail and an event when so much is used or reserved; null is none'),
  capMinutes: z.number().int().positive().max(10_000_000).nullable().describe('More is refused, whatever the plan allows; null is none'),
});
export type UsageBudget = z.infer<typeof usageBudgetSchema>;

export const retentionRoutes = {
  getCalendar: route({
    method: 'GET',
    path: '/api/v1/retention/calendar',
    summary: 'What expires in this workspace in the next days',
    policy: 'viewer',
    query: z.object({ days: z.coerce.number().int().min(1).max(90).default(30) }),
    reply: calendarSchema,
    status: 200,
  }),
  listHolds: route({
    method: 'GET',
    path: '/api/v1/legal-holds',
    summary: 'Legal holds, those in force first',
    policy: 'admin',
    reply: z.object({ items: z.array(legalHoldSchema) }),
    status: 200,
  }),
  placeHold: route({
    method: 'POST',
    path: '/api/v1/legal-holds',
    summary: 'Keep a workspace or one of its videos from every deletion',
    policy: 'admin',
    body: placeHoldBodySchema,
    reply: legalHoldSchema,
    status: 201,
    isIdempotent: true,
  }),
  releaseHold: route({
    method: 'DELETE',
    path: '/api/v1/legal-holds/:id',
    summary: 'End a legal hold now',
    policy: 'admin',
    params: idParamsSchema,
    reply: legalHoldSchema,
    status: 200,
  }),
  listReconciliations: route({
    method: 'GET',
    path: '/api/v1/reconciliations',
    summary: 'The last comparisons of storage and rows, newest first',
    policy: 'admin',
    reply: z.object({ items: z.array(reconciliationSchema) }),
    status: 200,
  }),
  createReconciliation: route({
    method: 'POST',
    path: '/api/v1/reconciliations',
    summary: 'Compare storage and rows now',
    policy: 'admin',
    body: z.object({ isDryRun: z.boolean().default(true).describe('Report only') }),
    reply: reconciliationSchema,
    status: 201,
  }),
  listUsageMonths: route({
    method: 'GET',
    path: '/api/v1/usage/months',
    summary: 'Processing minutes and storage by month, the last twelve at most',
    policy: 'viewer',
    reply: z.object({
      items: z.array(z.object({ month: z.string().describe('2026-03'), usedSeconds: z.number().int(), byteDays: z.number().int() })),
    }),
    status: 200,
  }),
  listUsageDays: route({
    method: 'GET',
    path: '/api/v1/usage/days',
    summary: 'Processing minutes of a month by day, UTC; without days on which nothing ended',
    policy: 'viewer',
    query: z.object({ month: monthSchema.optional().describe('2026-03; this month by default') }),
    reply: z.object({ items: z.array(usageDaySchema) }),
    status: 200,
  }),
  getUsageBudget: route({
    method: 'GET',
    path: '/api/v1/usage/budget',
    summary: 'What the owners of this workspace allow in a month',
    policy: 'viewer',
    reply: usageBudgetSchema,
    status: 200,
    hasEtag: true,
  }),
  putUsageBudget: route({
    method: 'PUT',
    path: '/api/v1/usage/budget',
    summary: 'Set a budget that warns and a cap that refuses',
    policy: 'owner',
    body: usageBudgetSchema,
    reply: usageBudgetSchema,
    status: 200,
    hasEtag: true,
  }),
  getUsage: route({
    method: 'GET',
    path: '/api/v1/usage',
    summary: 'Processing minutes and storage of a month, by video and department',
    policy: 'viewer',
    query: pageQuerySchema.extend({ month: monthSchema.optional().describe('2026-03; this month by default') }),
    reply: usageStatementSchema,
    status: 200,
  }),
  getUsageFile: route({
    method: 'GET',
    path: '/api/v1/usage/statements/:month',
    summary: 'The statement of a month as CSV: a row per video, all of them',
    policy: 'viewer',
    params: z.object({ month: monthSchema }),
    reply: noContentSchema,
    status: 200,
    answers: 'file',
  }),
} as const;
