import type { Clip, Rendition } from '@carmic/contract';
import { expect, test } from 'vitest';
import { bundledClips, firstChoice, toggleAll } from './bundleChoice.ts';

const rendition = (id: string, over: Partial<Rendition> = {}): Rendition =>
  ({ id, state: 'ready', isWithheld: false, ...over }) as Rendition;
const clip = (id: string, rank: number, state: Clip['state'], renditions: Rendition[]) => ({ id, rank, state, renditions });

test('at first everything is chosen that can be had: of kept clips where there are some', () => {
  const clips = [
    clip('b', 2, 'suggested', [rendition('b1'), rendition('b2', { state: 'rendering' })]),
    clip('a', 1, 'suggested', [rendition('a1'), rendition('a2', { isWithheld: true })]),
    clip('c', 3, 'discarded', [rendition('c1')]),
  ];
  expect(bundledClips(clips).map(({ id }) => id)).toEqual(['a', 'b']);
  expect(firstChoice(clips)).toEqual(['a1', 'b1']);
  expect(firstChoice([...clips, clip('d', 4, 'kept', [rendition('d1')])])).toEqual(['d1']);
  expect(firstChoice([...clips, clip('d', 4, 'kept', [])])).toEqual(['a1', 'b1']);
});

test('all of a clip is taken, or put back where all of it was', () => {
  expect(toggleAll(['a', 'x'], ['a', 'b'])).toEqual(['x', 'a', 'b']);
  expect(toggleAll(['a', 'b', 'x'], ['a', 'b'])).toEqual(['x']);
});
