import { describe, expect, it } from 'vitest';
import type { SpanAnalysis } from './analyze.ts';
import type { Piece } from './buildFraming.ts';
import { chooseCovers } from './covers.ts';
import type { Still } from './stills.ts';

const segment = { sourceSeconds: 0, frames: 250, outSeconds: 0, outFrame: 0 };
const timeline = { rate: { numerator: 25, denominator: 1 }, segments: [segment], frameCount: 250, durationSeconds: 10 };
const face = (left: number, width = 0.2) => ({ left, top: 0.2, width, height: width, score: 0.9 });
const still = (frame: number, changes: Partial<Still> = {}): Still => ({ frame, sharpness: 10, face: face(0.4), eyes: 0.3, ...changes });
const whole: Piece = { segment, framing: { kind: 'whole' }, firstFrame: 0, endFrame: 250, plans: [] };

function choose(
  stills: readonly Still[],
  { cuts = [], piece = whole, frames = 250 }: { cuts?: number[]; piece?: Piece; frames?: number } = {},
) {
  const analysis: SpanAnalysis = { frames, cuts, samples: [], tracks: [], changes: [], stills };
  return chooseCovers([analysis], [piece], { ...timeline, frameCount: frames }, 25);
}

describe('chooseCovers', () => {
  it('likes open eyes, sharp pictures and large faces', () => {
    const stills = [still(20, { eyes: 0.1 }), still(80, { sharpness: 2 }), still(140), still(200, { face: face(0.4, 0.05) })];
    expect(choose(stills)).toEqual([140, 200, 80]);
  });

  it('measures eyes against the widest of the clip, because people differ', () => {
    expect(choose([still(20, { eyes: 0.3, sharpness: 11 }), still(80, { eyes: 0.42 }), still(140, { eyes: 0.31 })])[0]).toBe(80);
  });

  it('passes over a face that the crop does not show, and frames beside a cut', () => {
    const crop = { kind: 'crop', widthShare: 0.3, heightShare: 1, path: [{ frame: 0, left: 0.6, top: 0 }] } as const;
    const stills = [still(30), still(100, { face: face(0.65), sharpness: 5 }), still(160, { face: face(0.65) })];
    expect(choose(stills, { piece: { ...whole, framing: crop }, cuts: [158] })[0]).toBe(100);
  });

  it('takes none out of the rest of another scene', () => {
    expect(choose([still(1, { sharpness: 40 }), still(100)], { cuts: [6] })[0]).toBe(100);
  });

  it('keeps them apart, fills up with frames from all over, and answers no frame that is not there', () => {
    expect(choose([still(100), still(102), still(104)])).toEqual([100, 165, 25]);
    expect(choose([], { frames: 2 })).toEqual([0, 1]);
    expect(choose([], { frames: 1 })).toEqual([0]);
  });
});
