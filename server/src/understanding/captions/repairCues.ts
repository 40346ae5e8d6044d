import type { RawCue } from './cue.ts';
import type { Warnings } from './warnings.ts';

type FullCue = RawCue & { endSeconds: number };

/** Time a reader needs for a text, at 15 characters a second: stands in where a cue has no usable end. */
function readingSeconds(cue: RawCue): number {
  return Math.max(1, cue.lines.join(' ').length / 15);
}

function withEnds(cues: readonly RawCue[], warnings: Warnings): FullCue[] {
  return cues.map((cue, i) => {
    if (cue.endSeconds !== null && cue.endSeconds > cue.startSeconds) {
      return { ...cue, endSeconds: cue.endSeconds };
    }
    const next = cues[i + 1]?.startSeconds ?? Number.POSITIVE_INFINITY;
    const limit = next > cue.startSeconds ? next : Number.POSITIVE_INFINITY;
    const endSeconds = Math.min(limit, cue.startSeconds + readingSeconds(cue));
    const why = cue.endSeconds === null ? 'its end cannot be read' : 'it ends before it starts';
    warnings.add(cue.line, `${why}; it now ends at ${endSeconds.toFixed(2)} s.`);
    return { ...cue, endSeconds };
  });
}

/** Live captions repeat the line above while the next one appears: keeps each line once. */
function withoutRolling(cues: readonly FullCue[], warnings: Warnings): FullCue[] {
  const bare = (line: string | undefined) => (line ?? '').replace(/<[^>]*>/g, '').trim();
  const repeats = cues.filter((cue, i) => i > 0 && bare(cue.lines[0]) !== '' && bare(cue.lines[0]) === bare(cues[i - 1]?.lines.at(-1)));
  if (cues.length < 4 || repeats.length < cues.length * 0.3) {
    return [...cues];
  }
  warnings.add(null, 'The captions roll (each repeats the line before it); every line was kept once.');
  return cues.flatMap((cue, i) => {
    const shown = new Set((cues[i - 1]?.lines ?? []).map(bare));
    const lines = i === 0 ? cue.lines : cue.lines.filter((line) => !shown.has(bare(line)));
    return lines.length === 0 ? [] : [{ ...cue, lines }];
  });
}

function withoutOverlaps(cues: readonly FullCue[], warnings: Warnings): FullCue[] {
  const result: FullCue[] = [];
  for (const cue of cues) {
    const before = result.at(-1);
    if (before === undefined || cue.startSeconds >= before.endSeconds - 0.001) {
      result.push({ ...cue });
      continue;
    }
    const isSameText = cue.lines.join(' ') === before.lines.join(' ');
    if (isSameText || cue.startSeconds - before.startSeconds < 0.05) {
      before.endSeconds = Math.max(before.endSeconds, cue.endSeconds);
      before.lines = isSameText ? before.lines : [...before.lines, ...cue.lines];
      warnings.add(
        cue.line,
        isSameText
          ? 'it repeats the caption before it; the two were joined.'
          : 'it is shown together with the caption before it; the two were joined.',
      );
      continue;
    }
    // Frame rounding makes overlaps of a few milliseconds in most exports: repaired, and not worth a word.
    if (before.endSeconds - cue.startSeconds > 0.05) {
      warnings.add(cue.line, 'it starts before the caption above it ends; the earlier one was shortened.');
    }
    before.endSeconds = cue.startSeconds;
    result.push({ ...cue });
  }
  return result;
}

/** Puts cues in order, gives each an end after its start, and removes overlaps and repetitions, with a warning for each repair. */
export function repairCues(cues: readonly RawCue[], warnings: Warnings): FullCue[] {
  let latest = Number.NEGATIVE_INFINITY;
  for (const cue of cues) {
    if (cue.startSeconds < latest) {
      warnings.add(cue.line, 'it starts before an earlier caption; the captions were put in order of time.');
    }
    latest = Math.max(latest, cue.startSeconds);
  }
  const sorted = [...cues].sort((a, b) => a.startSeconds - b.startSeconds || a.line - b.line);
  return withoutOverlaps(withoutRolling(withEnds(sorted, warnings), warnings), warnings);
}
