/**
 * Edit lists, changed. Spans stand in playing order, which need not be that of the source; no function here makes two of them overlap, a
 * span shorter than the server takes, or one outside the source, where that was not so before.
 */
import { editLimits, type Span } from '@carmic/contract';

/** Less is no clip. */
const shortestSeconds = 1;
/** A handle stops here: what is left can still be heard and taken hold of. */
const shortestByHandSeconds = 0.1;
const touchSeconds = 0.0005;

type Edge = 'start' | 'end';

/** Times are kept to the millisecond. */
export const toMilliseconds = (seconds: number): number => Math.round(seconds * 1000) / 1000;

const lengthOfSpan = ({ startSeconds, endSeconds }: Span) => endSeconds - startSeconds;
const touches = (a: number, b: number) => Math.abs(a - b) < touchSeconds;

/** Seconds that an edit list plays. */
export function lengthOf(segments: readonly Span[]): number {
  return segments.reduce((sum, span) => sum + lengthOfSpan(span), 0);
}

/** Drops what is too short to be a span and joins what follows without a gap. Null where less than a second is left, or too many spans. */
function tidy(segments: readonly Span[]): Span[] | null {
  const tidied: Span[] = [];
  for (const span of segments) {
    const last = tidied.at(-1);
    if (last !== undefined && touches(last.endSeconds, span.startSeconds)) {
      tidied[tidied.length - 1] = { ...last, endSeconds: span.endSeconds };
    } else if (lengthOfSpan(span) >= editLimits.shortestSpanSeconds) {
      tidied.push({ ...span });
    }
  }
  return tidied.length > editLimits.mostSpans || lengthOf(tidied) < shortestSeconds - 1e-9 ? null : tidied;
}

/** The one of them with the least or greatest value; -1 where there is none. */
function nearest(segments: readonly Span[], valueOf: (span: Span) => number | null): number {
  let [found, best] = [-1, Number.POSITIVE_INFINITY];
  segments.forEach((span, index) => {
    const value = valueOf(span);
    if (value !== null && value < best) {
      [found, best] = [index, value];
    }
  });
  return found;
}

/**
 * Lets a clip begin or end at a moment of the source: what it plays before or behind that goes. Outside of the clip it is made longer;
 * between its spans it begins or ends with the next one. Null where less than a second would be left.
 */
export function cutAt(segments: readonly Span[], edge: Edge, seconds: number): Span[] | null {
  if (edge === 'start') {
    const inside = segments.findIndex(({ startSeconds, endSeconds }) => startSeconds <= seconds && seconds < endSeconds);
    const first = inside < 0 ? nearest(segments, (span) => (span.startSeconds > seconds ? span.startSeconds : null)) : inside;
    if (first < 0) {
      return null;
    }
    const isOutside = segments.every(({ startSeconds }) => startSeconds > seconds);
    return tidy(
      segments.slice(first).map((span, index) => (index === 0 && (inside >= 0 || isOutside) ? { ...span, startSeconds: seconds } : span)),
    );
  }
  const inside = segments.findLastIndex(({ startSeconds, endSeconds }) => startSeconds < seconds && seconds <= endSeconds);
  const last = inside < 0 ? nearest(segments, (span) => (span.endSeconds < seconds ? -span.endSeconds : null)) : inside;
  if (last < 0) {
    return null;
  }
  const isOutside = segments.every(({ endSeconds }) => endSeconds < seconds);
  return tidy(
    segments
      .slice(0, last + 1)
      .map((span, index) => (index === last && (inside >= 0 || isOutside) ? { ...span, endSeconds: seconds } : span)),
  );
}

/** Takes a span of the source out. Null where less than a second would be left. */
export function removeSpan(segments: readonly Span[], cut: Span): Span[] | null {
  return tidy(segments.flatMap((span) => without(span, cut)));
}

function without(span: Span, cut: Span): Span[] {
  if (cut.endSeconds <= span.startSeconds || cut.startSeconds >= span.endSeconds) {
    return [span];
  }
  return [
    { startSeconds: span.startSeconds, endSeconds: cut.startSeconds },
    { startSeconds: cut.endSeconds, endSeconds: span.endSeconds },
  ].filter((part) => lengthOfSpan(part) > 0);
}

/**
 * Adds a span of the source, as far as it is not in the clip: what touches a span makes it longer, and what stands alone is played
 * behind the span before it in the source.
 */
export function addSpan(segments: readonly Span[], added: Span): Span[] | null {
  let missing = [added];
  for (const span of segments) {
    missing = missing.flatMap((part) => without(part, span));
  }
  return tidy(missing.reduce(place, [...segments]));
}

function place(segments: Span[], part: Span): Span[] {
  const before = segments.findIndex(({ endSeconds }) => touches(endSeconds, part.startSeconds));
  if (before >= 0) {
    return segments.map((span, index) => (index === before ? { ...span, endSeconds: part.endSeconds } : span));
  }
  const behind = segments.findIndex(({ startSeconds }) => touches(startSeconds, part.endSeconds));
  if (behind >= 0) {
    return segments.map((span, index) => (index === behind ? { ...span, startSeconds: part.startSeconds } : span));
  }
  const previous = nearest(segments, (span) => (span.endSeconds <= part.startSeconds ? -span.endSeconds : null));
  const next = nearest(segments, (span) => (span.startSeconds >= part.endSeconds ? span.startSeconds : null));
  const at = previous >= 0 ? previous + 1 : Math.max(next, 0);
  return segments.toSpliced(at, 0, part);
}

