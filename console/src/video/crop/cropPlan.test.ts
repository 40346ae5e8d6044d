import { expect, it } from 'vitest';
import {
  automaticPlan,
  cropAt,
  findKeyframe,
  moveKeyframe,
  pathRectsAt,
  planFromPath,
  planFromWish,
  removeKeyframe,
  setJump,
  setKeyframe,
  sourceMoment,
  wishFromPlan,
} from './cropPlan.ts';

const largest = { widthShare: 0.4, heightShare: 1 };

it('key frames are set, replaced, moved and deleted in order of time, and the last one leaves an automatic crop', () => {
  const two = setKeyframe(setKeyframe(automaticPlan, 3, { x: 0.6, y: 0.5 }), 1, { x: 0.3, y: 0.5 });
  expect(two.keyframes.map(({ atSeconds }) => atSeconds)).toEqual([1, 3]);
  const replaced = setKeyframe(two, 3.01, { x: 0.7, y: 0.5 });
  expect(replaced.keyframes).toEqual([two.keyframes[0], { atSeconds: 3, x: 0.7, y: 0.5 }]);
  const first = replaced.keyframes[0];
  const moved = first === undefined ? replaced : moveKeyframe(replaced, first, 5);
  expect(moved.keyframes.map(({ atSeconds, x }) => [atSeconds, x])).toEqual([
    [3, 0.7],
    [5, 0.3],
  ]);
  const empty = [3, 5].reduce((plan, at) => {
    const keyframe = findKeyframe(plan, at);
    return keyframe === undefined ? plan : removeKeyframe(plan, keyframe);
  }, moved);
  expect(empty).toEqual(automaticPlan);
  expect(wishFromPlan(empty)).toBeUndefined();
  expect(planFromWish(wishFromPlan({ ...replaced, zoom: 1.5 }) ?? null)).toEqual({ ...replaced, zoom: 1.5 });
});

it('the crop is eased between key frames, jumps where it should, and stays inside', () => {
  const plan = setKeyframe(setKeyframe(automaticPlan, 0, { x: 0.1, y: 0.5 }), 2, { x: 0.8, y: 0.5 });
  expect(cropAt(plan, largest, 0)).toEqual({ left: 0, top: 0, width: 0.4, height: 1 });
  expect(cropAt(plan, largest, 1).left).toBeCloseTo(0.25, 9);
  expect(cropAt({ ...plan, zoom: 2 }, largest, 2)).toEqual({ left: expect.closeTo(0.7, 9) as number, top: 0.25, width: 0.2, height: 0.5 });
  const last = plan.keyframes[1];
  expect(last && cropAt(setJump(plan, last, true), largest, 1.9).left).toBe(0);
});

it('a computed path of one crop is taken over with its jumps; panels are not', () => {
  const points = [
    { atSeconds: 0, left: 0.1, top: 0 },
    { atSeconds: 2, left: 0.1, top: 0 },
    { atSeconds: 2.04, left: 0.5, top: 0 },
    { atSeconds: 4, left: 0.5, top: 0 },
  ];
  const crop = { startSeconds: 0, endSeconds: 4, width: 0.4, height: 1, points };
  expect(pathRectsAt([crop], 1)).toEqual([{ left: 0.1, top: 0, width: 0.4, height: 1 }]);
  expect(pathRectsAt([crop], 3.99)[0]?.left).toBe(0.5);
  expect(planFromPath([crop], 4)?.keyframes).toEqual([
    { atSeconds: 0, x: 0.3, y: 0.5 },
    { atSeconds: 2, x: 0.3, y: 0.5 },
    { atSeconds: 2.04, x: 0.7, y: 0.5, isJump: true },
  ]);
  expect(planFromPath([crop, { ...crop, width: 0.5 }], 4)).toBeNull();
  expect(planFromPath([{ ...crop, endSeconds: 2 }], 4)).toBeNull();
  expect(planFromPath([], 4)).toBeNull();
});

it('a moment of the clip is found in the source', () => {
  const segments = [
    { startSeconds: 20, endSeconds: 22 },
    { startSeconds: 3, endSeconds: 4 },
  ];
  expect(sourceMoment(segments, 1.5)).toEqual({ index: 0, sourceSeconds: 21.5 });
  expect(sourceMoment(segments, 2.25)).toEqual({ index: 1, sourceSeconds: 3.25 });
  expect(sourceMoment(segments, 9)).toEqual({ index: 1, sourceSeconds: 4 });
});
