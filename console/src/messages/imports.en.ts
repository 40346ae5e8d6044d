import { count } from './count.ts';

/** Words about videos from an address, what a video would cost, and files that are here already. */
export const imports = {
  button: 'From an address',
  title: 'Video from an address',
  text: 'The server fetches the file itself; you can close this page meanwhile.',
  url: 'Address of the video file',
  urlHint: 'The file itself, such as https://example.org/talk.mp4. A page that shows a video does not work.',
  urlWrong: 'Enter an address that begins with https:// or http://.',
  start: 'Fetch it',
  started: (title: string) => `“${title}” is being fetched.`,
  fetching: 'Being fetched',

  estimate: {
    label: 'What this costs',
    asking: 'Working out what this costs …',
    failed: (reason: string) => `What this costs could not be worked out: ${reason}`,
    minutes: (n: number) => count(n, 'processing minute', 'processing minutes'),
    minutesOf: (n: number, left: number) => `${count(n, 'processing minute', 'processing minutes')} of the ${left} left this month`,
    minutesUnknown: 'Processing minutes are known once the video has been looked at',
    storage: (size: string) => `${size} of storage`,
    storageOf: (size: string, free: string) => `${size} of storage, ${free} are free`,
    time: (span: string) => `ready about ${span} after the upload`,
    tooFewMinutes: 'This month’s processing minutes do not suffice: what does not fit will stop after the upload.',
    tooLittleStorage: 'There is not enough free storage for all of it: delete videos you no longer need, or choose fewer.',
  },

  duplicate: {
    text: 'This is the same file as an older video here, byte for byte.',
    open: 'Open that one',
    remove: 'Delete this copy',
  },
};
