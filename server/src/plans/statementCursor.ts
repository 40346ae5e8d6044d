import { invalidInput } from '../core/errors.ts';

/** The last line of a page of a statement. */
export interface StatementPlace {
  /** 2026-03 */
  month: string;
  /** Until when storage is counted on all pages. */
  until: Date;
  /** When the video of the line had its first entry, in milliseconds. */
  began: Date;
  videoId: string;
}

/** The cursor behind a line. */
export function writeStatementCursor({ month, until, began, videoId }: StatementPlace): string {
  return Buffer.from([month, until.toISOString(), began.toISOString(), videoId].join('|')).toString('base64url');
}

/** The line behind which a cursor stands. Throws invalid_input when it is none of ours, or not of the wanted month. */
export function parseStatementCursor(cursor: string, wanted: string | undefined): StatementPlace {
  const [month = '', ...rest] = Buffer.from(cursor, 'base64url').toString().split('|');
  const [until, began, videoId = ''] = [new Date(rest[0] ?? ''), new Date(rest[1] ?? ''), rest[2]];
  const isOurs =
    /^20\d{2}-(0[1-9]|1[0-2])$/.test(month) &&
    [rest[0], rest[1]].every((text) => /^20\d{2}-/.test(text ?? '')) &&
    ![until, began].some((time) => Number.isNaN(time.getTime())) &&
    /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(videoId);
  if (!isOurs) {
    throw invalidInput('This page cursor is not one of ours: leave it out to start over.');
  }
  if (wanted !== undefined && wanted !== month) {
    throw invalidInput(`This page cursor is one of ${month}: leave it out to start with another month.`);
  }
  return { month, until, began, videoId };
}
