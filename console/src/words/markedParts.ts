/** A piece of a found text, marked or not. */
export interface MarkedPart {
  text: string;
  isMarked: boolean;
}

/** Cuts a text at its marks; marks that overlap or lie outside are left out. */
export function markedParts(text: string, marks: readonly { from: number; to: number }[]): MarkedPart[] {
  const parts: MarkedPart[] = [];
  let at = 0;
  for (const { from, to } of [...marks].sort((a, b) => a.from - b.from)) {
    if (from < at || to > text.length || to <= from) {
      continue;
    }
    parts.push({ text: text.slice(at, from), isMarked: false }, { text: text.slice(from, to), isMarked: true });
    at = to;
  }
  parts.push({ text: text.slice(at), isMarked: false });
  return parts.filter((part) => part.text !== '');
}

/** Reads `de = Zeebrügge, fr = Zeebruges`; null when it is written otherwise. */
export function readTranslations(text: string): Record<string, string> | null {
  const result: Record<string, string> = {};
  for (const part of text.split(',').map((item) => item.trim())) {
    if (part === '') {
      continue;
    }
    const match = /^([a-z]{2,3}(?:-[\w-]+)?)\s*[=:]\s*(\S.*)$/i.exec(part);
    if (match?.[1] === undefined || match[2] === undefined) {
      return null;
    }
    result[match[1]] = match[2];
  }
  return result;
}

/** Writes translations the way `readTranslations` reads them. */
export function writeTranslations(translations: Readonly<Record<string, string>>): string {
  return Object.entries(translations)
    .map(([language, text]) => `${language} = ${text}`)
    .join(', ');
}
