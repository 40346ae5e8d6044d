import { expect, test } from 'vitest';
import { titleFromFileName } from './createVideo.ts';

test('a title is the file name without its ending, however odd the name', () => {
  expect(titleFromFileName('My talk.final.mp4')).toBe('My talk.final');
  expect(titleFromFileName('-y.mp4')).toBe('-y');
  expect(titleFromFileName('../../x')).toBe('../../x');
  expect(titleFromFileName('.mp4')).toBe('.mp4');
  expect(titleFromFileName('x'.repeat(255))).toHaveLength(200);
});
