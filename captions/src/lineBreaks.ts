/** Where a line or a caption may end without hurting the sense. */

/** Words that lean on what follows: articles, prepositions, conjunctions, pronouns before verbs, auxiliaries. By language. */
const leaning: Record<string, readonly string[]> = {
  en: 'a an the my your his her its our their this that these those of to in on at by for with from into onto over under about as and or but nor if because than who which whose when where while until like is are was were am be been being have has had do does did will would can could should may might must not very so too no every each some any i you he she it we they dr mr mrs ms prof st'.split(
    ' ',
  ),
  de: 'der die das den dem des ein eine einen einem einer eines kein keine mein dein sein ihr unser von zu in im am an auf aus bei mit nach für über unter vor und oder aber dass ob wenn weil als ist sind war waren hat habe haben wird werden kann nicht sehr herr frau dr'.split(
    ' ',
  ),
  fr: 'le la les un une des du de à au aux ce cet cette ces mon ma mes ton ta tes son sa ses notre votre leur en dans sur sous par pour avec sans et ou mais que qui est sont a ont ne très m mme dr'.split(
    ' ',
  ),
  es: 'el la los las un una unos unas de del a al en con por para sin sobre y o pero que es son fue está su sus mi mis tu tus muy no se lo le sr sra dr'.split(
    ' ',
  ),
  it: 'il lo la i gli le un uno una di del della dei a al alla da in nel nella con su per tra fra e o ma che è sono ha hanno non molto sig dott'.split(
    ' ',
  ),
  pt: 'o a os as um uma uns umas de do da dos das em no na nos nas por para com sem e ou mas que é são foi não muito seu sua meu minha sr sra dr'.split(
    ' ',
  ),
};
const leaningSets = new Map(Object.entries(leaning).map(([language, words]) => [language, new Set(words)]));

const endsSentence = /[.!?…。！？।؟۔]["'”’)\]»]*$/u;
const endsClause = /[,;:–—、，؛،]["'”’)\]»]*$/u;

/** Whether a word ends a sentence. An initial or a short title with a point does not. */
export function isSentenceEnd(word: string): boolean {
  return endsSentence.test(word) && !/^(\p{Lu}|Dr|Mr|Mrs|Ms|Prof|St|Jr|Sr|vs|etc|No)\.$/u.test(word);
}

/**
 * How bad a break between two words is, from 0 (a sentence ends) to 10 (inside a name). `isFirst` says that the word before begins a
 * sentence, where a capital letter means nothing.
 */
export function breakCost(before: string, after: string, language: string, isFirst: boolean): number {
  if (isSentenceEnd(before)) {
    return 0;
  }
  if (endsClause.test(before)) {
    return 1;
  }
  const bare = before.replace(/[^\p{L}\p{N}]/gu, '').toLowerCase();
  const isName = /^\p{Lu}/u.test(before) && /^\p{Lu}/u.test(after) && !isFirst && language.slice(0, 2) !== 'de';
  if (isName && bare !== 'i') {
    return 10;
  }
  const isAmount = /\d[\d.,]*$/.test(before) && /^\p{Ll}|^[%€$£]/u.test(after);
  const known = leaningSets.get(language.slice(0, 2)) ?? (language === 'und' ? leaningSets.get('en') : undefined);
  if (known?.has(bare)) {
    return 8;
  }
  return isAmount ? 7 : 3;
}
