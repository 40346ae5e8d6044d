import { z } from 'zod';
import { idParamsSchema, timeSchema } from './common.ts';
import { route } from './route.ts';

/** Which engine did one thing for a video, and on which terms. */
export const engineRunSchema = z.object({
  task: z.enum(['transcription', 'translation', 'selection', 'framing', 'safety']),
  engine: z.string().describe('Name of the engine, or of the model'),
  place: z.enum(['server', 'agent', 'outside']).describe('`outside`: at a party that the operator switched on'),
  sent: z.string().nullable().describe('What was sent outside; null when nothing was'),
  optOut: z.string().nullable().describe('How the outside party is told not to keep or train; null when nothing was sent'),
  isSuggestion: z.boolean().describe('Whether a person decides on what comes out'),
  at: timeSchema.nullable(),
});
export type EngineRun = z.infer<typeof engineRunSchema>;

export const engineReportRoutes = {
  listEngineRuns: route({
    method: 'GET',
    path: '/api/v1/videos/:id/engine-runs',
    summary: 'Which engines worked on a video, where, with which opt-outs; what they made are suggestions',
    policy: 'viewer',
    params: idParamsSchema,
    reply: z.object({ items: z.array(engineRunSchema) }),
    status: 200,
  }),
} as const;
