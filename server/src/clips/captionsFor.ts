import { wordsOfLine } from '@carmic/captions';
import type { RenderSpec, Span, Word } from '@carmic/contract';
import type { Tx } from '../db/database.ts';
import type { Deps } from '../deps.ts';
import { readEdits } from '../understanding/edits/transcriptEdits.ts';
import { findTranscript, readTranscript } from '../understanding/transcripts.ts';
import { findApproved, linesOf } from '../understanding/translation/translations.ts';
import type { RenditionRow } from './model.ts';

/** What tells captions apart that were made from other words: null for words nobody edited. */
export async function captionsVersion(deps: Deps, tx: Tx, videoId: string, language: string | null): Promise<string | null> {
  if (language !== null) {
    const row = await findApproved(deps, tx, videoId, language);
    return `${language} ${row?.version ?? 0}`;
  }
  const { version } = await readEdits(deps, tx, videoId);
  return version === 0 ? null : `words ${version}`;
}

/**
 * The words that are burned in: as spoken and corrected, or of an approved translation. Without captions in the picture they are needed
 * only where swearing is taken out of the sound. Null when there are none.
 */
export async function captionsFor(deps: Deps, tx: Tx, rendition: RenditionRow, segments: readonly Span[]): Promise<RenderSpec['captions']> {
  const { videoId, captionStyle, captionOptions, captionLanguage } = rendition;
  const isInside = (word: Word) => segments.some((span) => word.endSeconds > span.startSeconds && word.startSeconds < span.endSeconds);
  if (captionLanguage !== null) {
    const row = await findApproved(deps, tx, videoId, captionLanguage);
    const words = row === null ? [] : linesOf(deps, row).flatMap(wordsOfLine);
    return row === null ? null : { style: captionStyle, language: captionLanguage, words: words.filter(isInside), ...captionOptions };
  }
  const isNeeded = captionStyle !== 'none' || (captionOptions.profanity?.sound ?? 'keep') !== 'keep';
  const row = isNeeded ? await findTranscript(deps, tx, videoId) : null;
  if (row === null) {
    return null;
  }
  const { language, words } = await readTranscript(deps, tx, row);
  return { style: captionStyle, language, words: words.filter(isInside), ...captionOptions };
}
