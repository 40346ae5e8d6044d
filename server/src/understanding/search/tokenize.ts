/** Words as the search index knows them: folded, stemmed in their language, without the commonest words of the language. */
export type Stem = (word: string) => string;

/** Snowball's stemmers, loaded at their first use. */
const stemmers: Record<string, () => Promise<{ stemmer: Stem }>> = {
  ar: () => import('@orama/stemmers/arabic'),
  bg: () => import('@orama/stemmers/bulgarian'),
  da: () => import('@orama/stemmers/danish'),
  de: () => import('@orama/stemmers/german'),
  el: () => import('@orama/stemmers/greek'),
  en: () => import('@orama/stemmers/english'),
  es: () => import('@orama/stemmers/spanish'),
  fi: () => import('@orama/stemmers/finnish'),
  fr: () => import('@orama/stemmers/french'),
  hu: () => import('@orama/stemmers/hungarian'),
  it: () => import('@orama/stemmers/italian'),
  nl: () => import('@orama/stemmers/dutch'),
  no: () => import('@orama/stemmers/norwegian'),
  nb: () => import('@orama/stemmers/norwegian'),
  pt: () => import('@orama/stemmers/portuguese'),
  ro: () => import('@orama/stemmers/romanian'),
  ru: () => import('@orama/stemmers/russian'),
  sv: () => import('@orama/stemmers/swedish'),
  tr: () => import('@orama/stemmers/turkish'),
  uk: () => import('@orama/stemmers/ukrainian'),
};

/** Articles, pronouns and the like: in every sentence, so that they find nothing. */
const commonest: Record<string, ReadonlySet<string>> = Object.fromEntries(
  Object.entries({
    en: "a an the and or but of to in on at for with from by as is are was were be been am i you he she it we they me him her us them my your his its our their this that these those not do does did have has had so if it's i'm that's",
    de: 'der die das den dem des ein eine einen einem einer und oder aber von zu in im an am auf für mit aus bei als ist sind war waren ich du er sie es wir ihr mir mich uns sich nicht so dass hat haben',
    fr: "le la les l' un une des et ou mais de du à au aux en dans sur pour avec par est sont était je tu il elle on nous vous ils elles me te se ne pas ce cette que qui c'est",
    es: 'el la los las un una y o pero de del a al en para con por es son era yo tú él ella me te se mi tu su que no lo le',
    it: 'il lo la i gli le un una e o ma di del della a al alla in nel per con da è sono era io tu lui lei mi ti si che non',
    pt: 'o a os as um uma e ou mas de do da em no na para com por é são era eu tu ele ela me te se que não',
    nl: 'de het een en of maar van in op voor met uit bij is zijn was ik jij je hij zij ze wij we dat die niet',
  }).map(([language, words]) => [language, new Set(words.split(' '))]),
);

const primaryOf = (language: string) => language.toLowerCase().split('-')[0] ?? '';

/** The stemmer of a language; one that changes nothing where there is none. */
export async function stemmerOf(language: string): Promise<Stem> {
  const load = stemmers[primaryOf(language)];
  return load === undefined ? (word) => word : (await load()).stemmer;
}

/** Lower case without accents: `Café` and `cafe` are the same word to a searcher. */
const fold = (text: string) =>
  text
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase()
    .replaceAll('ß', 'ss')
    .replaceAll('’', "'");

const unspaced = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}]/u;

/** A word of a text and where it stands in it. */
export interface PlacedWord {
  text: string;
  from: number;
  to: number;
}

/** The words of a text with their places; scripts without spaces are cut by dictionary. */
export function wordsIn(text: string): PlacedWord[] {
  const words: PlacedWord[] = [];
  for (const match of text.matchAll(/[\p{L}\p{M}\p{N}]+(?:['’][\p{L}\p{M}\p{N}]+)*/gu)) {
    const [whole] = match;
    if (!unspaced.test(whole)) {
      words.push({ text: whole, from: match.index, to: match.index + whole.length });
      continue;
    }
    for (const { segment, index, isWordLike } of new Intl.Segmenter(undefined, { granularity: 'word' }).segment(whole)) {
      if (isWordLike === true) {
        words.push({ text: segment, from: match.index + index, to: match.index + index + segment.length });
      }
    }
  }
  return words;
}

/** The forms under which a word is indexed and looked for in a language: its stem, and itself. Empty for one of the commonest words. */
export function formsOf(word: string, language: string, stem: Stem): string[] {
  const lower = word.toLowerCase().replaceAll('’', "'");
  if (commonest[primaryOf(language)]?.has(lower) === true) {
    return [];
  }
  return [...new Set([fold(stem(lower)), fold(lower.replace(/'s$/, ''))])];
}
