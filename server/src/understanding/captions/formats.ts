import { readBlocks } from './blocks.ts';
import type { RawCue } from './cue.ts';
import type { Warnings } from './warnings.ts';

/** A caption format: how to recognise it from its text, and how to read its cues. A new format is one more entry of `formats`. */
export interface CaptionFormat {
  name: string;
  matches(text: string): boolean;
  read(lines: readonly string[], warnings: Warnings): RawCue[];
}

const vtt: CaptionFormat = {
  name: 'VTT',
  matches: (text) => /^WEBVTT(\s|$)/.test(text),
  read(lines, warnings) {
    const kept: string[] = [];
    let isComment = false;
    for (const line of lines) {
      if (line.trim() === '') {
        isComment = false;
      } else if (/^(NOTE|STYLE|REGION)(\s|$)/.test(line) && (kept.at(-1) ?? '').trim() === '') {
        isComment = true;
      }
      // Left blank instead of removed, so that line numbers in warnings stay those of the file.
      kept.push(isComment ? '' : line);
    }
    return readBlocks(kept, true, warnings);
  },
};

const srt: CaptionFormat = {
  name: 'SRT',
  matches: (text) => text.includes('-->') || text.includes('->') || text.includes('- >'),
  read: (lines, warnings) => readBlocks(lines, false, warnings),
};

/** Formats in the order they are tried. */
export const formats: readonly CaptionFormat[] = [vtt, srt];

/** Formats that are recognised only to say so. */
export const otherFormats: readonly { name: string; matches(text: string): boolean }[] = [
  { name: 'TTML', matches: (text) => /^\s*(<\?xml[^>]*>\s*)?<tt[\s:>]/i.test(text) },
  { name: 'ASS', matches: (text) => /^\s*\[Script Info\]/i.test(text) },
  { name: 'JSON', matches: (text) => /^\s*[[{]\s*["{[]/.test(text) },
  { name: 'MicroDVD', matches: (text) => /^\s*\{\d+\}\{\d+\}/.test(text) },
];
