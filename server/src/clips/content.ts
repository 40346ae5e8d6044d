/** What a clip says of itself, sealed in its row because it quotes the video. */
import type { BoundaryCheck, ScorePart } from '@carmic/contract';
import type { Deps } from '../deps.ts';
import { cleanTags } from './cleanTags.ts';
import type { ClipRow } from './model.ts';

export interface ClipContent {
  title: string;
  /** Whether a person wrote it; missing while it is the suggested one. */
  isTitleWritten?: boolean;
  tags: string[];
  /** Whether a person set them; missing while they are the suggested ones. */
  areTagsWritten?: boolean;
  scoreParts: ScorePart[];
  excerpt: string;
  boundaries: BoundaryCheck[];
}

export function sealContent(deps: Deps, clipId: string, content: ClipContent): Buffer {
  return deps.sealer.seal(`clips.content:${clipId}`, JSON.stringify(content));
}

export function contentOf(deps: Deps, clip: Pick<ClipRow, 'id' | 'contentSealed'>): ClipContent {
  // What opens is what was sealed here, so it is not parsed by a schema again. Clips made before boundaries were checked have none.
  const { boundaries = [], ...content } = JSON.parse(deps.sealer.open(`clips.content:${clip.id}`, clip.contentSealed)) as Partial<ClipContent> &
    Omit<ClipContent, 'boundaries'>;
  return { ...content, boundaries };
}

/** A clip's content with what a person wrote. Throws invalid_input for a tag that is none. */
export function writeContent(content: ClipContent, { title, tags }: { title?: string | undefined; tags?: readonly string[] | undefined }): ClipContent {
  return {
    ...content,
    ...(title !== undefined && { title, isTitleWritten: true }),
    ...(tags !== undefined && { tags: cleanTags(tags), areTagsWritten: true }),
  };
}
