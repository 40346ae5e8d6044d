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
  zip: {
    open: 'All as ZIP',
    title: 'Download as one ZIP',
    text: 'Videos, covers, captions, transcripts and cuts for editing programs of everything that you choose.',
    all: 'All of them',
    none: 'No clip is ready to be downloaded yet.',
    notReady: 'not ready',
    download: (n: number) => (n === 0 ? 'Choose videos' : `Download ${count(n, 'video', 'videos')}`),
    tooMany: (most: number) => `One ZIP holds at most ${most}: choose fewer.`,
    started: (files: number, size: string, n: number) =>
      `${count(files, 'file', 'files')}, ${size}.${n > 0 ? ` ${n} left out; manifest.json says why.` : ''}`,
  },
};
