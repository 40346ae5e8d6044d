/** Words about exporting several clips in several forms at once. */
import { count } from './count.ts';

export const exporting = {
  open: 'Export',
  title: 'Export clips',
  text: 'Every form that you choose here is made of every clip. What is there already is not made again.',
  clips: 'Clips',
  aspects: 'Shapes',
  styles: 'Captions',
  languages: 'Languages of the captions',
  asSpoken: 'As spoken',
  files: (n: number, ready: number) => `${count(n, 'file', 'files')}, ${ready} ready`,
  notMade: 'not made yet',
  nothing: 'Choose at least one clip, one shape and one kind of captions.',
  tooMany: (most: number) => `At most ${most} files can be made at once: choose fewer.`,
  make: (n: number) => (n === 0 ? 'Nothing to make' : `Make ${count(n, 'file', 'files')}`),
};
