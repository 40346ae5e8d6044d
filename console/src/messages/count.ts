/** How a language writes numbers and picks the form of a noun. */
interface Counting {
  plural: Intl.PluralRules;
  number: Intl.NumberFormat;
  /** A number with its noun in the right form. */
  count(n: number, one: string, other: string): string;
}

/** The rules of one language. */
export function buildCounting(locale: string): Counting {
  const plural = new Intl.PluralRules(locale);
  const number = new Intl.NumberFormat(locale);
  return { plural, number, count: (n, one, other) => `${number.format(n)} ${plural.select(n) === 'one' ? one : other}` };
}

/** Numbers as English writes them. */
export const { plural, number, count } = buildCounting('en');
