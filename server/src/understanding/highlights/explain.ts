import { type FeatureName, featureNames } from './features.ts';
import { reaction, type Signal, signals } from './lexicon.ts';
import type { Talk } from './talk.ts';
import { type Theme, themeNames } from './themes.ts';
import type { Window } from './windows.ts';

const labels: Record<Exclude<FeatureName, Theme>, string> = {
  people: 'Speaks of people',
  reasons: 'Gives reasons',
  we: 'Speaks as “we”',
  first_person: 'First person',
  address: 'Speaks to the listener',
  others: 'Third persons',
  superlatives: 'Superlatives',
  numbers: 'Numbers',
  frankness: 'Frank words',
  hardship: 'Hardship',
  negation: 'Contradiction',
  examples: 'Worked examples',
  reported: 'Reported speech',
  fillers: 'Filler words',
  beliefs: 'Beliefs',
  why_how: 'Why and how',
  change: 'Change',
  mistakes: 'Mistakes',
  absolutes: 'Absolutes',
  surprise: 'Surprise',
  feeling: 'Feeling',
  names: 'Names',
  exclamations: 'Exclamations',
  laughter: 'Talk of laughter',
  central: 'Main themes',
  rarity: 'New words',
  density: 'Says much',
  questions: 'Questions',
  short_sentences: 'Short sentences',
  sentence_length: 'Length of sentences',
  main_speaker: 'Main speaker',
  turn_length: 'Time to speak',
  reaction: 'Reaction',
  laughs: 'Laughter',
  clean_start: 'Beginning',
  clean_end: 'Ending',
  pace: 'Pace',
  loudness: 'Loudness',
  motion: 'Motion',
  early: 'Place in the video',
  length: 'Length',
};

const isSignal = (name: FeatureName): name is Signal => name in signals;

/** Whether a feature is one of the directions of meaning, which only together say something. */
export const isTheme = (name: FeatureName): name is Theme => (themeNames as readonly string[]).includes(name);
const percent = (share: number) => `${Math.round(share * 100)} %`;

/** Words between quotation marks, shortened at a word. */
export function quote(text: string, longest = 70): string {
  const clean = text.replace(/\s+/g, ' ').trim();
  if (clean.length <= longest) {
    return `“${clean}”`;
  }
  const cut = clean.slice(0, longest);
  return `“${cut.slice(0, Math.max(20, cut.lastIndexOf(' ')))}…”`;
}

function textsOf(talk: Talk, window: Window): string[] {
  return talk.sentences.slice(window.first, window.last + 1).map((sentence) => sentence.text);
}

/** The first few different words of a signal, as they were said. */
function evidenceOf(name: Signal, texts: readonly string[]): string[] {
  const found = new Map<string, string>();
  for (const text of texts) {
    for (const match of text.replaceAll('’', "'").match(signals[name]) ?? []) {
      const word = match.trim().replace(/,$/, '');
      found.set(word.toLowerCase(), `“${word}”`);
    }
  }
  return [...found.values()].slice(0, 4);
}

function signalReason(name: Signal, rate: number, texts: readonly string[], helps: boolean): string {
  const evidence = evidenceOf(name, texts);
  const label = labels[name].toLowerCase().replace(/^./, (letter) => letter.toUpperCase());
  if (evidence.length === 0) {
    return `${label}: nothing of the kind is said here, which ${helps ? 'helps' : 'counts against it'}.`;
  }
  const much = rate >= 10 ? Math.round(rate).toString() : rate.toFixed(1);
  return `${label}: ${evidence.join(', ')}, ${much} in 100 words, ${helps ? 'which helps' : 'which counts against it'}.`;
}

/** The label of a feature and one sentence that says why it moved the score, with words of the clip as evidence. */
export function explain(name: Exclude<FeatureName, Theme>, helps: boolean, talk: Talk, window: Window): { label: string; reason: string } {
  const value = window.values[featureNames.indexOf(name)] ?? 0;
  const texts = textsOf(talk, window);
  const reason = isSignal(name) ? signalReason(name, value, texts, helps) : structuralReason(name, value, helps, texts, talk, window);
  return { label: labels[name], reason };
}

function structuralReason(
  name: Exclude<FeatureName, Signal | Theme>,
  value: number,
  helps: boolean,
  texts: readonly string[],
  talk: Talk,
  window: Window,
): string {
  switch (name) {
    case 'central':
      return `${centralWords(talk, window)} ${helps ? 'It is about what the video is about.' : 'It strays from what the video is about.'}`.trim();
    case 'rarity':
      return helps ? 'Its words are rarely used elsewhere in the video.' : 'Its words are used all through the video.';
    case 'density':
      return `${percent(value)} of its words carry meaning of their own.`;
    case 'questions': {
      const question = talk.sentences.slice(window.first, window.last + 1).find((sentence) => sentence.isQuestion);
      return question === undefined ? 'Nobody asks anything in it.' : `It asks ${quote(question.text)}`;
    }
    case 'short_sentences':
      return `${percent(value)} of its sentences have fewer than five words.`;
    case 'sentence_length':
      return `Its sentences have ${Math.round(value)} words on average, counting at most 25 of each.`;
    case 'main_speaker':
      return `${percent(value)} of its sentences are said by the person who speaks most in the video.`;
    case 'turn_length':
      return helps ? 'Whoever speaks has time to finish the thought.' : 'The speakers take quick turns.';
    case 'reaction':
      return value > 0 ? `The listener answers it: ${reactionAfter(talk, window)}` : 'The listener does not comment on it.';
    case 'laughs':
      return `${Math.round(value)} times laughter or applause is heard.`;
    case 'clean_start':
      return helps ? `It opens cleanly: ${quote(texts[0] ?? '')}` : `Its opening leans on what came before: ${quote(texts[0] ?? '')}`;
    case 'clean_end':
      return helps ? `It comes to an end: ${quote(texts.at(-1) ?? '')}` : `It ends while the thought goes on: ${quote(texts.at(-1) ?? '')}`;
    case 'pace':
      return `It is spoken at ${percent(value)} of the video’s usual pace.`;
    case 'loudness':
      return `It is ${Math.abs(value).toFixed(1)} dB ${value >= 0 ? 'louder' : 'quieter'} than the video’s middle.`;
    case 'motion':
      return `The picture moves ${value.toFixed(1)} times as much as in the rest of the video.`;
    case 'early':
      return `It lies ${percent(1 - value)} into the video; main ideas tend to be laid out early.`;
    case 'length':
      return `At ${Math.round(value)} s it has ${helps ? 'room for a whole thought' : 'little room for a whole thought'}.`;
  }
}

function centralWords(talk: Talk, window: Window): string {
  const from = talk.sentences[window.first]?.first ?? 0;
  const to = talk.sentences[window.last]?.last ?? -1;
  const found = new Set<string>();
  for (let i = from; i <= to && found.size < 4; i += 1) {
    const token = talk.tokens[i] ?? '';
    if (talk.central.has(token)) {
      found.add(`“${token}”`);
    }
  }
  return found.size === 0 ? '' : `It uses the video’s key words ${[...found].join(', ')}.`;
}

function reactionAfter(talk: Talk, window: Window): string {
  for (let s = window.first; s <= window.last + 7; s += 1) {
    const sentence = talk.sentences[s];
    if (sentence !== undefined && sentence.isTurnStart && s > window.first && reaction.test(sentence.text)) {
      return quote(sentence.text, 80);
    }
  }
  return 'with praise.';
}
