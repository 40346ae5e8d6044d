/** What is read out of a transcript: edges of clips, chapters, passages that may break the rules. */
import { z } from 'zod';
import { secondsSchema } from './common.ts';

/** One promise about the edges of a clip, with the words it rests on. */
export const boundaryCheckSchema = z.object({
  name: z.enum(['starts_on_sentence', 'ends_on_sentence', 'no_dangling_pronoun', 'question_present', 'payoff']),
  label: z.string(),
  passed: z.boolean(),
  evidence: z.string().describe('The words it rests on'),
});
export type BoundaryCheck = z.infer<typeof boundaryCheckSchema>;

export const chapterSchema = z.object({ startSeconds: secondsSchema, title: z.string() });
export type Chapter = z.infer<typeof chapterSchema>;

export const safetyFindingSchema = z.object({
  startSeconds: secondsSchema,
  endSeconds: secondsSchema,
  category: z.enum(['self_harm', 'hate', 'sexual', 'dangerous', 'violence', 'profanity', 'harassment']),
  score: z.number().min(0).max(1).describe('0.5 is the threshold'),
  excerpt: z.string(),
});
export type SafetyFinding = z.infer<typeof safetyFindingSchema>;

export const insightSchema = z.object({
  chapters: z.array(chapterSchema).describe('Empty for a video of less than five minutes'),
  findings: z.array(safetyFindingSchema).describe('Passages that may break the rules, for a person to look at; in order of time'),
});
export type Insight = z.infer<typeof insightSchema>;
