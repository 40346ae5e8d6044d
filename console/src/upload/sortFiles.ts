/** Anything with a name and a size: a File, or its like in a test. */
interface Named {
  readonly name: string;
  readonly size: number;
  readonly type: string;
}

export type FileProblem = 'tooLarge' | 'empty';

export interface SortedFile<F extends Named> {
  file: F;
  captions: F | null;
  problem: FileProblem | null;
  /** True when neither name nor type says that this is a video. */
  looksOdd: boolean;
}

const captionsEnding = /\.(srt|vtt)$/i;
const videoEnding = /\.(mp4|m4v|mov|mkv|webm|avi|mpe?g|ts|mts|m2ts|flv|wmv|3gp|ogv|mxf)$/i;

/**
 * Sorts dropped files into videos and the subtitles that belong to them: by the same name, or, when there is one video and one
 * subtitle file, simply together. Answers the subtitles that fit nothing as `stray`.
 */
export function sortFiles<F extends Named>(files: readonly F[], limitBytes: number): { videos: SortedFile<F>[]; stray: F[] } {
  const captions = files.filter((file) => captionsEnding.test(file.name));
  const videos = files
    .filter((file) => !captionsEnding.test(file.name))
    .map<SortedFile<F>>((file) => ({ file, captions: null, problem: problemOf(file, limitBytes), looksOdd: looksOdd(file) }));
  const stray: F[] = [];
  const only = videos.length === 1 && captions.length === 1 ? videos[0] : undefined;
  for (const file of captions) {
    const match = only ?? videos.find((video) => video.captions === null && isSameName(video.file.name, file.name));
    if (match) {
      match.captions = file;
    } else {
      stray.push(file);
    }
  }
  return { videos, stray };
}

/** Whether a file can only be subtitles, by its name. */
export function isCaptionsFile(file: { readonly name: string }): boolean {
  return captionsEnding.test(file.name);
}

function problemOf(file: Named, limitBytes: number): FileProblem | null {
  if (file.size === 0) {
    return 'empty';
  }
  return file.size > limitBytes ? 'tooLarge' : null;
}

function looksOdd(file: Named): boolean {
  return !file.type.startsWith('video/') && !videoEnding.test(file.name);
}

/** `talk.mp4` belongs with `talk.srt` and with `talk.en.srt`. */
function isSameName(video: string, captions: string): boolean {
  const stem = video.replace(/\.[^.]*$/, '').toLowerCase();
  const words = captions.replace(captionsEnding, '').toLowerCase();
  return words === stem || words.replace(/\.[a-z]{2,3}(-[a-z0-9]+)?$/, '') === stem;
}
