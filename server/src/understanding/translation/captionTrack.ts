import { breakLines } from './layCues.ts';

interface Line {
  startSeconds: number;
  endSeconds: number;
  text: string;
}

function clock(seconds: number, mark: ',' | '.'): string {
  const thousandths = Math.round(seconds * 1000);
  const two = (value: number) => String(value).padStart(2, '0');
  const whole = Math.floor(thousandths / 1000);
  return `${two(Math.floor(whole / 3600))}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}${mark}${String(thousandths % 1000).padStart(3, '0')}`;
}

/** What stands between `&`, `<` and `-->` would end a cue's text. */
const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** Writes captions as an SRT or VTT file. Lines without text are left out. */
export function writeTrack(lines: readonly Line[], format: 'srt' | 'vtt'): string {
  const cues = lines
    .filter((line) => line.text.trim() !== '')
    .map((line, i) => {
      const mark = format === 'srt' ? ',' : '.';
      const text = breakLines(line.text.replace(/\s+/g, ' ').trim());
      const times = `${clock(line.startSeconds, mark)} --> ${clock(line.endSeconds, mark)}`;
      return format === 'srt' ? `${i + 1}\n${times}\n${text.replaceAll('-->', '→')}\n` : `${times}\n${escaped(text)}\n`;
    });
  return `${format === 'vtt' ? 'WEBVTT\n\n' : ''}${cues.join('\n')}`;
}
