/** Finds swear words by whole words and their forms, and masks them. A list of stems: what only sounds alike ("cockpit", "assess") never matches. */

/** Stems with the endings they take, by language; all are tried, because people mix languages. */
const patterns: readonly string[] = [
  '(?:mother)?fuck(?:s|ed|er|ers|in|ing|ings|face|wit|off|up)?',
  '(?:bull|horse|dip|ape|bat)?shit(?:s|ty|ting|head|hole|show|storm)?',
  'ass(?:es|hole|holes|hat)|(?:dumb|jack|smart|bad|fat)ass(?:es)?|arse(?:s|hole|holes)?',
  'bitch(?:es|ed|ing|y)?|bastards?|bollocks|wank(?:er|ers|ing)?',
  'cunts?|twats?|dick(?:head|heads|s)|cock(?:s|sucker|suckers)?|prick(?:s)?',
  'puss(?:y|ies)|slut(?:s|ty)?|whor(?:e|es)|piss(?:ed|ing)?|(?:god)?damn(?:ed|it)?',
  'nigg(?:er|ers|a|as)|fag(?:s|got|gots)?|retard(?:s|ed)?',
  'scheiß(?:e|en|er)?|scheiss(?:e|en|er)?|arschl(?:o|ö)ch(?:er)?|fick(?:en|t|er)?|hurensohn|wichser|fotze',
  'putain|merde|connard(?:s|e)?|salope(?:s)?|encul(?:é|er)s?|bordel',
  'mierda|joder|puta(?:s)?|cabr(?:ó|o)n(?:es)?|gilipollas|coño|pendej[oa]s?',
  'cazzo|merda|stronz[oaie]|vaffanculo|puttana|caralho|foda(?:-se)?|porra',
];
const swearing = new RegExp(`^(?:${patterns.join('|')})$`, 'iu');

/** Whether a word, with whatever stands around it, is a swear word. */
export function isSwearing(word: string): boolean {
  const bare = word
    .toLowerCase()
    .replace(/^[^\p{L}]+|[^\p{L}]+$/gu, '')
    .replace(/['’]s$/u, '');
  return bare.split(/[-\s]/u).some((part) => swearing.test(part)) || swearing.test(bare);
}

/** The word with its first letter only; signs around it stay. */
export function maskWord(word: string): string {
  let isSeen = false;
  return word.replace(/\p{L}\p{M}*/gu, (letter) => {
    if (!isSeen) {
      isSeen = true;
      return letter;
    }
    return '*';
  });
}
