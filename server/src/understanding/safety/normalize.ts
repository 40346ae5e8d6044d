/** Words as a reader hears them: links and names of accounts gone, digits that stand for letters read as letters, stretched letters short. */
const lookalikes: Record<string, string> = {
  '0': 'o',
  '1': 'i',
  '3': 'e',
  '4': 'a',
  '5': 's',
  '7': 't',
  '@': 'a',
  $: 's',
  '!': 'i',
  '|': 'l',
  '8': 'b',
  '9': 'g',
  '€': 'e',
  '+': 't',
};

const namedEntities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ' };

function decodeEntities(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|#x([\da-f]{1,6})|([a-z]{2,4}));/gi, (whole, decimal?: string, hex?: string, name?: string) => {
    const code = decimal === undefined ? (hex === undefined ? Number.NaN : Number.parseInt(hex, 16)) : Number(decimal);
    if (code <= 0x10ffff) {
      return String.fromCodePoint(code);
    }
    return namedEntities[name?.toLowerCase() ?? ''] ?? whole;
  });
}

/** Joins letters that were spelled out one by one ("s p e l l e d"). */
function joinSpelled(words: readonly string[]): string[] {
  const joined: string[] = [];
  for (let i = 0; i < words.length;) {
    let end = i;
    while (end < words.length && words[end]?.length === 1 && words[end] !== 'a' && words[end] !== 'i') {
      end += 1;
    }
    if (end - i >= 2) {
      joined.push(words.slice(i, end).join(''));
      i = end;
    } else {
      joined.push(words[i] ?? '');
      i += 1;
    }
  }
  return joined;
}

/** The words of a text in lower case, as the classifier was trained on them. */
export function plainWords(text: string): string[] {
  const lower = decodeEntities(decodeEntities(text))
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll('’', "'")
    .replace(/https?:\/\/\S+|www\.\S+/g, ' ')
    .replace(/@[\p{L}\p{N}_]+/gu, ' ')
    .replace(/^rt\b/, ' ');
  const words: string[] = [];
  for (const raw of lower.match(/[^\s,.;:?"()[\]{}…“”]+/g) ?? []) {
    let word = raw.replace(/^['!\-*_#&~<>=/\\]+|['!\-*_#&~<>=/\\]+$/g, '');
    if (/[a-z]/.test(word) && /[0134578@$!|€+]/.test(word)) {
      word = [...word].map((letter) => lookalikes[letter] ?? letter).join('');
    }
    for (const piece of word.split(/[^a-z0-9'\u00c0-\uffff]+/u)) {
      const plain = piece.replace(/^'+|'+$/g, '');
      if (plain !== '') {
        words.push(plain.replace(/(.)\1{2,}/g, '$1$1'));
      }
    }
  }
  return joinSpelled(words);
}
