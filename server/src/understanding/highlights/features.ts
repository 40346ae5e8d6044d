import type { Sound } from './sound.ts';
import { counted, type Counted, type Counts, type Talk } from './talk.ts';
import { lexicon } from './lexicon.ts';

/** What a window is judged by. Rates are per 100 words; none of them knows where in the video the window lies. */
export const featureNames = [
  'question_answer',
  'contrast',
  'surprise',
  'emotion',
  'claims',
  'story',
  'first_person',
  'address',
  'numbers',
  'humour',
  'set_up',
  'rarity',
  'density',
  'fillers',
  'pace',
  'loudness',
  'one_voice',
  'main_speaker',
  'turn_changes',
  'best_sentence',
  'clean_start',
  'clean_end',
  'housekeeping',
  'pauses',
  'length',
] as const;
export type FeatureName = (typeof featureNames)[number];
export type Features = Record<FeatureName, number>;

/** Sums of everything counted over sentences first..last in constant time. */
export interface Sums {
  over(first: number, last: number): Counts;
}

function buildSums(counts: readonly Counts[]): Sums {
  const sums = new Map<Counted, Float64Array>();
  for (const name of counted) {
    const line = new Float64Array(counts.length + 1);
    for (const [i, sentence] of counts.entries()) {
      line[i + 1] = (line[i] ?? 0) + sentence[name];
    }
    sums.set(name, line);
  }
  return {
    over(first, last) {
      return Object.fromEntries(
        counted.map((name) => [name, (sums.get(name)?.[last + 1] ?? 0) - (sums.get(name)?.[first] ?? 0)]),
      ) as Counts;
    },
  };
}

/** How quotable one sentence is: strong words against its length, best at 8 to 30 words. */
export function sentenceStrength(counts: Counts): number {
  const strong =
    counts.contrast +
    counts.surprise * 1.2 +
    counts.emotion +
    counts.claim * 1.1 +
    counts.numbers * 0.6 +
    counts.setUps * 1.5 +
    counts.humour;
  const fit = counts.words < 8 ? counts.words / 8 : counts.words > 30 ? 30 / counts.words : 1;
  return (fit * strong) / Math.sqrt(4 + counts.words);
}

/** How well sentence i opens a clip, 0 to 1: no pronoun or conjunction that points back, no question left outside. */
export function startQuality(talk: Talk, i: number): number {
  const sentence = talk.sentences[i];
  if (sentence === undefined) {
    return 0;
  }
  const before = talk.sentences[i - 1];
  const first = talk.tokens[sentence.first] ?? '';
  const dangles = lexicon.dangling.has(first) ? 0.35 : 0;
  const isAnswer = before?.isQuestion === true && !sentence.isQuestion ? 0.45 : 0;
  const isShort = sentence.last - sentence.first < 3 ? 0.25 : 0;
  const isFresh = sentence.isTurnStart ? 0.15 : 0;
  return Math.max(0, Math.min(1, 0.85 - dangles - isAnswer - isShort + isFresh + (sentence.isQuestion ? 0.15 : 0)));
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
  const goesOn = after !== undefined && !sentence.isTurnEnd && lexicon.dangling.has(talk.tokens[after.first] ?? '') ? 0.2 : 0;
  const isShort = sentence.last - sentence.first < 3 ? 0.2 : 0;
  return Math.max(0, Math.min(1, 0.7 + 0.2 * pause + (sentence.isTurnEnd ? 0.2 : 0) - opensQuestion - goesOn - isShort));
}

function longestVoiceShare(talk: Talk, first: number, last: number): number {
  const words = new Map<string | null, number>();
  let total = 0;
  for (let s = first; s <= last; s += 1) {
    const count = talk.counts[s]?.words ?? 0;
    const speaker = talk.sentences[s]?.speaker ?? null;
    words.set(speaker, (words.get(speaker) ?? 0) + count);
    total += count;
  }
  return total === 0 ? 1 : Math.max(...words.values()) / total;
}

/** Prepares the measuring of windows of sentences first..last of a talk. */
export function createMeasure(talk: Talk, sound: Sound): (first: number, last: number) => Features {
  const sums = buildSums(talk.counts);
  const strengths = talk.counts.map(sentenceStrength);
  return (first, last) => {
    const from = talk.sentences[first];
    const to = talk.sentences[last];
    const counts = sums.over(first, last);
    const startSeconds = from?.startSeconds ?? 0;
    const endSeconds = to?.endSeconds ?? 0;
    const seconds = Math.max(0.1, endSeconds - startSeconds);
    const per100 = 100 / Math.max(10, counts.words);
    let best = 0;
    let housekeeping = 0;
    for (let s = first; s <= last; s += 1) {
      best = Math.max(best, strengths[s] ?? 0);
      housekeeping += talk.isHousekeeping[s] === true ? 1 : 0;
    }
    const asksFirst = [first, first + 1].some((s) => s < last && talk.sentences[s]?.isQuestion === true);
    const hasLaterQuestion = counts.questions > 0 && to?.isQuestion !== true;
    return {
      question_answer: asksFirst ? 1 : hasLaterQuestion ? 0.5 : 0,
      contrast: counts.contrast * per100,
      surprise: counts.surprise * per100,
      emotion: counts.emotion * per100,
      claims: counts.claim * per100,
      story: counts.story * per100,
      first_person: counts.firstPerson * per100,
      address: counts.secondPerson * per100,
      numbers: counts.numbers * per100,
      humour: counts.humour * per100,
      set_up: counts.setUps * per100,
      rarity: counts.content === 0 ? 0 : counts.rarity / counts.content,
      density: counts.words === 0 ? 0 : counts.content / counts.words,
      fillers: counts.filler * per100,
      pace: counts.words / seconds / talk.medianPace,
      loudness: sound.liftDb(startSeconds, endSeconds),
      one_voice: longestVoiceShare(talk, first, last),
      main_speaker: talk.mainSpeaker === null ? 0.8 : counts.mainSpeaker / Math.max(1, counts.words),
      turn_changes: Math.max(0, counts.turns - 1) * (60 / seconds),
      best_sentence: best,
      clean_start: startQuality(talk, first),
      clean_end: endQuality(talk, last),
      housekeeping,
      pauses: Math.max(0, 1 - counts.spokenSeconds / seconds),
      length: seconds,
    };
  };
}
