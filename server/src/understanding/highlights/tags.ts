import type { Talk } from './talk.ts';
import { isContentToken, isSameWord } from './tokens.ts';

/** A phrase of one to three words with how much it tells about a span of a talk. */
export interface KeyPhrase {
  /** As spoken, without edge punctuation. */
  text: string;
  tokens: string[];
  weight: number;
}

const trim = (text: string) => text.replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}%]+$/gu, '').replace(/['’]s$/, '');

function addPhrase(found: Map<string, KeyPhrase>, talk: Talk, from: number, length: number): void {
  const tokens = talk.tokens.slice(from, from + length);
  if (!tokens.every((token) => isContentToken(token, talk.functions))) {
    return;
  }
  const texts = talk.words.slice(from, from + length).map((word) => word.text);
  // A comma or a full stop inside is the edge of a phrase.
  if (texts.slice(0, -1).some((text) => /[^\p{L}\p{N}'’-]$/u.test(text))) {
    return;
  }
  const key = tokens.join(' ');
  const rarity = tokens.reduce((sum, token) => sum + (talk.rarity.get(token) ?? 0), 0) / length;
  const known = found.get(key);
  const once = (0.3 + rarity) * (length === 1 ? 1 : length === 2 ? 1.5 : 1.6);
  if (known === undefined) {
    found.set(key, { text: texts.map(trim).join(' '), tokens, weight: once });
  } else {
    known.weight += once;
  }
}

/** Key phrases of words first..last of a talk, most telling first; a phrase inside a better one is left out. */
export function keyPhrases(talk: Talk, firstWord: number, lastWord: number, count: number): KeyPhrase[] {
  const found = new Map<string, KeyPhrase>();
  for (let i = firstWord; i <= lastWord; i += 1) {
    for (let length = 1; length <= 3 && i + length - 1 <= lastWord; length += 1) {
      addPhrase(found, talk, i, length);
    }
  }
  const sorted = [...found.values()].sort((a, b) => b.weight - a.weight || (a.text < b.text ? -1 : 1));
  const picked: KeyPhrase[] = [];
  for (const phrase of sorted) {
    if (picked.length >= count) {
      break;
    }
    if (!picked.some((other) => other.tokens.some((token) => phrase.tokens.some((own) => isSameWord(own, token))))) {
      picked.push(phrase);
    }
  }
  return picked;
}

/** Three to six tags for a span: key phrases, names as spoken, everything else in small letters. */
export function tagsFor(talk: Talk, firstWord: number, lastWord: number): string[] {
  return keyPhrases(talk, firstWord, lastWord, 5).map((phrase) => phraseText(talk, phrase));
}

/** A phrase as it stands inside of a sentence: names and abbreviations as spoken, everything else in small letters. */
export function phraseText(talk: Talk, phrase: KeyPhrase): string {
  const starts = new Set(talk.sentences.map((sentence) => sentence.first));
  return phrase.text
    .split(' ')
    .map((word, at) => (isName(talk, starts, word, phrase.tokens[at] ?? '') ? word : word.toLowerCase()))
    .join(' ');
}

/** Whether a word is written with a capital where no sentence begins. */
function isName(talk: Talk, starts: ReadonlySet<number>, word: string, token: string): boolean {
  if (!/\p{Lu}/u.test(word)) {
    return false;
  }
  const elsewhere = talk.tokens.findIndex((other, at) => other === token && !starts.has(at));
  return elsewhere === -1 || /^\p{Lu}/u.test(trim(talk.words[elsewhere]?.text ?? ''));
}
