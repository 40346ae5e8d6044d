import type { Word } from '@carmic/contract';
import { housekeepingPhrases, reaction, signalNames, signals, sponsorHints, sponsorOpenings, sponsorPhrases } from './lexicon.ts';
import { type Sentence, splitSentences } from './sentences.ts';
import { functionWordsOf, guessLanguage, isContentToken, tokenOf } from './tokens.ts';

/** Who speaks when, if something better than `word.speaker` knows it. */
export interface Turn {
  startSeconds: number;
  endSeconds: number;
  speaker?: string;
}

/** What is counted of a sentence; the same names are summed over windows. */
export const counted = [
  ...signalNames,
  'words',
  'content',
  'rarity',
  'central',
  'questions',
  'turns',
  'mainSpeaker',
  'shortSentences',
  'longSentences',
  'turnLength',
  'reaction',
  'laughs',
  'spokenSeconds',
  'sentences',
] as const;
export type Counted = (typeof counted)[number];
export type Counts = Record<Counted, number>;

/** A transcript prepared for ranking. */
export interface Talk {
  words: readonly Word[];
  tokens: readonly string[];
  sentences: readonly Sentence[];
  counts: readonly Counts[];
  isSponsor: readonly boolean[];
  isHousekeeping: readonly boolean[];
  functions: ReadonlySet<string>;
  /** How telling a content token is for the place it occurs: its rarity in the talk, 0 to 1. */
  rarity: ReadonlyMap<string, number>;
  /** The talk's own key words: used often, and in few sentences each. */
  central: ReadonlySet<string>;
  speakerCount: number;
  mainSpeaker: string | null;
  medianPace: number;
}

const bracketed = /^[[(].*[\])][.,!?]?$/;

/** Speaker key of each word: from turns where given, else from the words. A turn without a name is its own speaker. */
export function speakersOf(words: readonly Word[], turns: readonly Turn[]): (string | null)[] {
  if (turns.length === 0) {
    return words.map((word) => word.speaker ?? null);
  }
  const sorted = [...turns].sort((a, b) => a.startSeconds - b.startSeconds);
  let at = 0;
  return words.map((word) => {
    const middle = (word.startSeconds + word.endSeconds) / 2;
    while (at + 1 < sorted.length && (sorted[at + 1]?.startSeconds ?? 0) <= middle) {
      at += 1;
    }
    const turn = sorted[at];
    return turn === undefined || middle < turn.startSeconds ? null : (turn.speaker ?? `turn ${at}`);
  });
}

function mainSpeakerOf(speakers: readonly (string | null)[]): { mainSpeaker: string | null; speakerCount: number } {
  const shares = new Map<string, number>();
  for (const speaker of speakers) {
    if (speaker !== null) {
      shares.set(speaker, (shares.get(speaker) ?? 0) + 1);
    }
  }
  const sorted = [...shares].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  const first = sorted[0];
  // Unnamed turns are all different "speakers": then nobody leads.
  const isNamed = first !== undefined && first[1] >= speakers.length * 0.15;
  return { mainSpeaker: isNamed ? first[0] : null, speakerCount: sorted.length };
}

function rarityOf(tokens: readonly string[], sentences: readonly Sentence[], functions: ReadonlySet<string>): Map<string, number> {
  const frequency = new Map<string, number>();
  for (const sentence of sentences) {
    for (const token of new Set(tokens.slice(sentence.first, sentence.last + 1))) {
      if (isContentToken(token, functions)) {
        frequency.set(token, (frequency.get(token) ?? 0) + 1);
      }
    }
  }
  const top = Math.log(1 + sentences.length);
  return new Map([...frequency].map(([token, count]) => [token, top === 0 ? 0 : Math.log((1 + sentences.length) / count) / top]));
}

