import { z } from 'zod';
import { idSchema, timeSchema } from './common.ts';
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
} as const;
