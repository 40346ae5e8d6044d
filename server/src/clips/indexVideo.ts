import type { Deps } from '../deps.ts';
import { titleOf } from '../library/content.ts';
import { Videos } from '../library/model.ts';
import { isGone } from '../library/load.ts';
import { splitSentences } from '../understanding/highlights/sentences.ts';
import { indexSegments } from '../understanding/search/indexSegments.ts';
import { type Segment, segmentsOf } from '../understanding/search/segments.ts';
import { findTranscript, readTranscript } from '../understanding/transcripts.ts';
import { type ClipContent, contentOf } from './content.ts';
import { Clips } from './model.ts';

/** Puts a video's title, words and what clips are called into the search index, in the place of what was there. Runs again safely. */
export function indexVideo(deps: Deps, workspaceId: string, videoId: string): Promise<void> {
  const { db, clock } = deps;
  return db.inWorkspace(workspaceId, async (tx) => {
    const video = await db.model(Videos).findByPk(videoId, { transaction: tx });
    if (video === null || isGone(video, clock.now())) {
      return;
    }
    const row = await findTranscript(deps, tx, videoId);
    const document = row === null ? null : await readTranscript(deps, tx, row);
    const words = document?.words ?? [];
    const speakers = words.map((word) => word.speaker ?? null);
    const clips = await db.model(Clips).findAll({ where: { videoId }, transaction: tx });
    const title = (kind: Segment['kind'], text: string, startSeconds: number): Segment => ({ kind, text, startSeconds, starts: [startSeconds] });
    await indexSegments(deps, tx, video, document?.language ?? video.options.language ?? 'und', [
      title('title', titleOf(deps, video), 0),
      ...clips.filter((clip) => clip.state !== 'discarded').map((clip) => title('clip', labelOf(contentOf(deps, clip)), clip.startSeconds)),
      ...segmentsOf(words, splitSentences(words, speakers)),
    ]);
  });
}

/** Suggested tags are words of the clip, which are found anyway. */
const labelOf = ({ title, tags, areTagsWritten = false }: ClipContent): string => [title, ...(areTagsWritten ? tags : [])].join(' · ');
