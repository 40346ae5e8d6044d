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
  timeline: (rank: number) => `Cut of #${rank}`,
  close: 'Close the cut',
  edge: (edge: 'start' | 'end', n: number, of: number) => `${edge === 'start' ? 'Start' : 'End'} of part ${n} of ${of}`,
  edgeAt: (time: string, length: string) => `${time}, the clip is ${length} s long`,
  handles:
    'Left and right arrow keys move an edge by a tenth of a second, with Shift by a second. Enter keeps it, Escape takes it back, Delete takes the part out.',
  handlesHint: 'Drag an edge; it goes to words that are near, with Alt held it does not.',
  length: (seconds: string) => `${seconds} s`,
  part: (n: number, of: number) => `Part ${n} of ${of}`,
  edgeTimes: { start: 'Start', end: 'End' },
  timeForm: 'Write a time as 1:05.4 or 65.4.',
  takeOut: 'Take out',
  joinLabel: (n: number) => `Join parts ${n} and ${n + 1}: keep what lies between`,
  playClip: 'Play the clip as it is cut',
  playPart: 'Play this part',
  selectKeys: 'Select words, from the one that is spoken',
  undoKeys: 'Undo a cut of the chosen clip; with Shift redo',
  shift: 'Shift',
  zoomIn: 'Zoom in',
  zoomOut: 'Zoom out',
};

export type EditingWords = typeof editing;
