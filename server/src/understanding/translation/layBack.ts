/** Lays translated sentences back on the times of the captions they came from. */
import { type Cue, fastestRate } from './layCues.ts';

const unspaced = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}]/u;

/** The pieces between which a text may be broken, each with the white space behind it. */
function piecesOf(text: string, language: string): string[] {
  if (!unspaced.test(text)) {
    return text.match(/\S+\s*/g) ?? [];
  }
  const pieces: string[] = [];
  for (const { segment } of new Intl.Segmenter(language, { granularity: 'word' }).segment(text)) {
    const last = pieces.length - 1;
    // Marks stay with the word before them.
    if (last >= 0 && !/[\p{L}\p{N}]/u.test(segment)) {
      pieces[last] += segment;
    } else {
      pieces.push(segment);
    }
  }
  return pieces;
}

const endsClause = (piece: string) => /[,;:.!?…–—、。，；：！？]["')\]”’»]*\s*$/u.test(piece);

/**
 * Splits a text into as many parts as there are captions: by their time, at commas where it costs little, and so that none has to be read
 * too fast. Dynamic programming over the places to break; a text with fewer words than captions leaves the last ones empty.
 */
export function splitOver(text: string, secondsOfCues: readonly number[], language: string): string[] {
  const pieces = piecesOf(text.trim(), language);
  const count = secondsOfCues.length;
  if (count === 1 || pieces.length <= 1) {
    return secondsOfCues.map((_, i) => (i === 0 ? text.trim() : ''));
  }
  const lengths = [0];
  for (const piece of pieces) {
    lengths.push((lengths.at(-1) ?? 0) + piece.length);
  }
  const total = lengths.at(-1) ?? 0;
  const time = secondsOfCues.reduce((sum, seconds) => sum + seconds, 0);
  const costOf = (cue: number, from: number, to: number): number => {
    const length = (lengths[to] ?? 0) - (lengths[from] ?? 0);
    const seconds = Math.max(0.05, secondsOfCues[cue] ?? 0);
    if (to === from) {
      return pieces.length < count ? 4 : 50;
    }
    const drift = (length - (total * seconds) / time) / 10;
    const haste = Math.max(0, length / seconds - fastestRate + 1);
    const isGood = to === pieces.length || endsClause(pieces[to - 1] ?? '');
    return drift * drift + haste * haste + (isGood ? 0 : 1.2);
  };
  let best: { cost: number; ends: number[] }[] = lengths.map((_, to) => ({ cost: costOf(0, 0, to), ends: [to] }));
  for (let cue = 1; cue < count; cue += 1) {
    const before = best;
    best = lengths.map((_, to) => {
      let chosen = { cost: Number.POSITIVE_INFINITY, ends: [] as number[] };
      for (let from = 0; from <= to; from += 1) {
        const earlier = before[from];
        const cost = (earlier?.cost ?? Number.POSITIVE_INFINITY) + costOf(cue, from, to);
        if (earlier !== undefined && cost < chosen.cost) {
          chosen = { cost, ends: [...earlier.ends, to] };
        }
      }
      return chosen;
    });
  }
  const ends = best.at(-1)?.ends ?? [];
  return ends.map((to, i) =>
    pieces
      .slice(ends[i - 1] ?? 0, to)
      .join('')
      .trim(),
  );
}

/** Ends may move by this much without a viewer or a measure calling the timing another. */
const mostShift = 0.2;

/** A caption of the translated track: the times of its source, a little longer where that helps reading. */
export function layBack(cues: readonly Cue[], translated: readonly (string | null)[], language: string): (Cue & { translation: string })[] {
  const result: (Cue & { translation: string })[] = [];
  for (let i = 0; i < cues.length;) {
    const sentence = cues[i]?.sentence ?? 0;
    let end = i;
    while (end < cues.length && cues[end]?.sentence === sentence) {
      end += 1;
    }
    const own = cues.slice(i, end);
    const parts = splitOver(
      translated[sentence] ?? '',
      own.map((cue) => cue.endSeconds - cue.startSeconds),
      language,
    );
    result.push(...own.map((cue, k) => ({ ...cue, translation: parts[k] ?? '' })));
    i = end;
  }
  return result.map((cue, i) => {
    const next = result[i + 1]?.startSeconds ?? Number.POSITIVE_INFINITY;
    const wanted = cue.startSeconds + cue.translation.length / (fastestRate - 0.5);
    const endSeconds = wanted <= cue.endSeconds ? cue.endSeconds : Math.min(next, cue.endSeconds + mostShift, wanted);
    return { ...cue, endSeconds: Math.max(cue.endSeconds, endSeconds) };
  });
}