/** The 60 words that the talk is about: frequent in some sentences, absent from most. */
function centralOf(tokens: readonly string[], rarity: ReadonlyMap<string, number>, sentences: readonly Sentence[]): Set<string> {
  const uses = new Map<string, number>();
  for (const token of tokens) {
    if (rarity.has(token) && token.length > 3) {
      uses.set(token, (uses.get(token) ?? 0) + 1);
    }
  }
  const spread = new Map<string, number>();
  for (const sentence of sentences) {
    for (const token of new Set(tokens.slice(sentence.first, sentence.last + 1))) {
      spread.set(token, (spread.get(token) ?? 0) + 1);
    }
  }
  return new Set(
    [...uses]
      .map(([token, count]) => ({ token, in: spread.get(token) ?? 1, count }))
      .filter((entry) => entry.in >= 3 && entry.in < sentences.length * 0.08)
      .map((entry) => ({ token: entry.token, weight: entry.count * Math.log(sentences.length / entry.in) }))
      .sort((a, b) => b.weight - a.weight || (a.token < b.token ? -1 : 1))
      .slice(0, 60)
      .map((entry) => entry.token),
  );
}

interface TurnFacts {
  /** Natural logarithm of the words of the turn a sentence belongs to. */
  lengths: Float64Array;
  /** The listener's next words praise what was said. */
  reactions: Uint8Array;
}

const praisedSentences = 7;

function turnFactsOf(sentences: readonly Sentence[]): TurnFacts {
  const lengths = new Float64Array(sentences.length);
  const reactions = new Uint8Array(sentences.length);
  for (let first = 0; first < sentences.length;) {
    let last = first;
    while (last + 1 < sentences.length && sentences[last + 1]?.isTurnStart !== true) {
      last += 1;
    }
    const words = (sentences[last]?.last ?? 0) - (sentences[first]?.first ?? 0) + 1;
    lengths.fill(Math.log(Math.max(1, words)), first, last + 1);
    const answer = sentences[last + 1];
    const more = sentences[last + 2];
    const head = `${answer?.text ?? ''} ${more?.isTurnStart === false ? more.text : ''}`;
    if (answer !== undefined && reaction.test(head)) {
      reactions.fill(1, Math.max(first, last + 1 - praisedSentences), last + 1);
    }
    first = last + 1;
  }
  return { lengths, reactions };
}

function countWords(sentence: Sentence, talk: Pick<Talk, 'words' | 'tokens' | 'functions' | 'rarity' | 'central'>, counts: Counts): void {
  for (let i = sentence.first; i <= sentence.last; i += 1) {
    const token = talk.tokens[i] ?? '';
    const word = talk.words[i];
    if (token === '' || word === undefined) {
      continue;
    }
    if (bracketed.test(word.text)) {
      counts.laughs += /laugh|chuckl|applau/i.test(token) ? 1 : 0;
      continue;
    }
    counts.words += 1;
    counts.spokenSeconds += word.endSeconds - word.startSeconds;
    counts.central += talk.central.has(token) ? 1 : 0;
    if (isContentToken(token, talk.functions)) {
      counts.content += 1;
      counts.rarity += talk.rarity.get(token) ?? 0;
    }
  }
}

function countSentence(
  sentence: Sentence,
  talk: Pick<Talk, 'words' | 'tokens' | 'functions' | 'rarity' | 'central' | 'mainSpeaker'>,
  turnLength: number,
  isPraised: boolean,
): Counts {
  const counts = Object.fromEntries(counted.map((name) => [name, 0])) as Counts;
  countWords(sentence, talk, counts);
  const text = sentence.text.replaceAll('’', "'");
  for (const name of signalNames) {
    counts[name] = text.match(signals[name])?.length ?? 0;
  }
  counts.sentences = 1;
  counts.questions = sentence.isQuestion ? 1 : 0;
  counts.turns = sentence.isTurnStart ? 1 : 0;
  counts.mainSpeaker = talk.mainSpeaker !== null && sentence.speaker === talk.mainSpeaker ? 1 : 0;
  counts.shortSentences = counts.words < 5 ? 1 : 0;
  counts.longSentences = Math.min(25, counts.words);
  counts.turnLength = turnLength;
  counts.reaction = isPraised ? 1 : 0;
  return counts;
}

