import { z } from 'zod';
import { timeSchema } from './common.ts';
import { route } from './route.ts';

/** What is looked at for the overview, and in which unit its figure is. */
export const overviewCheckNames = [
  'agents',
  'queue',
  'worker',
  'encoders',
  'storage',
  'workspaces_full',
  'database',
  'deletions',
  'retention',
  'backup',
  'certificate',
  'mail',
  'api_keys',
  'canary',
] as const;
export const overviewCheckSchema = z.object({
  name: z.enum(overviewCheckNames),
  state: z.enum(['ok', 'attention', 'bad', 'off']).describe('off: not set up here, and nothing to look at'),
  figure: z
    .number()
    .nullable()
    .describe(
      'agents: that are online. queue, worker, deletions, retention: seconds that the oldest has waited. encoders: that do not work. storage: checks that failed. workspaces_full: workspaces with less than a tenth left. database: share of its connections in use. backup: hours since the newest. certificate: days until its end. api_keys: that end within two weeks. canary: steps that failed',
    ),
});
export type OverviewCheck = z.infer<typeof overviewCheckSchema>;

/** What the canary does once a day, in this order. */
export const canaryStepNames = ['upload', 'processing', 'export', 'deletion', 'expiry'] as const;
export type CanaryStepName = (typeof canaryStepNames)[number];
const canaryStepSchema = z.object({
  step: z.enum(canaryStepNames),
  state: z.enum(['waiting', 'running', 'ok', 'failed', 'skipped']).describe('skipped: left out, as the reason says'),
  isOk: z.boolean().nullable().describe('How it ended last; null where it was left out or never ended'),
  reason: z.string().nullable().describe('Why it failed or was left out; `no_agent`: nobody was there to work on the video'),
  seconds: z.number().nullable().describe('How long it took when it last succeeded'),
  succeededAt: timeSchema.nullable(),
});

/** Whether an installation is well, and how it was busy in the last two days. */
export const overviewSchema = z.object({
  checkedAt: timeSchema,
  release: z.string(),
  checks: z.array(overviewCheckSchema),
  figures: z.object({
    tasksQueued: z.number().int(),
    tasksRunning: z.number().int(),
    oldestWaitSeconds: z.number(),
    agentsOnline: z.number().int(),
    agents: z.number().int(),
    videos: z.number().int(),
    workspaces: z.number().int(),
    storageBytes: z.number().int(),
    databaseBytes: z.number().int(),
    deletionsOpen: z.number().int(),
    lastBackupAt: timeSchema.nullable(),
  }),
  canary: z
    .array(canaryStepSchema)
    .nullable()
    .describe('What the test account of the installation found, which counts in none of these figures; null while it is off'),
  hours: z
    .array(
      z.object({
        at: timeSchema,
        done: z.number().int().describe('Media tasks that were done'),
        failed: z.number().int(),
        waitSeconds: z.number().nullable().describe('Mean time from queue to agent of those that ended; null where none did'),
      }),
    )
    .describe('The last 48 hours, oldest first, hours without work included'),
});
export type Overview = z.infer<typeof overviewSchema>;

export const overviewRoutes = {
  getOverview: route({
    method: 'GET',
    path: '/api/v1/overview',
    summary: 'Whether the installation is well, and its work of the last two days',
    policy: 'admin',
    reply: overviewSchema,
    status: 200,
  }),
} as const;
