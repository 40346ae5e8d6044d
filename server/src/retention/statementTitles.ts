import type { Tx } from '../db/database.ts';
import { uuidArray } from '../db/uuidArray.ts';
import type { Deps } from '../deps.ts';
import { titleOf } from '../library/content.ts';
import type { StatementLine } from '../plans/statement.ts';

/** Names the videos of a statement's lines that are still there. */
export async function withTitles(
  deps: Deps,
  tx: Tx,
  lines: readonly StatementLine[],
): Promise<(StatementLine & { title: string | null })[]> {
  const rows = await deps.db.rows<{ id: string; title_sealed: Buffer }>(
    tx,
    'SELECT id, title_sealed FROM videos WHERE id = ANY(CAST(:ids AS uuid[])) AND deleted_at IS NULL',
    { ids: uuidArray(lines.map(({ videoId }) => videoId)) },
  );
  const titles = new Map(rows.map(({ id, title_sealed: titleSealed }) => [id, titleOf(deps, { id, titleSealed })]));
  return lines.map((line) => ({ ...line, title: titles.get(line.videoId) ?? null }));
}
