/** Numbers as English writes them. */
export const plural = new Intl.PluralRules('en');
export const number = new Intl.NumberFormat('en');

/** A number with its noun in the right form. */
export function count(n: number, one: string, other: string): string {
  return `${number.format(n)} ${plural.select(n) === 'one' ? one : other}`;
}
