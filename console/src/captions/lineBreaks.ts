import type { CaptionBreak } from '@carmic/contract';
import type { CaptionPlan, ClipWord } from '@carmic/captions';

/** A word with what stands before it in the captions as they are laid out. */
export interface LaidWord {
  text: string;
  /** On the clip's time line. */
  startSeconds: number;
  /** On the source's time line; undefined for the first word, and inside of words that are written without spaces. */
  sourceSeconds: number | undefined;
  begins: 'caption' | 'line' | null;
  wanted: CaptionBreak['kind'] | undefined;
}

/** The words of captions in their order. */
export function laidWords(captions: CaptionPlan['captions']): LaidWord[] {
  const words = captions.flatMap(({ lines }) =>
    lines.flatMap((line, lineIndex) =>
      line.map((word: ClipWord, index) => ({
        text: word.text,
        startSeconds: word.startSeconds,
        sourceSeconds: word.sourceSeconds,
        begins: index > 0 ? null : lineIndex > 0 ? ('line' as const) : ('caption' as const),
        wanted: word.before,
      })),
    ),
  );
  return words.map((word, index) => (index === 0 ? { ...word, sourceSeconds: undefined } : word));
}

/** Turns round what stands before a word: a break where there was none, none where there was one, and back to as it was laid out. */
export function turnBreak(breaks: readonly CaptionBreak[], { sourceSeconds, begins, wanted }: LaidWord): CaptionBreak[] {
  if (sourceSeconds === undefined) {
    return [...breaks];
  }
  if (wanted === undefined) {
    const added: CaptionBreak = { atSeconds: sourceSeconds, kind: begins === null ? 'break' : 'join' };
    return [...breaks, added].sort((a, b) => a.atSeconds - b.atSeconds);
  }
  const distances = breaks.map(({ atSeconds }) => Math.abs(atSeconds - sourceSeconds));
  const nearest = distances.indexOf(Math.min(...distances));
  return breaks.filter((_, index) => index !== nearest);
}
