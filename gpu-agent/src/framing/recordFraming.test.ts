import { expect, it } from 'vitest';
import { framingRecordSchema } from '@carmic/contract';
import { recordFraming } from './recordFraming.ts';

const picture = {
  rate: { numerator: 25, denominator: 1 },
  frameCount: 200,
  durationSeconds: 8,
  segments: [
    { sourceSeconds: 40, frames: 100, outSeconds: 0, outFrame: 0 },
    { sourceSeconds: 10, frames: 100, outSeconds: 4, outFrame: 100 },
  ],
};
const size = { widthShare: 0.3, heightShare: 1 };

it('a path is recorded as its corners: rests, even moves and jumps', () => {
  const pan = Array.from({ length: 51 }, (_, index) => ({ frame: 20 + index, left: 0.1 + index * 0.01, top: 0 }));
  const path = [{ frame: 0, left: 0.1, top: 0 }, ...pan, { frame: 90, left: 0.05, top: 0 }];
  const record = recordFraming({ picture, segments: [{ kind: 'whole' }, { kind: 'crop', ...size, path }], faces: [] });
  expect(framingRecordSchema.parse(record)).toEqual(record);
  expect(record.crops).toEqual([
    {
      ...{ startSeconds: 4, endSeconds: 8, width: 0.3, height: 1 },
      points: [
        { atSeconds: 4, left: 0.1, top: 0 },
        { atSeconds: 4.8, left: 0.1, top: 0 },
        { atSeconds: 6.8, left: 0.6, top: 0 },
        { atSeconds: 7.56, left: 0.6, top: 0 },
        { atSeconds: 7.6, left: 0.05, top: 0 },
        { atSeconds: 7.96, left: 0.05, top: 0 },
      ],
    },
  ]);
});

it('panels are crops at the same time, and a face that hardly moves is one entry', () => {
  const view = { ...size, path: [{ frame: 0, left: 0.4, top: 0 }] };
  const cell = { left: 0, top: 0, width: 1, height: 0.5 };
  const face = { left: 0.2, top: 0.3, width: 0.1, height: 0.12 };
  const faces = [
    { ...face, startSeconds: 0, endSeconds: 0.4 },
    { ...face, left: 0.7, startSeconds: 0, endSeconds: 0.4 },
    { ...face, left: 0.203, startSeconds: 0.4, endSeconds: 0.8 },
    { ...face, left: 0.72, startSeconds: 0.4, endSeconds: 0.8 },
    { ...face, startSeconds: 1.2, endSeconds: 1.6 },
  ];
  const panels = {
    kind: 'panels' as const,
    panels: [
      { view, cell },
      { view, cell },
    ],
  };
  const record = recordFraming({ picture, segments: [panels, { kind: 'fit' }], faces });
  expect(record.crops.map(({ startSeconds, endSeconds }) => [startSeconds, endSeconds])).toEqual([
    [0, 4],
    [0, 4],
  ]);
  expect(record.faces.map(({ left, startSeconds, endSeconds }) => [left, startSeconds, endSeconds])).toEqual([
    [0.2, 0, 0.8],
    [0.7, 0, 0.4],
    [0.72, 0.4, 0.8],
    [0.2, 1.2, 1.6],
  ]);
});
