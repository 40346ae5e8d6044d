/**
 * The statement of a month as a file for a spreadsheet. It is read a page at a time, each in a transaction of its own, so that neither memory
 * nor a connection is held for as long as somebody downloads.
 */
import type { Deps } from '../deps.ts';
import { openSpan, readLines, readOtherByteDays, type StatementLine } from '../plans/statement.ts';
import { withTitles } from './statementTitles.ts';

const pageSize = 500;
const columns = ['month', 'video', 'title', 'department', 'used_seconds', 'rerendered_seconds', 'released_seconds', 'byte_days'];

/** A field of a CSV file (RFC 4180). What a spreadsheet would take for a formula gets an apostrophe in front. */
function field(value: string | number): string {
  const text = typeof value === 'string' && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

const rowOf = (values: readonly (string | number)[]) => `${values.map(field).join(',')}\r\n`;

/** One line of the file. */
export function statementRow(month: string, line: StatementLine & { title: string | null }): string {
  const { videoId, title, department, usedSeconds, rerenderedSeconds, releasedSeconds, byteDays } = line;
  return rowOf([month, videoId, title ?? '', department ?? '', usedSeconds, rerenderedSeconds, releasedSeconds, byteDays]);
}

/**
 * The file of a month (`2026-03`) in pieces: the names of columns, a row per video, newest first, and where something is stored that belongs
 * to no video, a last row without one, so that the rows add up to the statement.
 */
export async function* statementFile(deps: Deps, workspaceId: string, month: string): AsyncGenerator<string> {
  const { db } = deps;
  const span = openSpan(deps, workspaceId, month);
  yield rowOf(columns);
  let after: Awaited<ReturnType<typeof readLines>>['next'] = null;
  do {
    const page = await db.inWorkspace(workspaceId, async (tx) => {
      const { lines, next } = await readLines(deps, tx, span, { after, limit: pageSize });
      return { lines: await withTitles(deps, tx, lines), next };
    });
    yield page.lines.map((line) => statementRow(month, line)).join('');
    after = page.next;
  } while (after !== null);
  const other = await db.inWorkspace(workspaceId, (tx) => readOtherByteDays(deps, tx, span));
  if (other !== 0) {
    yield rowOf([month, '', '', '', 0, 0, 0, other]);
  }
}
