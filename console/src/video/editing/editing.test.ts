import type { Span, Word } from '@carmic/contract';
import { createClipEditBodySchema, editLimits } from '@carmic/contract';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  addSpan,
  canJoin,
  cutAt,
  edgeBounds,
  joinNext,
  lengthOf,
  moveEdge,
  moveEdgeFrom,
  reachTo,
  removeAt,
  removeSpan,
} from './segments.ts';
import { parseClock } from '../../format/formatTime.ts';
import { frameOf, widthOf } from './timeFrame.ts';
import { writeExactly } from './writeExactly.ts';
import { cutOf } from './wordCuts.ts';
import { additionOfWords, cutOfWords, isWordIn, snapToWord, spanOfWords } from './wordSpans.ts';

const span = (startSeconds: number, endSeconds: number): Span => ({ startSeconds, endSeconds });
const segments = [span(10, 14), span(20, 30)];
/** What is played first comes later in the source. */
const turned = [span(20, 30), span(10, 14)];

describe('cutting at the playhead', () => {
  test('takes away what is outside, also whole pieces', () => {
    expect(cutAt(segments, 'start', 22)).toEqual([span(22, 30)]);
    expect(cutAt(segments, 'end', 12.5)).toEqual([span(10, 12.5)]);
    expect(cutAt(segments, 'start', 17)).toEqual([span(20, 30)]);
    expect(cutAt(segments, 'end', 17)).toEqual([span(10, 14)]);
  });

  test('goes by the order in which a clip plays', () => {
    expect(cutAt(turned, 'start', 11)).toEqual([span(11, 14)]);
    expect(cutAt(turned, 'start', 25)).toEqual([span(25, 30), span(10, 14)]);
    expect(cutAt(turned, 'end', 12)).toEqual([span(20, 30), span(10, 12)]);
    expect(cutAt(turned, 'end', 25)).toEqual([span(20, 25)]);
    expect(cutAt(turned, 'start', 4)).toEqual([span(4, 14)]);
    expect(cutAt(turned, 'end', 41)).toEqual([span(20, 41)]);
  });

  test('extends beyond what there is', () => {
    expect(cutAt(segments, 'start', 4)).toEqual([span(4, 14), span(20, 30)]);
    expect(cutAt(segments, 'end', 41)).toEqual([span(10, 14), span(20, 41)]);
  });

  test('leaves nothing shorter than a second', () => {
    expect(cutAt(segments, 'start', 29.5)).toBeNull();
    expect(cutAt(segments, 'end', 10)).toBeNull();
    expect(cutAt([], 'end', 10)).toBeNull();
    expect(cutAt(segments, 'start', 31)).toBeNull();
    // A piece of less than a frame goes as a whole: the server would refuse the cut for it.
    expect(cutAt(segments, 'start', 13.98)).toEqual([span(20, 30)]);
  });
});

