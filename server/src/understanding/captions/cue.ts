/** One word with the moment it begins, as formats with inline times give it. */
export interface TimedText {
  text: string;
  startSeconds: number;
}

/** One caption: what is shown, when, and who says it where the file tells. */
export interface Cue {
  startSeconds: number;
  endSeconds: number;
  /** Plain text without tags; sound effects such as `[Music]` are kept here and left out of the words. */
  text: string;
  speaker?: string;
  /** Real word times, where the file carries them. */
  timedWords?: TimedText[];
}

/** Cues as read from a file, with a sentence per repair that names the line. */
export interface ParsedCaptions {
  cues: Cue[];
  warnings: string[];
}

/** A cue before repair: the line it stands on, and an end that may be missing. */
export interface RawCue {
  line: number;
  startSeconds: number;
  endSeconds: number | null;
  lines: string[];
}

/** A caption file that cannot be used. The message says what is wrong and what to do; `line` counts from 1. */
export class CaptionsError extends Error {
  override readonly name = 'CaptionsError';
  readonly line: number | null;

  constructor(message: string, line: number | null = null) {
    super(message);
    this.line = line;
  }
}
