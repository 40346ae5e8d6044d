import type { UsageStatement } from '@carmic/contract';

/** A field of a CSV file (RFC 4180). What a spreadsheet would take for a formula gets an apostrophe in front. */
function field(value: string | number): string {
  const text = typeof value === 'string' && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

const columns = ['month', 'video', 'title', 'department', 'used_seconds', 'rerendered_seconds', 'released_seconds', 'byte_days'];

/** The statement of a month as a file for a spreadsheet: a row per video, the names of columns first. */
export function statementCsv({ month, lines, byDepartment }: UsageStatement): string {
  const names = new Map(byDepartment.map(({ departmentId, name }) => [departmentId, name ?? '']));
  const rows = lines.map((line) => [
    month,
    line.videoId,
    line.title ?? '',
    names.get(line.departmentId) ?? '',
    line.usedSeconds,
    line.rerenderedSeconds,
    line.releasedSeconds,
    line.byteDays,
  ]);
  return [columns, ...rows].map((row) => `${row.map(field).join(',')}\r\n`).join('');
}