describe('spans', () => {
  test('what is taken out splits a span, and what is added fills the gap again', () => {
    expect(removeSpan(segments, span(23, 25))).toEqual([span(10, 14), span(20, 23), span(25, 30)]);
    expect(addSpan([span(10, 14), span(20, 23), span(25, 30)], span(22, 26))).toEqual([span(10, 14), span(20, 30)]);
    expect(removeSpan(segments, span(0, 29.5))).toBeNull();
  });

  test('what stands alone is played behind what is before it in the source, whatever the order', () => {
    expect(addSpan(segments, span(40, 42))).toEqual([span(10, 14), span(20, 30), span(40, 42)]);
    expect(addSpan(segments, span(2, 4))).toEqual([span(2, 4), span(10, 14), span(20, 30)]);
    expect(addSpan(turned, span(40, 42))).toEqual([span(20, 30), span(40, 42), span(10, 14)]);
    expect(addSpan(turned, span(16, 17))).toEqual([span(20, 30), span(10, 14), span(16, 17)]);
  });

  test('a clip begins and ends with what is not in it yet', () => {
    expect(reachTo(segments, 'start', span(17, 18))).toEqual([span(17, 30)]);
    expect(reachTo(segments, 'end', span(17, 18))).toEqual([span(10, 18)]);
    expect(reachTo(segments, 'start', span(14, 15))).toEqual([span(14, 30)]);
    expect(reachTo(segments, 'start', span(31, 32))).toBeNull();
    expect(reachTo(turned, 'start', span(17, 18))).toEqual([span(17, 30), span(10, 14)]);
  });

  test('neighbours are joined with what lies between, where nothing of the clip stands there', () => {
    expect(joinNext(segments, 0)).toEqual([span(10, 30)]);
    expect(joinNext(segments, 1)).toBeNull();
    expect(joinNext(turned, 0)).toBeNull();
    const apart = [span(10, 14), span(20, 30), span(16, 18)];
    expect([canJoin(apart, 0), canJoin(apart, 1)]).toEqual([false, false]);
    expect(removeAt(segments, 0)).toEqual([span(20, 30)]);
    expect(removeAt([span(20, 30)], 0)).toBeNull();
  });

  test('an edge stops at its neighbour, at the ends of the source and before nothing is left', () => {
    expect(edgeBounds(segments, 0, 'end', 60)).toEqual({ min: 10.1, max: 20 });
    expect(edgeBounds(segments, 1, 'end', 60)).toEqual({ min: 20.1, max: 60 });
    expect(edgeBounds(turned, 0, 'start', 60)).toEqual({ min: 14, max: 29.9 });
    expect(edgeBounds([span(5, 9)], 0, 'start', 60)).toEqual({ min: 0, max: 8 });
    expect(edgeBounds([span(5, 9)], 0, 'end', 2000)).toEqual({ min: 6, max: 605 });
    expect(moveEdge(segments, 0, 'end', 99, 60)).toEqual([span(10, 20), span(20, 30)]);
    expect(moveEdgeFrom(segments, 'end', 14, 99, 60)).toEqual([span(10, 30)]);
    expect(moveEdgeFrom(segments, 'end', 15, 99, 60)).toBeNull();
  });
});

describe('words', () => {
  const word = (text: string, startSeconds: number, endSeconds: number): Word => ({ text, startSeconds, endSeconds });
  const words = [word('We', 1, 1.4), word('met', 1.5, 1.9), word('in', 4, 4.2), word('spring', 4.2, 5), word('here', 9, 9.5)];

  test('take a little of the silence with them, never more than half of it, and nothing of their neighbours', () => {
    expect(spanOfWords(words, { from: 0, to: 1 }, 12)).toEqual(span(0.85, 1.45));
    expect(spanOfWords(words, { from: 1, to: 2 }, 12)).toEqual(span(1.45, 2.2));
    expect(spanOfWords(words, { from: 3, to: 4 }, 12)).toEqual(span(4.2, 5.3));
    expect(spanOfWords(words, { from: 4, to: 5 }, 9.6)).toEqual(span(8.85, 9.6));
  });

  test('that are taken out take the pauses around them along, up to a second', () => {
    expect(cutOfWords(words, { from: 2, to: 3 }, 12)).toEqual(span(2.85, 4.2));
    expect(cutOfWords(words, { from: 1, to: 4 }, 12)).toEqual(span(1.45, 6.3));
  });

  test('that are added close a short gap to what is there, and leave a long one', () => {
    expect(additionOfWords(words, { from: 1, to: 2 }, [span(0.9, 1.42)], 12)).toEqual(span(1.42, 2.2));
    expect(additionOfWords(words, { from: 2, to: 4 }, [span(0.9, 2.2)], 12)).toEqual(span(3.85, 5.3));
  });

  test('are in a clip by their middle', () => {
    expect(words.map((item) => isWordIn(item, [span(1.7, 4.5)]))).toEqual([false, true, true, false, false]);
  });

  test('draw an edge that is near', () => {
    expect(snapToWord(words, 'start', 3.95, 0.3, 12)).toBe(3.85);
    expect(snapToWord(words, 'end', 5.1, 0.3, 12)).toBe(5.3);
    expect(snapToWord(words, 'end', 7, 0.3, 12)).toBe(7);
    expect(snapToWord([], 'end', 7, 0.3, 12)).toBe(7);
  });
});

