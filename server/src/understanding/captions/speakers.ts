/** What stands in front of a line: a name, a mark that somebody else speaks now, or nothing. */
export interface Prefix {
  speaker: string | null;
  isNewTurn: boolean;
  rest: string;
}

const shouted = /^(?:>>+\s*|[-–—]\s*)?[[(]?(\p{Lu}[\p{Lu}\p{N} .'’&-]{0,38}(?:\([^)]{1,20}\))?)[\])]?\s*:\s+(?=\S)/u;
const named =
  /^(?:>>+\s*|[-–—]\s*)?[[(]?((?:(?:Dr|Mr|Mrs|Ms|Prof)\.\s)?\p{Lu}[\p{L}'’.-]*(?:\s\p{Lu}[\p{L}'’.-]*){0,2}(?:\s\d{1,2})?)[\])]?\s*:\s+(?=\S)/u;
const turnMark = /^(?:>>+\s*|[-–—]\s+|[-–—](?=\p{L}))/u;

/** The name a line could begin with, written in mixed case: a name only if the file uses it more than once. */
export function namedPrefixOf(line: string): string | null {
  return named.exec(line)?.[1] ?? null;
}

/** Splits `JOHN: text`, `>> text` and `- text`. Mixed-case names count only when `knownNames` holds them. */
export function splitPrefix(line: string, knownNames: ReadonlySet<string>): Prefix {
  const loud = shouted.exec(line);
  if (loud?.[1] !== undefined && /\p{Lu}{2}|^\p{Lu}\.?$/u.test(loud[1])) {
    return { speaker: loud[1].trim().slice(0, 60), isNewTurn: true, rest: line.slice(loud[0].length) };
  }
  const name = named.exec(line);
  if (name?.[1] !== undefined && knownNames.has(name[1])) {
    return { speaker: name[1].slice(0, 60), isNewTurn: true, rest: line.slice(name[0].length) };
  }
  const mark = turnMark.exec(line);
  return mark === null
    ? { speaker: null, isNewTurn: false, rest: line }
    : { speaker: null, isNewTurn: true, rest: line.slice(mark[0].length) };
}
