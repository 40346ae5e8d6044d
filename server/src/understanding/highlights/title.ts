import { type KeyPhrase, keyPhrases } from './tags.ts';
import type { Talk } from './talk.ts';

const leadIns =
  /^(and|but|so|well|yeah|yes|no|okay|ok|right|now|because|or|oh|um|uh|like|actually|basically|you know|i mean|i think|i guess|i would say|i'd say|let's say|sort of|kind of|for example|exactly|totally|absolutely|then|also|sure|look|listen|see|the thing is|that(?=\s+(i|you|we|they|he|she|it|there|the|a|an|my|your|our|people)\b))[,\s]+/i;
const weakEnds = new Set(
  'the a an of to in on at for with from by as is are was were be and or but if because that which who my your his her its our their very really so than into about can could would should will not just this these those i we you he she they it have has had do does did like when where how what no any some every each all both more most other another whether why whose while during over under between through after before there than even only also gonna going let lets'.split(
    ' ',
  ),
);

function upperFirst(text: string): string {
  return text.replace(/^\P{L}*\p{Ll}/u, (start) => start.toUpperCase());
}

function withoutLeadIn(text: string): string {
  let left = text.trim();
  for (let i = 0; i < 4; i += 1) {
    const next = left.replace(leadIns, '');
    if (next === left) {
      break;
    }
    left = next.trim();
  }
  return left;
}

/** Clauses of a sentence: what stands between commas, dashes and colons, joined again while it stays short. */
function clausesOf(text: string): string[] {
  const pieces = text.split(/(?<=[,;:—–])\s+|\s+[—–-]\s+/u);
  return [...pieces, ...pieces.slice(1).map((piece, i) => `${pieces[i] ?? ''} ${piece}`), text];
}

