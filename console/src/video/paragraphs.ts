import type { Word } from '@carmic/contract';

/** A stretch of words that is read as one paragraph: words `from` up to, not including, `to`. */
export interface Paragraph {
  from: number;
  to: number;
  startSeconds: number;
  speaker: string | null;
  /** Whether somebody else spoke before: only then the name is read. */
  isSpeakerNew: boolean;
  text: string;
}

const longPauseSeconds = 1.6;
const wordsBeforeSentenceBreak = 32;
const mostWords = 90;

/** Cuts a transcript into paragraphs: at a change of speaker, a long pause, or the end of a sentence once it is long enough. */
export function toParagraphs(words: readonly Word[]): Paragraph[] {
  const paragraphs: Paragraph[] = [];
  let from = 0;
  words.forEach((word, index) => {
    const next = words[index + 1];
    if (next && !isBreak(word, next, index + 1 - from)) {
      return;
    }
    const speaker = words[from]?.speaker ?? null;
    paragraphs.push({
      from,
      to: index + 1,
      startSeconds: words[from]?.startSeconds ?? 0,
      speaker,
      isSpeakerNew: speaker !== (paragraphs.at(-1)?.speaker ?? null),
      text: words
        .slice(from, index + 1)
        .map((item) => item.text)
        .join(' '),
    });
    from = index + 1;
  });
  return paragraphs;
}

function isBreak(word: Word, next: Word, length: number): boolean {
  if (word.speaker !== next.speaker || next.startSeconds - word.endSeconds >= longPauseSeconds || length >= mostWords) {
    return true;
  }
  return length >= wordsBeforeSentenceBreak && /[.!?…]["'”’)]*$/.test(word.text);
}

/** The word being spoken at a time: the last one that has begun, or -1 before the first. */
export function wordAt(words: readonly Word[], seconds: number): number {
  let low = 0;
  let high = words.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((words[middle]?.startSeconds ?? Number.POSITIVE_INFINITY) <= seconds) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low - 1;
}

/** The paragraph that holds a word, or -1. */
export function paragraphOf(paragraphs: readonly Paragraph[], word: number): number {
  let low = 0;
  let high = paragraphs.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((paragraphs[middle]?.from ?? Number.POSITIVE_INFINITY) <= word) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low - 1;
}
