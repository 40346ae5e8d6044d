/** The edit list of a clip: which spans of the source it is made of. Every change is a version, and a person can go back to any of them. */
import { z } from 'zod';
import { secondsSchema, timeSchema } from './common.ts';
import { spanSchema } from './media.ts';

/** What every edit list keeps to: lengths in seconds. */
export const editLimits = { shortestSpanSeconds: 0.04, longestSeconds: 600, mostSpans: 500 } as const;

/** How much of the silence around words stays with them where a clip begins and ends: at most half of it. */
export const wordMargins = { leadSeconds: 0.15, tailSeconds: 0.3 } as const;

const segmentsSchema = z.array(spanSchema).min(1).max(editLimits.mostSpans).describe('Spans of the source in playing order');

/** One version of a clip's edit list. */
export const clipEditSchema = z.object({
  version: z.number().int().positive(),
  baseVersion: z.number().int().positive().nullable().describe('The version it was made on; null of the first'),
  kind: z.enum(['suggested', 'tightened', 'segments']).describe('Where it came from'),
  segments: segmentsSchema,
  durationSeconds: secondsSchema,
  removed: z
    .object({ silences: z.number().int(), fillers: z.number().int(), seconds: secondsSchema })
    .nullable()
    .describe('What tightening took out'),
  createdAt: timeSchema,
});
export type ClipEdit = z.infer<typeof clipEditSchema>;

const baseVersionSchema = z
  .number()
  .int()
  .positive()
  .describe('The version this change is made on; refused when the clip has another by now');

export const createClipEditBodySchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('tighten').describe('Takes out pauses and filler words, by the transcript and the loudness between words'),
    baseVersion: baseVersionSchema,
    silences: z.boolean().default(true),
    fillers: z.boolean().default(true),
    longestPauseSeconds: z.number().min(0.2).max(5).default(0.6).describe('Longer pauses are shortened'),
  }),
  z.object({ kind: z.literal('segments'), baseVersion: baseVersionSchema, segments: segmentsSchema }),
]);

/** Goes back (or forward again) to a version that was made before. */
export const chooseClipEditBodySchema = z.object({ version: z.number().int().positive() });
