import { readBlocks } from './blocks.ts';
import type { CaptionFormat } from './captionFormat.ts';
import { ass } from './ass.ts';
import { ttml } from './ttml.ts';

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
export const formats: readonly CaptionFormat[] = [vtt, ttml, ass, srt];

/** Formats that are recognised only to say so. */
export const otherFormats: readonly { name: string; matches(text: string): boolean }[] = [
  { name: 'MicroDVD', matches: (text) => /^\s*\{\d+\}\{\d+\}/.test(text) },
];
