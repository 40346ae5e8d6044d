import type { TranscriptDocument } from './media.ts';

/** What a transcriber is asked. `Sound` is how it gets the sound: a stream, a file, or nothing when the words are supplied. */
export interface TranscriberInput<Sound> {
  sound: Sound;
  /** No word begins after it or ends later. */
  durationSeconds: number;
  /** BCP 47 tag to force, or null to detect. */
  language: string | null;
  /** Names and terms that are likely to be said. */
  keyTerms: readonly string[];
  /** An abort rejects with its reason. */
  signal: AbortSignal;
  onProgress?: (share: number) => void;
}

/**
 * Something that turns sound into words: in order, without overlaps, with punctuation, and with confidence and speaker where it knows
 * them. Every driver passes `test/support/transcriberSuite.ts`.
 */
export interface Transcriber<Sound> {
  readonly engine: string;
  transcribe(input: TranscriberInput<Sound>): Promise<TranscriptDocument>;
}
