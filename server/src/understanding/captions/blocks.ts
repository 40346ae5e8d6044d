import { CaptionsError, type RawCue } from './cue.ts';
import { isTimeLine, parseTimeLine } from './timeLine.ts';
import type { Warnings } from './warnings.ts';

/** Text below a time line, up to where the next cue begins. */
function textBelow(lines: readonly string[], from: number, to: number, endsAtBlank: boolean): string[] {
  const text: string[] = [];
  for (let i = from; i < to; i += 1) {
    const line = lines[i] ?? '';
    if (line.trim() === '') {
      if (endsAtBlank && text.length > 0) {
        break;
      }
      continue;
    }
    text.push(line.trim());
  }
  return text;
}

/** Where the cue above `next` ends: before the number (or identifier) that belongs to the cue of time line `next`. */
function endOfText(lines: readonly string[], from: number, next: number | undefined): number {
  if (next === undefined) {
    return lines.length;
  }
  const last = (lines[next - 1] ?? '').trim();
  return next - 1 >= from && /^\d{1,7}$/.test(last) ? next - 1 : next;
}

/**
 * Reads cues from blocks of `time --> time` and text: what SRT and VTT have in common. A cue whose start cannot be read is left out
 * with a warning; when that is most of them, the file is refused. `endsAtBlank` is the VTT rule; SRT files often hold blank lines
 * inside a cue and no numbers.
 */
export function readBlocks(lines: readonly string[], endsAtBlank: boolean, warnings: Warnings): RawCue[] {
  const timeLines = lines.flatMap((line, i) => (isTimeLine(line) ? [i] : []));
  const cues: RawCue[] = [];
  let firstBad: number | null = null;
  let badCount = 0;
  for (const [order, at] of timeLines.entries()) {
    const { startSeconds, endSeconds } = parseTimeLine(lines[at] ?? '');
    if (startSeconds === null) {
      firstBad ??= at + 1;
      badCount += 1;
      warnings.add(at + 1, 'its times cannot be read, so this caption was left out.');
      continue;
    }
    const text = textBelow(lines, at + 1, endOfText(lines, at + 1, timeLines[order + 1]), endsAtBlank);
    if (text.length === 0) {
      continue;
    }
    cues.push({ line: at + 1, startSeconds, endSeconds, lines: text });
  }
  if (firstBad !== null && badCount > cues.length) {
    throw new CaptionsError(
      `The times of line ${firstBad} and of ${badCount - 1} other captions cannot be read. Write them as 00:01:02,500 --> 00:01:04,000.`,
      firstBad,
    );
  }
  return cues;
}
