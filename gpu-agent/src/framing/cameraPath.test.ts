import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CameraShot, planCamera } from './cameraPath.ts';

const rules = { widthShare: 0.3, heightShare: 1, framesPerSecond: 25 };
const shot = (firstFrame: number, endFrame: number, position: (seconds: number) => number): CameraShot => ({
  firstFrame,
  endFrame,
  horizontal: Array.from({ length: Math.ceil((endFrame - firstFrame) / 12) }, (_, index) => {
    const timeSeconds = firstFrame / 25 + index * 0.5;
    return { timeSeconds, position: position(timeSeconds) };
  }),
  vertical: [],
});
const leftAt = (path: ReturnType<typeof planCamera>, frame: number) =>
  path.filter((point) => point.frame <= frame).at(-1)?.left ?? Number.NaN;

describe('planCamera', () => {
  it('rests while the face trembles', () => {
    const path = planCamera([shot(0, 250, (seconds) => 0.5 + 0.02 * Math.sin(seconds * 9))], rules);
    expect(path).toHaveLength(1);
    expect(path[0]?.left).toBeCloseTo(0.35, 1);
  });

  it('follows a face that walks, and arrives', () => {
    const path = planCamera([shot(0, 250, (seconds) => Math.min(0.8, 0.2 + seconds * 0.1))], rules);
    expect(leftAt(path, 0)).toBeLessThan(0.12);
    expect(leftAt(path, 249)).toBeCloseTo(0.65, 1);
  });

  it('never moves faster than its limit inside a shot', () => {
    const path = planCamera([shot(0, 100, (seconds) => (seconds < 2 ? 0.2 : 0.8))], rules);
    for (const [index, point] of path.entries()) {
      const before = path[index - 1];
      if (before) {
        expect(Math.abs(point.left - before.left) / (point.frame - before.frame)).toBeLessThanOrEqual((0.9 * 0.3) / 25 + 1e-9);
      }
    }
  });

  it('jumps on a cut, on that very frame', () => {
    const path = planCamera([shot(0, 50, () => 0.2), shot(50, 100, () => 0.8)], rules);
    expect([leftAt(path, 49), leftAt(path, 50)]).toEqual([expect.closeTo(0.05, 5), expect.closeTo(0.65, 5)]);
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
