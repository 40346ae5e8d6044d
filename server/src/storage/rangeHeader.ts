/** What a Range header asks of an object: everything, one half-open span, or something that is not there. */
export type WantedRange = { kind: 'whole' } | { kind: 'span'; start: number; end: number } | { kind: 'unsatisfiable' };

/**
 * Reads a Range header (RFC 9110, section 14). Several ranges and anything malformed are answered with the whole object, which the standard
 * allows; only a well-formed range outside the object is unsatisfiable.
 */
export function readRangeHeader(header: string, sizeBytes: number): WantedRange {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header.trim());
  const [, first = '', last = ''] = match ?? [];
  if (match === null || (first === '' && last === '')) {
    return { kind: 'whole' };
  }
  if (first === '') {
    const length = Math.min(Number(last), sizeBytes);
    return length === 0 ? { kind: 'unsatisfiable' } : { kind: 'span', start: sizeBytes - length, end: sizeBytes };
  }
  const start = Number(first);
  if (last !== '' && Number(last) < start) {
    return { kind: 'whole' };
  }
  if (start >= sizeBytes) {
    return { kind: 'unsatisfiable' };
  }
  return { kind: 'span', start, end: last === '' ? sizeBytes : Math.min(Number(last) + 1, sizeBytes) };
}
