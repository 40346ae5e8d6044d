import type { Analysis, Word } from '@carmic/contract';

const stories = [
  'When I was nine my father lost the only shop on our street.',
  'Nobody told us why the river came up so fast that night.',
  'We carried four hundred books up one narrow staircase.',
  'The truth is that paper is heavier than you think when it is wet.',
  'My sister laughed, and then she cried for an hour.',
  'That was the day I decided to study rivers.',
];
const plain = [
  'The committee meets on the third floor of the building.',
  'Minutes are kept in a folder and passed around in the week after.',
  'There is a form for that and the form has a number.',
  'Chairs are put back along the wall in the afternoon.',
  'Some members prefer the table by the window.',
  'The agenda lists the points in the order in which they came in.',
];

/** Makes words of sentences at three words a second with a pause of 0.4 s between sentences. For tests. */
export function wordsOf(sentences: readonly { text: string; speaker?: string }[], startSeconds = 0): Word[] {
  const words: Word[] = [];
  let at = startSeconds;
  for (const { text, speaker } of sentences) {
    for (const part of text.split(' ')) {
      words.push({
        text: part,
        startSeconds: Math.round(at * 1000) / 1000,
        endSeconds: Math.round((at + 0.3) * 1000) / 1000,
        ...(speaker === undefined ? {} : { speaker }),
      });
      at += 0.33;
    }
    at += 0.4;
  }
  return words;
}

/** A dull talk of about `minutes` with one story told at the given share of it. For tests. */
export function talkWithStory(minutes: number, storyAt: number): { words: Word[]; durationSeconds: number; storyWords: string[] } {
  const perMinute = 14;
  const count = Math.round(minutes * perMinute);
  const from = Math.round(count * storyAt);
  const sentences = Array.from({ length: count }, (_, i) => {
    const story = stories[i - from];
    return { text: story ?? `${plain[i % plain.length] ?? ''.trim()}` };
  });
  const words = wordsOf(sentences, 1);
  return { words, durationSeconds: (words.at(-1)?.endSeconds ?? 0) + 2, storyWords: stories };
}

/** An analysis whose level and motion rise between two times. For tests. */
export function analysisWithPeak(durationSeconds: number, fromSeconds: number, toSeconds: number, hasSound = true): Analysis {
  const hopSeconds = 0.5;
  const steps = Math.ceil(durationSeconds / hopSeconds);
  const isIn = (i: number) => i * hopSeconds >= fromSeconds && i * hopSeconds < toSeconds;
  return {
    hopSeconds,
    loudnessDb: hasSound ? Array.from({ length: steps }, (_, i) => (isIn(i) ? -14 : -30)) : [],
    peaks: hasSound ? Array.from({ length: steps }, (_, i) => (isIn(i) ? 0.9 : 0.2)) : [],
    motion: Array.from({ length: steps }, (_, i) => (isIn(i) ? 20 : 4)),
    cutsSeconds: [fromSeconds],
  };
}
