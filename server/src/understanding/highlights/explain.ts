import { lexicon, numberWords, setUpPhrases } from './lexicon.ts';
import type { FeatureName, Features } from './features.ts';
import type { Talk } from './talk.ts';

const labels: Record<FeatureName, string> = {
  question_answer: 'Question and answer',
  contrast: 'Contrast',
  surprise: 'Surprise',
  emotion: 'Feeling',
  claims: 'Strong claims',
  story: 'Story',
  first_person: 'First person',
  address: 'Speaks to the viewer',
  numbers: 'Numbers',
  humour: 'Laughter',
  set_up: 'Sets something up',
  rarity: 'New in this talk',
  density: 'Says much',
  fillers: 'Filler words',
  pace: 'Pace',
  loudness: 'Loudness',
  one_voice: 'One voice',
  main_speaker: 'Main speaker',
  turn_changes: 'Changes of speaker',
  best_sentence: 'Strongest sentence',
  clean_start: 'Beginning',
  clean_end: 'Ending',
  housekeeping: 'Housekeeping',
  pauses: 'Pauses',
  length: 'Length',
};

/** Words between quotation marks, shortened at a word. */
export function quote(text: string, longest = 70): string {
  const clean = text.replace(/\s+/g, ' ').trim();
  if (clean.length <= longest) {
    return `“${clean}”`;
  }
  const cut = clean.slice(0, longest);
  return `“${cut.slice(0, Math.max(20, cut.lastIndexOf(' ')))}…”`;
}

function sentenceTexts(talk: Talk, first: number, last: number): string[] {
  return talk.sentences.slice(first, last + 1).map((sentence) => sentence.text);
}

function wordsFrom(list: ReadonlySet<string>, talk: Talk, first: number, last: number): string {
  const from = talk.sentences[first]?.first ?? 0;
  const to = talk.sentences[last]?.last ?? -1;
  const found = new Set<string>();
  for (let i = from; i <= to && found.size < 4; i += 1) {
    const token = talk.tokens[i] ?? '';
    if (list.has(token)) {
      found.add(`“${token}”`);
    }
  }
  return [...found].join(', ');
}

function numbersOf(talk: Talk, first: number, last: number): string {
  const from = talk.sentences[first]?.first ?? 0;
  const to = talk.sentences[last]?.last ?? -1;
  const found = new Set<string>();
  for (let i = from; i <= to && found.size < 4; i += 1) {
    const token = talk.tokens[i] ?? '';
    if (/\d/.test(token) || numberWords.has(token)) {
      found.add(`“${token}”`);
    }
  }
  return [...found].join(', ');
}

function listReason(list: ReadonlySet<string>, has: string, lacks: string, talk: Talk, first: number, last: number): string {
  const found = wordsFrom(list, talk, first, last);
  return found === '' ? lacks : `${has} ${found}.`;
}

const percent = (share: number) => `${Math.round(share * 100)} %`;

/** The label of a feature and one sentence that says why it moved the score, with words from the clip as evidence. */
export function explain(
  name: FeatureName,
  points: number,
  talk: Talk,
  first: number,
  last: number,
  features: Features,
): { label: string; reason: string } {
  return { label: labels[name], reason: reasonOf(name, points > 0, talk, first, last, features) };
}

function reasonOf(name: FeatureName, helps: boolean, talk: Talk, first: number, last: number, features: Features): string {
  const texts = sentenceTexts(talk, first, last);
  const list = (words: ReadonlySet<string>, has: string, lacks: string) => listReason(words, has, lacks, talk, first, last);
  const opening = quote(texts[0] ?? '');
  const closing = quote(texts.at(-1) ?? '');
  switch (name) {
    case 'question_answer': {
      const question = talk.sentences.slice(first, last + 1).find((sentence) => sentence.isQuestion);
      return question === undefined
        ? 'Nobody asks anything in it.'
        : `A question and what follows it are both inside: ${quote(question.text)}`;
    }
    case 'contrast':
      return list(lexicon.contrast, 'It sets one thing against another:', 'It sets nothing against anything else.');
    case 'surprise':
      return list(lexicon.surprise, 'It speaks of something unexpected:', 'Nothing in it is called surprising.');
    case 'emotion':
      return list(lexicon.emotion, 'It has feeling:', 'It has few words of feeling.');
    case 'claims':
      return list(lexicon.claim, 'It makes strong claims:', 'It makes no strong claim.');
    case 'story':
      return list(lexicon.story, 'It tells of something that happened:', 'It tells no story.');
    case 'first_person':
      return `${features.first_person.toFixed(0)} of 100 words speak in the first person.`;
    case 'address':
      return `${features.address.toFixed(0)} of 100 words speak to the listener as “you”.`;
    case 'numbers': {
      const found = numbersOf(talk, first, last);
      return found === '' ? 'It names no numbers.' : `It names numbers: ${found}.`;
    }
    case 'humour':
      return list(lexicon.humour, 'There is laughter or talk of it:', 'There is no laughter in it.');
    case 'set_up': {
      const text = texts.find((candidate) => setUpPhrases.test(candidate));
      return text === undefined
        ? 'It announces nothing.'
        : `It sets something up: ${quote(setUpPhrases.exec(text)?.[0] ?? text)} in ${quote(text)}`;
    }
    case 'rarity':
      return helps ? 'Its words are rarely used elsewhere in the video.' : 'Its words are used all through the video.';
    case 'density':
      return `${percent(features.density)} of its words carry meaning of their own.`;
    case 'fillers':
      return helps ? 'It has few filler words.' : list(lexicon.filler, 'It has many filler words:', 'It has many filler words.');
    case 'pace':
      return `It is spoken at ${percent(features.pace)} of the video’s usual pace.`;
    case 'loudness':
      return `It is ${Math.abs(features.loudness).toFixed(1)} dB ${features.loudness >= 0 ? 'louder' : 'quieter'} than the video’s middle.`;
    case 'one_voice':
      return `One person says ${percent(features.one_voice)} of it.`;
    case 'main_speaker':
      return `${percent(features.main_speaker)} of it is said by the person who speaks most in the video.`;
    case 'turn_changes':
      return `The speaker changes ${features.turn_changes.toFixed(1)} times a minute.`;
    case 'best_sentence':
      return helps ? `It holds a sentence that stands alone: ${strongest(talk, first, last)}` : 'No sentence in it stands out.';
    case 'clean_start':
      return helps ? `It opens cleanly: ${opening}` : `Its opening leans on what came before: ${opening}`;
    case 'clean_end':
      return helps ? `It comes to an end: ${closing}` : `It ends while the thought goes on: ${closing}`;
    case 'housekeeping':
      return helps ? 'No greetings, thanks or announcements are in it.' : 'Part of it is greeting, thanks or announcement.';
    case 'pauses':
      return `${percent(features.pauses)} of it is silence between words.`;
    case 'length':
      return `It is ${Math.round(features.length)} s long.`;
  }
}

function strongest(talk: Talk, first: number, last: number): string {
  let best = first;
  let bestValue = -1;
  for (let s = first; s <= last; s += 1) {
    const counts = talk.counts[s];
    if (counts === undefined) {
      continue;
    }
    const value = (counts.contrast + counts.surprise + counts.emotion + counts.claim + counts.setUps) / Math.sqrt(4 + counts.words);
    if (value > bestValue) {
      bestValue = value;
      best = s;
    }
  }
  return quote(talk.sentences[best]?.text ?? '', 110);
}
