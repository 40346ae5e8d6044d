import type { CaptionFormat } from './captionFormat.ts';
import { CaptionsError, type RawCue } from './cue.ts';
import { formatInlineTime, parseClock } from './timeLine.ts';

const standardFields = ['layer', 'start', 'end', 'style', 'name', 'marginl', 'marginr', 'marginv', 'effect', 'text'];

/** Turns the karaoke codes of a line (`{\k25}` lasts 25 hundredths) into inline times; null when it has none. */
function withWordTimes(text: string, startSeconds: number): string | null {
  if (!/\{[^}]*\\[kK][fot]?\d/.test(text)) {
    return null;
  }
  let at = startSeconds;
  let written = '';
  for (const match of text.matchAll(/\{([^}]*)\}([^{]*)/g)) {
    const lengths = [...(match[1] ?? '').matchAll(/\\[kK][fo]?(\d{1,6})/g)].map((found) => Number(found[1]) / 100);
    const word = match[2] ?? '';
    written += `${written === '' && word.trim() === '' ? '' : formatInlineTime(at)}${word}`;
    at += lengths.reduce((sum, length) => sum + length, 0);
  }
  return written;
}

const isDrawing = (text: string) => /\{[^}]*\\p[1-9]/.test(text);

/** Sub Station Alpha and its successor (`[Script Info]`, `Dialogue:` lines): the name of a line is its speaker, karaoke codes give word times. */
export const ass: CaptionFormat = {
  name: 'ASS',
  matches: (text) => /^\s*\[Script Info\]/i.test(text) || /^\s*\[Events\]\s*$/im.test(text),
  read(lines, warnings) {
    let fields = standardFields;
    const cues: RawCue[] = [];
    let firstBad: number | null = null;
    let badCount = 0;
    for (const [i, line] of lines.entries()) {
      const format = /^\s*Format\s*:(.*)$/i.exec(line);
      if (format?.[1] !== undefined && /\btext\s*$/i.test(format[1])) {
        fields = format[1].split(',').map((field) => field.trim().toLowerCase());
        continue;
      }
      const dialogue = /^\s*Dialogue\s*:(.*)$/i.exec(line)?.[1];
      if (dialogue === undefined) {
        continue;
      }
      const parts = dialogue.split(',');
      const value = (name: string) => {
        const at = fields.indexOf(name);
        return at === -1 ? '' : (parts[at] ?? '').trim();
      };
      const startSeconds = parseClock(value('start'));
      if (startSeconds === null) {
        firstBad ??= i + 1;
        badCount += 1;
        warnings.add(i + 1, 'its times cannot be read, so this caption was left out.');
        continue;
      }
      const text = parts
        .slice(fields.length - 1)
        .join(',')
        .replace(/\\[Nn]/g, ' ')
        .trim();
      if (text === '' || isDrawing(text)) {
        continue;
      }
      const speaker = (value('name') || value('actor')).replace(/[<>]/g, '');
      const shown = withWordTimes(text, startSeconds) ?? text;
      cues.push({
        line: i + 1,
        startSeconds,
        endSeconds: parseClock(value('end')),
        lines: [speaker === '' ? shown : `<v ${speaker}>${shown}`],
      });
    }
    if (firstBad !== null && badCount > cues.length) {
      throw new CaptionsError(
        `The times of line ${firstBad} and of ${badCount - 1} other lines cannot be read. Write them as 0:01:02.50.`,
        firstBad,
      );
    }
    return cues;
  },
};
