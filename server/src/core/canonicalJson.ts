/** What JSON can hold and a signature can cover: numbers are whole, because RFC 8785 writes those the same in every language. */
export type CanonicalValue = string | number | boolean | null | readonly CanonicalValue[] | { readonly [name: string]: CanonicalValue };

/**
 * Writes a value the one way RFC 8785 (JSON Canonicalization Scheme) writes it: names sorted by UTF-16 code units, no spaces, strings as
 * ECMAScript escapes them. Throws for a number that is not a safe integer and for text with a lone surrogate.
 */
export function canonicalJson(value: CanonicalValue): string {
  if (typeof value === 'number' && !Number.isSafeInteger(value)) {
    throw new TypeError('Only whole numbers have one canonical form in every language.');
  }
  if (typeof value === 'string' && /\p{Surrogate}/u.test(value)) {
    throw new TypeError('Text with a lone surrogate has no canonical form.');
  }
  if (value === null || typeof value !== 'object') {
    return JSON.stringify(value);
  }
  if (Array.isArray(value)) {
    return `[${(value as readonly CanonicalValue[]).map(canonicalJson).join(',')}]`;
  }
  const entries = Object.entries(value as { readonly [name: string]: CanonicalValue }).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([name, each]) => `${canonicalJson(name)}:${canonicalJson(each)}`).join(',')}}`;
}
