/** Sentences that carry a number, a name or a reason: how each looks, and how it is told by what stands in its brackets. */
export type Forms = readonly [RegExp, (...parts: string[]) => string][];

/** A sentence by the list of those that are always alike, or else by the first form that it has; null where it is not known. */
export function told(text: string, same: Readonly<Record<string, string>>, forms: Forms): string | null {
  const known = same[text];
  if (known !== undefined) {
    return known;
  }
  for (const [pattern, tell] of forms) {
    const found = pattern.exec(text);
    if (found) {
      return tell(...found.slice(1));
    }
  }
  return null;
}
