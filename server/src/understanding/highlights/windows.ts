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
}

/** A clip with a longer silence inside is two clips. */
const longestSilenceSeconds = 6;
/** Endings tried for one beginning: what keeps the cost linear when long clips are wanted. */
const endingsPerStart = 8;

function canStart(talk: Talk, i: number): boolean {
  return talk.isSponsor[i] !== true && talk.isHousekeeping[i] !== true && startQuality(talk, i) > 0.2;
}

function canEnd(talk: Talk, j: number): boolean {
  return talk.isHousekeeping[j] !== true && endQuality(talk, j) > 0.2;
}

/** Sentences that may close a clip opened by sentence `first`. */
function endingsOf(talk: Talk, first: number, options: WindowOptions, isStrict: boolean): number[] {
  const startSeconds = talk.sentences[first]?.startSeconds ?? 0;
  const endings: number[] = [];
  for (let last = first; last < talk.sentences.length; last += 1) {
    const sentence = talk.sentences[last];
    const before = talk.sentences[last - 1];
    if (sentence === undefined || sentence.endSeconds - startSeconds > options.maxClipSeconds) {
      break;
    }
    const silence = last === first || before === undefined ? 0 : sentence.startSeconds - before.endSeconds;
    if (talk.isSponsor[last] === true || silence > longestSilenceSeconds) {
      break;
    }
    if (sentence.endSeconds - startSeconds >= options.minClipSeconds && (!isStrict || canEnd(talk, last))) {
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
  const windows: Window[] = [];
  for (let first = 0; first < talk.sentences.length; first += 1) {
    if (isStrict && !canStart(talk, first)) {
      continue;
    }
    const startSeconds = talk.sentences[first]?.startSeconds ?? 0;
    for (const last of endingsOf(talk, first, options, isStrict)) {
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
