import { z } from 'zod';
import { idSchema, noContentSchema, pageOf, pageQuerySchema } from './common.ts';
import { eventSchema } from './events.ts';
import { route, type RouteDefinition } from './route.ts';

export const exportFormats = ['otio', 'fcpxml', 'edl', 'zip'] as const;
export type ExportFormat = (typeof exportFormats)[number];

/** Events, and what is answered as a file or as a stream instead of JSON. */
export const streamRoutes = {
  getExport: route({
    method: 'GET',
    path: '/api/v1/renditions/:id/exports/:format',
    summary: 'Cut of a rendition for editing programs (otio, fcpxml, edl), or everything of it in one ZIP',
    policy: 'viewer',
    params: z.object({ id: idSchema, format: z.enum(exportFormats) }),
    reply: noContentSchema,
    status: 200,
    answers: 'file',
  }),
  listEvents: route({
    method: 'GET',
    path: '/api/v1/events',
    summary: 'Events of the workspace, oldest first',
    policy: 'viewer',
    query: pageQuerySchema,
    reply: pageOf(eventSchema),
    status: 200,
  }),
  streamEvents: route({
    method: 'GET',
    path: '/api/v1/events/stream',
    summary: 'Live events and progress as server-sent events; resumes with Last-Event-ID',
    policy: 'viewer',
    query: z.object({
      sinceSeconds: z.coerce
        .number()
        .int()
        .min(0)
        .max(60)
        .default(0)
        .describe('Begins with what happened so many seconds ago, so that nothing is missed between a list that was read and the stream'),
    }),
    reply: noContentSchema,
    status: 200,
    answers: 'events',
  }),
} as const satisfies Record<string, RouteDefinition>;
