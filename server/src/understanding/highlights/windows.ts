import { createMeasure, endQuality, type Features, startQuality } from './features.ts';
import { sumPoints } from './score.ts';
import type { Sound } from './sound.ts';
import type { Talk } from './talk.ts';

/** A run of whole sentences that could be a clip. */
export interface Window {
  first: number;
  last: number;
  startSeconds: number;
  endSeconds: number;
  features: Features;
  points: number;
}

export interface WindowOptions {
  minClipSeconds: number;
  maxClipSeconds: number;
}

/** A clip with a longer silence inside is two clips. */
const longestSilenceSeconds = 6;
/** Windows kept per start: enough for every sensible ending, and what keeps the cost linear in the length. */
const keptPerStart = 3;

function canStart(talk: Talk, i: number): boolean {
  return talk.isSponsor[i] !== true && talk.isHousekeeping[i] !== true && startQuality(talk, i) > 0.2;
}

function canEnd(talk: Talk, j: number): boolean {
  return talk.isHousekeeping[j] !== true && endQuality(talk, j) > 0.2;
}

/**
 * Lists windows of whole sentences within the wanted length, the best endings for each beginning. Sponsor messages are never inside;
 * greetings and housekeeping are never at an edge. When nothing qualifies, the rules about edges are dropped before the rules about length.
 */
export function listWindows(talk: Talk, sound: Sound, options: WindowOptions): Window[] {
  const strict = collect(talk, sound, options, true);
  return strict.length > 0 ? strict : collect(talk, sound, options, false);
}

function collect(talk: Talk, sound: Sound, options: WindowOptions, isStrict: boolean): Window[] {
  const measure = createMeasure(talk, sound);
  const windows: Window[] = [];
  for (let first = 0; first < talk.sentences.length; first += 1) {
    if (isStrict && !canStart(talk, first)) {
      continue;
    }
    const found: Window[] = [];
    const startSeconds = talk.sentences[first]?.startSeconds ?? 0;
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
      if (sentence.endSeconds - startSeconds < options.minClipSeconds || (isStrict && !canEnd(talk, last))) {
        continue;
      }
      const features = measure(first, last);
      found.push({ first, last, startSeconds, endSeconds: sentence.endSeconds, features, points: sumPoints(features) });
    }
    found.sort((a, b) => b.points - a.points || a.last - b.last);
    windows.push(...found.slice(0, keptPerStart));
  }
  return windows;
}

/** Share of content tokens two windows have in common: clips that tell the same thing repeat each other. */
export function similarity(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  const [small, large] = a.size < b.size ? [a, b] : [b, a];
  let common = 0;
  for (const token of small) {
    common += large.has(token) ? 1 : 0;
  }
  return small.size === 0 ? 0 : common / Math.sqrt(small.size * large.size);
}

/** Picks the best windows that neither overlap nor repeat each other, best first. */
export function pickWindows(windows: readonly Window[], count: number, contentOf: (window: Window) => ReadonlySet<string>): Window[] {
  const sorted = [...windows].sort((a, b) => b.points - a.points || a.first - b.first || a.last - b.last);
  const picked: { window: Window; content: ReadonlySet<string> }[] = [];
  for (const window of sorted) {
    if (picked.length >= count) {
      break;
    }
    if (picked.some((other) => window.first <= other.window.last && window.last >= other.window.first)) {
      continue;
    }
    const content = contentOf(window);
    if (picked.some((other) => similarity(content, other.content) > 0.6)) {
      continue;
    }
    picked.push({ window, content });
  }
  return picked.map(({ window }) => window);
}
