import type { Analysis, BoundaryCheck, ScorePart, Word } from '@carmic/contract';
import { certifyBoundaries } from './boundaryCertificate.ts';
import { padEdges } from './edges.ts';
import { pickWindows } from './pick.ts';
import { buildScale, explainScore, profileOf, type Scale } from './score.ts';
import { buildSound } from './sound.ts';
import { clipsFromSoundAndPicture } from './soundAndPicture.ts';
import { buildTalk, type Talk, type Turn } from './talk.ts';
import { tagsFor } from './tags.ts';
import { titleFor } from './title.ts';
import { isContentToken } from './tokens.ts';
import { listWindows, type Window } from './windows.ts';

/** A span of a video worth publishing, and why. `scoreParts` add up to `score` (0 to 100). */
export interface SuggestedClip {
  startSeconds: number;
  endSeconds: number;
  score: number;
  scoreParts: ScorePart[];
  title: string;
  tags: string[];
  excerpt: string;
  /** Whether its edges stand alone; empty where it was chosen without sentences. */
  boundaries: BoundaryCheck[];
}

export interface SuggestInput {
  durationSeconds: number;
  words: readonly Word[];
  analysis: Analysis | null;
  /** Speaker turns, where something better than `word.speaker` knows them. */
  turns?: readonly Turn[];
  options: { clipCount: number; minClipSeconds: number; maxClipSeconds: number; language: string | null };
}

const shortestVideoSeconds = 3;

/** Words in order of time and inside the video; captions may run past its end. */
function usableWords(words: readonly Word[], durationSeconds: number): Word[] {
  return words
    .filter((word) => word.text.trim() !== '' && word.startSeconds < durationSeconds)
    .map((word) => (word.endSeconds > durationSeconds ? { ...word, endSeconds: durationSeconds } : word))
    .sort((a, b) => a.startSeconds - b.startSeconds);
}

function contentOf(talk: Talk, window: Window): ReadonlySet<string> {
  const from = talk.sentences[window.first]?.first ?? 0;
  const to = talk.sentences[window.last]?.last ?? -1;
  return new Set(talk.tokens.slice(from, to + 1).filter((token) => isContentToken(token, talk.functions)));
}

function buildClip(talk: Talk, window: Window, scale: Scale, durationSeconds: number, taken: Set<string>): SuggestedClip {
  const firstWord = talk.sentences[window.first]?.first ?? 0;
  const lastWord = talk.sentences[window.last]?.last ?? 0;
  const { score, parts } = explainScore(talk, window, scale);
  const title = titleFor(talk, window.first, window.last, taken);
  taken.add(title.toLowerCase());
  return {
    ...padEdges(talk.words, firstWord, lastWord, durationSeconds),
    score,
    scoreParts: parts,
    title,
    tags: tagsFor(talk, firstWord, lastWord),
    boundaries: certifyBoundaries(talk, window),
    excerpt: talk.words
      .slice(firstWord, lastWord + 1)
      .map((word) => word.text)
      .join(' '),
  };
}

/**
 * Chooses the spans of a video worth a clip, best first. With words: whole sentences, questions with their answers, no overlaps, no
 * sponsor messages; without: sound and picture. A video of 3 s or more always gives at least one clip; one shorter than
 * `minClipSeconds` gives all of itself. The same input always gives the same clips. How clips are judged: docs/highlights.md.
 */
export function suggestClips(input: SuggestInput): SuggestedClip[] {
  const { durationSeconds, analysis, options } = input;
  if (!(durationSeconds >= shortestVideoSeconds)) {
    return [];
  }
  const words = usableWords(input.words, durationSeconds);
  if (durationSeconds <= options.minClipSeconds || words.length < 8) {
    return titled(clipsFromSoundAndPicture(durationSeconds, analysis, words, options), words, options.language);
  }
  const talk = buildTalk(words, input.turns ?? [], options.language);
  const windows = listWindows(talk, buildSound(analysis), options);
  const scale = buildScale(windows, profileOf(talk));
  const points = Float64Array.from(windows, (window) => scale.sumPoints(window.values));
  const picked = pickWindows(windows, points, options.clipCount, (window) => contentOf(talk, window));
  if (picked.length === 0) {
    return titled(clipsFromSoundAndPicture(durationSeconds, analysis, words, options), words, options.language);
  }
  const taken = new Set<string>();
  return picked
    .flatMap((index) => windows[index] ?? [])
    .map((window) => buildClip(talk, window, scale, durationSeconds, taken))
    .sort((a, b) => b.score - a.score || a.startSeconds - b.startSeconds);
}

/** Gives clips chosen without sentences a title and tags from their words, where they have enough of them. */
function titled(clips: SuggestedClip[], words: readonly Word[], language: string | null): SuggestedClip[] {
  const taken = new Set<string>();
  return clips.map((clip) => {
    const inside = words.filter((word) => word.startSeconds >= clip.startSeconds - 0.01 && word.endSeconds <= clip.endSeconds + 0.01);
    const talk = buildTalk(inside, [], language);
    const title = inside.length < 4 ? '' : titleFor(talk, 0, talk.sentences.length - 1, taken);
    if (title === '') {
      return clip;
    }
    taken.add(title.toLowerCase());
    return { ...clip, title, tags: tagsFor(talk, 0, inside.length - 1) };
  });
}
