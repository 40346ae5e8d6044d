import type { Transcriber } from '@carmic/contract';
import { readSupplied, type SuppliedWords } from '../captions/parseCaptions.ts';

/** A transcriber whose words come from a file; `supplied` tells what was read and repaired. */
export interface SuppliedTranscriber extends Transcriber<null> {
  readonly supplied: SuppliedWords;
}

/** Reads a caption or transcript file. Throws CaptionsError when it cannot be used; a language that is asked for wins over the file's own. */
export function createSuppliedTranscriber(bytes: Uint8Array, fileName: string): SuppliedTranscriber {
  const supplied = readSupplied(bytes, fileName);
  const engine = `supplied ${supplied.format}`;
  return {
    engine,
    supplied,
    async transcribe({ language, durationSeconds, signal }) {
      signal.throwIfAborted();
      const words = supplied.words
        .filter((word) => word.startSeconds < durationSeconds)
        .map((word) => ({ ...word, endSeconds: Math.min(durationSeconds, word.endSeconds) }));
      return { language: language ?? supplied.language ?? 'und', engine, words };
    },
  };
}
