/** Which words of a talk are used as nouns, told by the words around them. */
import type { Talk } from './talk.ts';
import { isContentToken } from './tokens.ts';

const beforeNoun = new Set(
  'the a an my your his her its our their this these those some no of in on at for with from by about into between more most many much every each other another own any'.split(
    ' ',
  ),
);
const beforeVerb = new Set(
  "i you we they he she it who to will would can could should might must may do does did don't doesn't didn't can't won't have has had i've you've we've they've i'd you'd we'd they'd i'll you'll we'll they'll be been being is are was were am i'm you're we're they're he's she's it's not never just really actually always very so too extremely totally let's".split(
    ' ',
  ),
);
/** An object or a clause behind a word makes a verb of it. */
const behindVerb = new Set('the a an my your his her its our their me him them us you it this that'.split(' '));

/** What the places of a token in a talk tell of it. */
export interface NounTest {
  /** Above 0 for a token that names something, below for one that does not, 0 where nothing tells. */
  points(token: string): number;
  /** Whether a phrase may end with it: it mostly does. Adjectives mostly do not. */
  endsPhrase(token: string): boolean;
}

/** In languages whose rules are not known here, every token names something. */
const unknownRules: NounTest = { points: () => 1, endsPhrase: () => true };

/** Makes the test for one talk. English is told by neighbours, German by capitals inside of sentences. */
export function buildNounTest(talk: Talk): NounTest {
  const isEnglish = talk.functions.has('the') && !talk.functions.has('der');
  const isGerman = talk.functions.has('der') && !talk.functions.has('the');
  if (!isEnglish && !isGerman) {
    return unknownRules;
  }
  const capitals = countCapitals(talk);
  return isGerman ? { ...unknownRules, points: (token) => capitals.get(token) ?? 0 } : englishTest(talk, capitals);
}

function englishTest({ words, tokens, functions }: Talk, capitals: ReadonlyMap<string, number>): NounTest {
  const balance = new Map<string, number>();
  const ends = new Map<string, number>();
  const add = (counts: Map<string, number>, token: string, points: number) => counts.set(token, (counts.get(token) ?? 0) + points);
  const isClosed = (at: number) => /[.,;:!?…—–]["”’)]*$/u.test(words[at]?.text ?? '');
  tokens.forEach((token, at) => {
    const before = isClosed(at - 1) ? '' : (tokens[at - 1] ?? '');
    const behind = isClosed(at) ? '' : (tokens[at + 1] ?? '');
    add(balance, token, (beforeNoun.has(before) ? 1 : 0) - (beforeVerb.has(before) ? 1 : 0) - (behindVerb.has(behind) ? 1 : 0));
    add(ends, token, isContentToken(behind, functions) ? -1 : 1);
  });
  return {
    points(token) {
      const points = balance.get(token) ?? 0;
      return points === 0 ? Math.max(0, capitals.get(token) ?? 0) : points;
    },
    endsPhrase: (token) => (ends.get(token) ?? 0) > 0,
  };
}

/** How often each token is written with a capital where no sentence begins, less the times it is not. */
function countCapitals({ words, tokens, sentences }: Talk): Map<string, number> {
  const starts = new Set(sentences.map((sentence) => sentence.first));
  const counts = new Map<string, number>();
  tokens.forEach((token, at) => {
    if (!starts.has(at)) {
      const isCapital = /^[^\p{L}\p{N}]*\p{Lu}/u.test(words[at]?.text ?? '');
      counts.set(token, (counts.get(token) ?? 0) + (isCapital ? 1 : -1));
    }
  });
  return counts;
}

/** Whether a phrase names something: it ends with a noun, and nothing before that is of another kind. */
export function isNamePhrase(tokens: readonly string[], nouns: NounTest): boolean {
  const last = tokens.at(-1) ?? '';
  return nouns.endsPhrase(last) && tokens.every((token) => nouns.points(token) >= 0) && tokens.some((token) => nouns.points(token) > 0);
}