describe('the time line of a clip', () => {
  test('shows what could still come to it on both sides, as far as the source goes', () => {
    expect(frameOf(segments, 60, { before: 0, behind: 0 })).toEqual(span(6, 34));
    expect(frameOf([span(2, 52)], 55, { before: 0, behind: 9 })).toEqual(span(0, 55));
    expect(frameOf([span(20, 30)], 60, { before: 5, behind: 1 })).toEqual(span(11, 35));
  });

  test('is as wide as its room, wider where edges would stand too close to be hit, and as wide as it is zoomed', () => {
    expect(widthOf(segments, span(6, 34), 400, 1)).toBe(400);
    expect(widthOf(segments, span(6, 34), 400, 4)).toBe(1600);
    // Half a second from start to start needs 26 px.
    expect(widthOf([span(10, 10.4), span(10.5, 30)], span(6, 34), 400, 1)).toBe(28 * 52);
    expect(widthOf(turned, span(6, 34), 400, 1)).toBe(400);
  });
});

test('a cut by words that changes nothing, or leaves nothing, is none', () => {
  const words: Word[] = [20.5, 21, 40].map((startSeconds) => ({ text: 'word', startSeconds, endSeconds: startSeconds + 0.4 }));
  expect(cutOf('add', segments, words, { from: 0, to: 1 }, 60)).toBeNull();
  expect(cutOf('remove', segments, words, { from: 2, to: 3 }, 60)).toBeNull();
  expect(cutOf('startHere', segments, words, { from: 2, to: 3 }, 60)).toBeNull();
  expect(cutOf('remove', [span(20.4, 21.6)], words, { from: 0, to: 2 }, 60)).toBeNull();
  expect(cutOf('endHere', segments, words, { from: 2, to: 3 }, 60)).toEqual([span(10, 14), span(20, 40.7)]);
});

/** A source of a few minutes with words, and a clip of it whose spans do not overlap, in whatever order they play. */
const cases = fc
  .record({
    gaps: fc.array(fc.tuple(fc.integer({ min: 1, max: 3000 }), fc.integer({ min: 41, max: 9000 }), fc.integer()), {
      minLength: 1,
      maxLength: 8,
    }),
    tailMs: fc.integer({ min: 0, max: 4000 }),
    pauses: fc.array(fc.tuple(fc.integer({ min: -200, max: 2500 }), fc.integer({ min: 20, max: 900 })), { minLength: 1, maxLength: 60 }),
  })
  .map(({ gaps, tailMs, pauses }) => {
    let at = 0;
    const spans = gaps.map(([gap, length, place]) => {
      const start = at + gap;
      at = start + length;
      return { item: span(start / 1000, at / 1000), place };
    });
    let spoken = 0;
    const words = pauses.map(([pause, length]): Word => {
      const start = Math.max(0, spoken + pause);
      spoken = start + length;
      return { text: 'word', startSeconds: start / 1000, endSeconds: spoken / 1000 };
    });
    words.sort((a, b) => a.startSeconds - b.startSeconds);
    spans.sort((a, b) => a.place - b.place);
    return { segments: spans.map(({ item }) => item), words, durationSeconds: Math.max(at, spoken) / 1000 + tailMs / 1000 };
  })
  .filter(({ segments }) => lengthOf(segments) >= 1);

function expectValid(result: readonly Span[] | null, durationSeconds: number) {
  if (result === null) {
    return;
  }
  createClipEditBodySchema.parse({ kind: 'segments', baseVersion: 1, segments: result });
  const bySource = [...result].sort((a, b) => a.startSeconds - b.startSeconds);
  bySource.forEach(({ startSeconds, endSeconds }, index) => {
    expect(endSeconds - startSeconds).toBeGreaterThanOrEqual(editLimits.shortestSpanSeconds);
    expect(startSeconds).toBeGreaterThanOrEqual(0);
    expect(endSeconds).toBeLessThanOrEqual(durationSeconds + 0.001);
    expect(bySource[index + 1]?.startSeconds ?? Number.POSITIVE_INFINITY).toBeGreaterThanOrEqual(endSeconds);
  });
  expect(lengthOf(result)).toBeGreaterThanOrEqual(1 - 1e-6);
}

/** Seconds of a clip that lie in a span of the source. */
const within = (list: readonly Span[], { startSeconds, endSeconds }: Span) =>
  list.reduce((sum, item) => sum + Math.max(0, Math.min(item.endSeconds, endSeconds) - Math.max(item.startSeconds, startSeconds)), 0);