/** Lets a clip begin, or end, with a span of the source, also where that is not in the clip yet. Null where it would not be one. */
export function reachTo(segments: readonly Span[], edge: Edge, span: Span): Span[] | null {
  const seconds = edge === 'start' ? span.startSeconds : span.endSeconds;
  const isIn = ({ startSeconds, endSeconds }: Span) =>
    edge === 'start' ? startSeconds <= seconds && seconds < endSeconds : startSeconds < seconds && seconds <= endSeconds;
  if (segments.some(isIn)) {
    return cutAt(segments, edge, seconds);
  }
  const neighbour =
    edge === 'start'
      ? segments[nearest(segments, ({ startSeconds }) => (startSeconds > seconds ? startSeconds : null))]
      : segments[nearest(segments, ({ endSeconds }) => (endSeconds < seconds ? -endSeconds : null))];
  if (neighbour === undefined) {
    return null;
  }
  // Up to the neighbour there is nothing of the clip, so that nothing else grows by this.
  const reached =
    edge === 'start'
      ? segments.map((item) => (item === neighbour ? { ...item, startSeconds: seconds } : item))
      : segments.map((item) => (item === neighbour ? { ...item, endSeconds: seconds } : item));
  return cutAt(reached, edge, seconds);
}

/** Whether what lies between a span and the one that is played next can be kept again: nothing of the clip may stand there. */
export function canJoin(segments: readonly Span[], index: number): boolean {
  const [first, second] = [segments[index], segments[index + 1]];
  if (first === undefined || second === undefined || second.startSeconds < first.endSeconds) {
    return false;
  }
  return segments.every(
    (span) => span === first || span === second || span.endSeconds <= first.endSeconds || span.startSeconds >= second.startSeconds,
  );
}

/** Joins a span with the one that is played next. Null where `canJoin` says no. */
export function joinNext(segments: readonly Span[], index: number): Span[] | null {
  const [first, second] = [segments[index], segments[index + 1]];
  if (first === undefined || second === undefined || !canJoin(segments, index)) {
    return null;
  }
  return tidy(segments.toSpliced(index, 2, { startSeconds: first.startSeconds, endSeconds: second.endSeconds }));
}

/** Takes one span out. Null where less than a second would be left. */
export function removeAt(segments: readonly Span[], index: number): Span[] | null {
  return segments[index] === undefined ? null : tidy(segments.toSpliced(index, 1));
}

/** Between which times an edge of a span can be moved: not into another span, not out of the source, and a clip stays a clip. */
export function edgeBounds(segments: readonly Span[], index: number, edge: Edge, durationSeconds: number): { min: number; max: number } {
  const span = segments[index];
  if (span === undefined) {
    return { min: 0, max: 0 };
  }
  const others = segments.toSpliced(index, 1);
  const least = Math.max(shortestByHandSeconds, shortestSeconds - lengthOf(others));
  const most = Math.max(lengthOfSpan(span), editLimits.longestSeconds - lengthOf(others));
  if (edge === 'start') {
    const wall = others.reduce(
      (end, other) => (other.endSeconds <= span.startSeconds + touchSeconds ? Math.max(end, other.endSeconds) : end),
      0,
    );
    return {
      min: Math.min(span.startSeconds, Math.max(wall, span.endSeconds - most)),
      max: Math.max(span.startSeconds, span.endSeconds - least),
    };
  }
  const wall = others.reduce(
    (start, other) => (other.startSeconds >= span.endSeconds - touchSeconds ? Math.min(start, other.startSeconds) : start),
    durationSeconds,
  );
  return {
    min: Math.min(span.endSeconds, span.startSeconds + least),
    max: Math.max(span.endSeconds, Math.min(wall, span.startSeconds + most)),
  };
}

/** Moves an edge of a span, as far as `edgeBounds` allows. Nothing is joined yet, so that numbers of spans hold while a hand moves. */
export function moveEdge(segments: readonly Span[], index: number, edge: Edge, seconds: number, durationSeconds: number): Span[] {
  const { min, max } = edgeBounds(segments, index, edge, durationSeconds);
  const at = Math.min(max, Math.max(min, toMilliseconds(seconds)));
  return segments.map((span, i) => (i === index ? { ...span, [edge === 'start' ? 'startSeconds' : 'endSeconds']: at } : span));
}

/**
 * Moves an edge to where a hand let go of it. It is found by where it was, because somebody else may have changed the list meanwhile; null
 * where there is no such edge.
 */
export function moveEdgeFrom(
  segments: readonly Span[],
  edge: Edge,
  fromSeconds: number,
  seconds: number,
  durationSeconds: number,
): Span[] | null {
  const index = segments.findIndex((span) => touches(edge === 'start' ? span.startSeconds : span.endSeconds, fromSeconds));
  return index < 0 ? null : tidy(moveEdge(segments, index, edge, seconds, durationSeconds));
}
