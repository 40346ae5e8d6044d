import type { RawCue } from './cue.ts';
import type { Warnings } from './warnings.ts';

/** A caption format: how to recognise it from its text, and how to read its cues. */
export interface CaptionFormat {
  name: string;
  matches(text: string): boolean;
  read(lines: readonly string[], warnings: Warnings): RawCue[];
}