const share = fc.double({ min: 0, max: 1, noNaN: true });
const edge = fc.constantFrom('start' as const, 'end' as const);

describe('whatever is done to a clip, in whatever order it plays', () => {
  test('at a moment, the server takes the result', () => {
    fc.assert(
      fc.property(cases, share, edge, ({ segments, durationSeconds }, at, side) => {
        expectValid(cutAt(segments, side, Math.round(at * durationSeconds * 1000) / 1000), durationSeconds);
      }),
    );
  });

  test('by words, the server takes the result; what is taken out is gone, what is added is there, what the clip is to begin with comes first', () => {
    fc.assert(
      fc.property(cases, share, share, edge, ({ segments, words, durationSeconds }, a, b, side) => {
        const from = Math.floor(Math.min(a, b) * (words.length - 1));
        const to = Math.floor(Math.max(a, b) * (words.length - 1)) + 1;
        const own = spanOfWords(words, { from, to }, durationSeconds);
        const cut = cutOfWords(words, { from, to }, durationSeconds);
        expect(cut.startSeconds).toBeLessThanOrEqual(own.startSeconds);
        expect(cut.endSeconds).toBeGreaterThanOrEqual(own.endSeconds);
        const removed = removeSpan(segments, cut);
        expectValid(removed, durationSeconds);
        expect(within(removed ?? [], cut)).toBeCloseTo(0, 6);

        const addition = additionOfWords(words, { from, to }, segments, durationSeconds);
        const added = addSpan(segments, addition);
        expectValid(added, durationSeconds);
        if (addition.endSeconds - addition.startSeconds >= editLimits.shortestSpanSeconds) {
          expect(within(added ?? [], addition)).toBeCloseTo(addition.endSeconds - addition.startSeconds, 6);
        }
        expect(lengthOf(added ?? [])).toBeGreaterThanOrEqual(lengthOf(segments) - 1e-6);

        const reached = reachTo(segments, side, own);
        expectValid(reached, durationSeconds);
        const first = side === 'start' ? reached?.[0]?.startSeconds : reached?.at(-1)?.endSeconds;
        const wanted = side === 'start' ? own.startSeconds : own.endSeconds;
        if (first !== undefined && Math.abs(first - wanted) > 0.0005) {
          // Only a rest of less than a frame is passed over.
          const holder = segments.find(({ startSeconds, endSeconds }) => startSeconds <= wanted && wanted <= endSeconds);
          const rest = side === 'start' ? (holder?.endSeconds ?? Infinity) - wanted : wanted - (holder?.startSeconds ?? -Infinity);
          expect(rest).toBeLessThan(editLimits.shortestSpanSeconds);
        }
      }),
      { numRuns: 500 },
    );
  });

  test('by hand, the server takes the result; joining adds just the gap', () => {
    fc.assert(
      fc.property(cases, share, share, edge, ({ segments, words, durationSeconds }, which, at, side) => {
        const index = Math.floor(which * (segments.length - 0.001));
        const item = segments[index];
        if (item === undefined) {
          throw new Error('There is a span of this number.');
        }
        const seconds = snapToWord(words, side, at * durationSeconds, 0.2, durationSeconds);
        expectValid(moveEdge(segments, index, side, seconds, durationSeconds), durationSeconds);
        const from = side === 'start' ? item.startSeconds : item.endSeconds;
        expectValid(moveEdgeFrom(segments, side, from, seconds, durationSeconds), durationSeconds);
        expectValid(removeAt(segments, index), durationSeconds);
        const joined = joinNext(segments, index);
        expectValid(joined, durationSeconds);
        if (joined !== null) {
          const gap = (segments[index + 1]?.startSeconds ?? 0) - item.endSeconds;
          expect(lengthOf(joined)).toBeCloseTo(lengthOf(segments) + gap, 6);
        }
      }),
      { numRuns: 500 },
    );
  });
});

test('an exact time is written as short as it goes, and is read as what it was', () => {
  expect([0, 7.45, 65.4, 3723.5, 59.9996].map(writeExactly)).toEqual(['0:00', '0:07.45', '1:05.4', '1:02:03.5', '1:00']);
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 36_000_000 }), (ms) => Math.round((parseClock(writeExactly(ms / 1000)) ?? -1) * 1000) === ms),
  );
});
