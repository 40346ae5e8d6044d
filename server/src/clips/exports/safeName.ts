/** Names inside of a ZIP that every file system takes: Windows is the strictest (learn.microsoft.com, "Naming Files, Paths, and Namespaces"). */

const longestBytes = 100;
const reserved = /^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\.|$)/i;

/** One part of a path, made of whatever text. */
export function safeName(text: string): string {
  const plain = text
    .normalize('NFC')
    .replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/gu, '')
    .replace(/[/\\:*?"<>|]+/g, '-')
    .replace(/\s+/g, ' ');
  let name = '';
  for (const character of plain) {
    if (Buffer.byteLength(name + character) > longestBytes) {
      break;
    }
    name += character;
  }
  name = name.replace(/^[. ]+|[. ]+$/g, '');
  return name === '' || reserved.test(name) ? `_${name}` : name;
}

/** Gives names that differ by more than case: a name that is taken gets a number. */
export function createUniqueNames(): (name: string) => string {
  const taken = new Set<string>();
  return (name) => {
    let unique = name;
    for (let number = 2; taken.has(unique.toLowerCase()); number += 1) {
      unique = `${name} (${number})`;
    }
    taken.add(unique.toLowerCase());
    return unique;
  };
}
