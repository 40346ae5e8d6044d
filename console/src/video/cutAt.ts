import type { Span } from '@carmic/contract';

const shortestSeconds = 1;
/** The server takes no shorter piece: about a frame. */
const shortestPieceSeconds = 0.04;

/** Pieces of a clip that begin or end at a moment of the source: shorter, or longer than now. Null where less than a second would be left. */
export function cutAt(segments: readonly Span[], edge: 'start' | 'end', seconds: number): Span[] | null {
  const [first, last] = [segments[0], segments.at(-1)];
  if (first === undefined || last === undefined) {
    return null;
  }
  let cut: Span[];
  if (edge === 'start') {
    cut =
      seconds < first.startSeconds
        ? [{ ...first, startSeconds: seconds }, ...segments.slice(1)]
        : segments
            .filter(({ endSeconds }) => endSeconds > seconds)
            .map((span) => ({ ...span, startSeconds: Math.max(span.startSeconds, seconds) }));
  } else {
    cut =
      seconds > last.endSeconds
        ? [...segments.slice(0, -1), { ...last, endSeconds: seconds }]
        : segments
            .filter(({ startSeconds }) => startSeconds < seconds)
            .map((span) => ({ ...span, endSeconds: Math.min(span.endSeconds, seconds) }));
  }
  cut = cut.filter(({ startSeconds, endSeconds }) => endSeconds - startSeconds >= shortestPieceSeconds);
  const length = cut.reduce((sum, { startSeconds, endSeconds }) => sum + endSeconds - startSeconds, 0);
  return length < shortestSeconds ? null : cut;
}
