/** Takes pauses and filler words out of an edit list. Pure: words and loudness in, spans out. */
import type { Analysis, Span, Word } from '@carmic/contract';

export interface TightenOptions {
  silences: boolean;
  fillers: boolean;
  longestPauseSeconds: number;
  language: string;
}

export interface Tightened {
  segments: Span[];
  removed: { silences: number; fillers: number; seconds: number };
}

/** Sounds people make while they think. Only those that never mean anything: "like" and "well" stay. */
const hesitations: Record<string, readonly string[]> = {
  en: ['um', 'uh', 'uhm', 'umm', 'uhh', 'er', 'erm', 'ah', 'hm', 'hmm', 'mm', 'mhm'],
  de: ['äh', 'ähm', 'öh', 'öhm', 'hm', 'hmm', 'mh', 'mhm'],
  fr: ['euh', 'heu', 'hum', 'hm', 'bah'],
  es: ['eh', 'em', 'ehm', 'mmm', 'hm'],
  it: ['eh', 'ehm', 'mmm', 'uhm'],
  pt: ['hum', 'hã', 'ahn', 'hm'],
};

/** What stays of a pause, so that speech breathes: behind a word, and before the next. */
const tailSeconds = 0.16;
const leadSeconds = 0.1;
/** What stays around a filler word: its neighbours are cut no closer. */
const nearSeconds = 0.02;
/** A cut that saves less than this is not worth being one. */
const shortestCutSeconds = 0.12;
/** A pause in which something this close to the level of speech is heard (laughter, music) is no silence. */
const quietBelowSpeechDb = 9;

/** Tightens an edit list. Words that are kept are never cut into. */
export function tighten(
  segments: readonly Span[],
  words: readonly Word[],
  analysis: Pick<Analysis, 'hopSeconds' | 'loudnessDb'> | null,
  options: TightenOptions,
): Tightened {
  const result: Tightened = { segments: [], removed: { silences: 0, fillers: 0, seconds: 0 } };
  const isQuiet = buildIsQuiet(segments, words, analysis);
  for (const segment of segments) {
    const inside = words.filter((word) => isInside(word, segment)).sort((a, b) => a.startSeconds - b.startSeconds);
    const kept = inside.filter((word) => !(options.fillers && isFiller(word.text, options.language)));
    const cuts = kept.length === 0 ? [] : findCuts(segment, inside, kept, options, isQuiet);
    const wanted = cuts.filter((cut) => cut.endSeconds - cut.startSeconds >= shortestCutSeconds);
    result.removed.silences += wanted.filter((cut) => cut.fillers === 0).length;
    result.removed.fillers += wanted.reduce((sum, cut) => sum + cut.fillers, 0);
    result.removed.seconds += wanted.reduce((sum, cut) => sum + cut.endSeconds - cut.startSeconds, 0);
    result.segments.push(...subtract(segment, wanted));
  }
  result.removed.seconds = Number(result.removed.seconds.toFixed(3));
  return result;
}

/** Whether a word is a sound of hesitation. */
export function isFiller(text: string, language: string): boolean {
  const bare = text.toLowerCase().replace(/[^\p{L}]/gu, '');
  return (hesitations[language.slice(0, 2)] ?? hesitations['en'] ?? []).includes(bare);
}

interface Cut extends Span {
  fillers: number;
}

/** What may go between each word that is kept and the next, and at both ends. */
function findCuts(segment: Span, inside: readonly Word[], kept: readonly Word[], options: TightenOptions, isQuiet: (span: Span) => boolean): Cut[] {
  const cuts: Cut[] = [];
  for (let index = 0; index <= kept.length; index++) {
    const [before, after] = [kept[index - 1], kept[index]];
    const from = before?.endSeconds ?? segment.startSeconds;
    const to = after?.startSeconds ?? segment.endSeconds;
    const between = inside.filter((word) => !kept.includes(word) && word.startSeconds >= from - 0.001 && word.endSeconds <= to + 0.001);
    // Every sound between words is looked at by itself: a filler may stand in a long pause.
    const edges = [from, ...between.flatMap((word) => [word.startSeconds, word.endSeconds]), to];
    const pauses = between.length + 1;
    const isLong = (at: number) => (edges[at * 2 + 1] ?? to) - (edges[at * 2] ?? from) > options.longestPauseSeconds;
    const isGone = (at: number) =>
      options.silences && isLong(at) && isQuiet({ startSeconds: edges[at * 2] ?? from, endSeconds: edges[at * 2 + 1] ?? to });
    const gone = Array.from({ length: pauses }, (_, at) => isGone(at));
    if (between.length === 0 && !gone[0]) {
      continue;
    }
    const start = gone[0] ? from + (before ? tailSeconds : 0) : (between[0]?.startSeconds ?? from) - nearSeconds;
    const end = gone[pauses - 1] ? to - (after ? leadSeconds : 0) : (between.at(-1)?.endSeconds ?? to) + nearSeconds;
    cuts.push({ startSeconds: Math.max(from, start), endSeconds: Math.min(to, end), fillers: between.length });
  }
  return cuts;
}

function isInside(word: Word, segment: Span): boolean {
  const middle = (word.startSeconds + word.endSeconds) / 2;
  return middle >= segment.startSeconds && middle < segment.endSeconds;
}

function subtract(segment: Span, cuts: readonly Span[]): Span[] {
  const left: Span[] = [];
  let at = segment.startSeconds;
  for (const cut of cuts) {
    if (cut.startSeconds - at > 0.02) {
      left.push({ startSeconds: at, endSeconds: cut.startSeconds });
    }
    at = Math.max(at, cut.endSeconds);
  }
  if (segment.endSeconds - at > 0.02) {
    left.push({ startSeconds: at, endSeconds: segment.endSeconds });
  }
  return left;
}

/** Tells silence by the loudness of speech in the same clip; without loudness every pause counts. */
function buildIsQuiet(segments: readonly Span[], words: readonly Word[], analysis: Pick<Analysis, 'hopSeconds' | 'loudnessDb'> | null) {
  if (analysis === null || analysis.loudnessDb.length === 0) {
    return () => true;
  }
  const { hopSeconds, loudnessDb } = analysis;
  const levels = ({ startSeconds, endSeconds }: Span) => loudnessDb.slice(Math.floor(startSeconds / hopSeconds), Math.ceil(endSeconds / hopSeconds));
  const spoken = words
    .filter((word) => segments.some((segment) => isInside(word, segment)))
    .flatMap((word) => levels(word))
    .sort((a, b) => a - b);
  const speech = spoken[Math.floor(spoken.length / 2)] ?? 0;
  return ({ startSeconds, endSeconds }: Span) => {
    // The blocks at both ends hold some of the words.
    const inner = levels({ startSeconds: startSeconds + hopSeconds, endSeconds: endSeconds - hopSeconds });
    return inner.every((level) => level < speech - quietBelowSpeechDb);
  };
}