/** A title has at most so many words; what had to be cut to fit reads like a fragment. */
const mostWords = 12;
const endOfSentence = /[.!?…]["”’)]*$/u;

interface Piece {
  words: string[];
  /** It had to be cut to fit. */
  isCut: boolean;
}

/** The words of a clause that can stand as a title. Where a sentence ends, its last word may be any; elsewhere it must not hang. */
function trimmed(clause: string): Piece {
  const words = withoutLeadIn(clause)
    .replace(/["“”[\]()]/g, '')
    .split(/\s+/)
    .filter((word) => word !== '');
  const cut = words.slice(0, mostWords);
  const isCut = words.length > mostWords;
  if (isCut || !endOfSentence.test(words.at(-1) ?? '')) {
    while (weakEnds.has(plain(cut.at(-1) ?? '')) || hangs(cut)) {
      cut.pop();
    }
  }
  return { words: cut, isCut };
}

/** A comma or a dash within the last two words leaves them hanging. */
const hangs = (words: readonly string[]) => words.length > 3 && /[,;:—–]$/u.test(words.at(-2) ?? '');

/** Openings that lean on what stands before them. */
const leaning =
  /^(which|who|whose|whom|where|when|while|until|unless|although|though|than|as|of|for|with|by|from|at|in|to|is|are|was|were|if|even|especially|whether|such|be|been|being|has|had|him|her|them|us|me)$/;
const verb =
  /^(is|are|was|were|am|has|have|had|do|does|did|can|could|will|would|should|must|may|might|gets?|got|goes|went|makes?|made|takes?|took|means?|needs?|needed|wants?|wanted|knows?|knew|thinks?|thought|says?|said|comes?|came|sees?|saw|finds?|found|gives?|gave|tells?|told|works?|worked|loves?|loved|becomes?|became|starts?|started|stops?|stopped|keeps?|kept|lets?|helps?|helped|builds?|built|changes?|changed|never|dont|doesnt|didnt|isnt|arent|wasnt|cant|wont)$/;
/** What begins a clause inside of another: a verb behind it is not that of the title. */
const subordinating = /^(which|who|whose|whom|unless|because|although|though|if|when|while|where|whereas)$/;
const contracted = /'(s|re|ve|ll|d|m|t)$/;
/** What a title is worth by how it is built, against one that stands as a sentence of its own. */
const forms = { sentence: 1, clause: 0.8, noVerb: 0.5, leaning: 0.45, cut: 0.3, pointing: 0.6, question: 1.15 } as const;

function formOf({ words, isCut }: Piece, isWhole: boolean, isQuestion: boolean): number {
  const tokens = words.map(plain);
  const end = tokens.findIndex((token, i) => i > 0 && subordinating.test(token));
  const main = end === -1 ? tokens : tokens.slice(0, end);
  const hasVerb = main.some((token, i) => contracted.test(token) || (i > 0 && verb.test(token.replaceAll("'", ''))));
  return (
    (isWhole ? forms.sentence : forms.clause) *
    (isCut ? forms.cut : 1) *
    (hasVerb ? 1 : forms.noVerb) *
    (leaning.test(tokens[0] ?? '') && !isQuestion ? forms.leaning : 1) *
    (/^(it|he|she|they|this|that|these|those|them)$/.test(tokens[0]?.replace(contracted, '') ?? '') ? forms.pointing : 1) *
    (isQuestion && isWhole ? forms.question : 1)
  );
}

interface Candidate {
  words: string[];
  value: number;
}

function candidatesOf(talk: Talk, first: number, last: number, weightOf: ReadonlyMap<string, number>): Candidate[] {
  const opening = openingOf(talk, first);
  const candidates: Candidate[] = [];
  for (let s = first; s <= last; s += 1) {
    const sentence = talk.sentences[s];
    if (sentence === undefined) {
      continue;
    }
    for (const clause of clausesOf(sentence.text)) {
      const piece = trimmed(clause);
      const { words } = piece;
      if (words.length < 4 || isOpening(words, opening)) {
        continue;
      }
      let weight = 0;
      for (const token of new Set(words.map(plain))) {
        weight += weightOf.get(token) ?? 0;
      }
      candidates.push({
        words,
        value: (weight * formOf(piece, clause === sentence.text && !piece.isCut, sentence.isQuestion)) / Math.sqrt(3 + words.length),
      });
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

const plain = (word: string) =>
  word
    .toLowerCase()
    .replaceAll('’', "'")
    .replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, '');

function openingOf(talk: Talk, first: number): string[] {
  const from = talk.sentences[first]?.first ?? 0;
  return talk.tokens.slice(from, from + 12).filter((token) => token !== '');
}

function isOpening(words: readonly string[], opening: readonly string[]): boolean {
  return words.every((word, i) => plain(word) === opening[i]);
}

/**
 * Names what a clip is about in 3 to 12 words: the clause of the clip that holds most of its key phrases, with the main phrase in front
 * when the clause lacks it. Never the clip's opening words, never a word the clip does not contain. `taken` are titles already given.
 */
export function titleFor(talk: Talk, first: number, last: number, taken: ReadonlySet<string>): string {
  const from = talk.sentences[first]?.first ?? 0;
  const to = talk.sentences[last]?.last ?? 0;
  const phrases = aroundRanked(talk, from, to, keyPhrases(talk, from, to, 10));
  const weightOf = new Map(
    phrases.flatMap((phrase) => phrase.tokens.map((token) => [token, phrase.weight / phrase.tokens.length] as const)),
  );
  const main = phrases[0];
  for (const { words } of candidatesOf(talk, first, last, weightOf)) {
    const tokens = words.map(plain);
    const hasMain = main === undefined || main.tokens.every((token) => tokens.includes(token));
    const clause = words.join(' ').replace(/[.,;:!—–-]+$/u, '');
    const title = hasMain || words.length + main.tokens.length > 12 ? upperFirst(clause) : `${upperFirst(main.text)}: ${clause}`;
    if (!taken.has(title.toLowerCase())) {
      return title;
    }
  }
  const joined = phrases.slice(0, 3).map((phrase) => phrase.text);
  return joined.length > 0 ? upperFirst(fallbackOf(joined)) : '';
}

function fallbackOf(phrases: readonly string[]): string {
  const [first = '', second, third] = phrases;
  if (second === undefined) {
    return `A word on ${first}`;
  }
  return third === undefined ? `On ${first} and ${second}` : `On ${first}, ${second} and ${third}`;
}
