import { z } from 'zod';
import { idSchema, noContentSchema, timeSchema } from './common.ts';
import { eventTypeSchema } from './events.ts';
import { route, type RouteDefinition } from './route.ts';

export const auditEntrySchema = z.object({
  sequence: z.number().int(),
  eventId: z.string(),
  type: eventTypeSchema,
  workspaceId: idSchema.nullable(),
  actor: z.object({ id: idSchema, name: z.string().nullable().describe('Null once the person is erased') }).nullable(),
  subjectId: idSchema.nullable(),
  data: z.record(z.string(), z.unknown()),
  createdAt: timeSchema,
  hash: z.string(),
});
export type AuditEntry = z.infer<typeof auditEntrySchema>;

/**
 * What a check of the audit log can find wrong: a code, and the values of its sentence in the order of the list. The server says the same in
 * English; the console tells it by the code.
 */
export const auditProblemCodes = [
  /** When the head was signed (ISO 8601). */
  'head_signature',
  /** Entries of the longest signed head, entries in the database. */
  'cut',
  /** Nothing. */
  'no_head',
  /** The first entry that is missing, the last. */
  'missing_entries',
  /** The entry. */
  'event_removed',
  'entry_altered',
  'rebuilt',
  /** How many. */
  'inserted',
] as const;
export const auditProblemSchema = z.object({
  code: z.enum(auditProblemCodes),
  values: z.array(z.string()),
  text: z.string().describe('The same in English'),
});
export type AuditProblem = z.infer<typeof auditProblemSchema>;

/** The audit log of the installation. */
export const auditRoutes = {
  listAuditEntries: route({
    method: 'GET',
    path: '/api/v1/audit-entries',
    summary: 'The audit log, newest first',
    policy: 'admin',
    query: z.object({
      cursor: z.coerce.number().int().positive().optional().describe('`nextCursor` of the previous page'),
      limit: z.coerce.number().int().min(1).max(200).default(50),
      area: z.string().max(40).optional().describe('What the code of a kind begins with, as `webhook` for `webhook.created`'),
      type: eventTypeSchema.optional(),
    }),
    reply: z.object({ items: z.array(auditEntrySchema), nextCursor: z.number().int().nullable() }),
    status: 200,
  }),
  exportAudit: route({
    method: 'GET',
    path: '/api/v1/audit-exports/:format',
    summary: 'The whole audit log, newest first, as JSON lines or in ArcSight’s Common Event Format',
    policy: 'admin',
    params: z.object({ format: z.enum(['jsonl', 'cef']) }),
    reply: noContentSchema,
    status: 200,
    answers: 'file',
  }),
  verifyAudit: route({
    method: 'POST',
    path: '/api/v1/audit-verifications',
    summary: 'Check the whole chain and the signed heads',
    policy: 'admin',
    reply: z.object({
      isIntact: z.boolean(),
      entries: z.number().int(),
      heads: z.number().int(),
      problems: z.array(auditProblemSchema).describe('The first 20'),
    }),
    status: 201,
  }),
} as const satisfies Record<string, RouteDefinition>;
