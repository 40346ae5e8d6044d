import { z } from 'zod';
import { idSchema, shareSchema, timeSchema } from './common.ts';

/** Everything that can happen, as it is recorded, streamed and (later) sent to webhooks. */
export const eventTypes = [
  'video.created',
  'video.state_changed',
  'video.failed',
  'video.ready',
  'video.deleted',
  'upload.completed',
  'upload.aborted',
  'transcript.ready',
  'transcript.edited',
  'glossary.changed',
  'translation.ready',
  'translation.failed',
  'translation.updated',
  'engines.changed',
  'clips.suggested',
  'clip.updated',
  'rendition.queued',
  'rendition.state_changed',
  'rendition.ready',
  'rendition.failed',
  'task.queued',
  'task.leased',
  'task.released',
  'task.delivered',
  'task.lease_expired',
  'task.done',
  'task.failed',
  'task.cancelled',
  'agent.registered',
  'agent.enrolment_created',
  'session.created',
  'session.ended',
  'user.updated',
  'plan.created',
  'plan.updated',
  'workspace.plan_changed',
  'workspace.storage_recounted',
  'quota.refused',
  'clip.deleted',
  'rendition.deleted',
  'erasure.started',
  'erasure.finished',
  'erasure.late',
  'erasure.overdue',
] as const;
export const eventTypeSchema = z.enum(eventTypes);
export type EventType = z.infer<typeof eventTypeSchema>;

export const eventSchema = z.object({
  id: z.string().describe('Cursor of this event; send it as Last-Event-ID to resume after it'),
  type: eventTypeSchema,
  videoId: idSchema.nullable(),
  subjectId: idSchema.nullable(),
  data: z.record(z.string(), z.unknown()),
  createdAt: timeSchema,
});
export type CarmicEvent = z.infer<typeof eventSchema>;

/** Sent on the live stream between events and not kept: how far a task is. */
export const progressSchema = z.object({
  taskId: idSchema,
  videoId: idSchema,
  renditionId: idSchema.nullable(),
  kind: z.string(),
  progress: shareSchema,
  note: z.string().nullable(),
});
export type Progress = z.infer<typeof progressSchema>;
