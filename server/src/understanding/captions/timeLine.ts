const clock = String.raw`(?:(\d{1,3})\s*:\s*)?(\d{1,3})\s*:\s*(\d{1,2})(?:\s*[.,:;]\s*(\d{1,6}))?`;
const clockOnly = new RegExp(`^${clock}$`);
const arrow = /\s*-{1,2}\s?>\s*/;

// Longer lines are text: the limit keeps the patterns cheap on files made to be slow.
const longestLine = 300;

/** Whether a line claims to hold the times of a cue. */
export function isTimeLine(line: string): boolean {
  return line.length <= longestLine && (line.includes('-->') || /^[\d:.,;\s]*\d[\d:.,;\s]*-\s?>/.test(line));
}

/** Reads `hh:mm:ss,mmm` with comma or dot, hours and fraction optional. Null when it is no time. */
export function parseClock(text: string): number | null {
  const match = clockOnly.exec(text.trim());
  if (match === null) {
    return null;
  }
  const [, hours = '0', minutes = '0', seconds = '0', fraction = '0'] = match;
  if (Number(seconds) > 59 || (match[1] !== undefined && Number(minutes) > 59)) {
    return null;
  }
  return Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds) + Number(`0.${fraction}`);
}

/** Reads a cue's time line; cue settings behind the end are ignored. A part that cannot be read is null. */
export function parseTimeLine(line: string): { startSeconds: number | null; endSeconds: number | null } {
  const [left = '', right = ''] = line.split(arrow, 2);
  const ends = new RegExp(`^\\s*(${clock})`).exec(right);
  return { startSeconds: parseClock(left), endSeconds: ends?.[1] === undefined ? null : parseClock(ends[1]) };
}

/** Writes a moment as the inline time that captions with word times carry, such as `<00:00:01.500>`. */
export function formatInlineTime(seconds: number): string {
  const thousandths = Math.round(Math.max(0, seconds) * 1000);
  const part = (divisor: number, size: number, digits: number) => String(Math.floor(thousandths / divisor) % size).padStart(digits, '0');
  return `<${part(3_600_000, 1000, 2)}:${part(60_000, 60, 2)}:${part(1000, 60, 2)}.${part(1, 1000, 3)}>`;
}
