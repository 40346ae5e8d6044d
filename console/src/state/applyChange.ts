import type { Transcript, TranscriptChange } from '@carmic/contract';

/** A transcript of the version that a change was made on, with that change. */
export function applyChange(transcript: Transcript, { version, changes, speakers }: TranscriptChange): Transcript {
  const words = [...transcript.words];
  for (const { from, to, words: fresh } of changes.toReversed()) {
    words.splice(from, to - from, ...fresh);
  }
  return { ...transcript, version, words, speakers };
}
