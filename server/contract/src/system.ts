import { z } from 'zod';
import { idSchema, noContentSchema, timeSchema } from './common.ts';
import { route, type RouteDefinition } from './route.ts';

/** What an installation can do beside its work proper, each by a setting or by what its agents bring. */
export const featureNames = [
  'agents',
  'graphics_encoders',
  'local_speech',
  'deepgram',
  'translation',
  'language_model',
  'moderation',
  'mail',
  'sign_on',
  'sign_up',
  'billing',
  'content_network',
  'bucket_storage',
  'key_service',
  'backups',
  'https',
  'webhooks',
  'url_import',
  'rented_machines',
  'error_reports',
  'metrics',
  'audit_heads',
] as const;
export const featureSchema = z.object({
  name: z.enum(featureNames),
  state: z.enum(['on', 'off', 'refused']).describe('refused: it is set up, and switched off in the register of third parties'),
  settings: z.array(z.string()).describe('Settings that switch it on'),
});
export type Feature = z.infer<typeof featureSchema>;

/** Release, schema and features of an installation. */
export const systemSchema = z.object({
  release: z.string(),
  node: z.string(),
  platform: z.string(),
  database: z.string().describe('Version of PostgreSQL'),
  startedAt: timeSchema.describe('When the process that answered was started'),
  migrations: z.object({ applied: z.array(z.string()), pending: z.array(z.string()) }),
  features: z.array(featureSchema),
});
export type System = z.infer<typeof systemSchema>;

/** Work that the server does again and again. */
export const recurringJobSchema = z.object({
  name: z.string(),
  state: z.enum(['running', 'waiting', 'failed', 'off']),
  everySeconds: z.number().nullable(),
  lastRunAt: timeSchema.nullable(),
  nextRunAt: timeSchema.nullable(),
  reason: z.string().nullable().describe('Why its last turn failed'),
});
export type RecurringJob = z.infer<typeof recurringJobSchema>;

/** Work for one thing that waits, runs, or is tried again. */
export const openJobSchema = z.object({
  name: z.string(),
  state: z.enum(['running', 'due', 'later']),
  attempts: z.number().int().describe('How often it was begun'),
  runsAt: timeSchema.nullable(),
  reason: z.string().nullable().describe('Why the last attempt failed'),
});
export type OpenJob = z.infer<typeof openJobSchema>;

/** Work for one thing that failed for good. */
export const failedJobSchema = z.object({
  id: idSchema,
  name: z.string(),
  attempts: z.number().int(),
  failedAt: timeSchema,
  reason: z.string().nullable(),
  canRetry: z.boolean().describe('False where the thing itself says that it failed, and is tried again there'),
});
export type FailedJob = z.infer<typeof failedJobSchema>;

export const jobsSchema = z.object({
  counts: z.object({ running: z.number().int(), due: z.number().int(), later: z.number().int(), failed: z.number().int() }),
  recurring: z.array(recurringJobSchema),
  open: z.array(openJobSchema).describe('The first hundred, what runs before what waits'),
  failed: z.array(failedJobSchema).describe('The newest hundred of the last 30 days'),
});
export type Jobs = z.infer<typeof jobsSchema>;

/** Groups of settings, in the order of the page. */
export const settingGroups = [
  'reach',
  'operator',
  'storage',
  'keys',
  'backups',
  'mail',
  'speech',
  'engines',
  'limits',
  'outgoing',
  'billing',
  'machines',
  'network',
  'database',
  'timing',
] as const;

export const settingSchema = z.object({
  name: z.string().describe('Its environment variable'),
  group: z.enum(settingGroups),
  help: z.string(),
  source: z
    .enum(['environment', 'file', 'database', 'default'])
    .describe('file: read from the file that NAME_FILE names. database: chosen in the console. default: nobody set it'),
  isSecret: z.boolean(),
  isSet: z.boolean(),
  value: z.string().nullable().describe('Null for secrets, and for what has no value'),
  defaultValue: z.string().nullable(),
});
export type Setting = z.infer<typeof settingSchema>;

/**
 * What can be wrong with a value that is tried for a setting: a code, and the values of its sentence in the order of the list. The server says
 * the same in English; the console tells it by the code.
 */
export const settingProblemCodes = [
  /** Nothing, as where no value is named. */
  'not_number',
  /** The unit that is meant (`bytes`, `seconds`, `milliseconds`, `days`, `pixels`), the number to enter or nothing. */
  'unit',
  'not_whole',
  /** The bound. */
  'at_least',
  'more_than',
  'at_most',
  'empty',
  /** How many characters there may be. */
  'too_long',
  /** Each value that is known. */
  'choice',
  'address',
  'email',
  'engines',
  'engine_prices',
  'currency',
  'ranges',
  'contact',
  'vault_name',
  'domain',
  'environment_name',
  'image',
  'bucket',
  'prefix',
  'account',
  /** What the server says of it. */
  'other',
] as const;
export type SettingProblemCode = (typeof settingProblemCodes)[number];
export const settingProblemSchema = z.object({
  code: z.enum(settingProblemCodes),
  values: z.array(z.string()),
  text: z.string().describe('The same in English'),
});
export type SettingProblem = z.infer<typeof settingProblemSchema>;

/** What administrators see of the installation itself. */
export const systemRoutes = {
  getSystem: route({
    method: 'GET',
    path: '/api/v1/system',
    summary: 'Release, schema, and what is switched on',
    policy: 'admin',
    reply: systemSchema,
    status: 200,
  }),
  getJobs: route({
    method: 'GET',
    path: '/api/v1/system/jobs',
    summary: 'The server’s own work: what recurs, what waits and what failed',
    policy: 'admin',
    reply: jobsSchema,
    status: 200,
  }),
  retryJob: route({
    method: 'POST',
    path: '/api/v1/system/failed-jobs/:id/retry',
    summary: 'Try work again that failed for good',
    policy: 'admin',
    params: z.object({ id: idSchema }),
    reply: noContentSchema,
    status: 204,
  }),
  forgetJob: route({
    method: 'DELETE',
    path: '/api/v1/system/failed-jobs/:id',
    summary: 'Forget that work failed',
    policy: 'admin',
    params: z.object({ id: idSchema }),
    reply: noContentSchema,
    status: 204,
  }),
  runJob: route({
    method: 'POST',
    path: '/api/v1/system/recurring-jobs/:name/run',
    summary: 'Do recurring work now',
    policy: 'admin',
    params: z.object({ name: z.string().max(80) }),
    reply: noContentSchema,
    status: 204,
  }),
  getSupportBundle: route({
    method: 'GET',
    path: '/api/v1/system/support-bundle',
    summary: 'A file for whoever helps: figures, checks and settings, without personal data or secrets',
    policy: 'admin',
    reply: noContentSchema,
    status: 200,
    answers: 'file',
  }),
  listSettings: route({
    method: 'GET',
    path: '/api/v1/system/settings',
    summary: 'Every setting of the installation, and where its value comes from; never a secret',
    policy: 'admin',
    reply: z.object({ items: z.array(settingSchema) }),
    status: 200,
  }),
  checkSetting: route({
    method: 'POST',
    path: '/api/v1/system/settings/:name/checks',
    summary: 'Whether a value could be used for a setting; nothing is changed',
    policy: 'admin',
    params: z.object({ name: z.string().max(80) }),
    body: z.object({ value: z.string().max(2000) }),
    reply: z.object({ problems: z.array(settingProblemSchema).describe('Empty: it could be used') }),
    status: 200,
  }),
} as const satisfies Record<string, RouteDefinition>;
