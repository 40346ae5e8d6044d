/** What somebody wants clips of: subjects, what to leave out, and where to look. */
import type { ScorePart, Span } from '@carmic/contract';
import type { Talk } from './talk.ts';
import { isContentToken } from './tokens.ts';
import type { Window } from './windows.ts';

export interface Wish {
  /** “Find moments about …”: a clip has to speak of at least one. */
  topics: readonly string[];
  /** No clip speaks of these. */
  avoid: readonly string[];
  fromSeconds: number;
  toSeconds: number;
  /** The forms under which a word is compared: its stem and itself; none for one of the commonest words. */
  formsOf: (word: string) => readonly string[];
}

/** Points of a clip that speaks of nothing but the subject. */
const mostPoints = 30;
/** Words that keep company with a subject stand for it too, weaker. */
const companions = 8;
const companionWeight = 0.3;
/** Sentences before and after a mention that still belong to it. */
const near = 2;

const wordsOf = (text: string) => text.split(/[^\p{L}\p{M}\p{N}'’]+/u).filter((word) => word !== '');

/** Forms of the words of a phrase; empty where it consists of commonest words only. */
function phraseForms(phrase: string, wish: Wish): (readonly string[])[] {
  return wordsOf(phrase)
    .map(wish.formsOf)
    .filter((forms) => forms.length > 0);
}

/** For each sentence which of the phrases it mentions: all their words, within a sentence and its neighbour. */
function mentions(talk: Talk, phrases: readonly string[], wish: Wish): boolean[] {
  const wanted = phrases.map((phrase) => phraseForms(phrase, wish)).filter((words) => words.length > 0);
  const forms = new Map<string, readonly string[]>();
  const known = (token: string) => {
    const found = forms.get(token) ?? wish.formsOf(token);
    forms.set(token, found);
    return found;
  };
  const said = talk.sentences.map((sentence) => new Set(talk.tokens.slice(sentence.first, sentence.last + 1).flatMap(known)));
  return said.map((own, i) => {
    const next = said[i + 1];
    return wanted.some(
      (words) =>
        words.some((each) => each.some((form) => own.has(form))) &&
        words.every((each) => each.some((form) => own.has(form) || next?.has(form) === true)),
    );
  });
}

/** Marks sentences that no clip may hold: outside the range, inside excluded spans, or about what is to be avoided. */
export function blockedSentences(talk: Talk, exclude: readonly Span[], wish: Wish | null): boolean[] {
  const avoided = wish === null ? [] : mentions(talk, wish.avoid, wish);
  return talk.sentences.map(
    ({ startSeconds, endSeconds }, i) =>
      avoided[i] === true ||
      (wish !== null && (startSeconds < wish.fromSeconds - 0.05 || endSeconds > wish.toSeconds + 0.05)) ||
      exclude.some((span) => startSeconds < span.endSeconds && endSeconds > span.startSeconds),
  );
}

/** Content words that are much commoner around mentions than elsewhere: what else is said when the subject is spoken of. */
function companionsOf(talk: Talk, isMentioned: readonly boolean[]): Map<string, number> {
  const around = isMentioned.map((_, i) => isMentioned.slice(Math.max(0, i - near), i + near + 1).some(Boolean));
  const inside = new Map<string, number>();
  const outside = new Map<string, number>();
  let size = 0;
  for (const [i, sentence] of talk.sentences.entries()) {
    size += around[i] === true ? 1 : 0;
    const counts = around[i] === true ? inside : outside;
    for (const token of new Set(talk.tokens.slice(sentence.first, sentence.last + 1))) {
      if (isContentToken(token, talk.functions)) {
        counts.set(token, (counts.get(token) ?? 0) + 1);
      }
    }
  }
  const rest = Math.max(1, talk.sentences.length - size);
  const scored = [...inside]
    .filter(([, count]) => count >= 3)
    .map(([token, count]) => [token, Math.log((count + 0.5) / (size + 1) / (((outside.get(token) ?? 0) + 0.5) / (rest + 1)))] as const)
    .filter(([, lift]) => lift > 1.1)
    .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  return new Map(scored.slice(0, companions).map(([token]) => [token, companionWeight]));
}

/** How much windows speak of the subjects. */
export interface TopicScale {
  /** 0 for a window without a mention. */
  pointsOf(window: Window): number;
  partOf(window: Window): ScorePart;
}

/** Prepares the subjects of a wish for a talk; null where none are wished for. */
export function buildTopics(talk: Talk, wish: Wish | null): TopicScale | null {
  if (wish === null || wish.topics.length === 0) {
    return null;
  }
  const isMentioned = mentions(talk, wish.topics, wish);
  const company = companionsOf(talk, isMentioned);
  const direct = new Float64Array(talk.sentences.length + 1);
  const weight = new Float64Array(talk.sentences.length + 1);
  for (const [i, sentence] of talk.sentences.entries()) {
    const own = isMentioned[i] === true ? 1 : 0;
    const others = talk.tokens.slice(sentence.first, sentence.last + 1).reduce((sum, token) => sum + (company.get(token) ?? 0), 0);
    direct[i + 1] = (direct[i] ?? 0) + own;
    weight[i + 1] = (weight[i] ?? 0) + own + Math.min(1, others);
  }
  const sum = (line: Float64Array, { first, last }: Window) => (line[last + 1] ?? 0) - (line[first] ?? 0);
  const pointsOf = (window: Window) =>
    sum(direct, window) === 0 ? 0 : Math.round(mostPoints * 10 * (1 - Math.exp(-sum(weight, window) / 2.5))) / 10;
  return {
    pointsOf,
    partOf(window) {
      const times = sum(direct, window);
      const list = wish.topics.map((topic) => `“${topic}”`).join(', ');
      const also = [...company.keys()].filter((token) =>
        talk.sentences.slice(window.first, window.last + 1).some(({ first, last }) => talk.tokens.slice(first, last + 1).includes(token)),
      );
      const company3 = also.slice(0, 3).map((token) => `“${token}”`);
      const more = company3.length === 0 ? '' : `, and ${company3.join(', ')}, which are said where it is spoken of`;
      return {
        name: 'topic',
        label: 'What was asked for',
        points: pointsOf(window),
        reason: `It speaks of ${list} in ${times} ${times === 1 ? 'sentence' : 'sentences'}${more}.`,
      };
    },
  };
}
