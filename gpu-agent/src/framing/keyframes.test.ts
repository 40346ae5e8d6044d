import { describe, expect, it } from 'vitest';
import { viewFromKeyframes } from './keyframes.ts';

const largest = { widthShare: 0.4, heightShare: 1 };
const leftAt = ({ path }: ReturnType<typeof viewFromKeyframes>, frame: number) => path.findLast((point) => point.frame <= frame)?.left;

describe('viewFromKeyframes', () => {
  it('eases from one key frame to the next, and holds the last', () => {
    const view = viewFromKeyframes(
      [
        { atSeconds: 2, x: 0.7, y: 0.5 },
        { atSeconds: 1, x: 0.3, y: 0.5 },
      ],
      1,
      largest,
      100,
      25,
    );
    expect([0, 25, 37.5, 50, 99].map((frame) => leftAt(view, frame))).toEqual([
      expect.closeTo(0.1, 9),
      expect.closeTo(0.1, 9),
      expect.closeTo(0.3, 1),
      expect.closeTo(0.5, 9),
      expect.closeTo(0.5, 9),
    ]);
  });

  it('jumps on the frame that was asked for', () => {
    const view = viewFromKeyframes(
      [
        { atSeconds: 0, x: 0.2, y: 0.5 },
        { atSeconds: 2, x: 0.8, y: 0.5, isJump: true },
      ],
      1,
      largest,
      100,
      25,
    );
    expect([leftAt(view, 49), leftAt(view, 50)]).toEqual([0, expect.closeTo(0.6, 9)]);
  });

  it('keeps a smaller crop inside the picture', () => {
    const view = viewFromKeyframes([{ atSeconds: 0, x: 1, y: 0 }], 2, largest, 10, 25);
    expect(view).toEqual({ widthShare: 0.2, heightShare: 0.5, path: [{ frame: 0, left: 0.8, top: 0 }] });
  });
});
