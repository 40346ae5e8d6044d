import { describe, expect, test } from 'vitest';
import { buildAvi } from './buildAvi.ts';
import { captionsOf } from './makeSample.ts';

describe('buildAvi', () => {
  test('writes even chunks whose index leads to every picture and every piece of sound', () => {
    const frames = [Uint8Array.of(1, 2, 3), Uint8Array.of(4, 5, 6, 7)];
    const avi = buildAvi({ width: 4, height: 2, framesPerSecond: 2, frames, samples: Int16Array.of(1, -2, 3, -4), sampleRate: 4 });
    const view = new DataView(avi.buffer);
    const name = (at: number) => String.fromCharCode(...avi.subarray(at, at + 4));
    const length = (at: number) => view.getUint32(at + 4, true);
    expect([name(0), name(8), length(0)]).toEqual(['RIFF', 'AVI ', avi.length - 8]);
    const movie = avi.findIndex((_, at) => name(at) === 'movi');
    const index = movie - 8 + 8 + length(movie - 8);
    expect([name(index), length(index)]).toEqual(['idx1', 64]);
    const found = [0, 1, 2, 3].map((entry) => {
      const at = index + 8 + entry * 16;
      const chunk = movie + view.getUint32(at + 8, true);
      expect([name(chunk), length(chunk)]).toEqual([name(at), view.getUint32(at + 12, true)]);
      return [name(at), ...avi.subarray(chunk + 8, chunk + 8 + length(chunk))];
    });
    expect(found).toEqual([
      ['00dc', 1, 2, 3],
      ['01wb', 1, 0, 254, 255],
      ['00dc', 4, 5, 6, 7],
      ['01wb', 3, 0, 252, 255],
    ]);
  });
});

describe('captionsOf', () => {
  test('gives each sentence its own time', () => {
    expect(captionsOf(['One.', 'Two.'])).toBe('1\n00:00:00,000 --> 00:00:03,000\nOne.\n\n2\n00:00:03,000 --> 00:00:06,000\nTwo.\n');
  });
});
