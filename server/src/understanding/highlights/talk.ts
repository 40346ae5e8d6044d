import type { Word } from '@carmic/contract';
import { housekeepingPhrases, lexicon, numberWords, setUpPhrases, sponsorHints, sponsorPhrases } from './lexicon.ts';
import { type Sentence, splitSentences } from './sentences.ts';
import { functionWordsOf, isContentToken, tokenOf } from './tokens.ts';

/** Who speaks when, if something better than `word.speaker` knows it. */
export interface Turn {
  startSeconds: number;
  endSeconds: number;
  speaker?: string;
}

/** What is counted of a sentence; the same names are summed over windows. */
export const counted = [
  'words',
  'content',
  'rarity',
  'contrast',
  'surprise',
  'emotion',
  'claim',
  'story',
  'firstPerson',
  'secondPerson',
  'filler',
  'humour',
  'numbers',
  'questions',
  'setUps',
  'turns',
  'mainSpeaker',
  'spokenSeconds',
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

function countSentence(sentence: Sentence, talk: Pick<Talk, 'words' | 'tokens' | 'functions' | 'rarity' | 'mainSpeaker'>): Counts {
  const counts = Object.fromEntries(counted.map((name) => [name, 0])) as Counts;
  for (let i = sentence.first; i <= sentence.last; i += 1) {
    const token = talk.tokens[i] ?? '';
    const word = talk.words[i];
    if (token === '' || word === undefined) {
      continue;
    }
    if (bracketed.test(word.text)) {
      counts.humour += /laugh|chuckl/i.test(token) ? 3 : 0;
      continue;
    }
    counts.words += 1;
    counts.spokenSeconds += word.endSeconds - word.startSeconds;
    for (const name of ['contrast', 'surprise', 'emotion', 'claim', 'story', 'firstPerson', 'secondPerson', 'filler', 'humour'] as const) {
      counts[name] += lexicon[name].has(token) ? 1 : 0;
    }
    counts.numbers += /\d/.test(token) || numberWords.has(token) ? 1 : 0;
    if (isContentToken(token, talk.functions)) {
      counts.content += 1;
      counts.rarity += talk.rarity.get(token) ?? 0;
    }
  }
  counts.questions = sentence.isQuestion ? 1 : 0;
  counts.setUps = setUpPhrases.test(sentence.text) ? 1 : 0;
  counts.turns = sentence.isTurnStart ? 1 : 0;
  counts.mainSpeaker = talk.mainSpeaker !== null && sentence.speaker === talk.mainSpeaker ? counts.words : 0;
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
  return isSponsor;
}

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
  const functions = functionWordsOf(language);
  const rarity = rarityOf(tokens, sentences, functions);
  const { mainSpeaker, speakerCount } = mainSpeakerOf(speakers);
  return {
    words,
    tokens,
    sentences,
    counts: sentences.map((sentence) => countSentence(sentence, { words, tokens, functions, rarity, mainSpeaker })),
    isSponsor: findSponsors(sentences),
    isHousekeeping: sentences.map((sentence) => housekeepingPhrases.test(sentence.text)),
    functions,
    rarity,
    speakerCount,
    mainSpeaker,
    medianPace: medianPaceOf(sentences),
  };
}
