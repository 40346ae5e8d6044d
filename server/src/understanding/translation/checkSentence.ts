/** What a person should look at in a translated sentence: numbers, names and negations compared both ways, terms, things left out. */
import type { LineFlag } from '@carmic/contract';
import { functionWordsOf, guessLanguage, tokenOf } from '../highlights/tokens.ts';
import type { GlossaryPair } from './translator.ts';

export interface Finding {
  flag: LineFlag;
  note: string;
}

const primaryOf = (language: string) => language.toLowerCase().split('-')[0] ?? '';
const wordsOf = (text: string) => text.split(/\s+/).filter((word) => word !== '');
const fold = (text: string) =>
  text
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase();

/** Words that make a sentence say the opposite. */
const negations: Record<string, RegExp> = {
  en: /\b(no|not|never|none|nobody|nothing|nowhere|neither|nor|without|cannot|\w+n['’]t)\b/i,
  de: /\b(nicht|kein\w*|nie|niemals|niemand\w*|nichts|nirgends|nirgendwo|weder|ohne|nein)\b/i,
  fr: /\b(ne|pas|jamais|rien|personne|aucun\w*|sans|ni|non)\b|\bn['’]/i,
  es: /\b(no|nunca|jamás|nada|nadie|ningun\w*|ningún|sin|ni|tampoco)\b/i,
  it: /\b(non|no|mai|niente|nulla|nessun\w*|senza|né)(?!\p{L})/iu,
  pt: /\b(não|nao|nunca|jamais|nada|ninguém|nenhum\w*|sem|nem)(?!\p{L})/iu,
  nl: /\b(niet|geen|nooit|niemand|niets|nergens|zonder|noch|nee)\b/i,
  pl: /(?<!\p{L})(nie|nigdy|nikt|nic|żad\p{L}*|bez|ani|nikogo|niczego)(?!\p{L})/iu,
  ru: /(?<!\p{L})(не|нет|никогда|никто|ничего|ничто|ни|без|нельзя|нигде|никак\p{L}*)(?!\p{L})/iu,
  sv: /\b(inte|ingen|inget|inga|aldrig|utan|icke|nej)\b/i,
  da: /\b(ikke|ingen|intet|aldrig|uden|nej)\b/i,
  no: /\b(ikke|ingen|intet|aldri|uten|nei)\b/i,
  tr: /(değil|hayır|yok|asla|hiç|olmadan|\p{L}+(ma|me)(dı|di|z|yor|mış|miş)\p{L}*)/iu,
};

const numberWords =
  /\b(one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred|thousand|million|billion|first|second|third|half|dozen|eins?|eine\w*|zwei|drei|vier|fünf|sechs|sieben|acht|neun|zehn|elf|zwölf|\w*zig|\w*hundert\w*|\w*tausend\w*|million\w*|milliarde\w*|un|deux|trois|quatre|cinq|sept|huit|neuf|dix|cent|mille|uno|una|dos|tres|cuatro|cinco|seis|siete|ocho|nueve|diez|cien\w*|mil|due|tre|quattro|dieci|cento|dois|duas|três|dez|cem|een|twee|drie|vijf|tien|honderd|duizend)\b/i;

/** The numbers of a text by their digits: `1,500.5` and `1.500,5` are the same. */
function numbersOf(text: string): string[] {
  return (text.match(/\p{Nd}+(?:[.,'’\u00a0\u202f ]\p{Nd}+)*/gu) ?? []).flatMap((number) =>
    // A space joins thousands only: `in 2019 12 people` are two numbers.
    (/^\p{Nd}{1,3}(?:[\u00a0\u202f ]\p{Nd}{3})+([.,]\p{Nd}+)?$/u.test(number) ? [number] : number.split(/[\u00a0\u202f ]/)).map((part) =>
      part.replace(/\P{Nd}/gu, ''),
    ),
  );
}

function without(from: readonly string[], taken: readonly string[]): string[] {
  const left = [...taken];
  return from.filter((item) => {
    const at = left.indexOf(item);
    if (at >= 0) {
      left.splice(at, 1);
    }
    return at < 0;
  });
}

const isLatin = (text: string) => !/\p{L}/u.test(text) || /\p{Script=Latin}/u.test(text);

/** Words written as names inside a sentence. German writes every noun so: there only capitals inside a word tell. */
function namesOf(text: string, language: string): string[] {
  const functions = functionWordsOf(language);
  return wordsOf(text).flatMap((word, i, all) => {
    const bare = word.replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, '').replace(/['’]\p{L}{1,2}$/u, '');
    const startsSentence = i === 0 || /[.?!:…]["'”»)]*$/u.test(all[i - 1] ?? '');
    const isMixed = /\p{Ll}\p{Lu}|\p{Lu}{2}/u.test(bare);
    const isCapital = /^\p{Lu}\p{L}+/u.test(bare) && !startsSentence && primaryOf(language) !== 'de';
    return bare.length > 1 && (isMixed || isCapital) && !functions.has(tokenOf(bare)) ? [bare] : [];
  });
}

/** Whether a name is in a text, inflected too. */
function hasName(text: string, name: string): boolean {
  const wanted = fold(name);
  const stem = wanted.slice(0, Math.max(3, wanted.length - 2));
  return wordsOf(fold(text)).some(
    (word) => word.includes(wanted) || (wanted.length > 4 && word.replace(/^[^\p{L}\p{N}]+/u, '').startsWith(stem)),
  );
}

const hasTerm = (text: string, term: string) => fold(text).includes(fold(term));

/** Compares a sentence with its translation. */
export function checkSentence(
  source: string,
  target: string | null,
  languages: { source: string; target: string },
  glossary: readonly GlossaryPair[],
): Finding[] {
  const text = target?.trim() ?? '';
  if (text === '') {
    return /[\p{L}\p{N}]/u.test(source) ? [{ flag: 'missing', note: 'Nothing was translated here.' }] : [];
  }
  if (!/[\p{L}\p{N}]/u.test(source)) {
    return [{ flag: 'added', note: 'There is text here, and nothing is said.' }];
  }
  const findings: Finding[] = [];
  const add = (flag: LineFlag, note: string) => findings.push({ flag, note });
  const [from, to] = [primaryOf(languages.source), primaryOf(languages.target)];

  const sourceWords = wordsOf(fold(source)).map(tokenOf);
  const targetWords = wordsOf(fold(text)).map(tokenOf);
  const shared = targetWords.filter((word) => sourceWords.includes(word)).length / Math.max(1, targetWords.length);
  const guessed = guessLanguage(targetWords);
  const isSourceStill = guessed === from && from !== to && sourceWords.length > 3 && shared > 0.5;
  if (from !== to && ((targetWords.length >= 3 && shared > 0.85 && source.length > 12) || isSourceStill)) {
    add('untranslated', 'This is still in the language of the source.');
  }
  const lost = without(numbersOf(source), numbersOf(text));
  const gained = without(numbersOf(text), numbersOf(source));
  if (lost.length > 0 && !numberWords.test(text)) {
    add('number', `The number ${lost.join(', ')} is missing.`);
  } else if (gained.length > 0 && !numberWords.test(source)) {
    add('number', `The number ${gained.join(', ')} is not in the source.`);
  }
  const terms = glossary.filter(({ term }) => hasTerm(source, term));
  const lostTerms = terms.filter(({ translation }) => !hasTerm(text, translation));
  if (lostTerms.length > 0) {
    add('glossary', `The glossary writes ${lostTerms.map(({ translation }) => `“${translation}”`).join(', ')}.`);
  }
  if (isLatin(source) && isLatin(text)) {
    const isTerm = (name: string) => glossary.some((pair) => hasTerm(pair.term, name) || hasTerm(pair.translation, name));
    const lostNames = [...new Set(namesOf(source, from))].filter((name) => !isTerm(name) && !hasName(text, name));
    const newNames = [...new Set(namesOf(text, to))].filter((name) => !isTerm(name) && !hasName(source, name));
    if (lostNames.length > 0) {
      add('name', `${lostNames.map((name) => `“${name}”`).join(', ')} is not in the translation under this name.`);
    } else if (newNames.length > 0) {
      add('name', `${newNames.map((name) => `“${name}”`).join(', ')} is not in the source under this name.`);
    }
  }
  const [no, non] = [negations[from], negations[to]];
  if (no !== undefined && non !== undefined && no.test(source) !== non.test(text)) {
    add(
      'negation',
      no.test(source) ? 'The source says “not”, the translation does not.' : 'The translation says “not”, the source does not.',
    );
  }
  const ratio = text.length / source.length;
  if (source.length > 25 && isLatin(source) === isLatin(text) && (ratio < 0.4 || ratio > 2.5)) {
    add('length', ratio < 1 ? 'The translation is much shorter than the source.' : 'The translation is much longer than the source.');
  }
  return findings;
}
