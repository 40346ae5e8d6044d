import type { Word } from '@carmic/contract';
import type { Timeline } from '../render/timeline.ts';
import { rateValue } from '../render/timeline.ts';

/** A word on the clip's time line. */
export interface ClipWord {
  text: string;
  startSeconds: number;
  endSeconds: number;
}

const shortestSeconds = 0.04;

/**
 * Carries words from the source's time line to the clip's, through the edit list.
 *
 * A word belongs to a segment when its middle lies in it; its times are cut to the segment, and to the next word's start, so that
 * words never overlap.
 */
export function mapWords(words: readonly Word[], timeline: Timeline): ClipWord[] {
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
      mapped.push({
        text: word.text.replace(/\s+/g, ' ').trim(),
        startSeconds: segment.outSeconds + Math.max(0, word.startSeconds - segment.sourceSeconds),
        endSeconds: segment.outSeconds + Math.min(length, word.endSeconds - segment.sourceSeconds),
      });
    }
  }
  return separate(mapped, timeline.durationSeconds);
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
      result.push({ text: word.text, startSeconds, endSeconds });
      earliest = endSeconds;
    }
  }
  return result;
}
