import { describe, expect, it } from 'vitest';
import { createTracker, expectedFace, faceAt } from './tracks.ts';

const face = (left: number, width = 0.1, score = 0.8) => ({ left, top: 0.2, width, height: width, score, meshScore: null, eyes: null });
const track = (...faces: (readonly ReturnType<typeof face>[])[]) => {
  const tracker = createTracker(25);
  faces.forEach((found, index) => tracker.push(index * 10, found, false));
  return tracker.finish().map(({ points }) => points.map((point) => point.face.left));
};

describe('createTracker', () => {
  it('keeps two people apart, in whatever order they are found', () => {
    expect(track([face(0.1), face(0.7)], [face(0.71), face(0.12)], [face(0.14), face(0.7)])).toEqual([
      [0.1, 0.12, 0.14],
      [0.7, 0.71, 0.7],
    ]);
  });

  it('bridges a look in which a face was not found, and gives up after a while', () => {
    expect(track([face(0.1)], [], [face(0.11)])).toEqual([[0.1, 0.11]]);
    expect(track([face(0.1)], [], [], [], [], [face(0.11)])).toEqual([[0.1], [0.11]]);
  });

  it('follows a face that runs, by where it is going', () => {
    expect(track([face(0.1)], [face(0.17)], [face(0.29)], [face(0.41)])).toHaveLength(1);
  });

  it('follows somebody who runs past, from the second sighting on', () => {
    expect(track([face(0.1)], [face(0.22)], [face(0.34)])).toEqual([[0.1, 0.22, 0.34]]);
    expect(track([face(0.1)], [face(0.26)])).toHaveLength(2);
  });

  it('does not take a face at another place for the same', () => {
    expect(track([face(0.1)], [face(0.1)], [face(0.8)], [face(0.8)])).toHaveLength(2);
  });

  it('counts second looks and keeps the best of them', () => {
    const tracker = createTracker(25);
    for (const [index, meshScore] of [null, 0.1, 0.6, 0.2].entries()) {
      tracker.push(index * 10, [{ ...face(0.1), meshScore, eyes: null }], false);
    }
    expect(tracker.finish()).toMatchObject([{ meshScore: 0.6, secondLooks: 3 }]);
  });
});

describe('faceAt', () => {
  const points = [10, 20].map((frame) => ({ frame, face: face(frame / 100), isRepeated: false }));

  it('goes straight between sightings, and stays where the face was around them', () => {
    expect([5, 10, 15, 20, 24].map((frame) => faceAt(points, frame, 6)?.left)).toEqual([0.1, 0.1, expect.closeTo(0.15, 9), 0.2, 0.2]);
    expect(faceAt(points, 27, 6)).toBeNull();
  });

  it('is expected where it goes, not for ever', () => {
    expect(expectedFace({ points }, 25).left).toBeCloseTo(0.25, 9);
    expect(expectedFace({ points }, 200).left).toBeCloseTo(0.32, 9);
  });
});
