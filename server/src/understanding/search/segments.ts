import type { Word } from '@carmic/contract';
import type { Sentence } from '../highlights/sentences.ts';
import { formsOf, type Stem, wordsIn } from './tokenize.ts';

/** A stretch of a transcript that is found as one: where it starts, its text, and when each of its words begins. */
export interface Segment {
  kind: 'words' | 'title' | 'clip';
  startSeconds: number;
  text: string;
  /** For each word of the text by white space: when it begins. */
  starts: number[];
}

const leastWords = 8;

/** Sentences as segments; short ones are joined with the next, so that words of one thought are found together. */
export function segmentsOf(words: readonly Word[], sentences: readonly Sentence[]): Segment[] {
  const segments: Segment[] = [];
  let from: number | null = null;
  for (const [i, sentence] of sentences.entries()) {
    from ??= sentence.first;
    const isLong = sentence.last - from + 1 >= leastWords;
    if (!isLong && i < sentences.length - 1) {
      continue;
    }
    const part = words.slice(from, sentence.last + 1);
    segments.push({
      kind: 'words',
      startSeconds: part[0]?.startSeconds ?? 0,
      text: part.map((word) => word.text.replace(/\s+/g, '')).join(' '),
      starts: part.map((word) => word.startSeconds),
    });
    from = null;
  }
  return segments;
}

/** The blind tokens of a text: what the index holds of it. */
export function tokensOf(text: string, language: string, stem: Stem, blind: (form: string) => string): string[] {
  return [...new Set(wordsIn(text).flatMap((word) => formsOf(word.text, language, stem)))].map(blind);
}
