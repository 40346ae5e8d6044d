import { buildNounTest, isNamePhrase } from '../highlights/nouns.ts';
import { keyPhrases } from '../highlights/tags.ts';
import type { Talk } from '../highlights/talk.ts';
import { boundaryPoints } from './boundaryFeatures.ts';

export interface Chapter {
  startSeconds: number;
  title: string;
}

const secondsPerChapter = 700;
const shortestSeconds = 120;
/** A chapter does not begin in the last moments of a video. */
const lastSeconds = 40;

const upperFirst = (text: string) => text.replace(/^\P{L}*\p{Ll}/u, (start) => start.toUpperCase());

/**
 * Divides a video into chapters, one in about twelve minutes, none shorter than two: each begins with the sentence at which the words change
 * most and somebody turns to something else. A video of less than five minutes has none. Titles are the key phrases of the chapter.
 */
export function findChapters(talk: Talk, durationSeconds: number): Chapter[] {
  const startSeconds = talk.sentences[0]?.startSeconds ?? 0;
  if (durationSeconds - startSeconds < 300 || talk.sentences.length < 20) {
    return [];
  }
  const points = boundaryPoints(talk);
  const wanted = Math.max(1, Math.round((durationSeconds - startSeconds) / secondsPerChapter));
  const starts: number[] = [0];
  for (const i of [...points.keys()].sort((a, b) => (points[b] ?? 0) - (points[a] ?? 0) || a - b)) {
    const at = talk.sentences[i]?.startSeconds ?? 0;
    if (starts.length > wanted) {
      break;
    }
    if (
      at <= durationSeconds - lastSeconds &&
      starts.every((other) => Math.abs((talk.sentences[other]?.startSeconds ?? 0) - at) >= shortestSeconds)
    ) {
      starts.push(i);
    }
  }
  starts.sort((a, b) => a - b);
  const taken = new Set<string>();
  return starts.map((first, n) => {
    const last = (starts[n + 1] ?? talk.sentences.length) - 1;
    const title = titleOf(talk, talk.sentences[first]?.first ?? 0, talk.sentences[last]?.last ?? 0, n, taken);
    taken.add(title.toLowerCase());
    return { startSeconds: n === 0 ? 0 : (talk.sentences[first]?.startSeconds ?? 0), title };
  });
}

function titleOf(talk: Talk, firstWord: number, lastWord: number, n: number, taken: ReadonlySet<string>): string {
  const nouns = buildNounTest(talk);
  const found = keyPhrases(talk, firstWord, lastWord, 12);
  // Where too little names something, the others serve as well.
  const named = found.filter((phrase) => isNamePhrase(phrase.tokens, nouns));
  const phrases = [...new Set([...named, ...found])].slice(0, 4).map((phrase) => phrase.text);
  const options = [phrases.slice(0, 2), phrases.slice(0, 3), phrases.slice(1, 3), phrases.slice(2, 4)].filter(
    (option) => option.length > 0,
  );
  const free = options.map((option) => upperFirst(option.join(', '))).find((title) => !taken.has(title.toLowerCase()));
  return free ?? `Part ${n + 1}`;
}
