import type { CaptionBreak, Word } from '@carmic/contract';
import { rateValue, type Timeline } from './timeline.ts';

/** A word on the clip's time line. */
export interface ClipWord {
  text: string;
  startSeconds: number;
  endSeconds: number;
  speaker?: string;
  /** Where it begins on the source's time line. */
  sourceSeconds?: number;
  /** What a person wants before it. */
  before?: CaptionBreak['kind'];
}

/** A word with what a person wants before it. */
export interface MarkedWord extends Word {
  sourceSeconds?: number;
  before?: CaptionBreak['kind'];
}

const shortestSeconds = 0.04;

/**
 * Carries words from the source's time line to the clip's, through the edit list.
 *
 * A word belongs to a segment when its middle lies in it; its times are cut to the segment, and to the next word's start, so that
 * words never overlap.
 */
export function mapWords(words: readonly MarkedWord[], timeline: Timeline): ClipWord[] {
  const mapped: ClipWord[] = [];
  for (const segment of timeline.segments) {
    const length = segment.frames / rateValue(timeline.rate);
    const end = segment.sourceSeconds + length;
    const inside = words
      .filter((word) => {
        const middle = (word.startSeconds + word.endSeconds) / 2;
        return middle >= segment.sourceSeconds && middle < end && word.text.trim() !== '';
      })
      .sort((a, b) => a.startSeconds - b.startSeconds);
    for (const word of inside) {
      mapped.push(
        ...splitWord({
          text: word.text.replace(/\s+/g, ' ').trim(),
          startSeconds: segment.outSeconds + Math.max(0, word.startSeconds - segment.sourceSeconds),
          endSeconds: segment.outSeconds + Math.min(length, word.endSeconds - segment.sourceSeconds),
          ...(word.speaker === undefined ? {} : { speaker: word.speaker }),
          ...(word.sourceSeconds === undefined ? {} : { sourceSeconds: word.sourceSeconds }),
          ...(word.before === undefined ? {} : { before: word.before }),
        }),
      );
    }
  }
  return separate(mapped, timeline.durationSeconds);
}

/** More letters of a script without spaces than this are more than one word. */
const longestUnspaced = 4;
const unspaced = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}]/u;

/** Transcribers write scripts without spaces in long pieces: these are cut into words, each with its share of the time. */
function splitWord(word: ClipWord): ClipWord[] {
  if ([...word.text].length <= longestUnspaced || !unspaced.test(word.text)) {
    return [word];
  }
  const pieces: string[] = [];
  for (const { segment, isWordLike } of new Intl.Segmenter('und', { granularity: 'word' }).segment(word.text)) {
    // Signs stay with the word before them: no line begins with a full stop.
    if (isWordLike || pieces.length === 0) {
      pieces.push(segment);
    } else {
      pieces.push(`${pieces.pop() ?? ''}${segment}`);
    }
  }
  const perLetter = (word.endSeconds - word.startSeconds) / word.text.length;
  let letters = 0;
  const { before, sourceSeconds, ...rest } = word;
  return pieces.map((piece, index) => {
    const startSeconds = word.startSeconds + letters * perLetter;
    letters += piece.length;
    const own = index === 0 ? { ...(sourceSeconds !== undefined && { sourceSeconds }), ...(before && { before }) } : {};
    return { ...rest, ...own, text: piece.trim(), startSeconds, endSeconds: word.startSeconds + letters * perLetter };
  });
}

/** Ends each word before the next begins; words without any length get a little where there is room. */
function separate(words: readonly ClipWord[], durationSeconds: number): ClipWord[] {
  const result: ClipWord[] = [];
  let earliest = 0;
  for (const [index, word] of words.entries()) {
    const limit = words[index + 1]?.startSeconds ?? durationSeconds;
    const startSeconds = Math.max(earliest, word.startSeconds);
    const wanted = Math.max(word.endSeconds, startSeconds + shortestSeconds);
    const endSeconds = Math.min(durationSeconds, Math.max(Math.min(wanted, limit), startSeconds + shortestSeconds));
    if (endSeconds > startSeconds) {
      result.push({ ...word, startSeconds, endSeconds });
      earliest = endSeconds;
    }
  }
  return result;
}
