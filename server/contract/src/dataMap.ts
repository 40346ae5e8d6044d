import { z } from 'zod';
import { noContentSchema } from './common.ts';
import { route } from './route.ts';

const termsSchema = z.object({
  purpose: z.string().describe('A key of `purposes`'),
  retention: z.string().describe('A key of `retentions`'),
  recipients: z.array(z.string()).describe('Keys of `recipients`'),
});

/** What is kept of whom, why, how long, and who gets it. */
export const dataMapSchema = z.object({
  format: z.literal('carmic-data-map/1'),
  release: z.string(),
  classes: z.record(z.string(), z.string()),
  purposes: z.record(z.string(), z.object({ text: z.string(), basis: z.string().describe('A key of `legalBases`') })),
  legalBases: z.record(z.string(), z.string()),
  retentions: z.record(z.string(), z.string()),
  recipients: z.record(z.string(), z.string()),
  tables: z.array(
    termsSchema.extend({
      name: z.string(),
      about: z.string(),
      isPersonal: z.boolean().describe('Whether rows belong to somebody, and are in the archive of their data'),
      columns: z.array(
        termsSchema.extend({
          name: z.string(),
          class: z.string().describe('A key of `classes`'),
          isSealed: z.boolean().describe('Whether the value itself is encrypted in its row'),
          isExported: z.boolean().describe('Whether it is in the archive of a person’s data'),
        }),
      ),
    }),
  ),
  objects: z.array(termsSchema.extend({ kind: z.string(), about: z.string(), class: z.string() })),
  logFields: z.array(z.object({ name: z.string(), about: z.string(), class: z.string() })),
});
export type PublishedDataMap = z.infer<typeof dataMapSchema>;

export const dataMapRoutes = {
  getDataMap: route({
    method: 'GET',
    path: '/api/v1/data-map.json',
    summary: 'What is kept of whom, why, how long, and who gets it: every column, kind of file and field of the log',
    policy: 'public',
    reply: dataMapSchema,
    status: 200,
  }),
  getProcessingRecord: route({
    method: 'GET',
    path: '/api/v1/processing-record/:format',
    summary: 'The record of processing activities (GDPR, article 30), made from the data map',
    policy: 'admin',
    params: z.object({ format: z.enum(['html', 'json']) }),
    reply: noContentSchema,
    status: 200,
    answers: 'file',
  }),
} as const;
