/** What the agent asks its whisper process. */
export type WhisperRequest =
  | { kind: 'load'; modelPath: string; binding: string; threads: number }
  | { kind: 'hear'; samples: Float32Array; language: string | null; prompt: string };

/** A piece of text with its time in the chunk: a word or part of one; a word begins with a space. */
export interface Piece {
  text: string;
  startSeconds: number;
  endSeconds: number;
}

/** What the whisper process answers. */
export type WhisperReply =
  { kind: 'loaded'; engine: string } | { kind: 'heard'; pieces: Piece[]; language: string | null } | { kind: 'failed'; message: string };
