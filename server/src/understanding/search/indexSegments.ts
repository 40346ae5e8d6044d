/**
 * The blind search index: rows hold keyed hashes of stemmed words, never the words (docs/decisions/search-index.md). Keeps: S1, S4.
 */
import { newId } from '../../core/ids.ts';
import type { Tx } from '../../db/database.ts';
import type { Deps } from '../../deps.ts';
import { type Segment, tokensOf } from './segments.ts';
import { stemmerOf } from './tokenize.ts';

const contextOf = (id: string) => `search_segments.content:${id}`;
const batchSize = 500;

/** The keyed hash of a workspace: equal words are equal only inside it. */
export const blindOf = (deps: Deps, workspaceId: string) => deps.sealer.blind(`search:${workspaceId}`);

/** Replaces what the index holds of a video. */
export async function indexSegments(
  deps: Deps,
  tx: Tx,
  video: { id: string; workspaceId: string },
  language: string,
  segments: readonly Segment[],
): Promise<void> {
  const { db, sealer } = deps;
  // Two runs for one video follow each other: the later one sees everything that the earlier one saw.
  await db.rows(tx, 'SELECT id FROM videos WHERE id = :id FOR UPDATE', { id: video.id });
  await db.change(tx, 'DELETE FROM search_segments WHERE video_id = :id', { id: video.id });
  const stem = await stemmerOf(language);
  const blind = blindOf(deps, video.workspaceId);
  const rows = segments
    .map((segment) => {
      const id = newId();
      const tokens = tokensOf(segment.text, language, stem, blind);
      const sealed = sealer.seal(contextOf(id), JSON.stringify({ text: segment.text, starts: segment.starts }));
      return {
        id,
        kind: segment.kind,
        start: segment.startSeconds,
        tokens: `{${tokens.join(',')}}`,
        sealed: sealed.toString('base64'),
        hasTokens: tokens.length > 0,
      };
    })
    .filter((row) => row.hasTokens);
  for (let at = 0; at < rows.length; at += batchSize) {
    await db.change(
      tx,
      `INSERT INTO search_segments (id, workspace_id, video_id, kind, start_seconds, language, tokens, content_sealed)
       SELECT r.id, :workspaceId, :videoId, r.kind, r.start, :language, CAST(r.tokens AS bigint[]), decode(r.sealed, 'base64')
       FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r (id uuid, kind text, start double precision, tokens text, sealed text)`,
      { workspaceId: video.workspaceId, videoId: video.id, language, rows: JSON.stringify(rows.slice(at, at + batchSize)) },
    );
  }
}

/** Opens what a row of the index holds. */
export function openSegment(deps: Deps, id: string, sealed: Buffer): { text: string; starts: number[] } {
  return JSON.parse(deps.sealer.open(contextOf(id), sealed)) as { text: string; starts: number[] };
}
