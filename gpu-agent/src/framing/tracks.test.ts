import { describe, expect, it } from 'vitest';
import { buildTracks, type FaceSample } from './tracks.ts';

const face = (left: number, width = 0.1, score = 0.8) => ({ left, top: 0.2, width, height: width, score });
const samples = (...faces: (readonly ReturnType<typeof face>[])[]): FaceSample[] =>
  faces.map((found, index) => ({ timeSeconds: index / 2, faces: found }));

describe('buildTracks', () => {
  it('keeps two people apart, in whatever order they are found', () => {
    const tracks = buildTracks(samples([face(0.1), face(0.7)], [face(0.71), face(0.12)], [face(0.14), face(0.7)]));
    expect(tracks.map((track) => track.points.map((point) => point.face.left))).toEqual([
      [0.1, 0.12, 0.14],
      [0.7, 0.71, 0.7],
    ]);
  });

  it('bridges a look in which a face was not found', () => {
    const [track] = buildTracks(samples([face(0.1)], [], [face(0.11)], [face(0.12)]));
    expect([track?.points.length, track?.presence]).toEqual([3, 0.75]);
  });

  it('drops what is seen once, unless the shot is over at once', () => {
    expect(buildTracks(samples([face(0.1)], [], [], []))).toEqual([]);
    expect(buildTracks(samples([face(0.1)]))).toHaveLength(1);
  });

  it('does not take a face at another place for the same', () => {
    expect(buildTracks(samples([face(0.1)], [face(0.1)], [face(0.8)], [face(0.8)]))).toHaveLength(2);
  });
});
