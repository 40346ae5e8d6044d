/** What a clip says of itself, sealed in its row because it quotes the video. */
import { boundaryCheckSchema, scorePartSchema } from '@carmic/contract';
import { z } from 'zod';
import type { Deps } from '../deps.ts';
import type { ClipRow } from './model.ts';

const clipContentSchema = z.object({
  title: z.string(),
  tags: z.array(z.string()),
  scoreParts: z.array(scorePartSchema),
  excerpt: z.string(),
  /** Clips made before there were such checks have none. */
  boundaries: z.array(boundaryCheckSchema).default([]),
});
export type ClipContent = z.infer<typeof clipContentSchema>;

export function sealContent(deps: Deps, clipId: string, content: ClipContent): Buffer {
  return deps.sealer.seal(`clips.content:${clipId}`, JSON.stringify(content));
}

export function contentOf(deps: Deps, clip: Pick<ClipRow, 'id' | 'contentSealed'>): ClipContent {
  return clipContentSchema.parse(JSON.parse(deps.sealer.open(`clips.content:${clip.id}`, clip.contentSealed)));
}
