/** What is read out of a transcript: edges of clips, chapters, passages that may break the rules. */
import { z } from 'zod';
import { secondsSchema, timeSchema } from './common.ts';

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

export const safetyCategories = ['self_harm', 'hate', 'sexual', 'dangerous', 'violence', 'profanity', 'harassment', 'pictures'] as const;
export const safetyCategorySchema = z.enum(safetyCategories).describe('`pictures`: what is shown; the others: what is said');
export type SafetyCategory = z.infer<typeof safetyCategorySchema>;

export const safetyFindingSchema = z.object({
  startSeconds: secondsSchema,
  endSeconds: secondsSchema,
  category: safetyCategorySchema,
  score: z.number().min(0).max(1).describe('How sure the classifier is; the policy says from where it counts'),
  excerpt: z.string().describe('What is said there; empty for pictures'),
  timesSeconds: z.array(secondsSchema).max(200).optional().describe('Pictures: times of the frames that agree'),
});
export type SafetyFinding = z.infer<typeof safetyFindingSchema>;

/** What the policy decided about a video, and what became of it. */
export const safetyVerdictSchema = z.object({
  outcome: z.enum(['clear', 'noted', 'held', 'refused']).describe('What the policy decided by itself'),
  standing: z.enum(['clear', 'noted', 'waiting', 'refused', 'allowed']).describe('What is in force now, after people decided'),
  reason: z.string().describe('Why, in one sentence'),
  policyVersion: z.number().int(),
  engine: z.string().describe('What judged it'),
  checkedAt: timeSchema,
  decision: z.string().nullable().describe('The reason of the person who decided last'),
  appeal: z.string().nullable().describe('What was said in the appeal that waits'),
  canAppeal: z.boolean(),
});
export type SafetyVerdict = z.infer<typeof safetyVerdictSchema>;

/** What the policy or a person says of one clip. */
export const clipSafetySchema = z.object({
  state: z.enum(['held', 'allowed', 'refused']).describe('Waits for a person; a person decided'),
  reason: z.string().describe('Why it was held, in one sentence'),
  decision: z.string().nullable().describe('The reason of the person who decided last'),
  appeal: z.string().nullable().describe('What was said in the appeal that waits'),
  canAppeal: z.boolean(),
});
export type ClipSafety = z.infer<typeof clipSafetySchema>;

export const insightSchema = z.object({
  chapters: z.array(chapterSchema).describe('Empty for a video of less than five minutes'),
  findings: z
    .array(safetyFindingSchema)
    .describe('Passages and pictures that may break the rules, for a person to look at; in order of time'),
  safety: safetyVerdictSchema.nullable().describe('Null until it was checked'),
});
export type Insight = z.infer<typeof insightSchema>;
