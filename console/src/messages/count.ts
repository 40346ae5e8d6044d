/** How a language writes numbers and picks the form of a noun. */
interface Counting {
  plural: Pick<Intl.PluralRules, 'select'>;
  number: Pick<Intl.NumberFormat, 'format'>;
  /** A number with its noun in the right form. */
  count(n: number, one: string, other: string): string;
}

/** The rules of one language. The browser looks them up when the first number is written: a page without one does not wait for them. */
export function buildCounting(locale: string): Counting {
  let rules: Intl.PluralRules | undefined;
  let format: Intl.NumberFormat | undefined;
  const plural: Counting['plural'] = { select: (n) => (rules ??= new Intl.PluralRules(locale)).select(n) };
  const number: Counting['number'] = { format: (n: number | bigint) => (format ??= new Intl.NumberFormat(locale)).format(n) };
  return { plural, number, count: (n, one, other) => `${number.format(n)} ${plural.select(n) === 'one' ? one : other}` };
}

/** Numbers as English writes them. */
export const { plural, number, count } = buildCounting('en');
