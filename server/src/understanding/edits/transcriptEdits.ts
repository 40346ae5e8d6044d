import { z } from 'zod';
import type { TranscriptDocument } from '@carmic/contract';
import type { Tx } from '../../db/database.ts';
import type { Deps } from '../../deps.ts';
import { applyCorrections, correctionSchema, type TracedWord } from './corrections.ts';
import { namedVoiceSchema, namesFor } from './speakers.ts';

const editsSchema = z.object({
  /** The stored words that the names of speakers were given to. */
  objectId: z.string().nullable(),
  corrections: z.array(correctionSchema),
  voices: z.array(namedVoiceSchema),
});
export type Edits = z.infer<typeof editsSchema>;
export interface VersionedEdits extends Edits {
  version: number;
}

const contextOf = (videoId: string) => `transcript_edits.content:${videoId}`;

/** What people changed in the words of a video; nothing at version 0. `isLocked` holds the row until the transaction ends. */
export async function readEdits(deps: Deps, tx: Tx, videoId: string, isLocked = false): Promise<VersionedEdits> {
  const [row] = await deps.db.rows<{ version: number; content_sealed: Buffer }>(
    tx,
    `SELECT version, content_sealed FROM transcript_edits WHERE video_id = :videoId ${isLocked ? 'FOR UPDATE' : ''}`,
    { videoId },
  );
  return row === undefined
    ? { version: 0, objectId: null, corrections: [], voices: [] }
    : { version: row.version, ...editsSchema.parse(JSON.parse(deps.sealer.open(contextOf(videoId), row.content_sealed))) };
}

/** Writes edits made from `version`. Answers false when somebody else's were there first. */
export async function writeEdits(
  deps: Deps,
  tx: Tx,
  video: { id: string; workspaceId: string },
  version: number,
  edits: Edits,
  userId: string,
): Promise<boolean> {
  const values = {
    videoId: video.id,
    workspaceId: video.workspaceId,
    version,
    sealed: deps.sealer.seal(contextOf(video.id), JSON.stringify(edits)),
    userId,
    now: deps.clock.now(),
  };
  const count =
    version === 0
      ? await deps.db.change(
          tx,
          `INSERT INTO transcript_edits (video_id, workspace_id, version, content_sealed, updated_by, updated_at)
           VALUES (:videoId, :workspaceId, 1, :sealed, :userId, :now) ON CONFLICT DO NOTHING`,
          values,
        )
      : await deps.db.change(
          tx,
          `UPDATE transcript_edits SET version = version + 1, content_sealed = :sealed, updated_by = :userId, updated_at = :now
           WHERE video_id = :videoId AND version = :version`,
          values,
        );
  return count === 1;
}

/** A transcript with its edits: what every reader is given. */
export interface EditedTranscript {
  language: string;
  engine: string;
  words: TracedWord[];
  names: Map<string, string>;
}

/** Applies edits to the words as they were heard. */
export function applyEdits(document: TranscriptDocument, objectId: string, edits: Edits): EditedTranscript {
  const names = namesFor(document.words, edits.voices, edits.objectId === objectId);
  const words = applyCorrections(document.words, edits.corrections).map(({ word, correction }) => {
    const speaker = word.speaker === undefined ? undefined : (names.get(word.speaker) ?? word.speaker);
    return { word: speaker === word.speaker ? word : { ...word, ...(speaker !== undefined && { speaker }) }, correction };
  });
  return { language: document.language, engine: document.engine, words, names };
}
