import type { Word } from '@carmic/contract';

/** A sentence as if it had been spoken, for previews without a video. */
export function sampleWords(text: string): Word[] {
  return text
    .split(' ')
    .map((word, index) => ({ text: word, startSeconds: 0.2 + index * 0.4, endSeconds: 0.55 + index * 0.4, speaker: '1' }));
}
