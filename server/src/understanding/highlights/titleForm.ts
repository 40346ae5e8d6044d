/** How well a piece of a sentence stands as a title. English rules; what other languages say passes them as it is. */
import type { NounTest } from './nouns.ts';

const leadIns =
  /^(and|but|so|well|yeah|yes|no|okay|ok|right|now|because|or|oh|um|uh|like|actually|basically|you know|i mean|i think|i guess|i would say|i'd say|let's say|sort of|kind of|for example|exactly|totally|absolutely|then|also|sure|look|listen|see|the thing is|that(?=\s+(i|you|we|they|he|she|it|there|the|a|an|my|your|our|people)\b))[,\s]+/i;
/** These lead in only where a comma stands behind them. */
const commaLeadIns =
  /^(one|two|three|first|second|third|first of all|number one|finally|later on|then later on|what's more|by the way|in fact|of course|again|and again|honestly|frankly|obviously|suddenly|maybe|hey|man|oh man|to be clear|at the end of the day|in other words|one final thing|(?:mon|tues|wednes|thurs|fri|satur|sun)day)\s*,\s+/i;
const weakEnds = new Set(
  'the a an of to in on at for with from by as is are was were be and or but if because that which who my your his her its our their very really so than into about can could would should will not just this these those i we you he she they it have has had having do does did like when where how what no any some every each all both more most other another whether why whose while during over under between through after before there than even only also gonna going let lets always such say says said saying tell told think thinks thought thinking know knows feel feels felt mean means want wants wanted need needs see get gets getting got make makes made being been call called including using unless until once yet still without toward towards'.split(
    ' ',
  ),
);
/** A pronoun with a shortened verb: what it is is not said. */
const openEnd = /^(i|you|we|they|he|she|it|that|who|what|there|here|where)'(s|re|ve|ll|d|m)$/;

/** A title has at most so many words; what had to be cut to fit reads like a fragment. */
const mostWords = 12;
const fewestWords = 4;
const endOfSentence = /(?<!\.\.)[.!?]["”’)]*\s*$/u;

/** Part of a sentence that may become a title. */
export interface Piece {
  words: string[];
  /** It had to be cut to fit. */
  isCut: boolean;
  startsSentence: boolean;
  endsSentence: boolean;
  /** It holds somebody's words inside its own. */
  isQuoting: boolean;
}

/** Lower-case form of a word as titles are compared by. */
export const plainWord = (word: string) =>
  word
    .toLowerCase()
    .replaceAll('’', "'")
    .replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, '');

/** Pieces of a sentence: what stands between commas, dashes and colons, such neighbours joined, what is quoted in it, and the whole. */
export function piecesOf(sentence: string): Piece[] {
  const parts = sentence.split(/(?<=[,;:—–])\s+|\s+[—–-]\s+/u);
  const last = parts.length - 1;
  const spans = [
    ...parts.map((text, at) => ({ text, from: at, to: at })),
    ...parts.slice(1).map((text, at) => ({ text: `${parts[at] ?? ''} ${text}`, from: at, to: at + 1 })),
    ...(parts.length > 2 ? [{ text: sentence, from: 0, to: last }] : []),
  ];
  const quoted = [...sentence.matchAll(/["“]([^"”]+)["”]/gu)].map((match) => trimPiece(match[1] ?? '', true, true));
  return [...spans.map(({ text, from, to }) => trimPiece(text, from === 0, to === last)), ...quoted].filter(
    (piece) => piece.words.length >= fewestWords,
  );
}

/** The words of a piece that can stand as a title. Where a sentence ends, its last word may be any; elsewhere it must not hang. */
function trimPiece(text: string, startsSentence: boolean, endsSentence: boolean): Piece {
  const isQuoting = /\S\s+["“]/u.test(text) || /["“]/u.test(text) !== /["”]$/u.test(text.replace(/[.,;:!?…]+$/u, ''));
  const words = withoutLeadIn(text.replace(/["“”[\]()]/g, '').trim())
    .split(/\s+/)
    .filter((word) => /[\p{L}\p{N}]/u.test(word));
  const cut = words.slice(0, words.length > mostWords ? cutAt(words) : mostWords);
  const isCut = words.length > mostWords;
  const isFinished = endsSentence && endOfSentence.test(text);
  if (isCut || !isFinished) {
    while (weakEnds.has(plainWord(cut.at(-1) ?? '')) || openEnd.test(plainWord(cut.at(-1) ?? '')) || hangs(cut)) {
      cut.pop();
    }
  }
  const isShortened = cut.length < words.length;
  return { words: cut, isCut: isShortened, startsSentence, endsSentence: endsSentence && !isShortened, isQuoting };
}

/** Where a piece that is too long is cut: before its last clause that begins in time, or where it is full. */
function cutAt(words: readonly string[]): number {
  const at = words.findLastIndex((word, i) => i >= fewestWords + 1 && i <= mostWords && clauseStart.test(plainWord(word)));
  return at === -1 ? mostWords : at;
}

/** A comma or a dash within the last two words leaves them hanging. */
const hangs = (words: readonly string[]) => words.length > 3 && /[,;:—–]$/u.test(words.at(-2) ?? '');

function withoutLeadIn(text: string): string {
  let left = text;
  for (let i = 0; i < 5; i += 1) {
    const next = left.replace(leadIns, '').replace(commaLeadIns, '');
    if (next === left) {
      break;
    }
    left = next.trim();
  }
  return left;
}

/** Openings that lean on what stands before them. */
const leaning =
  /^(which|who|whose|whom|where|than|as|of|for|with|by|from|at|in|to|is|are|was|were|even|especially|such|be|been|being|has|have|having|had|him|her|them|us|me|or|and|but|called|including)$/;
/** Openings of a clause that leads to another: alone it leans, with the other behind it it stands. */
const leading = /^(if|when|while|until|unless|although|though|whether|once|since|after|before|because|as|whenever|wherever)$/;
const subject =
  /^(i|you|we|they|he|she|it|there|here|this|that|these|those|the|a|an|my|your|his|her|our|their|its|no|every|each|some|many|most|few|all|both|people|nobody|everybody|everyone|somebody|anybody|what|why|how|who|let's|don't|never|nothing|everything|something|one|two|three)$/;
const verb =
  /^(is|are|was|were|am|has|have|had|do|does|did|can|could|will|would|should|must|may|might|cannot|gets?|got|goes|went|makes?|made|takes?|took|means?|needs?|needed|wants?|wanted|knows?|knew|thinks?|thought|says?|said|comes?|came|sees?|saw|finds?|found|gives?|gave|tells?|told|works?|worked|loves?|loved|becomes?|became|starts?|started|stops?|stopped|keeps?|kept|lets?|helps?|helped|builds?|built|changes?|changed|never|dont|doesnt|didnt|isnt|arent|wasnt|cant|wont)$/;
/** What begins a clause inside of another: a verb behind it is not that of the title. */
const subordinating = /^(which|who|whose|whom|unless|because|although|though|if|when|while|where|whereas)$/;
const clauseStart = /^(because|which|when|where|while|if|but|so|and|unless|until|before|after|since|whereas|although|though|then)$/;
const contracted = /'(s|re|ve|ll|d|m|t)$/;

/** What a title is worth by how it is built, against one that stands as a sentence of its own. */
const forms = {
  sentence: 1,
  toItsEnd: 0.7,
  toAComma: 0.55,
  noVerb: 0.4,
  noSubject: 0.35,
  leaning: 0.08,
  /** It leads to what is left out, and says so with an ellipsis. */
  open: 0.3,
  cut: 0.3,
  endsWeakly: 0.3,
  pointing: 0.5,
  quoting: 0.25,
  question: 1.15,
} as const;

/** Whether a piece is half of a thought: an `if` without its `then`. */
export function isOpen({ words, startsSentence, endsSentence }: Piece): boolean {
  const isWhole = startsSentence && endsSentence && words.some((word) => word.endsWith(','));
  return leading.test(plainWord(words[0] ?? '')) && !isWhole;
}

/** The worth of a piece as a title, 1 for a sentence with a subject and a verb. `nouns` tells what may be a subject. */
export function formOf(piece: Piece, isQuestion: boolean, nouns: NounTest): number {
  const tokens = piece.words.map(plainWord);
  const [first = ''] = tokens;
  const isWhole = piece.startsSentence && piece.endsSentence;
  const isWholeQuestion = isQuestion && isWhole;
  const end = tokens.findIndex((token, i) => i > 0 && subordinating.test(token));
  const main = end === -1 ? tokens : tokens.slice(0, end);
  const hasVerb = main.some((token, i) => contracted.test(token) || (i > 0 && verb.test(token.replaceAll("'", ''))));
  const reach = isWhole ? forms.sentence : piece.endsSentence ? forms.toItsEnd : forms.toAComma;
  const endsWeakly = weakEnds.has(tokens.at(-1) ?? '');
  const leadsOn = leading.test(first);
  return (
    reach *
    (piece.isCut ? forms.cut : 1) *
    (piece.isQuoting ? forms.quoting : 1) *
    (endsWeakly ? forms.endsWeakly : 1) *
    (hasVerb ? 1 : forms.noVerb) *
    (leaning.test(first) && !isWholeQuestion ? forms.leaning : 1) *
    (isOpen(piece) && !isWholeQuestion ? forms.open : 1) *
    (piece.startsSentence || leadsOn || subject.test(first.replace(contracted, '')) || nouns.points(first) > 0 ? 1 : forms.noSubject) *
    (/^(it|he|she|they|this|that|these|those|them)$/.test(first.replace(contracted, '')) ? forms.pointing : 1) *
    (isWholeQuestion ? forms.question : 1)
  );
}
