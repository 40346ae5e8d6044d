import type { Word } from '@carmic/contract';
import type { Cue, TimedText } from './cue.ts';

const soundEffect =
  /^(applause|laugh\w*|laughs|chuckl\w*|music\w*|cheer\w*|sigh\w*|cough\w*|silence|noise|inaudible|indistinct\w*|crosstalk|gasp\w*|crying|sobbing|whispers?|beep\w*|clears throat|background\b.*|.*\b(music|playing|applause|laughter|laughs|noise|sounds?|ringing|speaking \w+))$/i;

/** Removes `[anything short]`, parenthesised sound effects, and music signs. Sung words between the signs stay: they are heard. */
export function withoutSoundEffects(text: string): string {
  const bare = text.trim();
  if (/^\([^()]*\)[.!]?$/.test(bare) && bare.split(/\s+/).length <= 4) {
    return '';
  }
  return text
    .replace(/\[[^\]]{1,60}\]/g, ' ')
    .replace(/\(([^()]{1,60})\)/g, (written, inner: string) => (soundEffect.test(inner.trim()) ? ' ' : written))
    .replace(/\*([^*]{1,40})\*/g, (written, inner: string) => (soundEffect.test(inner.trim()) ? ' ' : written))
    .replace(/[♪♫♬♩]+|(?<=^|\s)#+(?=\s|$)/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
}

const unspaced = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}]/u;

/** Words as people see them: by white space, and by dictionary where a script has none. */
function splitWords(text: string): string[] {
  const words = text.split(/\s+/).flatMap((word) => {
    if (!unspaced.test(word)) {
      return [word];
    }
    const pieces: string[] = [];
    for (const { segment, isWordLike } of new Intl.Segmenter(undefined, { granularity: 'word' }).segment(word)) {
      const last = pieces.length - 1;
      if (isWordLike === true || last < 0) {
        pieces.push(segment);
      } else {
        pieces[last] = `${pieces[last] ?? ''}${segment}`;
      }
    }
    return pieces;
  });
  return words.filter((word) => /[\p{L}\p{N}]/u.test(word)).map((word) => word.slice(0, 200));
}

/** Relative time a word takes: its letters, and the breath behind a comma or a full stop. */
function weightOf(word: string): number {
  const pause = /[.?!…][)"'”’]*$/.test(word) ? 4 : /[,;:—-]$/.test(word) ? 2 : 0;
  return [...word].length + 1 + pause;
}

/** Longest time a text is spoken in: captions stay on screen long after the last word. */
function longestSeconds(words: readonly string[]): number {
  return 0.4 + words.reduce((sum, word) => sum + weightOf(word), 0) * 0.16;
}

function spread(words: readonly string[], startSeconds: number, endSeconds: number): TimedText[] {
  const end = Math.min(endSeconds, startSeconds + longestSeconds(words));
  const total = words.reduce((sum, word) => sum + weightOf(word), 0);
  let used = 0;
  return words.map((text) => {
    const at = startSeconds + ((end - startSeconds) * used) / total;
    used += weightOf(text);
    return { text, startSeconds: at };
  });
}

function timedPieces(cue: Cue): TimedText[] {
  if (cue.timedWords === undefined) {
    const words = splitWords(withoutSoundEffects(cue.text));
    return spread(words, cue.startSeconds, cue.endSeconds);
  }
  const kept = cue.timedWords.filter((word) => withoutSoundEffects(word.text) !== '' && /[\p{L}\p{N}]/u.test(word.text));
  // Words that share one time stamp are spread up to the next stamp.
  const pieces: TimedText[] = [];
  for (let i = 0; i < kept.length;) {
    const at = kept[i]?.startSeconds ?? cue.startSeconds;
    let j = i;
    while (j < kept.length && kept[j]?.startSeconds === at) {
      j += 1;
    }
    pieces.push(
      ...spread(
        kept.slice(i, j).map((word) => word.text),
        at,
        Math.max(at, kept[j]?.startSeconds ?? cue.endSeconds),
      ),
    );
    i = j;
  }
  return pieces;
}

const round = (seconds: number) => Math.round(seconds * 1000) / 1000;

/**
 * Makes words with times from cues. Real word times are used where the file has them; otherwise a cue's time is shared among its words by
 * their length. Sound effects (`[Music]`, `(applause)`) make no words. The result is monotone and never overlaps; words past
 * `durationSeconds` are dropped.
 */
export function wordsFromCues(cues: readonly Cue[], durationSeconds = Number.POSITIVE_INFINITY): Word[] {
  const words: Word[] = [];
  let free = 0;
  for (const cue of cues) {
    const pieces = timedPieces(cue);
    const cueEnd = Math.min(cue.endSeconds, durationSeconds);
    for (const [i, piece] of pieces.entries()) {
      const startSeconds = round(Math.max(piece.startSeconds, free));
      const longest = startSeconds + longestSeconds([piece.text]);
      const endSeconds = round(Math.min(pieces[i + 1]?.startSeconds ?? cueEnd, cueEnd, longest));
      if (endSeconds <= startSeconds || startSeconds >= durationSeconds) {
        if (startSeconds >= durationSeconds) {
          return words;
        }
        const short = round(startSeconds + 0.02);
        words.push({ text: piece.text, startSeconds, endSeconds: short, ...(cue.speaker === undefined ? {} : { speaker: cue.speaker }) });
        free = short;
        continue;
      }
      words.push({ text: piece.text, startSeconds, endSeconds, ...(cue.speaker === undefined ? {} : { speaker: cue.speaker }) });
      free = endSeconds;
    }
  }
  return words;
}