/** Sentences of sponsor messages: strong signs, the sentences between two of them, and neighbours with weaker signs. */
function findSponsors(sentences: readonly Sentence[]): boolean[] {
  const strong = sentences.map((sentence) => sponsorPhrases.test(sentence.text));
  const weak = sentences.map((sentence) => sponsorHints.test(sentence.text));
  const isSponsor = [...strong];
  const near = (i: number, seconds: number, flags: readonly boolean[]) => {
    const middle = sentences[i]?.startSeconds ?? 0;
    let count = 0;
    for (const step of [-1, 1]) {
      for (let j = i + step; Math.abs((sentences[j]?.startSeconds ?? Number.POSITIVE_INFINITY) - middle) <= seconds; j += step) {
        count += flags[j] === true ? 1 : 0;
      }
    }
    return count;
  };
  for (const [i] of sentences.entries()) {
    if (weak[i] === true && (near(i, 40, strong) > 0 || near(i, 20, weak) >= 2)) {
      isSponsor[i] = true;
    }
  }
  joinSponsors(sentences, isSponsor);
  const opened = [...isSponsor];
  for (const [i, sentence] of sentences.entries()) {
    if (sponsorOpenings.test(sentence.text)) {
      opened.fill(true, i, endOfRead(sentences, isSponsor, i) + 1);
    }
  }
  joinSponsors(sentences, opened);
  return opened;
}

/** Last sentence of a message announced by sentence i: to the last sign of it near by, and at least as long as such messages are. */
function endOfRead(sentences: readonly Sentence[], isSponsor: readonly boolean[], i: number): number {
  const startSeconds = sentences[i]?.startSeconds ?? 0;
  let end = i;
  for (let j = i + 1; j < sentences.length; j += 1) {
    const at = (sentences[j]?.startSeconds ?? 0) - startSeconds;
    const isOther = sentences[j]?.speaker !== sentences[i]?.speaker;
    if (at > longestReadSeconds || isOther) {
      break;
    }
    if (at < shortestReadSeconds || isSponsor[j] === true) {
      end = j;
    }
  }
  return end;
}

/** Marks what lies between two marked sentences less than 40 s apart. */
function joinSponsors(sentences: readonly Sentence[], isSponsor: boolean[]): void {
  let last = -1;
  for (let i = 0; i < sentences.length; i += 1) {
    if (isSponsor[i] !== true) {
      continue;
    }
    if (last >= 0 && (sentences[i]?.startSeconds ?? 0) - (sentences[last]?.endSeconds ?? 0) < 40) {
      isSponsor.fill(true, last, i);
    }
    last = i;
  }
}

const shortestReadSeconds = 45;
const longestReadSeconds = 120;

function medianPaceOf(sentences: readonly Sentence[]): number {
  const paces = sentences
    .filter((sentence) => sentence.last - sentence.first >= 4 && sentence.endSeconds > sentence.startSeconds)
    .map((sentence) => (sentence.last - sentence.first + 1) / (sentence.endSeconds - sentence.startSeconds))
    .sort((a, b) => a - b);
  return paces[Math.floor(paces.length / 2)] ?? 2.5;
}

/** Prepares a transcript: sentences, speakers, what each sentence holds, sponsor messages and housekeeping. */
export function buildTalk(words: readonly Word[], turns: readonly Turn[], language: string | null): Talk {
  const speakers = speakersOf(words, turns);
  const sentences = splitSentences(words, speakers);
  const tokens = words.map((word) => tokenOf(word.text));
  const functions = functionWordsOf(language ?? guessLanguage(tokens));
  const rarity = rarityOf(tokens, sentences, functions);
  const { mainSpeaker, speakerCount } = mainSpeakerOf(speakers);
  const central = centralOf(tokens, rarity, sentences);
  const facts = turnFactsOf(sentences);
  const parts = { words, tokens, functions, rarity, central, mainSpeaker };
  return {
    ...parts,
    sentences,
    counts: sentences.map((sentence, i) => countSentence(sentence, parts, facts.lengths[i] ?? 0, facts.reactions[i] === 1)),
    isSponsor: findSponsors(sentences),
    isHousekeeping: sentences.map((sentence) => housekeepingPhrases.test(sentence.text)),
    speakerCount,
    medianPace: medianPaceOf(sentences),
  };
}
