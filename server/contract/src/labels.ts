import { z } from 'zod';
import { pageQuerySchema } from './common.ts';

/** A folder or a tag: a short text that a person wrote. */
export const labelSchema = z.string().trim().min(1).max(60);

export const maxTags = 20;

/** Tags of one clip at most, and characters of one. */
export const maxClipTags = 15;
export const longestClipTag = 40;

/** All tags of a clip, as a person wants them to be. */
export const clipTagsSchema = z
  .array(z.string().trim().min(1).max(longestClipTag))
  .max(maxClipTags)
  .describe('In this order; each once whatever its case, with a letter or digit, without a comma. A leading # is taken off');

/** What an editor sorts a video by. Single tags come and go, so that two people at once lose nothing of each other's. */
export const updateVideoBodySchema = z.object({
  folder: labelSchema.nullable().optional().describe('Null takes it out of its folder'),
  addTags: z.array(labelSchema).max(maxTags).optional(),
  removeTags: z.array(labelSchema).max(maxTags).optional(),
});

export const videoQuerySchema = pageQuerySchema.extend({
  folder: labelSchema.optional().describe('Only videos in this folder'),
  tag: labelSchema.optional().describe('Only videos with this tag'),
  state: z.enum(['working', 'ready', 'failed']).optional().describe('Only videos that are worked on, ready, or failed and held'),
});

const countedSchema = z.object({ name: z.string(), count: z.number().int() });
export const labelsReplySchema = z.object({ folders: z.array(countedSchema), tags: z.array(countedSchema) });
export type VideoLabels = z.infer<typeof labelsReplySchema>;
