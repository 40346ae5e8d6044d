/** Rows of translated caption tracks; their lines are sealed. Keeps: S1. */
import { type Translation, type TranslationLine, translationLineSchema } from '@carmic/contract';
import { z } from 'zod';
import { notFound } from '../../core/errors.ts';
import type { Tx } from '../../db/database.ts';
import type { Deps } from '../../deps.ts';
import { loadVideo } from '../../library/load.ts';

export interface TranslationRow {
  id: string;
  workspace_id: string;
  video_id: string;
  language: string;
  state: Translation['state'];
  engine: string | null;
  version: number;
  transcript_version: number;
  line_count: number;
  flagged_count: number;
  content_sealed: Buffer | null;
  failure: string | null;
  created_at: Date;
  updated_at: Date;
  /** Edits of the words that there are now. */
  words_version: number | null;
}

const columns = 't.*, (SELECT e.version FROM transcript_edits e WHERE e.video_id = t.video_id) AS words_version';
const linesSchema = z.array(translationLineSchema);
const contextOf = (id: string) => `translations.content:${id}`;

/** The tracks of a video. */
export function findTranslations(deps: Deps, tx: Tx, videoId: string): Promise<TranslationRow[]> {
  return deps.db.rows<TranslationRow>(tx, `SELECT ${columns} FROM translations t WHERE t.video_id = :videoId ORDER BY t.language`, {
    videoId,
  });
}

/** The approved track of a video in a language, or null. */
export async function findApproved(deps: Deps, tx: Tx, videoId: string, language: string): Promise<TranslationRow | null> {
  const rows = await findTranslations(deps, tx, videoId);
  return rows.find((row) => row.language === language && row.state === 'approved') ?? null;
}

/** One track of this workspace, whose video is there. Throws not_found. */
export async function loadTranslation(deps: Deps, tx: Tx, id: string, isLocked = false): Promise<TranslationRow> {
  const [row] = await deps.db.rows<TranslationRow>(
    tx,
    `SELECT ${columns} FROM translations t WHERE t.id = :id ${isLocked ? 'FOR UPDATE OF t' : ''}`,
    { id },
  );
  if (row === undefined) {
    throw notFound('translation');
  }
  await loadVideo(deps, tx, row.video_id);
  return row;
}

/** The lines of a track. */
export function linesOf(deps: Deps, row: Pick<TranslationRow, 'id' | 'content_sealed'>): TranslationLine[] {
  return row.content_sealed === null ? [] : linesSchema.parse(JSON.parse(deps.sealer.open(contextOf(row.id), row.content_sealed)));
}

export const sealLines = (deps: Deps, id: string, lines: readonly TranslationLine[]) =>
  deps.sealer.seal(contextOf(id), JSON.stringify(lines));

/** A track without its lines, as its workspace sees it. */
export function presentTranslation(row: TranslationRow): Translation {
  return {
    id: row.id,
    videoId: row.video_id,
    language: row.language,
    state: row.state,
    engine: row.engine,
    version: row.version,
    lineCount: row.line_count,
    flaggedCount: row.flagged_count,
    isStale: (row.state === 'draft' || row.state === 'approved') && (row.words_version ?? 0) !== row.transcript_version,
    failure: row.failure,
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
  };
}
