import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CameraShot, planCamera, smooth, tautString } from './cameraPath.ts';
import { accelerationsOf, countReversals, percentile } from './framingFacts.ts';

const rules = { widthShare: 0.3, heightShare: 1, framesPerSecond: 25 };
const shot = (firstFrame: number, endFrame: number, position: (seconds: number) => number): CameraShot => ({
  firstFrame,
  endFrame,
  horizontal: Array.from({ length: Math.ceil((endFrame - firstFrame) / 10) }, (_, index) => {
    const timeSeconds = firstFrame / 25 + index * 0.4;
    return { timeSeconds, position: position(timeSeconds) };
  }),
  vertical: [],
});
const leftAt = (path: ReturnType<typeof planCamera>, frame: number) =>
  path.filter((point) => point.frame <= frame).at(-1)?.left ?? Number.NaN;
const lefts = (path: ReturnType<typeof planCamera>, count: number) => Array.from({ length: count }, (_, frame) => leftAt(path, frame));

describe('planCamera', () => {
  it('rests while the face trembles', () => {
    const path = planCamera([shot(0, 250, (seconds) => 0.5 + 0.02 * Math.sin(seconds * 9))], rules);
    expect(path).toHaveLength(1);
    expect(path[0]?.left).toBeCloseTo(0.35, 1);
  });

  it('follows a face that walks, and never turns round', () => {
    const path = planCamera([shot(0, 250, (seconds) => Math.min(0.8, 0.2 + seconds * 0.1))], rules);
    expect(leftAt(path, 0)).toBeLessThan(0.12);
    expect(leftAt(path, 249)).toBeGreaterThan(0.6);
    expect(countReversals(lefts(path, 250).map((left) => left / 0.3))).toBe(0);
  });

  it('accelerates no more than the true path, smoothed over half a second, times one and a half', () => {
    for (const walk of [
      (seconds: number) => 0.5 + 0.3 * Math.sin(seconds * 0.9),
      (seconds: number) => 0.5 + 0.25 * Math.sin(seconds * 1.6) + 0.02 * Math.sin(seconds * 7),
      (seconds: number) => Math.min(0.8, Math.max(0.2, 0.2 + (seconds - 2) * 0.2)),
    ]) {
      const truth = smooth(
        Array.from({ length: 500 }, (_, frame) => walk(frame / 25)),
        0.5 * 25,
      );
      const path = planCamera([shot(0, 500, walk)], rules);
      const most = percentile(accelerationsOf(truth), 0.95) * 1.5;
      expect(percentile(accelerationsOf(lefts(path, 500)), 0.95)).toBeLessThanOrEqual(most);
    }
  });

  it('never moves faster than its limit inside a shot', () => {
    const path = planCamera([shot(0, 100, (seconds) => (seconds < 2 ? 0.2 : 0.8))], rules);
    for (const [index, point] of path.entries()) {
      const before = path[index - 1];
      if (before) {
        expect(Math.abs(point.left - before.left) / (point.frame - before.frame)).toBeLessThanOrEqual((1.5 * 0.3) / 25 + 1e-9);
      }
    }
  });

  it('jumps on a cut, on that very frame', () => {
    const path = planCamera([shot(0, 50, () => 0.2), shot(50, 100, () => 0.8)], rules);
    expect([leftAt(path, 49), leftAt(path, 50)]).toEqual([expect.closeTo(0.05, 1), expect.closeTo(0.65, 1)]);
    expect(leftAt(path, 50) - leftAt(path, 49)).toBeGreaterThan(0.5);
  });

  it('shows the middle where nobody is followed', () => {
    expect(planCamera([{ firstFrame: 0, endFrame: 10, horizontal: [], vertical: [] }], rules)).toEqual([{ frame: 0, left: 0.35, top: 0 }]);
  });

  it('never leaves the picture, wherever the face goes', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: -0.2, max: 1.2, noNaN: true }), { minLength: 1, maxLength: 20 }), (positions) => {
        const horizontal = positions.map((position, index) => ({ timeSeconds: index / 2, position }));
        const path = planCamera([{ firstFrame: 0, endFrame: positions.length * 12, horizontal, vertical: [] }], rules);
        expect(path.every((point) => point.left >= 0 && point.left <= 0.7 + 1e-9)).toBe(true);
      }),
    );
  });
});

describe('tautString', () => {
  const bounds = fc.array(
    fc.record({ low: fc.double({ min: 0, max: 1, noNaN: true }), room: fc.double({ min: 0.01, max: 0.5, noNaN: true }) }),
    {
      minLength: 1,
      maxLength: 40,
    },
  );

  it('stays between its bounds', () => {
    fc.assert(
      fc.property(bounds, (entries) => {
        const line = tautString(
          entries.map(({ low }) => low),
          entries.map(({ low, room }) => low + room),
        );
        for (const [index, { low, room }] of entries.entries()) {
          expect(line[index]).toBeGreaterThanOrEqual(low - 1e-9);
          expect(line[index]).toBeLessThanOrEqual(low + room + 1e-9);
        }
      }),
    );
  });

  it('moves no more than any other line between them', () => {
    const movement = (line: readonly number[]) => line.slice(1).reduce((sum, value, index) => sum + (value - (line[index] ?? 0)) ** 2, 0);
    fc.assert(
      fc.property(bounds, fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 40, maxLength: 40 }), (entries, shares) => {
        const line = tautString(
          entries.map(({ low }) => low),
          entries.map(({ low, room }) => low + room),
        );
        const other = entries.map(({ low, room }, index) => low + room * (shares[index] ?? 0));
        expect(movement(line)).toBeLessThanOrEqual(movement(other) + 1e-9);
      }),
    );
  });
});
