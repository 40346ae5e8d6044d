import { describe, expect, it } from 'vitest';
import { chooseLayout, type SpeakingTrack } from './chooseLayout.ts';

const rules = { widthShare: 0.316, heightShare: 1 };

function track(left: number, options: { width?: number; mouthMotion?: number; presence?: number } = {}): SpeakingTrack {
  const { width = 0.08, mouthMotion = 1, presence = 1 } = options;
  const face = { left, top: 0.2, width, height: width * 1.7, score: 0.8 };
  const points = [0, 1, 2].map((sample) => ({ timeSeconds: sample / 2, sample, face }));
  return { points, presence, meanScore: 0.8, meanArea: face.width * face.height, mouthMotion };
}

describe('chooseLayout', () => {
  it('follows the one face that is there', () => {
    const one = track(0.4);
    const choice = chooseLayout([{ seconds: 10, tracks: [one] }], rules);
    expect(choice).toMatchObject({ layout: 'follow', shots: [{ kind: 'follow', track: one }] });
    expect(choice.reason).toBe('The face that is seen is followed; it is there in 100 % of the clip.');
  });

  it('follows the mouth that moves when two people of one size are far apart', () => {
    const speaker = track(0.8, { mouthMotion: 1.7 });
    expect(chooseLayout([{ seconds: 10, tracks: [track(0.1), speaker] }], rules).shots).toEqual([{ kind: 'follow', track: speaker }]);
  });

  it('shows all of the picture when it is not clear who speaks', () => {
    const choice = chooseLayout([{ seconds: 10, tracks: [track(0.1), track(0.8)] }], rules);
    expect(choice).toMatchObject({ layout: 'fit', shots: [{ kind: 'fit' }] });
    expect(choice.reason).toContain('Several people');
  });

  it('leaves people in the background alone', () => {
    const near = track(0.1, { width: 0.15 });
    expect(chooseLayout([{ seconds: 10, tracks: [track(0.8, { mouthMotion: 3, width: 0.05 }), near] }], rules).shots).toEqual([
      { kind: 'follow', track: near },
    ]);
  });

  it('shows all of the picture when a face is too close to crop', () => {
    expect(chooseLayout([{ seconds: 10, tracks: [track(0.3, { width: 0.4 })] }], rules).layout).toBe('fit');
  });

  it('shows all of a wide picture without people, and the middle of one that is nearly of the shape', () => {
    expect(chooseLayout([{ seconds: 10, tracks: [] }], rules).layout).toBe('fit');
    expect(chooseLayout([{ seconds: 10, tracks: [] }], { widthShare: 0.56, heightShare: 1 }).layout).toBe('center');
  });

  it('passes over a short shot without people in a clip about somebody', () => {
    const shots = [
      { seconds: 10, tracks: [track(0.4)] },
      { seconds: 2, tracks: [] },
      { seconds: 9, tracks: [] },
    ];
    expect(chooseLayout(shots, rules).shots.map((shot) => shot.kind)).toEqual(['follow', 'center', 'fit']);
  });
});
