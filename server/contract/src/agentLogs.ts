/** What agents say in their logs, as administrators read it in the console. */
import { z } from 'zod';
import { idParamsSchema, noContentSchema, pageOf, pageQuerySchema, timeSchema } from './common.ts';
import { route, type RouteDefinition } from './route.ts';

export const agentLogLevelSchema = z.enum(['info', 'warn', 'error', 'fatal']);
export type AgentLogLevel = z.infer<typeof agentLogLevelSchema>;

/** Most lines of one call. */
export const agentLogBatch = 100;

const lineSchema = z.object({
  at: timeSchema.describe('When it was written, by the clock of the agent'),
  level: agentLogLevelSchema,
  text: z.string().max(300),
  fields: z.record(z.string().max(40), z.unknown()).describe('What the line names; only fields of the data map are kept'),
});
export type AgentLogLine = z.infer<typeof lineSchema>;

export const agentLogRoutes = {
  createAgentLogLines: route({
    method: 'POST',
    path: '/api/v1/agent/log-lines',
    summary: 'Hand over lines of the log, for administrators to read',
    policy: 'agent',
    body: z.object({ lines: z.array(lineSchema).min(1).max(agentLogBatch) }),
    reply: noContentSchema,
    status: 204,
  }),
  listAgentLogLines: route({
    method: 'GET',
    path: '/api/v1/agents/:id/log-lines',
    summary: 'The last lines of an agent’s log, newest first; kept for a week, and no more than 1,000 of each agent',
    policy: 'admin',
    params: idParamsSchema,
    query: pageQuerySchema.extend({
      cursor: z
        .string()
        .regex(/^\d{1,18}$/)
        .optional()
        .describe('`nextCursor` of the previous page'),
      level: agentLogLevelSchema.optional().describe('Only lines of this level and above'),
    }),
    reply: pageOf(lineSchema.extend({ id: z.string() })),
    status: 200,
  }),
} as const satisfies Record<string, RouteDefinition>;
