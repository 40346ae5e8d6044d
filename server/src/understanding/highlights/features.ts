import { askedBefore } from './asked.ts';
import { dangling, type Signal, signalNames } from './lexicon.ts';
import { ties } from './edges.ts';
import type { Sound } from './sound.ts';
import { counted, type Counted, type Talk } from './talk.ts';
import { sumThemes, themeNames, type Theme } from './themes.ts';

/** Features that are not counts of a signal. */
const structural = [
  'central',
  'rarity',
  'density',
  'questions',
  'short_sentences',
  'sentence_length',
  'main_speaker',
  'turn_length',
  'reaction',
  'laughs',
  'clean_start',
  'clean_end',
  'pace',
  'loudness',
  'motion',
  'early',
  'length',
] as const;

/** What a window is judged by: signals per 100 words, and the structure of what is said. Only `early` knows where the window lies. */
export const featureNames = [...signalNames, ...structural, ...themeNames] as const;
export type FeatureName = Signal | (typeof structural)[number] | Theme;

/** Whether a sentence goes on with what the one before it, or the last one of the same speaker, had broken off. */
function goesOnFrom(talk: Talk, i: number): boolean {
  const sentence = talk.sentences[i];
  for (let back = 1; back <= 4; back += 1) {
    const before = talk.sentences[i - back];
    if (sentence === undefined || before === undefined) {
      return false;
    }
    const isSame = sentence.speaker !== null && before.speaker === sentence.speaker;
    if (before.isBroken && (back === 1 || isSame) && sentence.startSeconds - before.endSeconds < 1.2) {
      return true;
    }
    if (isSame) {
      return false;
    }
  }
  return false;
}

/** How well sentence i opens a clip, 0 to 1: no pronoun or conjunction that points back, no question left outside. */
export function startQuality(talk: Talk, i: number): number {
  const sentence = talk.sentences[i];
  if (sentence === undefined) {
    return 0;
  }
  // “And that creates …” leans on what “that” is, “And I saw …” on nothing once its “And” is cut off.
  let first = sentence.first;
  while (first < sentence.last && first - sentence.first < 2 && ties.has(talk.tokens[first] ?? '')) {
    first += 1;
  }
  const dangles = dangling.has(talk.tokens[first] ?? '') ? 0.35 : first > sentence.first ? 0.1 : 0;
  const isAnswer = askedBefore(talk, i) === null ? 0 : 0.45;
  const isShort = sentence.last - sentence.first < 3 ? 0.25 : 0;
  const isFresh = sentence.isTurnStart ? 0.15 : 0;
  const isTorn = goesOnFrom(talk, i) ? 0.9 : 0;
  return Math.max(0, Math.min(1, 0.85 - dangles - isAnswer - isShort - isTorn + isFresh + (sentence.isQuestion ? 0.15 : 0)));
}

/** How well sentence j closes a clip, 0 to 1: a statement, the end of a turn or a pause behind it, and no answer left outside. */
export function endQuality(talk: Talk, j: number): number {
  const sentence = talk.sentences[j];
  if (sentence === undefined) {
    return 0;
  }
  const after = talk.sentences[j + 1];
  const pause = after === undefined ? 1 : Math.min(1, Math.max(0, after.startSeconds - sentence.endSeconds));
  const opensQuestion = sentence.isQuestion ? 0.5 : 0;
  const goesOn = after !== undefined && !sentence.isTurnEnd && dangling.has(talk.tokens[after.first] ?? '') ? 0.2 : 0;
  const isShort = sentence.last - sentence.first < 3 ? 0.2 : 0;
  const isTorn = sentence.isBroken ? 0.9 : 0;
  return Math.max(0, Math.min(1, 0.7 + 0.2 * pause + (sentence.isTurnEnd ? 0.2 : 0) - isTorn - opensQuestion - goesOn - isShort));
}

/** Sums of everything counted, so that a window costs the same however long it is. */
function buildSums(talk: Talk): (name: Counted, first: number, last: number) => number {
  const sums = new Map<Counted, Float64Array>();
  for (const name of counted) {
    const line = new Float64Array(talk.counts.length + 1);
    for (const [i, counts] of talk.counts.entries()) {
      line[i + 1] = (line[i] ?? 0) + counts[name];
    }
    sums.set(name, line);
  }
  return (name, first, last) => (sums.get(name)?.[last + 1] ?? 0) - (sums.get(name)?.[first] ?? 0);
}

/** Prepares the measuring of windows of sentences first..last; values stand in the order of `featureNames`. */
export function createMeasure(talk: Talk, sound: Sound): (first: number, last: number) => Float64Array {
  const sum = buildSums(talk);
  const themes = sumThemes(talk.tokens);
  const talkStart = talk.sentences[0]?.startSeconds ?? 0;
  const talkSeconds = Math.max(1, (talk.sentences.at(-1)?.endSeconds ?? 1) - talkStart);
  const starts = talk.sentences.map((_, i) => startQuality(talk, i));
  const ends = talk.sentences.map((_, j) => endQuality(talk, j));
  return (first, last) => {
    const startSeconds = talk.sentences[first]?.startSeconds ?? 0;
    const endSeconds = talk.sentences[last]?.endSeconds ?? 0;
    const seconds = Math.max(0.1, endSeconds - startSeconds);
    const words = Math.max(1, sum('words', first, last));
    const sentences = Math.max(1, last - first + 1);
    const content = Math.max(1, sum('content', first, last));
    const values: Record<(typeof structural)[number], number> = {
      central: sum('central', first, last) / sentences,
      rarity: sum('rarity', first, last) / content,
      density: content / words,
      questions: sum('questions', first, last) / sentences,
      short_sentences: sum('shortSentences', first, last) / sentences,
      sentence_length: sum('longSentences', first, last) / sentences,
      main_speaker: sum('mainSpeaker', first, last) / sentences,
      turn_length: sum('turnLength', first, last) / sentences,
      reaction: sum('reaction', first, last) / sentences,
      laughs: sum('laughs', first, last),
      clean_start: starts[first] ?? 0,
      clean_end: ends[last] ?? 0,
      pace: words / seconds / talk.medianPace,
      loudness: sound.liftDb(startSeconds, endSeconds),
      motion: sound.motion(startSeconds, endSeconds),
      early: 1 - (startSeconds - talkStart) / talkSeconds,
      length: seconds,
    };
    const rates = signalNames.map((name) => (sum(name, first, last) * 100) / words);
    const meaning = themes(talk.sentences[first]?.first ?? 0, talk.sentences[last]?.last ?? 0);
    return Float64Array.from([...rates, ...structural.map((name) => values[name]), ...meaning]);
  };
}
