import { createMeasure, endQuality, startQuality } from './features.ts';
import type { Sound } from './sound.ts';
import type { Talk } from './talk.ts';

/** A run of whole sentences that could be a clip, with its features in the order of `featureNames`. */
export interface Window {
  first: number;
  last: number;
  startSeconds: number;
  endSeconds: number;
  values: Float64Array;
}

export interface WindowOptions {
  minClipSeconds: number;
  maxClipSeconds: number;
  /** Sentences that no clip may hold; none by default. */
  isBlocked?: readonly boolean[];
}

/** A clip with a longer silence inside is two clips. */
const longestSilenceSeconds = 6;
/** Endings tried for one beginning: what keeps the cost linear when long clips are wanted. */
const endingsPerStart = 8;

/** Words may overlap where two people speak at once; an edge there would cut one of them. */
interface Free {
  starts: Uint8Array;
  ends: Uint8Array;
}

function freeEdges(talk: Talk): Free {
  const { words, sentences } = talk;
  const latestEnd = new Float64Array(words.length + 1);
  for (const [i, word] of words.entries()) {
    latestEnd[i + 1] = Math.max(latestEnd[i] ?? 0, word.endSeconds);
  }
  const isFree = (before: number, seconds: number) => (latestEnd[before] ?? 0) <= seconds + 0.02;
  return {
    starts: Uint8Array.from(sentences, (sentence) => (isFree(sentence.first, sentence.startSeconds) ? 1 : 0)),
    ends: Uint8Array.from(sentences, (sentence) => {
      const next = words[sentence.last + 1]?.startSeconds ?? Number.POSITIVE_INFINITY;
      return isFree(sentence.last + 1, sentence.endSeconds) && next >= sentence.endSeconds - 0.02 ? 1 : 0;
    }),
  };
}

function canStart(talk: Talk, i: number): boolean {
  return talk.isSponsor[i] !== true && talk.isHousekeeping[i] !== true && startQuality(talk, i) > 0.2;
}

function canEnd(talk: Talk, j: number): boolean {
  return talk.isHousekeeping[j] !== true && endQuality(talk, j) > 0.2;
}

/** Sentences that may close a clip opened by sentence `first`. */
function endingsOf(talk: Talk, free: Free, first: number, options: WindowOptions, isStrict: boolean): number[] {
  const startSeconds = talk.sentences[first]?.startSeconds ?? 0;
  const endings: number[] = [];
  for (let last = first; last < talk.sentences.length; last += 1) {
    const sentence = talk.sentences[last];
    const before = talk.sentences[last - 1];
    if (sentence === undefined || sentence.endSeconds - startSeconds > options.maxClipSeconds) {
      break;
    }
    const silence = last === first || before === undefined ? 0 : sentence.startSeconds - before.endSeconds;
    if (talk.isSponsor[last] === true || options.isBlocked?.[last] === true || silence > longestSilenceSeconds) {
      break;
    }
    if (sentence.endSeconds - startSeconds >= options.minClipSeconds && (!isStrict || (free.ends[last] === 1 && canEnd(talk, last)))) {
      endings.push(last);
    }
  }
  if (endings.length <= endingsPerStart) {
    return endings;
  }
  const step = (endings.length - 1) / (endingsPerStart - 1);
  return Array.from({ length: endingsPerStart }, (_, i) => endings[Math.round(i * step)] ?? first);
}

function collect(talk: Talk, sound: Sound, options: WindowOptions, isStrict: boolean): Window[] {
  const measure = createMeasure(talk, sound);
  const free = freeEdges(talk);
  const windows: Window[] = [];
  for (let first = 0; first < talk.sentences.length; first += 1) {
    if (options.isBlocked?.[first] === true || (isStrict && (free.starts[first] !== 1 || !canStart(talk, first)))) {
      continue;
    }
    const startSeconds = talk.sentences[first]?.startSeconds ?? 0;
    for (const last of endingsOf(talk, free, first, options, isStrict)) {
      windows.push({ first, last, startSeconds, endSeconds: talk.sentences[last]?.endSeconds ?? 0, values: measure(first, last) });
    }
  }
  return windows;
}

/**
 * Lists windows of whole sentences within the wanted length. Sponsor messages are never inside; greetings and housekeeping are never at
 * an edge. When nothing qualifies, the rules about edges are dropped before the rules about length.
 */
export function listWindows(talk: Talk, sound: Sound, options: WindowOptions): Window[] {
  const strict = collect(talk, sound, options, true);
  return strict.length > 0 ? strict : collect(talk, sound, options, false);
}
