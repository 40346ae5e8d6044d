import { z } from 'zod';
import { idSchema, shareSchema, timeSchema } from './common.ts';
import { confinementSchema, encoderCapabilitySchema } from './encoders.ts';
import { failureCodeSchema } from './errors.ts';
import { deliveredOutputSchema, outputSlotSchema, taskKindSchema, taskResultSchema, taskSpecSchema } from './media.ts';

/** What a host can do, as it found out by trying. */
export const capabilitiesSchema = z.object({
  kinds: z.array(taskKindSchema).min(1),
  ffmpegVersion: z.string(),
  encoders: z.array(encoderCapabilitySchema),
  transcriptionModels: z.array(z.string()),
  modelDownloads: z
    .array(z.object({ name: z.string(), share: shareSchema, problem: z.string().nullable() }))
    .optional()
    .describe('Speech models on their way to this host'),
  cpuCount: z.number().int().positive(),
  sandbox: z.string().describe('How ffmpeg is confined on this host, in one sentence'),
  confinement: confinementSchema.optional(),
});
export type Capabilities = z.infer<typeof capabilitiesSchema>;

/** Intervals the server sets and the agent keeps, in seconds. */
export const intervalsSchema = z.object({
  leaseSeconds: z.number().positive(),
  renewSeconds: z.number().positive(),
  pollSeconds: z.number().positive().describe('Longest wait of one request for a lease'),
});
export type Intervals = z.infer<typeof intervalsSchema>;

export const registerBodySchema = z.object({
  enrolmentCode: z.string().min(10).max(200),
  name: z.string().trim().min(1).max(100),
  version: z.string().max(40),
  capabilities: capabilitiesSchema,
});
export const registerReplySchema = z.object({
  agentId: idSchema,
  token: z.string().describe('Shown once; only its hash is stored'),
  intervals: intervalsSchema,
});

/** An agent that already has its token tells what it can do now; the answer carries the intervals. */
export const announceBodySchema = z.object({ version: z.string().max(40), capabilities: capabilitiesSchema });
export const announceReplySchema = z.object({ agentId: idSchema, intervals: intervalsSchema });

export const leaseBodySchema = z.object({
  kinds: z.array(taskKindSchema).min(1),
  waitSeconds: z.number().min(0).max(60).describe('How long to wait for work before answering null'),
});
export const leaseSchema = z.object({
  taskId: idSchema,
  attempt: z.number().int().positive(),
  leaseToken: z.string(),
  expiresAt: timeSchema,
  spec: taskSpecSchema,
  outputs: z.array(outputSlotSchema),
});
export type Lease = z.infer<typeof leaseSchema>;
export const leaseReplySchema = z.object({ lease: leaseSchema.nullable() });

export const renewBodySchema = z.object({
  leaseToken: z.string().max(200),
  progress: shareSchema,
  note: z.string().max(200).optional().describe('What is being done now, in a few words'),
});
export const renewReplySchema = z.object({
  expiresAt: timeSchema,
  isCancelled: z.boolean().describe('Stop at once, remove the files, and release'),
  sourceUrl: z.url().nullable().describe('A fresh URL for the same source'),
  outputs: z.array(outputSlotSchema).describe('Fresh URLs for the same outputs'),
});

export const completeBodySchema = z.object({
  leaseToken: z.string().max(200),
  outputs: z.array(deliveredOutputSchema),
  result: taskResultSchema,
});

export const failBodySchema = z.object({
  leaseToken: z.string().max(200),
  code: failureCodeSchema,
  message: z.string().max(2000),
  isRetryable: z.boolean(),
});

export const releaseBodySchema = z.object({ leaseToken: z.string().max(200) });

export const taskStateSchema = z.enum(['queued', 'leased', 'verifying', 'done', 'failed', 'cancelled']);
export type TaskState = z.infer<typeof taskStateSchema>;

/** An agent as administrators see it. */
export const agentSchema = z.object({
  id: idSchema,
  name: z.string(),
  version: z.string(),
  isOnline: z.boolean(),
  lastSeenAt: timeSchema.nullable(),
  capabilities: capabilitiesSchema,
  isDraining: z.boolean().describe('It finishes what it does, and is given nothing new'),
  currentTasks: z.array(z.object({ id: idSchema, kind: taskKindSchema, progress: shareSchema })),
  recentTasks: z
    .array(
      z.object({
        id: idSchema,
        kind: taskKindSchema,
        state: z.enum(['done', 'failed', 'cancelled']),
        code: z.string().nullable().describe('Why it failed'),
        seconds: z.number().nullable(),
        finishedAt: timeSchema,
      }),
    )
    .describe('The last ten that it ended, newest first'),
});
export type Agent = z.infer<typeof agentSchema>;

export const enrolmentReplySchema = z.object({
  code: z.string().describe('Shown once'),
  expiresAt: timeSchema,
});
