import type { Talk } from '../highlights/talk.ts';

/** Words of a passage that is judged together: what the built-in classifier was measured on. */
const passageWords = 40;

/** A run of whole sentences that is judged together. */
export interface Passage {
  startSeconds: number;
  endSeconds: number;
  text: string;
}

/** Splits a transcript into passages of about forty words, on sentence edges. */
export function passagesOf(talk: Talk): Passage[] {
  const passages: Passage[] = [];
  const { sentences } = talk;
  for (let from = 0; from < sentences.length;) {
    let to = from;
    while (to + 1 < sentences.length && (sentences[to + 1]?.last ?? 0) - (sentences[from]?.first ?? 0) < passageWords) {
      to += 1;
    }
    const startSeconds = sentences[from]?.startSeconds ?? 0;
    passages.push({
      startSeconds,
      endSeconds: Math.max(startSeconds, sentences[to]?.endSeconds ?? 0),
      text: sentences
        .slice(from, to + 1)
        .map((sentence) => sentence.text)
        .join(' '),
    });
    from = to + 1;
  }
  return passages;
}
