import type { Analysis, Span, Word } from '@carmic/contract';
import { certifyBoundaries } from './boundaryCertificate.ts';
import { padEdges, withoutTie } from './edges.ts';
import { pickWindows } from './pick.ts';
import { buildScale, profileOf, type Scale } from './scale.ts';
import { explainScore } from './score.ts';
import { buildSound } from './sound.ts';
import { clipsFromSoundAndPicture } from './soundAndPicture.ts';
import { buildTalk, type Talk, type Turn } from './talk.ts';
import type { SuggestedClip } from './suggestedClip.ts';
import { tagsFor } from './tags.ts';
import { titleFor } from './title.ts';
import { isContentToken } from './tokens.ts';
import { listWindows, type Window } from './windows.ts';
import { blockedSentences, buildTopics, type TopicScale, type Wish } from './wish.ts';

export interface SuggestInput {
  durationSeconds: number;
  words: readonly Word[];
  analysis: Analysis | null;
  /** Speaker turns, where something better than `word.speaker` knows them. */
  turns?: readonly Turn[];
  /** Spans that no clip may touch. */
  exclude?: readonly Span[];
  /** What somebody wants clips of; everything by default. */
  wish?: Wish | null;
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

function buildClip(
  talk: Talk,
  window: Window,
  scale: Scale,
  topics: TopicScale | null,
  durationSeconds: number,
  taken: Set<string>,
): SuggestedClip {
  const opening = talk.sentences[window.first];
  const firstWord = withoutTie(talk.words, talk.tokens, opening?.first ?? 0, opening?.last ?? 0);
  const lastWord = talk.sentences[window.last]?.last ?? 0;
  const { score, parts } = explainScore(talk, window, scale, topics === null ? [] : [topics.partOf(window)]);
  const title = titleFor(talk, window.first, window.last, taken);
  taken.add(title.toLowerCase());
  return {
    ...padEdges(talk.words, firstWord, lastWord, durationSeconds),
    score,
    scoreParts: parts,
    title,
    tags: tagsFor(talk, firstWord, lastWord),
    boundaries: certifyBoundaries(talk, window, firstWord),
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
  const { exclude = [], wish = null } = input;
  const withoutSentences = () => {
    // What was asked for cannot be found without words.
    if (wish !== null && wish.topics.length > 0) {
      return [];
    }
    const outside =
      wish === null
        ? []
        : [
            { startSeconds: -1, endSeconds: wish.fromSeconds },
            { startSeconds: wish.toSeconds, endSeconds: durationSeconds + 1 },
          ];
    return titled(
      clipsFromSoundAndPicture(durationSeconds, analysis, words, { ...options, exclude: [...exclude, ...outside] }),
      words,
      options.language,
    );
  };
  if (durationSeconds <= options.minClipSeconds || words.length < 8) {
    return withoutSentences();
  }
  const talk = buildTalk(words, input.turns ?? [], options.language);
  const isBlocked = exclude.length === 0 && wish === null ? undefined : blockedSentences(talk, exclude, wish);
  const windows = listWindows(talk, buildSound(analysis), isBlocked === undefined ? options : { ...options, isBlocked });
  const scale = buildScale(windows, profileOf(talk));
  const topics = buildTopics(talk, wish);
  const wanted = topics === null ? windows : windows.filter((window) => topics.pointsOf(window) > 0);
  const points = Float64Array.from(wanted, (window) => scale.sumPoints(window.values) + (topics?.pointsOf(window) ?? 0));
  const picked = pickWindows(wanted, points, options.clipCount, (window) => contentOf(talk, window));
  if (picked.length === 0) {
    return withoutSentences();
  }
  const taken = new Set<string>();
  return picked
    .flatMap((index) => wanted[index] ?? [])
    .map((window) => buildClip(talk, window, scale, topics, durationSeconds, taken))
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
