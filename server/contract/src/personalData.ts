import { z } from 'zod';
import { idParamsSchema, idSchema, noContentSchema, timeSchema } from './common.ts';
import { route } from './route.ts';

/** An archive of everything that is kept about one person. */
export const dataArchiveSchema = z.object({
  id: idSchema,
  state: z.enum(['making', 'ready', 'failed', 'expired']),
  requestedAt: timeSchema,
  readyAt: timeSchema.nullable(),
  expiresAt: timeSchema.describe('When it is deleted: seven days after it was asked for'),
  sizeBytes: z.number().int().nullable(),
  entryCount: z.number().int().nullable(),
  downloadedAt: timeSchema.nullable().describe('When it was fetched last'),
  failure: z.string().nullable(),
});
export type DataArchive = z.infer<typeof dataArchiveSchema>;

export const personalDataRoutes = {
  createArchive: route({
    method: 'POST',
    path: '/api/v1/me/archives',
    summary: 'Ask for an archive of everything that is kept about you; needs a fresh sign-in',
    policy: 'person',
    reply: dataArchiveSchema,
    status: 201,
  }),
  listArchives: route({
    method: 'GET',
    path: '/api/v1/me/archives',
    summary: 'Your archives, newest first',
    policy: 'person',
    reply: z.object({ items: z.array(dataArchiveSchema) }),
    status: 200,
  }),
  createArchiveLink: route({
    method: 'POST',
    path: '/api/v1/me/archives/:id/links',
    summary: 'A link that fetches the archive once, within an hour; needs a fresh sign-in',
    policy: 'person',
    params: idParamsSchema,
    reply: z.object({ url: z.url(), expiresAt: timeSchema }),
    status: 201,
  }),
  getArchiveFile: route({
    method: 'GET',
    path: '/api/v1/archive-files/:token',
    summary: 'The archive that a link stands for, as a ZIP file; the link works once',
    policy: 'public',
    params: z.object({ token: z.string().min(20).max(200) }),
    reply: noContentSchema,
    status: 200,
    answers: 'file',
  }),
} as const;
