/**
 * How fast captions may be read, in characters a second, by language. What one character holds differs: a Chinese character is a syllable.
 *
 * Source: the adult reading speeds of Netflix's timed text style guides, and the upper bound of professional subtitling (21) for alphabets.
 */
const limits: Readonly<Record<string, number>> = { zh: 9, ja: 9, ko: 12, th: 17 };
const usualLimit = 21;

/** What is still read with ease by most; more only where people speak faster. */
export function readingLimit(language: string): number {
  return limits[language.slice(0, 2)] ?? usualLimit;
}

/** What is read without hurry: captions stay so long where nothing follows. */
export function easySpeed(language: string): number {
  return readingLimit(language) * 0.8;
}
