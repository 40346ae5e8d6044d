import type { Sentence } from './sentences.ts';
import type { Talk } from './talk.ts';

/** Sentences in which the other person may go on after the question, and is still answered. */
const reach = 3;
/** After a longer silence nobody answers. */
const longestSilenceSeconds = 3;

/** The question that sentence i answers and that a clip which begins with it would lack; null where there is none. */
export function askedBefore(talk: Talk, i: number): Sentence | null {
  const sentence = talk.sentences[i];
  const before = talk.sentences[i - 1];
  if (
    sentence === undefined ||
    before === undefined ||
    sentence.isQuestion ||
    sentence.startSeconds - before.endSeconds >= longestSilenceSeconds
  ) {
    return null;
  }
  if (before.isQuestion || !sentence.isTurnStart) {
    return before.isQuestion ? before : null;
  }
  // “How did you do it? I am curious.”
  for (let back = 2; back <= reach; back += 1) {
    const earlier = talk.sentences[i - back];
    if (earlier === undefined || earlier.speaker !== before.speaker) {
      return null;
    }
    if (earlier.isQuestion) {
      return earlier;
    }
  }
  return null;
}
