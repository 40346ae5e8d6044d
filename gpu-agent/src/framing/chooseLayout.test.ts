import { describe, expect, it } from 'vitest';
import { chooseLayouts } from './chooseLayout.ts';
import type { Shot, ShotTrack } from './shots.ts';

const rules = { source: { width: 1920, height: 1080 }, output: { width: 1080, height: 1920 }, framesPerSecond: 25 };

interface TrackOptions {
  width?: number;
  top?: number;
  presence?: number;
  /** Change around the mouth per frame. */
  mouth?: (frame: number) => number;
}

function track(left: number, seconds: number, { width = 0.08, top = 0.2, presence = 1, mouth = () => 0 }: TrackOptions = {}): ShotTrack {
  const face = { left, top, width, height: width * 1.7, score: 0.8 };
  const frames = seconds * 25;
  return {
    points: Array.from({ length: Math.round(seconds * 2.5) }, (_, index) => ({ frame: index * 10, face, isRepeated: false })),
    mouth: Array.from({ length: frames }, (_, frame) => ({ frame, mouth: mouth(frame), rest: 0 })),
    presence,
    meanScore: 0.8,
    meanArea: face.width * face.height,
    meanWidth: width,
  };
}
const shotOf = (seconds: number, tracks: readonly ShotTrack[], change = 1): Shot => ({
  firstFrame: 0,
  endFrame: seconds * 25,
  tracks,
  change,
});
const choose = (shots: readonly Shot[], wish: Parameters<typeof chooseLayouts>[3] = null, output = rules.output) =>
  chooseLayouts(shots, { ...rules, output }, () => [], wish);
const speaks = { mouth: (frame: number) => (frame % 4 < 2 ? 6 : 2) };

describe('chooseLayouts', () => {
  it('follows the one face that is there', () => {
    const [plan] = choose([shotOf(10, [track(0.4, 10)])]);
    expect(plan).toMatchObject({ layout: 'follow', reason: 'The face that is seen is followed; it is there in 100 % of this shot.' });
  });

  it('follows the mouth that moves when two people of one size are far apart', () => {
    const speaker = track(0.8, 10, speaks);
    const [plan] = choose([shotOf(10, [track(0.1, 10), speaker])]);
    expect(plan?.layout).toBe('follow');
    expect(plan?.stretches.map((stretch) => stretch.subjects)).toEqual([[speaker]]);
  });

  it('shows two people beneath each other when it is not clear who speaks, from left to right', () => {
    const [right, left] = [track(0.8, 10), track(0.1, 10)];
    const [plan] = choose([shotOf(10, [right, left])]);
    expect(plan?.layout).toBe('split');
    expect(plan?.stretches.map((stretch) => stretch.subjects[0])).toEqual([left, right]);
  });

  it('shows everybody of a screen with a picture for each, row by row, though it is clear who speaks', () => {
    const [a, b, c, d] = [track(0.26, 10), track(0.65, 10, speaks), track(0.28, 10, { top: 0.55 }), track(0.66, 10, { top: 0.55 })];
    const [plan] = choose([shotOf(10, [d, c, b, a])]);
    expect(plan?.layout).toBe('grid');
    expect(plan?.stretches.map((stretch) => stretch.subjects[0])).toEqual([a, b, c, d]);
    const six = [a, b, c, d, track(0.05, 10), track(0.06, 10, { top: 0.55 })];
    expect(choose([shotOf(10, six)])[0]?.layout).toBe('fit');
    // In one row, the one who speaks is followed as before.
    expect(choose([shotOf(10, [track(0.05, 10), track(0.45, 10, speaks), track(0.85, 10)])])[0]?.layout).toBe('follow');
  });

  it('shows three and four in a grid, and more in the whole picture', () => {
    const people = (count: number) => Array.from({ length: count }, (_, index) => track(0.05 + index * 0.19, 10));
    expect([3, 4, 5].map((count) => choose([shotOf(10, people(count))])[0]?.layout)).toEqual(['grid', 'grid', 'fit']);
  });

  it('leaves people in the background alone', () => {
    const near = track(0.1, 10, { width: 0.15 });
    const [plan] = choose([shotOf(10, [track(0.8, 10, { ...speaks, width: 0.05 }), near])]);
    expect(plan?.stretches.map((stretch) => stretch.subjects)).toEqual([[near]]);
  });

  it('shows all of the picture when a face is too close to crop', () => {
    expect(choose([shotOf(10, [track(0.3, 10, { width: 0.4 })])])[0]?.layout).toBe('fit');
  });

  it('takes a small steady face in a corner for a camera beside a screen, or beside a game when the rest moves', () => {
    const inset = track(0.88, 10, { width: 0.06, top: 0.8 });
    expect(choose([shotOf(10, [inset], 0.3)])[0]?.layout).toBe('screen');
    expect(choose([shotOf(10, [inset], 8)])[0]?.layout).toBe('gameplay');
    expect(choose([shotOf(10, [track(0.62, 10, { width: 0.09, top: 0.2 })], 0.3)])[0]?.layout).toBe('follow');
  });

  it('shows all of a wide picture without people, and the middle of one that is nearly of the shape', () => {
    expect(choose([shotOf(10, [])])[0]?.layout).toBe('fit');
    expect(choose([shotOf(10, [])], null, { width: 1080, height: 1080 })[0]?.layout).toBe('center');
  });

  it('passes over a short shot without people in a clip about somebody', () => {
    expect(choose([shotOf(10, [track(0.4, 10)]), shotOf(2, []), shotOf(9, [])]).map((plan) => plan.layout)).toEqual([
      'follow',
      'center',
      'fit',
    ]);
  });

  it('does as a person asked where it can, and says so where it cannot', () => {
    const plans = choose([shotOf(10, [track(0.1, 10), track(0.8, 10, speaks)]), shotOf(10, [track(0.4, 10)])], 'split');
    expect(plans.map((plan) => [plan.layout, plan.isWished])).toEqual([
      ['split', true],
      ['follow', false],
    ]);
    expect(plans[1]?.reason).toContain('more faces than are seen here');
  });

  it('lets the rest of another scene decide nothing: neither its own crop nor that of what follows', () => {
    const flash = shotOf(0.2, [track(0.5, 1)]);
    expect(choose([flash, shotOf(13, []), shotOf(2, [])]).map((plan) => plan.layout)).toEqual(['fit', 'fit', 'fit']);
    // In a clip that follows people a quick shot of somebody is one of them.
    expect(choose([shotOf(10, [track(0.4, 10)]), flash]).map((plan) => plan.layout)).toEqual(['follow', 'follow']);
    expect(choose([flash, shotOf(13, [])], 'follow').map((plan) => plan.layout)).toEqual(['follow', 'fit']);
  });
});
