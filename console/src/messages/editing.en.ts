/** Words about cutting a clip by its words and on its time line. They come with the page of a video. */
import { count } from './count.ts';

export const editing = {
  words: (n: number) => count(n, 'word', 'words'),
  clip: 'Clip to cut',
  clipName: (rank: number, title: string) => `#${rank} ${title}`,
  byWords: 'Cut by words',
  startHere: 'Start the clip here',
  endHere: 'End the clip here',
  remove: 'Remove from the clip',
  add: 'Add to the clip',
  clear: 'Drop the selection',
  bar: 'Selected words',
  inClip: (title: string) => `Marked words are in “${title}”.`,
  help: 'Shift with the left and right arrow keys selects words, Enter then goes to what can be done with them; I and O begin and end the chosen clip there, Delete removes them from it, Insert adds them.',
  nothing: 'Nothing would change, or less than a second of this clip would be left.',
  conflict: 'Somebody else has changed this clip in the meantime. It is shown as it is now; your change was not made.',
  repeat: 'Make it now',
};

export type EditingWords = typeof editing;
