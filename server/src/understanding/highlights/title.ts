import { buildNounTest, isNamePhrase, type NounTest } from './nouns.ts';
import { type KeyPhrase, keyPhrases, phraseText } from './tags.ts';
import type { Talk } from './talk.ts';
import { formOf, isOpen, piecesOf, plainWord } from './titleForm.ts';
import { isSameWord } from './tokens.ts';

function upperFirst(text: string): string {
  return text.replace(/^\P{L}*\p{Ll}/u, (start) => start.toUpperCase());
}

/** What is built worse reads as a fragment: then the key phrases alone are the title. */
const leastForm = 0.15;

interface Candidate {
  words: string[];
  /** What follows is left out, and an ellipsis says so. */
  isOpen: boolean;
  value: number;
}

function candidatesOf(talk: Talk, first: number, last: number, weightOf: ReadonlyMap<string, number>, nouns: NounTest): Candidate[] {
  const opening = openingOf(talk, first);
  const candidates: Candidate[] = [];
  for (let s = first; s <= last; s += 1) {
    const sentence = talk.sentences[s];
    if (sentence === undefined) {
      continue;
    }
    for (const piece of piecesOf(sentence.text)) {
      const { words } = piece;
      if (isOpening(words, opening)) {
        continue;
      }
      let weight = 0;
      for (const token of new Set(words.map(plainWord))) {
        weight += weightOf.get(token) ?? 0;
      }
      const form = formOf(piece, sentence.isQuestion, nouns);
      if (weight > 0 && form >= leastForm) {
        candidates.push({
          words,
          isOpen: piece.isCut || (isOpen(piece) && !sentence.isQuestion),
          value: (weight * form) / Math.sqrt(3 + words.length),
        });
      }
    }
  }
  return candidates.sort(
    (a, b) => b.value - a.value || a.words.length - b.words.length || (a.words.join(' ') < b.words.join(' ') ? -1 : 1),
  );
}

/** Words on each side of a clip that tell which of its phrases the whole passage is about. */
const contextWords = 800;

/** Key phrases again, those first that the surroundings of the clip speak of too: a topic outlasts a clip. */
function aroundRanked(talk: Talk, from: number, to: number, phrases: readonly KeyPhrase[]): KeyPhrase[] {
  const uses = new Map<string, number>();
  for (const token of talk.tokens.slice(Math.max(0, from - contextWords), to + contextWords)) {
    uses.set(token, (uses.get(token) ?? 0) + 1);
  }
  return phrases
    .map((phrase) => ({
      ...phrase,
      weight: phrase.weight * (0.5 + Math.log2(Math.max(1, ...phrase.tokens.map((token) => uses.get(token) ?? 1)))) ** 2,
    }))
    .sort((a, b) => b.weight - a.weight || (a.text < b.text ? -1 : 1));
}

function openingOf(talk: Talk, first: number): string[] {
  const from = talk.sentences[first]?.first ?? 0;
  return talk.tokens.slice(from, from + 12).filter((token) => token !== '');
}

function isOpening(words: readonly string[], opening: readonly string[]): boolean {
  return words.every((word, i) => plainWord(word) === opening[i]);
}

/**
 * Names what a clip is about in 3 to 12 words: the clause of the clip that holds most of its key phrases and stands as a sentence, with the
 * main phrase in front when the clause lacks it. What breaks off ends with an ellipsis; where no clause will do, key phrases are the title. Never the clip's opening words, never a word the clip does not contain. `taken` are titles already given.
 */
export function titleFor(talk: Talk, first: number, last: number, taken: ReadonlySet<string>): string {
  const from = talk.sentences[first]?.first ?? 0;
  const to = talk.sentences[last]?.last ?? 0;
  const phrases = aroundRanked(talk, from, to, keyPhrases(talk, from, to, 10));
  const weightOf = new Map(
    phrases.flatMap((phrase) => phrase.tokens.map((token) => [token, phrase.weight / phrase.tokens.length] as const)),
  );
  const nouns = buildNounTest(talk);
  const main = phrases.find((phrase) => isNamePhrase(phrase.tokens, nouns));
  for (const { words, isOpen: goesOn } of candidatesOf(talk, first, last, weightOf, nouns)) {
    const tokens = words.map(plainWord);
    const has = (token: string) => tokens.some((other) => isSameWord(token, other));
    const hasMain = main === undefined || main.tokens.every(has) || words.some((word) => word.endsWith(':'));
    const clause = upperFirst(words.join(' ').replace(/[.,;:!…—–-]+$/u, '')) + (goesOn ? ' …' : '');
    const title = hasMain || words.length + main.tokens.length > 12 ? clause : `${upperFirst(phraseText(talk, main))}: ${clause}`;
    if (!taken.has(title.toLowerCase())) {
      return title;
    }
  }
  const named = phrases.filter((phrase) => isNamePhrase(phrase.tokens, nouns)).slice(0, 2);
  return upperFirst(named.map((phrase) => phraseText(talk, phrase)).join(' and '));
}
