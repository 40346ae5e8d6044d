import type { Span } from '@carmic/contract';

/** Handles and buttons of neighbours stand at least this far apart, so that each can be hit. */
const apartPx = 26;
const mostPxPerSecond = 160;
const mostPx = 12_000;

/** The part of the source around a clip that its time line shows: some of what could still come to it, on both sides. */
export function frameOf(segments: readonly Span[], durationSeconds: number, reach: { before: number; behind: number }): Span {
  const start = Math.min(...segments.map(({ startSeconds }) => startSeconds));
  const end = Math.max(...segments.map(({ endSeconds }) => endSeconds));
  const margin = Math.max(4, (end - start) * 0.2);
  return {
    startSeconds: Math.max(0, start - margin - reach.before),
    endSeconds: Math.max(Math.min(durationSeconds, end + margin + reach.behind), end),
  };
}

/** How wide a time line is drawn: as wide as there is room, and wider where edges would stand too close to each other. */
export function widthOf(segments: readonly Span[], { startSeconds, endSeconds }: Span, roomPx: number, zoom: number): number {
  const extent = Math.max(0.001, endSeconds - startSeconds);
  const closest = (times: number[]) =>
    times
      .toSorted((a, b) => a - b)
      .reduce((least, time, index, all) => Math.min(least, index === 0 ? least : time - (all[index - 1] ?? 0)), extent);
  const least = Math.min(closest(segments.map((span) => span.startSeconds)), closest(segments.map((span) => span.endSeconds)));
  const pxPerSecond = Math.min(mostPxPerSecond, apartPx / Math.max(0.001, least));
  return Math.min(Math.max(mostPx, roomPx), Math.round(Math.max(roomPx, extent * pxPerSecond) * zoom));
}
