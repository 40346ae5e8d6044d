import type { UsageStatement } from '@carmic/contract';
import type { Tx } from '../db/database.ts';
import type { Deps } from '../deps.ts';
import { titleOf } from '../library/content.ts';
import type { Statement } from '../plans/statement.ts';

/** Names the videos of a statement that are still there. */
export async function withTitles(deps: Deps, tx: Tx, statement: Statement): Promise<UsageStatement> {
  const ids = statement.lines.map(({ videoId }) => videoId);
  const rows = await deps.db.rows<{ id: string; title_sealed: Buffer }>(
    tx,
    'SELECT id, title_sealed FROM videos WHERE id = ANY(CAST(:ids AS uuid[])) AND deleted_at IS NULL',
    { ids: `{${ids.join(',')}}` },
  );
  const titles = new Map(rows.map(({ id, title_sealed: titleSealed }) => [id, titleOf(deps, { id, titleSealed })]));
  return { ...statement, lines: statement.lines.map((line) => ({ ...line, title: titles.get(line.videoId) ?? null })) };
}
